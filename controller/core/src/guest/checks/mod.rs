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
pub use report::{MOST_SECONDS, Ran, Report, Root, read};

/// The account that a machine gets which is made from a version to prove it.
pub const ADMINISTRATOR: &str = "azimage";

/// How long all checks of the user's may take together.
pub const MOST: Duration = Duration::from_secs(60 * 60);

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

/// What a machine is looked into for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Units that may have failed, or the beginnings of their names with a `*` at the end.
    pub ignored_units: &'a [String],
    /// Accounts that people may log in with.
    pub allowed_accounts: &'a [String],
    /// The user's checks.
    pub checks: &'a [Check],
}

/// The script of the run command. What may be as it is isn't told, so that what may not is never cut off.
pub fn script(asked: &Asked<'_>) -> String {
    let head = format!(
        "#!/bin/sh\n# Made by azimage: looks into a machine that was made from an image version.\nset -u\numask 077\nLC_ALL=C\n\
         PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\nexport LC_ALL PATH\nADMIN={}\nFOLDER=/run/azimage-checks\n\
         mkdir -p \"$FOLDER\"\nprintf '%s' {} | base64 -d >\"$FOLDER/ignored-units\"\n\
         printf '%s' {} | base64 -d >\"$FOLDER/allowed-accounts\"\n",
        linux::quoted(ADMINISTRATOR),
        lines(asked.ignored_units),
        lines(asked.allowed_accounts),
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
        linux::LOGINS.to_owned(),
        include_str!("linux.sh").to_owned(),
        asked.checks.iter().map(run).collect(),
        "rm -rf \"$FOLDER\"\nprintf 'azimage: end\\n'\n".to_owned(),
    ]
    .join("\n")
}

/// Texts as lines, in base64.
fn lines(texts: &[String]) -> String {
    let lines: String = texts.iter().flat_map(|text| [text.as_str(), "\n"]).collect();
    linux::quoted(&STANDARD.encode(lines))
}

/// How long the script may take.
pub fn time_limit(checks: &[Check]) -> Duration {
    // Each is killed half a minute after it was asked to end.
    let of = |check: &Check| check.script.time_limit + Duration::from_secs(45);
    (OWN + checks.iter().map(of).sum::<Duration>()).min(LONGEST)
}
