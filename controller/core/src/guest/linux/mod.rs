//! The script that prepares and seals a Linux guest.
//!
//! Its texts are the files beside this module, each with one subject. Azure's handler writes the script to a file below
//! the agent's state and runs it; the script writes what both the run command and the detached unit need to
//! `/run/azimage-seal`, which is in memory. What an object says goes in as numbers, as words of ours, or as base64, so
//! that no text of somebody's is ever read as shell.

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use strum::IntoEnumIterator as _;

use super::{
    Preparation,
    hygiene::{Kind, Mode},
};

/// How long after a command is made the guest's first provisioning may still be written down as ended.
const PROVISIONING: Duration = Duration::from_secs(60);

/// Runs a text of a user's.
pub(super) const SCOPE: &str = include_str!("scope.sh");

/// What is run in that scope.
pub(super) const RUN_SCRIPT: &str = include_str!("run-script.sh");

/// Makes texts of others fit to be repeated.
pub(super) const PLAIN: &str = include_str!("plain.sh");

/// Who could log in.
pub(super) const LOGINS: &str = include_str!("logins.sh");

/// What both the run command and the unit use.
const SHARED: [&str; 12] = [
    PLAIN,
    include_str!("words.sh"),
    include_str!("cloud-init.sh"),
    include_str!("packages.sh"),
    include_str!("hygiene.sh"),
    include_str!("hygiene-keys.sh"),
    include_str!("hygiene-credentials.sh"),
    LOGINS,
    include_str!("hygiene-accounts.sh"),
    include_str!("hygiene-agents.sh"),
    include_str!("hygiene-traces.sh"),
    include_str!("hygiene-disks.sh"),
];

/// What the run command asks first.
const BEGIN: [&str; 3] = [include_str!("begin.sh"), include_str!("again.sh"), include_str!("system.sh")];

/// The detached unit.
const UNIT: [&str; 11] = [
    include_str!("unit/begin.sh"),
    include_str!("unit/fail.sh"),
    include_str!("unit/sign.sh"),
    include_str!("unit/quiet.sh"),
    include_str!("unit/cloud-init.sh"),
    include_str!("unit/agent.sh"),
    include_str!("unit/account.sh"),
    include_str!("unit/leftovers.sh"),
    include_str!("unit/identity.sh"),
    include_str!("unit/logs.sh"),
    include_str!("unit/seal.sh"),
];

/// The run command, after it has found that this is the time and the guest for it.
const PREPARE: [&str; 8] = [
    include_str!("mask-units.sh"),
    include_str!("account.sh"),
    include_str!("checks.sh"),
    SCOPE,
    include_str!("user-script.sh"),
    include_str!("findings.sh"),
    include_str!("schedule.sh"),
    include_str!("prepare.sh"),
];

/// The script of a run command.
///
/// The words that prove the seal never stand in it as they stand on the console: whatever shows a part of it there
/// doesn't make a machine look sealed.
pub fn script(preparation: &Preparation) -> String {
    [
        head(preparation),
        BEGIN.join("\n"),
        file("shared.sh", &SHARED.join("\n")),
        file("run-script.sh", RUN_SCRIPT),
        file("unit.sh", &UNIT.join("\n")),
        ". \"$FOLDER/shared.sh\"\n".to_owned(),
        PREPARE.join("\n"),
    ]
    .join("\n")
}

/// What this preparation is made for, as assignments.
fn head(preparation: &Preparation) -> String {
    let Preparation {
        nonce,
        asked_at,
        not_before,
        not_after,
        delay,
        packages_wait,
        repeat_mark,
        mask_units,
        user_script,
        hygiene,
    } = preparation;
    let mode = match hygiene.mode {
        Mode::Enforce => "Enforce",
        Mode::Report => "Report",
        Mode::Off => "Off",
    };
    let enforced: Vec<&str> = Kind::iter().filter(|kind| kind.is_enforced()).map(Into::into).collect();
    let words = |moment: &Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let period = [not_before, not_after].map(words).join(" to ");
    // A machine may be asked before its first provisioning has written everything. None is sealed and started sooner than
    // the unit begins.
    let provisioned_before = asked_at.as_second().saturating_add(PROVISIONING.min(*delay).as_secs().cast_signed());
    // A limit of no seconds is none for `timeout`, and there is a file to run also for a text without a character.
    let limit = user_script.as_ref().map(|script| script.time_limit.as_secs().max(1).to_string());
    let text = user_script.as_ref().map_or("", |script| &script.text);
    // A path with a line break in it can't be told from two, and matches nothing.
    let allowed: Vec<&str> =
        hygiene.allowed.iter().map(String::as_str).filter(|path| !path.is_empty() && !path.contains('\n')).collect();
    let assignments = [
        ("NONCE", quoted(nonce)),
        ("NOT_BEFORE", not_before.as_second().to_string()),
        ("NOT_AFTER", not_after.as_second().to_string()),
        ("PERIOD", quoted(&period)),
        ("ASKED_AT", quoted(&words(asked_at))),
        ("PROVISIONED_BEFORE", provisioned_before.to_string()),
        ("DELAY", delay.as_secs().max(1).to_string()),
        ("PACKAGES_WAIT", packages_wait.as_secs().to_string()),
        ("REPEAT_MARK", repeat_mark.as_secs().to_string()),
        ("HYGIENE", quoted(mode)),
        ("ENFORCED_KINDS", quoted(&format!(" {} ", enforced.join(" ")))),
        ("ALLOWED", quoted(&STANDARD.encode(allowed.join("\n")))),
        ("MASK_UNITS", quoted(&STANDARD.encode(mask_units.join("\n")))),
        ("SCRIPT_LIMIT", quoted(&limit.unwrap_or_default())),
        ("SCRIPT", quoted(&STANDARD.encode(text))),
    ];
    let lines: Vec<String> = assignments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let title = "# Made by azimage: prepares this guest for capture, and schedules the unit that seals it.";
    format!("#!/bin/sh\n{title}\n{}\n", lines.join("\n"))
}

/// A part of the script that writes a file of the guest's memory.
pub(super) fn file(name: &str, text: &str) -> String {
    format!("cat >\"$FOLDER/{name}\" <<'AZIMAGE_END_OF_FILE'\n{text}AZIMAGE_END_OF_FILE\n")
}

/// A text as one word of the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
