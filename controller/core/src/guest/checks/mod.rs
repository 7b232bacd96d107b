//! What is run in a machine that was made from a version to prove it, and what it answers.
//!
//! One run command does it all: it waits until the system has come up, tells who the machine is, whether all is well with it, and
//! who could log in, and runs the user's checks. It changes nothing. What it prints fits in what Azure keeps of a run command's
//! output, the last 4 KiB (`docs/azure-behaviour.md`, section 7).

mod judge;
mod report;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{UserScript, linux};
pub(crate) use judge::Finds;
pub use judge::{Expected, Identity, judge};
pub use report::{Ran, Report, read};

/// The account that a machine gets which is made from a version to prove it.
pub const ADMINISTRATOR: &str = "azimage";

/// How long the system may take to come up, and azimage's own checks.
const OWN: Duration = Duration::from_secs(10 * 60);

/// The longest time that a run command may take (Azure documentation, "Managed Run Command": 90 minutes).
const LONGEST: Duration = Duration::from_secs(90 * 60);

/// A check of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name: lower case letters, digits and dashes.
    pub name: String,
    /// What is run, and how long it may take.
    pub script: UserScript,
}

/// The script of the run command.
pub fn script(checks: &[Check]) -> String {
    let head = format!(
        "#!/bin/sh\n# Made by azimage: looks into a machine that was made from an image version.\nset -u\numask 077\nLC_ALL=C\n\
         PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\nexport LC_ALL PATH\nADMIN={}\nFOLDER=/run/azimage-checks\n\
         mkdir -p \"$FOLDER\"\n",
        linux::quoted(ADMINISTRATOR)
    );
    let run = |check: &Check| {
        let limit = check.script.time_limit.as_secs().max(1);
        let text = linux::quoted(&STANDARD.encode(&check.script.text));
        format!("check {} {limit} {text}\n", linux::quoted(&check.name))
    };
    [
        head,
        linux::file("run-script.sh", linux::RUN_SCRIPT),
        linux::PLAIN.to_owned(),
        linux::SCOPE.to_owned(),
        include_str!("linux.sh").to_owned(),
        checks.iter().map(run).collect(),
        "rm -rf \"$FOLDER\"\nprintf 'azimage: end\\n'\n".to_owned(),
    ]
    .join("\n")
}

/// How long the script may take.
pub fn time_limit(checks: &[Check]) -> Duration {
    // Each is killed half a minute after it was asked to end.
    let of = |check: &Check| check.script.time_limit + Duration::from_secs(45);
    (OWN + checks.iter().map(of).sum::<Duration>()).min(LONGEST)
}
