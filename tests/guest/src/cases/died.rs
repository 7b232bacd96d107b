//! Machines that are restarted, stopped or killed in the middle of a seal.

use azimage_core::{guest::console::Aftermath, image_version::facts};
use jiff::SignedDuration;

use super::{ANY_STEP, Case, Event, Moment, Outcome, Played, Power, SEALED, STARTED_AT_ONCE, USUAL};
use crate::seal;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case {
            name: "started-at-once",
            about: "the sealed machine is started while its run command is still for this time",
            holds: NO_SEAL,
            ..STARTED_AT_ONCE
        },
        Case {
            name: "reset-in-userdel",
            about: "reset when the account is out of passwd and not yet out of the other files",
            played: Played::Real("its userdel changes all files in one step"),
            event: Some((Moment::Scheduled, Event::ResetItself(USERDEL))),
            expected: Outcome { second: Some(18), ..RESTARTED.expected },
            at_once: true,
            holds: NO_SEAL,
            ..USUAL
        },
        Case {
            name: "died-and-at-once",
            about: "its host dies when the account is gone, and it is started while its run command is still for this time",
            event: Some((Moment::Deprovisioned, Event::HostDies)),
            at_once: true,
            expected: Outcome { machine: Power::UsableAfterStart, second: Some(18), ..RESTARTED.expected },
            holds: NO_SEAL,
            ..USUAL
        },
        Case {
            name: "comes-again",
            about: "the sealed machine is started: the run command comes again, after its time",
            preparation: |preparation| preparation.not_after = preparation.not_before + SignedDuration::from_secs(750),
            event: Some((Moment::Off, Event::Start)),
            expected: Outcome {
                console: facts::Console::StartedSince,
                machine: Power::UsableAfterStart,
                second: Some(16),
                ..SEALED
            },
            ..USUAL
        },
    ];
    for (moment, event, name, about) in [
        (Moment::Scheduled, Event::Reset, "reset-scheduled", "reset while the seal waits"),
        (Moment::Begun, Event::Reset, "reset-begun", "reset when the unit has begun"),
        (Moment::AgentStopped, Event::Reset, "reset-agent", "reset when the agent is stopped"),
        (Moment::Deprovisioned, Event::Reset, "reset-deprovisioned", "reset when the account is gone"),
        (Moment::IdEmptied, Event::Reset, "reset-id", "reset when the machine's id is empty"),
        (Moment::Scheduled, Event::Stop, "stop-scheduled", "stopped while the seal waits"),
        (Moment::AgentStopped, Event::Stop, "stop-agent", "stopped when the agent is stopped"),
        (Moment::Deprovisioned, Event::Stop, "stop-deprovisioned", "stopped when the account is gone"),
        (Moment::Scheduled, Event::HostDies, "host-scheduled", "its host dies while the seal waits"),
        (Moment::AgentStopped, Event::HostDies, "host-agent", "its host dies when the agent is stopped"),
        (Moment::Deprovisioned, Event::HostDies, "host-deprovisioned", "its host dies when the account is gone"),
        (Moment::IdEmptied, Event::HostDies, "host-id", "its host dies when the machine's id is empty"),
    ] {
        let machine = if event == Event::Reset { Power::Usable } else { Power::UsableAfterStart };
        // A unit that is stopped still says where it was.
        let console = match (event, moment) {
            (Event::Stop, Moment::AgentStopped) => seal::failed(ANY_STEP, Aftermath::Unchanged),
            (Event::Stop, Moment::Deprovisioned) => seal::failed(ANY_STEP, Aftermath::Restarting),
            _ => facts::Console::NoMark,
        };
        let played = match (event, moment) {
            (Event::Stop, Moment::AgentStopped | Moment::Deprovisioned) => {
                Played::Real("its programs end at once in a stop, and aren't asked to before")
            }
            _ => Played::Both,
        };
        let expected = Outcome { console, machine, ..RESTARTED.expected };
        cases.push(Case { name, about, played, event: Some((moment, event)), expected, ..RESTARTED });
    }
    cases.push(Case {
        name: "host-marked",
        about: "its host dies when the mark is written, and nobody starts it",
        event: Some((Moment::Marked, Event::HostDies)),
        ..USUAL
    });
    cases
}

/// In the place of userdel: writes the first of its files as it does, and resets the machine.
const USERDEL: &str = "cd /usr/lib/azimage-rig; cp /usr/sbin/userdel userdel-real; cat >userdel <<'X'
#!/bin/sh
cp /etc/shadow /etc/group /etc/gshadow /run/
/usr/lib/azimage-rig/userdel-real \"$@\"
cp /run/shadow /run/group /run/gshadow /etc/
sync
echo b >/proc/sysrq-trigger
sleep 60
X
chmod 755 userdel; mount --bind userdel /usr/sbin/userdel";

/// No seal is under way.
const NO_SEAL: &str = "! systemctl is-active azimage-seal.timer azimage-seal.service";

/// Nothing is sealed, and the machine can be used. It is started only when the time of the run command is over, so that
/// it does nothing when it comes again.
const RESTARTED: Case = Case {
    preparation: |preparation| preparation.not_after = preparation.not_before + SignedDuration::from_secs(750),
    expected: Outcome { exit: Some(0), console: facts::Console::NoMark, machine: Power::Usable, second: None },
    ..USUAL
};
