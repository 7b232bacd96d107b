//! The seal under test: what a preparation asks for here, and what is seen of one.

use std::{fmt, time::Duration};

use azimage_core::{
    console,
    guest::{Preparation, hygiene},
    image_version::ConsoleObserved,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::clock;

/// A preparation as the controller makes one, with shorter waits.
pub fn preparation(nonce: &str) -> Preparation {
    let now = clock::now();
    Preparation {
        nonce: nonce.to_owned(),
        not_before: now - SignedDuration::from_mins(10),
        not_after: now + SignedDuration::from_mins(15),
        delay: Duration::from_secs(10),
        packages_wait: Duration::from_secs(15),
        repeat_mark: Duration::from_secs(20),
        user_script: None,
        hygiene: hygiene::Policy { mode: hygiene::Mode::Enforce, allowed: Vec::new() },
    }
}

/// A nonce as the controller makes one, the same for the same words and moment.
pub fn nonce(words: &str, moment: Timestamp) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{words} {moment}").as_bytes()).to_string()
}

/// What the console says of a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Console {
    /// The guest is sealed, and wasn't started since.
    Sealed,
    /// It was sealed, and started since.
    StartedSince,
    /// The seal failed in a step, and what became of the guest.
    Failed {
        /// The step.
        step: String,
        /// `unchanged`, `restarting` or `broken`.
        state: String,
    },
    /// Nothing about this seal.
    Nothing,
}

impl Console {
    /// What the controller reads in a log.
    pub fn read(log: &[u8], nonce: &str) -> Self {
        match console::read(log, nonce) {
            ConsoleObserved::Sealed => Self::Sealed,
            ConsoleObserved::StartedSince => Self::StartedSince,
            ConsoleObserved::NoMark => failure(log, nonce).unwrap_or(Self::Nothing),
        }
    }
}

/// A line `azimage: failed NONCE STEP STATE: DETAIL`.
fn failure(log: &[u8], nonce: &str) -> Option<Console> {
    let begin = format!("azimage: failed {nonce} ");
    let line = log.rsplit(|byte| matches!(byte, b'\n' | b'\r')).find(|line| line.starts_with(begin.as_bytes()))?;
    let text = String::from_utf8_lossy(line);
    let (step, rest) = text.strip_prefix(&begin)?.split_once(' ')?;
    let (state, _) = rest.split_once(':')?;
    Some(Console::Failed { step: step.to_owned(), state: state.to_owned() })
}

impl fmt::Display for Console {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed => formatter.write_str("sealed"),
            Self::StartedSince => formatter.write_str("started since"),
            Self::Failed { step, state } => write!(formatter, "failed at {step}, {state}"),
            Self::Nothing => formatter.write_str("nothing"),
        }
    }
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
    fn what_the_console_says_of_this_seal_is_told_from_all_else() {
        for (log, said) in [
            ("", "nothing"),
            ("\nazimage: sealed n-1\r\n", "sealed"),
            ("\nazimage: sealed n-2\r\n", "nothing"),
            ("\nazimage: failed n-1 packages unchanged: dpkg\r\n", "failed at packages, unchanged"),
            ("\nazimage: failed n-2 packages unchanged: dpkg\r\n", "nothing"),
            ("\nazimage: failed n-1 port broken: x\nazimage: sealed n-1\n", "sealed"),
        ] {
            assert_eq!(Console::read(log.as_bytes(), "n-1").to_string(), said, "{log}");
        }
    }
}
