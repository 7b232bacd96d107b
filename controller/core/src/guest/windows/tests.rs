//! No PowerShell runs here: what the scripts say is read by a grammar, and held against the pages that their documentation
//! names.

mod citations;
mod grammar;
mod parameters;
mod words;

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::guest::{UserScript, hygiene::Policy};

/// The files, by name.
const FILES: [(&str, &str); 20] = [
    ("shared.ps1", SHARED[0]),
    ("port.ps1", SHARED[1]),
    ("leftovers.ps1", SHARED[2]),
    ("begin.ps1", PREPARE[0]),
    ("support.ps1", PREPARE[1]),
    ("installers.ps1", PREPARE[2]),
    ("checks.ps1", PREPARE[3]),
    ("user-script.ps1", PREPARE[4]),
    ("hygiene.ps1", PREPARE[5]),
    ("hygiene-keys.ps1", PREPARE[6]),
    ("hygiene-credentials.ps1", PREPARE[7]),
    ("hygiene-accounts.ps1", PREPARE[8]),
    ("hygiene-agents.ps1", PREPARE[9]),
    ("hygiene-traces.ps1", PREPARE[10]),
    ("seal.ps1", PREPARE[11]),
    ("prepare.ps1", PREPARE[12]),
    ("watcher/account.ps1", WATCHER[0]),
    ("watcher/sysprep.ps1", WATCHER[1]),
    ("watcher/result.ps1", WATCHER[2]),
    ("watcher/watch.ps1", WATCHER[3]),
];

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn preparation() -> Preparation {
    Preparation {
        nonce: "3f2c-1".into(),
        asked_at: moment("2026-11-29T10:00:00Z"),
        not_before: moment("2026-11-29T10:00:00Z"),
        not_after: moment("2026-11-29T12:00:00Z"),
        delay: Duration::from_secs(60),
        packages_wait: Duration::from_secs(600),
        repeat_mark: Duration::from_secs(60),
        mask_units: Vec::new(),
        user_script: Some(UserScript { text: "Write-Output 'x'".into(), time_limit: Duration::from_secs(300) }),
        hygiene: Policy { mode: Mode::Enforce, allowed: vec![r"C:\app\key.pem".into(), r"C:\data\*".into()] },
    }
}

#[test]
#[ignore = "prints a script for whoever tries it on a real Windows; see docs/guest-windows.md"]
fn print_the_windows_script() {
    let preparation = Preparation {
        nonce: "an-hour-with-windows".into(),
        not_after: moment("2099-01-01T00:00:00Z"),
        not_before: moment("2026-01-01T00:00:00Z"),
        hygiene: Policy { mode: Mode::Report, allowed: Vec::new() },
        ..preparation()
    };
    println!("{}", script(&preparation));
}
