//! Guests that only the simulator has: what is the matter with them can't be had in a real one here, or wasn't tried there.

use azimage_core::{guest::console::Aftermath, image_version::facts};

use super::{Case, Outcome, Played, Power, SEALED, USUAL, refused};
use crate::{image::Provisioner, seal};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "no-agent",
            about: "the agent isn't installed",
            played: Played::Simulated("run commands reach the guest through its agent"),
            expected: refused(10),
            ..USUAL
        },
        Case {
            name: "no-systemd",
            about: "the system isn't run by systemd",
            played: Played::Simulated("Debian is run by systemd"),
            expected: refused(11),
            ..USUAL
        },
        Case {
            name: "old-systemd",
            about: "systemd is too old",
            played: Played::Simulated("the rig builds no release that is so old"),
            expected: refused(11),
            ..USUAL
        },
        Case {
            name: "port-broken",
            about: "writes to the serial port fail",
            played: Played::Simulated("QEMU's port takes each write, or none"),
            expected: refused(13),
            ..USUAL
        },
        Case {
            name: "last-words",
            about: "the kernel is quiet, and a prompt is printed once more before its last words",
            played: Played::Simulated("a real guest prints its prompt when it likes"),
            ..USUAL
        },
        Case {
            name: "deprovision-refused",
            about: "the agent refuses to deprovision, in a guest without cloud-init",
            played: Played::Simulated("not tried"),
            provisioner: Provisioner::Agent,
            expected: Outcome {
                console: seal::failed("deprovision", Aftermath::Broken),
                machine: Power::Usable,
                ..SEALED
            },
            ..USUAL
        },
        Case {
            name: "deprovision-hangs",
            about: "the agent's deprovisioning never ends",
            played: Played::Simulated("not tried"),
            expected: Outcome {
                console: seal::failed("deprovision", Aftermath::Restarting),
                machine: Power::Usable,
                ..SEALED
            },
            ..USUAL
        },
        Case {
            name: "unit-dies",
            about: "the unit is killed in the middle of it",
            played: Played::Simulated("not tried"),
            expected: Outcome { console: facts::Console::NoMark, machine: Power::Running, ..SEALED },
            ..USUAL
        },
        Case {
            name: "never-powers-off",
            about: "the sealed machine doesn't power itself off",
            played: Played::Simulated("not tried"),
            expected: Outcome { machine: Power::Running, ..SEALED },
            ..USUAL
        },
    ]
}
