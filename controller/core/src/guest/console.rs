//! What a machine's serial console log says of a seal.

use super::redact::redact;
use crate::image_version::facts;

/// What the guest writes when everything was checked and it is about to power off, before the nonce of the attempt.
pub const MARK: &str = "azimage: sealed";

/// What the guest writes when the seal can't go on, before the nonce of the attempt, the step, the state and the detail.
pub const FAILURE: &str = "azimage: failed";

/// The longest detail of a failure that is kept, in characters.
const DETAIL_LIMIT: usize = 200;

/// What shows that a system starts: its kernel's banner, the kernel's first moment, cloud-init, the agent, and that the one
/// before restarted. Some images keep their kernel quiet, so the banner alone is not enough.
const SIGNS_OF_A_START: [&str; 5] = [
    "Linux version ",
    "[    0.000000]",
    "Cloud-init v. ",
    "INFO Daemon Azure Linux Agent Version",
    "reboot: Restarting system",
];

/// The kernel's last words. Like those of a restart they are an emergency to it, so a quiet one says them, too.
const POWER_DOWN: &str = "reboot: Power down";

/// What a prompt ends with. The program behind it prints it anew also when addresses change or its settings are read
/// again, as while the system goes down: it tells of a start only after the kernel's last words.
const PROMPT: &str = " login:";

/// How far the guest was left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, strum::EnumIter, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Aftermath {
    /// Nothing was removed, and the agent runs again.
    Unchanged,
    /// Something was removed, and the guest restarts, so that it is provisioned anew.
    Restarting,
    /// Something was removed, and the guest can't help itself.
    #[default]
    Broken,
}

/// Why a seal couldn't go on, in the guest's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealFailure {
    /// The step of the seal, such as `account`.
    pub step: String,
    /// How far the guest was left.
    pub aftermath: Aftermath,
    /// What was found; bounded, and without control characters.
    pub detail: String,
}

/// Reads the log, or what is there of its end. Only words of this very attempt count, each alone in its line, and the
/// last of them; a mark counts only if the system wasn't started after it.
pub fn read(log: &[u8], nonce: &str) -> facts::Console {
    let mark = format!("{MARK} {nonce}");
    let failure = format!("{FAILURE} {nonce} ");
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
    let (mut started, mut prompted, mut powered_down, mut empty) = (false, false, false, true);
    for line in log.rsplit(ends_line) {
        if line == mark.as_bytes() {
            return if started { facts::Console::StartedSince } else { facts::Console::Sealed };
        }
        if let Some(failure) = line.strip_prefix(failure.as_bytes()).and_then(understand) {
            return facts::Console::Failed(failure);
        }
        empty &= line.is_empty();
        let shows = |sign: &str| line.windows(sign.len()).any(|part| part == sign.as_bytes());
        started |= SIGNS_OF_A_START.iter().any(|sign| shows(sign));
        // The log is read from its end: what came after the kernel's last words was met before them.
        let last_words = shows(POWER_DOWN);
        started |= last_words && (prompted || powered_down);
        prompted |= shows(PROMPT);
        powered_down |= last_words;
    }
    if empty { facts::Console::Empty } else { facts::Console::NoMark }
}

/// The longest end of a log that is kept for people, in bytes.
const END_LIMIT: usize = 2000;

/// So much of a log is looked at for that, in bytes.
const LOOKED_AT: usize = 16 * 1024;

/// The last whole lines of a log, for people: without control characters, the terminal's sequences, and what looks like a secret.
pub fn end(log: &[u8]) -> String {
    let log = String::from_utf8_lossy(&log[log.len().saturating_sub(LOOKED_AT)..]).replace(['\r', '\0'], "\n");
    let lines = log.split('\n').map(without_sequences);
    let lines = lines.filter(|line| !line.trim().is_empty()).map(|line| line.trim_end().to_owned());
    let plain = redact(&lines.collect::<Vec<_>>().join("\n"));
    if plain.len() <= END_LIMIT {
        return plain;
    }
    let from = (plain.len() - END_LIMIT..plain.len()).find(|at| plain.is_char_boundary(*at)).unwrap_or(plain.len());
    let end = &plain[from..];
    // A line longer than all that may be kept is cut.
    end.split_once('\n').map_or(end, |(_, whole)| whole).to_owned()
}

