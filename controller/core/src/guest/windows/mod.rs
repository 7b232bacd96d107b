//! The script that prepares and seals a Windows guest.
//!
//! Its texts are the files beside this module, each with one subject, for Windows PowerShell 5.1. The run command checks the
//! guest, runs the user's script, looks for what belongs to one machine alone, and starts a watcher: a task of its own,
//! which lives when the agent doesn't. The watcher runs Sysprep and says what came of it to the run command, which stays to
//! repeat it as its last line, and on the serial port, where Windows lets it. What an object says goes in as numbers, as
//! words of ours, or as base64, so that no text of somebody's is ever read as PowerShell. The nonce lies in the guest's
//! memory alone. What each command, path and key rests on is in docs/guest-windows.md.

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use strum::IntoEnumIterator as _;

use super::{
    Preparation,
    hygiene::{Kind, Mode},
};

/// For how long Sysprep may run: then the seal has failed.
pub const SYSPREP_LIMIT: Duration = Duration::from_secs(20 * 60);

/// How long a sealed guest waits for being powered off where it can't be heard on the serial port, before it does so itself.
pub const AGENT_LIMIT: Duration = Duration::from_secs(10 * 60);

/// From the end of Sysprep to the watcher's last word, at most: it waits for Windows' own state, and tidies up.
const TIDY_LIMIT: Duration = Duration::from_secs(10 * 60);

/// All checks and the search for findings, generously: they have no limits of their own.
const CHECKS_LIMIT: Duration = Duration::from_secs(15 * 60);

/// What both the run command and the watcher use.
const SHARED: [&str; 3] = [include_str!("shared.ps1"), include_str!("port.ps1"), include_str!("leftovers.ps1")];

/// The watcher.
const WATCHER: [&str; 4] = [
    include_str!("watcher/account.ps1"),
    include_str!("watcher/sysprep.ps1"),
    include_str!("watcher/result.ps1"),
    include_str!("watcher/watch.ps1"),
];

/// The run command.
const PREPARE: [&str; 13] = [
    include_str!("begin.ps1"),
    include_str!("support.ps1"),
    include_str!("installers.ps1"),
    include_str!("checks.ps1"),
    include_str!("user-script.ps1"),
    include_str!("hygiene.ps1"),
    include_str!("hygiene-keys.ps1"),
    include_str!("hygiene-credentials.ps1"),
    include_str!("hygiene-accounts.ps1"),
    include_str!("hygiene-agents.ps1"),
    include_str!("hygiene-traces.ps1"),
    include_str!("seal.ps1"),
    include_str!("prepare.ps1"),
];

/// The script of a run command. Unlike a Linux guest's it stays until the seal has ended, so `delay` means nothing to it.
///
/// The words that prove the seal never stand in it as they are said, so whatever shows a part of it doesn't make a machine
/// look sealed.
pub fn script(preparation: &Preparation) -> String {
    [head(preparation), SHARED.join("\n"), PREPARE.join("\n")].join("\n")
}

/// How long the script may take altogether: the time that Azure must grant the run command.
pub fn longest(preparation: &Preparation) -> Duration {
    let script = preparation.user_script.as_ref().map_or(Duration::ZERO, |script| script.time_limit);
    // With a script, all checks are made twice.
    let checks = CHECKS_LIMIT.saturating_add(preparation.packages_wait).saturating_mul(2);
    checks.saturating_add(script).saturating_add(SYSPREP_LIMIT + TIDY_LIMIT)
}

/// What this preparation is made for, as assignments.
fn head(preparation: &Preparation) -> String {
    let Preparation { nonce, not_before, not_after, packages_wait, user_script, hygiene, .. } = preparation;
    let nonce: String = nonce.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
    let mode = match hygiene.mode {
        Mode::Enforce => "Enforce",
        Mode::Report => "Report",
        Mode::Off => "Off",
    };
    let period = [not_before, not_after].map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).join(" to ");
    let enforced = Kind::iter().filter(|kind| kind.is_enforced()).map(|kind| kind.to_string());
    let allowed = hygiene.allowed.iter().filter(|path| !path.is_empty()).map(|path| STANDARD.encode(path));
    let (text, limit) =
        user_script.as_ref().map_or(("", 0), |script| (script.text.as_str(), script.time_limit.as_secs().max(1)));
    let assignments = [
        ("Nonce", quoted(&nonce)),
        ("NotBefore", not_before.as_second().to_string()),
        ("NotAfter", not_after.as_second().to_string()),
        ("Period", quoted(&period)),
        ("PackagesWait", packages_wait.as_secs().to_string()),
        ("HygieneMode", quoted(mode)),
        ("EnforcedKinds", list(enforced)),
        ("Allowed", list(allowed)),
        ("UserLimit", limit.to_string()),
        ("UserScript", quoted(&STANDARD.encode(text))),
        ("Watcher", here(&watcher(preparation))),
        ("WatcherLimit", (SYSPREP_LIMIT + TIDY_LIMIT + AGENT_LIMIT + preparation.repeat_mark).as_secs().to_string()),
        ("ResultLimit", (SYSPREP_LIMIT + TIDY_LIMIT).as_secs().to_string()),
    ];
    format!("# Made by azimage: prepares this guest for capture, and seals it.\n{}", joined(&assignments))
}

/// The watcher's text, without the nonce, as it lies in a file of the guest until it begins.
fn watcher(preparation: &Preparation) -> String {
    let assignments = [
        ("RepeatMark", preparation.repeat_mark.as_secs().to_string()),
        ("AgentLimit", AGENT_LIMIT.as_secs().to_string()),
        ("SysprepLimit", SYSPREP_LIMIT.as_secs().to_string()),
    ];
    let head = format!("# Made by azimage: watches over Sysprep.\n{}", joined(&assignments));
    [head, SHARED.join("\n"), WATCHER.join("\n")].join("\n")
}

fn joined(assignments: &[(&str, String)]) -> String {
    assignments.iter().flat_map(|(name, value)| ["$", name, " = ", value, "\n"]).collect()
}

/// A text of ours, or base64: nothing in it ends a quotation.
fn quoted(text: &str) -> String {
    debug_assert!(text.chars().all(|sign| sign.is_ascii_graphic() && sign != '\'' || sign == ' '), "{text}");
    format!("'{text}'")
}

/// A text of ours with lines of its own, which nothing in it is read as PowerShell of, and nothing ends early.
fn here(text: &str) -> String {
    debug_assert!(text.ends_with('\n') && !text.contains("\n'@"));
    format!("@'\n{text}'@")
}

fn list(texts: impl Iterator<Item = String>) -> String {
    format!("@({})", texts.map(|text| quoted(&text)).collect::<Vec<_>>().join(", "))
}
