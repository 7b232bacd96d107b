//! Cases: what is the matter with a guest or happens to it, and what has to come of its seal.
//!
//! It is one table for the real guests here and for the simulated one (`tests/simulated-guest`), so a case has the same
//! verdict in both.

mod cloud_init;
mod copied;
mod died;
mod failed;
mod liar;
mod look;
mod masked;
mod packages;
mod play;
mod prepared;
mod refused;
mod sealed;
mod simulated;

use std::fmt;

use anyhow::Context as _;
use azimage_core::{
    guest::{Preparation, linux::script},
    image_version::facts,
};

use crate::{image::Provisioner, seal};

pub use liar::liar;
pub use look::{GONE, Needles, look};
pub use play::{Guests, Seen, play, play_and_keep};

/// A guest, what happens to it, and what has to come of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, for the command line.
    pub name: &'static str,
    /// What is the matter, in words.
    pub about: &'static str,
    /// With which guests it is played.
    pub played: Played,
    /// Who provisioned the guest.
    pub provisioner: Provisioner,
    /// Whether the machine has a serial port, and the kernel its console there. Another than the usual is met at a start.
    pub serial: (bool, bool),
    /// Whether it is another machine, around a copy of the disk of one that runs: what was being written at that moment is half there.
    pub copied: bool,
    /// A script that is run as root through the rig's door before the run command.
    pub set_up: &'static str,
    /// Whether the machine's user is logged in over ssh, with a process in the foreground.
    pub session: bool,
    /// What the preparation asks for besides the usual.
    pub preparation: fn(&mut Preparation),
    /// The script of a preparation: the product's, but for a check of the rig itself.
    pub script: fn(&Preparation) -> String,
    /// What happens, and when.
    pub event: Option<(Moment, Event)>,
    /// Whether a machine that was off or reset starts at once, while its run command is still for this time.
    pub at_once: bool,
    /// What has to come of it.
    pub expected: Outcome,
    /// Words that the run command's output has to have.
    pub says: &'static [&'static str],
    /// A script that has to succeed in the guest in the end, through the rig's door, if the machine runs.
    pub holds: &'static str,
    /// A script that mends what was the matter, after which another seal has to succeed.
    pub mended_by: Option<&'static str>,
    /// Looks into the sealed disk for what this case is about: a path and what it has to be.
    pub sealed_disk: &'static [(&'static str, Is)],
}

/// With which guests a case is played. Where one is left out, it stands here why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// With real ones and with the simulated one.
    Both,
    /// With real ones; why not with the simulated one.
    Real(&'static str),
    /// With the simulated one; why not with real ones.
    Simulated(&'static str),
}

/// What a path of a sealed disk has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// Not there.
    Absent,
    /// A link.
    Link,
    /// A file with these words.
    With(&'static str),
}

/// A moment of a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The run command has ended well, and the unit hasn't begun.
    Scheduled,
    /// The unit has begun.
    Begun,
    /// The agent is stopped.
    AgentStopped,
    /// The account is gone.
    Deprovisioned,
    /// The machine's id is empty.
    IdEmptied,
    /// The first mark is on the console.
    Marked,
    /// The machine is off.
    Off,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A script runs as root in the guest.
    Script(&'static str),
    /// The platform resets the machine.
    Reset,
    /// A script runs as root in the guest, after which the machine resets itself in the middle of the seal.
    ResetItself(&'static str),
    /// The machine is stopped by its power button.
    Stop,
    /// Its host dies, and the machine with it.
    HostDies,
    /// It is started.
    Start,
    /// Another seal is asked for, with another nonce.
    AnotherSeal,
}

/// What comes of a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code of the run command; nothing when the agent didn't report it.
    pub exit: Option<i32>,
    /// What the controller reads in the console.
    pub console: facts::Console,
    /// What became of the machine.
    pub machine: Power,
    /// The exit code of the run command that came again, or of the second one.
    pub second: Option<i32>,
}

/// What became of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// It is off.
    #[default]
    Off,
    /// It runs, and can't be used.
    Running,
    /// It runs, its user can log in, and run commands reach it.
    Usable,
    /// It was off, and is usable after a start.
    UsableAfterStart,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = self.exit.map_or("no exit code".to_owned(), |code| format!("exit {code}"));
        let console = seal::words(&self.console);
        let machine = match self.machine {
            Power::Off => "off",
            Power::Running => "running",
            Power::Usable => "usable",
            Power::UsableAfterStart => "off, usable after a start",
        };
        write!(formatter, "{exit}; {console}; {machine}")?;
        if let Some(code) = self.second {
            write!(formatter, "; second exit {code}")?;
        }
        Ok(())
    }
}

/// A guest without anything special: it is sealed.
pub(crate) const USUAL: Case = Case {
    name: "",
    about: "",
    played: Played::Both,
    provisioner: Provisioner::CloudInit,
    serial: (true, true),
    copied: false,
    set_up: "",
    session: false,
    preparation: |_| {},
    script,
    event: None,
    at_once: false,
    expected: SEALED,
    says: &[],
    holds: "",
    mended_by: None,
    sealed_disk: &[],
};

/// A step of a failure that may be any: where the unit is when it is stopped depends on how fast the guest is.
pub(crate) const ANY_STEP: &str = "any step";

/// Sealed and off.
pub(crate) const SEALED: Outcome =
    Outcome { exit: Some(0), console: facts::Console::Sealed, machine: Power::Off, second: None };

/// The sealed machine is started while its run command is still for this time: it comes again, and refuses.
pub(crate) const STARTED_AT_ONCE: Case = Case {
    event: Some((Moment::Off, Event::Start)),
    at_once: true,
    expected: Outcome {
        console: facts::Console::StartedSince,
        machine: Power::UsableAfterStart,
        second: Some(18),
        ..SEALED
    },
    ..USUAL
};

/// The run command refuses, and nothing has changed.
pub(crate) const fn refused(code: i32) -> Outcome {
    Outcome { exit: Some(code), console: facts::Console::NoMark, machine: Power::Usable, second: None }
}

/// A case with a name.
///
/// # Errors
/// When there is none.
pub fn case(name: &str) -> anyhow::Result<Case> {
    cases().into_iter().find(|case| case.name == name).with_context(|| format!("there is no case {name}"))
}

/// All cases, also those of one kind of guest alone.
pub fn cases() -> Vec<Case> {
    [
        sealed::cases(),
        copied::cases(),
        packages::cases(),
        cloud_init::cases(),
        refused::cases(),
        prepared::cases(),
        masked::cases(),
        failed::cases(),
        died::cases(),
        simulated::cases(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_cases_are_words_for_a_command_line_and_each_is_there_once() {
        let cases = cases();
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases.len());
        for case in cases {
            assert!(
                !case.name.is_empty()
                    && case.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
            assert!(!case.about.is_empty(), "{}", case.name);
            if let Played::Real(reason) | Played::Simulated(reason) = case.played {
                assert!(!reason.is_empty(), "{}", case.name);
            }
        }
    }

    #[test]
    fn outcomes_that_differ_read_differently() {
        let outcomes = [
            SEALED,
            refused(14),
            Outcome { machine: Power::Running, ..SEALED },
            Outcome { second: Some(15), ..SEALED },
            Outcome { exit: None, ..SEALED },
            Outcome { console: facts::Console::StartedSince, ..SEALED },
        ];
        let words: BTreeSet<String> = outcomes.iter().map(ToString::to_string).collect();
        assert_eq!(words.len(), outcomes.len());
    }
}