/// A line without the sequences by which a terminal is told to do something (ECMA-48), and without control characters.
fn without_sequences(line: &str) -> String {
    let mut plain = String::new();
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '\u{1b}' {
            let introducer = signs.next_if(|next| matches!(next, '[' | ']' | '(' | ')' | '#'));
            if introducer == Some('[') {
                while signs.next_if(|next| !('@'..='~').contains(next)).is_some() {}
            }
            signs.next_if(|next| !next.is_control());
        } else if sign == '\t' {
            plain.push(' ');
        } else if !sign.is_control() {
            plain.push(sign);
        }
    }
    plain
}

/// `STEP STATE: DETAIL`. A torn line is none: the guest repeats itself.
fn understand(words: &[u8]) -> Option<SealFailure> {
    let words = String::from_utf8_lossy(words);
    let (head, detail) = words.split_once(": ")?;
    let (step, state) = head.split_once(' ')?;
    let named = !step.is_empty() && step.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-');
    let detail: String = detail.chars().filter(|sign| !sign.is_control()).take(DETAIL_LIMIT).collect();
    named.then_some(())?;
    Some(SealFailure { step: step.to_owned(), aftermath: state.parse().ok()?, detail: redact(&detail) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOOT: &str = "[    0.000000] Linux version 6.8\r\n";
    const MARKED: &str = "builder login: \r\nazimage: sealed n-2\r\n";
    const OFF: &str = "[  99.1] reboot: Power down\r\n";

    fn failed(step: &str, aftermath: Aftermath, detail: &str) -> facts::Console {
        facts::Console::Failed(SealFailure { step: step.into(), aftermath, detail: detail.into() })
    }

    #[test]
    fn only_this_attempts_words_count_and_only_the_last_that_were_heard() {
        use facts::Console::{Empty, NoMark, Sealed, StartedSince};
        for (case, log, expected) in [
            ("nothing", String::new(), Empty),
            ("a page that isn't filled yet", "\0\0\r\n\0".into(), Empty),
            ("a boot", BOOT.into(), NoMark),
            ("the mark", format!("{BOOT}{MARKED}"), Sealed),
            ("the mark alone", "azimage: sealed n-2".into(), Sealed),
            ("the mark three times", format!("{BOOT}{MARKED}{MARKED}{MARKED}{OFF}"), Sealed),
            ("one whole mark after torn ones", format!("azimage: sea[ 9.1] noise\r\nled n-2\r\n{MARKED}"), Sealed),
            ("a torn mark after a whole one", format!("{MARKED}azimage: sealed n[ 268.4] noise\r\n"), Sealed),
            ("a power-off after it", format!("{BOOT}{MARKED}{OFF}"), Sealed),
            ("a page filled up", format!("{BOOT}{MARKED}\0\0\0\0"), Sealed),
            ("a prompt printed anew after it", format!("{MARKED}\r\nbuilder login: {OFF}"), Sealed),
            ("a prompt after it, the power-off not shown yet", format!("{MARKED}\r\nbuilder login: "), Sealed),
            ("a boot after it", format!("{BOOT}{MARKED}{BOOT}"), StartedSince),
            (
                "a quiet boot after it",
                format!("{MARKED}{OFF}\r\nUbuntu 24.04 builder ttyS0\r\n\r\nbuilder login: "),
                StartedSince,
            ),
            (
                "cloud-init after it",
                format!("{MARKED}[   5.1] cloud-init[7]: Cloud-init v. 24.1 running"),
                StartedSince,
            ),
            (
                "the agent after it",
                format!("{MARKED}2026-11-29T09:00:00 INFO Daemon Azure Linux Agent Version: 2.12.0.2\r\n"),
                StartedSince,
            ),
            ("a quiet boot and another power-off after it", format!("{MARKED}{OFF}builder login: {OFF}"), StartedSince),
            (
                "a restart after it, and a quiet boot",
                format!("{MARKED}[  99.1] reboot: Restarting system\r\n\r\nbuilder login: "),
                StartedSince,
            ),
            ("a restart before it", format!("[  9.1] reboot: Restarting system\r\n{MARKED}{OFF}"), Sealed),
            ("two power-offs after it", format!("{MARKED}{OFF}{OFF}"), StartedSince),
            ("another seal after the boot", format!("{MARKED}{BOOT}{MARKED}"), Sealed),
            ("an earlier attempt's", "azimage: sealed n-1\r\n".into(), NoMark),
            ("a longer nonce", "azimage: sealed n-22\r\n".into(), NoMark),
            ("a shorter nonce", "azimage: sealed n-\r\n".into(), NoMark),
            ("words before it", "Stopped azimage: sealed n-2\r\n".into(), NoMark),
            ("words after it", "azimage: sealed n-2'\r\n".into(), NoMark),
            ("cut off", "image: sealed n-2\r\n".into(), NoMark),
            (
                "a failure",
                "\r\nazimage: failed n-2 account restarting: azureuser is still there\r\n".into(),
                failed("account", Aftermath::Restarting, "azureuser is still there"),
            ),
            (
                "a failure before anything was removed, and a boot later",
                format!("azimage: failed n-2 packages unchanged: dpkg is at work\r\n{BOOT}"),
                failed("packages", Aftermath::Unchanged, "dpkg is at work"),
            ),
            ("another's failure", "azimage: failed n-1 account broken: x\r\n".into(), NoMark),
            ("a torn failure", "azimage: failed n-2 acc[  9.1] noise\r\n".into(), NoMark),
            ("a failure of an unknown state", "azimage: failed n-2 account lost: x\r\n".into(), NoMark),
            ("a mark after a failure", format!("azimage: failed n-2 mark broken: x\r\n{MARKED}"), Sealed),
            (
                "a failure after a mark",
                format!("{MARKED}azimage: failed n-2 mark broken: x\r\n"),
                failed("mark", Aftermath::Broken, "x"),
            ),
        ] {
            assert_eq!(read(log.as_bytes(), "n-2"), expected, "{case}");
        }
        assert_eq!(read(b"\xff\xfe\r\nazimage: sealed n-2\n\xff", "n-2"), Sealed, "other bytes");
    }

    #[test]
    fn a_detail_is_bounded_and_plain() {
        let log = format!("azimage: failed n logs broken: {}\x1b[31mred", "x y ".repeat(200));
        let facts::Console::Failed(failure) = read(log.as_bytes(), "n") else { panic!("a failure was expected") };
        assert_eq!(failure.detail.chars().count(), DETAIL_LIMIT);
        let log = b"azimage: failed n logs broken: a\x1b[31mb\x07";
        assert_eq!(read(log, "n"), failed("logs", Aftermath::Broken, "a[31mb"));
    }

    #[test]
    fn the_end_of_a_log_is_plain_whole_and_without_secrets() {
        for (log, expected) in [
            ("", ""),
            ("\0\0\r\n\0", ""),
            ("[  1.0] a\r\n\r\n[  2.0] b \r\n\0\0", "[  1.0] a\n[  2.0] b"),
            ("\u{1b}[0;32m  OK  \u{1b}[0m Started\tSSH\u{7}\u{1b}(B.", "  OK   Started SSH."),
            ("\u{1b}[2J\u{1b}[01;01H\u{1b}=login:\u{1b}", "login:"),
            ("user-data: password=hunter2\nend", "user-data: password=***\nend"),
        ] {
            assert_eq!(end(log.as_bytes()), expected, "{log:?}");
        }
        let many = (0..9999).map(|number| format!("line {number}\r\n")).collect::<Vec<_>>().concat();
        let found = end(many.as_bytes());
        assert!(found.starts_with("line ") && found.ends_with("line 9998"), "{found}");
        assert!(found.len() <= END_LIMIT && found.len() > END_LIMIT - 20);
        assert_eq!(end("ü".repeat(5000).as_bytes()).len(), END_LIMIT);
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_log_its_end_fits_into_the_status(log in proptest::collection::vec(any::<u8>(), 0..6000)) {
            let found = end(&log);
            prop_assert!(found.len() <= END_LIMIT && !found.chars().any(|sign| sign != '\n' && sign.is_control()));
        }

        #[test]
        fn a_mark_alone_in_its_line_and_nothing_less_is_a_mark(
            parts in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..30),
                    proptest::sample::select(vec![
                        &b"azimage: sealed n"[..], b"azimage: sealed ", b"\r\n", b"\n", b"\0", b"n", b"Linux version ", b" login:",
                        b"reboot: Power down",
                    ])
                    .prop_map(<[u8]>::to_vec),
                ],
                0..12,
            )
        ) {
            let log = parts.concat();
            let mut lines = log.split(|byte| matches!(byte, b'\n' | b'\r' | 0));
            let marked = lines.any(|line| line == b"azimage: sealed n");
            let said = !matches!(read(&log, "n"), facts::Console::NoMark | facts::Console::Empty);
            prop_assert_eq!(said, marked);
        }
    }
}
