//! The seal under test: what a preparation asks for here, and what is seen of one.

use std::time::Duration;

use azimage_core::{
    guest::{
        Preparation,
        console::{Aftermath, SealFailure},
        hygiene,
    },
    image_version::facts,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::clock;

/// A preparation as the controller makes one, with shorter waits.
pub fn preparation(nonce: &str) -> Preparation {
    let now = clock::now();
    Preparation {
        nonce: nonce.to_owned(),
        asked_at: now,
        not_before: now - SignedDuration::from_mins(10),
        not_after: now + SignedDuration::from_mins(15),
        delay: Duration::from_secs(10),
        packages_wait: Duration::from_secs(15),
        repeat_mark: Duration::from_secs(20),
        mask_units: Vec::new(),
        user_script: None,
        hygiene: hygiene::Policy { mode: hygiene::Mode::Enforce, allowed: Vec::new() },
    }
}

/// A nonce as the controller makes one, the same for the same words and moment.
pub fn nonce(words: &str, moment: Timestamp) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{words} {moment}").as_bytes()).to_string()
}

/// What the console says of a seal, in words for a table.
pub fn words(observed: &facts::Console) -> String {
    match observed {
        facts::Console::Sealed => "sealed".to_owned(),
        facts::Console::StartedSince => "started since".to_owned(),
        facts::Console::NoMark | facts::Console::Empty => "nothing".to_owned(),
        facts::Console::Failed(failure) => format!("failed at {}, {}", failure.step, failure.aftermath),
    }
}

/// What the console says when a seal fails in a step; the detail isn't compared.
pub fn failed(step: &str, aftermath: Aftermath) -> facts::Console {
    facts::Console::Failed(SealFailure { step: step.to_owned(), aftermath, detail: String::new() })
}

/// How often the mark stands alone in a line of a log.
pub fn marks(log: &[u8], nonce: &str) -> usize {
    let mark = format!("azimage: sealed {nonce}");
    log.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| *line == mark.as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_mark_isnt_counted() {
        let log = b"\nazimage: sealed n-1\r\n\nazimage: sea[ 1.2] noise\r\nled n-1\r\nazimage: sealed n-12\n";
        assert_eq!(marks(log, "n-1"), 1);
    }

    #[test]
    fn what_the_console_says_is_told_in_different_words() {
        let said = [facts::Console::Sealed, facts::Console::StartedSince, facts::Console::NoMark];
        let said =
            said.into_iter().chain([failed("account", Aftermath::Broken), failed("account", Aftermath::Unchanged)]);
        let words: std::collections::BTreeSet<String> = said.map(|observed| words(&observed)).collect();
        assert_eq!(words.len(), 5);
    }
}
