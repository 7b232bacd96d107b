//! What is run in a guest to prepare it for capture, and what the guest answers.
//!
//! One run command does it all: it checks the guest, runs the user's script, looks for what belongs to one machine
//! alone, and starts a detached unit. The unit seals the guest, says so on the serial console, and powers off.

pub mod attempt;
pub mod checks;
pub mod console;
pub mod hygiene;
pub mod linux;
pub mod output;
pub mod redact;
pub mod windows;

use std::time::Duration;

use jiff::Timestamp;

use crate::image_version::OsType;

/// From the end of the run command to the start of the unit: long enough for the agent to report the run command, and for
/// the run command to be removed while the agent lives.
pub const DELAY: Duration = Duration::from_secs(300);

/// The script of a run command for a guest of this system.
pub fn script(os_type: &OsType, preparation: &Preparation) -> String {
    match os_type {
        OsType::Windows => windows::script(preparation),
        OsType::Linux | OsType::Other(_) => linux::script(preparation),
    }
}

/// What the script needs for its own checks.
const CHECKS: Duration = Duration::from_secs(300);

/// How long a script may take before Azure ends it.
pub fn time_limit(os_type: &OsType, preparation: &Preparation) -> Duration {
    match os_type {
        OsType::Windows => windows::longest(preparation),
        OsType::Linux | OsType::Other(_) => {
            let user = preparation.user_script.as_ref().map_or(Duration::ZERO, |script| script.time_limit);
            CHECKS.saturating_add(preparation.packages_wait).saturating_add(user)
        }
    }
}

/// What a script is made for. The texts of the scripts lie beside the modules, as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// This attempt's word: letters, digits and dashes. The guest repeats it on the console.
    pub nonce: String,
    /// When it was asked for, by Azure's clock. A guest that was provisioned later was sealed or made anew since.
    pub asked_at: Timestamp,
    /// The script refuses before this moment of the guest's clock: with a clock that is behind, `not_after` means nothing.
    pub not_before: Timestamp,
    /// The script refuses after this moment of the guest's clock. The agent runs a command again when its state is gone and
    /// the machine starts, which must do nothing.
    pub not_after: Timestamp,
    /// From the end of the run command to the start of the unit.
    pub delay: Duration,
    /// How long to wait for a package manager that is at work.
    pub packages_wait: Duration,
    /// For how long the unit repeats its last word on the console before it powers off.
    pub repeat_mark: Duration,
    /// Units of systemd that are stopped, and masked until the next start, before anything else is run. Linux only.
    pub mask_units: Vec<String>,
    /// The user's own script, run before anything is removed.
    pub user_script: Option<UserScript>,
    /// What to do about what is left of one machine alone.
    pub hygiene: hygiene::Policy,
}

/// The user's own script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserScript {
    /// Its text: for `/bin/sh`, or what its first line names; on Windows for PowerShell.
    pub text: String,
    /// How long it may take.
    pub time_limit: Duration,
}
