//! What a machine's serial console log says of a seal.

use crate::image_version::ConsoleObserved;

/// What the seal writes to the console when the guest is clean, before the nonce of the attempt.
pub const MARK: &str = "azimage: sealed";

/// What shows that a system starts: its kernel's banner, the kernel's first moment, cloud-init, and a prompt. Some images
/// keep their kernel quiet, so the banner alone is not enough.
const SIGNS_OF_A_START: [&str; 4] = ["Linux version ", "[    0.000000]", "Cloud-init v. ", " login:"];

/// Reads the log, or what is there of its end. Only the mark of this very attempt counts, alone in its line, and only if
/// the system wasn't started after it.
pub fn read(log: &[u8], nonce: &str) -> ConsoleObserved {
    let mark = format!("{MARK} {nonce}");
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
    let mut lines = log.rsplit(ends_line);
    let mut started = false;
    for line in &mut lines {
        if line == mark.as_bytes() {
            return if started { ConsoleObserved::StartedSince } else { ConsoleObserved::Sealed };
        }
        let shows = |sign: &str| line.windows(sign.len()).any(|part| part == sign.as_bytes());
        started |= SIGNS_OF_A_START.iter().any(|sign| shows(sign));
    }
    ConsoleObserved::NoMark
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOOT: &str = "[    0.000000] Linux version 6.8\r\n";
    const MARKED: &str = "builder login: \r\nazimage: sealed n-2\r\n";

    #[test]
    fn only_this_attempts_mark_counts_and_only_as_the_last_that_was_heard() {
        use ConsoleObserved::{NoMark, Sealed, StartedSince};
        for (case, log, expected) in [
            ("nothing", String::new(), NoMark),
            ("a boot", BOOT.into(), NoMark),
            ("the mark", format!("{BOOT}{MARKED}"), Sealed),
            ("the mark alone", "azimage: sealed n-2".into(), Sealed),
            ("a power-off after it", format!("{BOOT}{MARKED}[  99.1] reboot: Power down\r\n"), Sealed),
            ("a page filled up", format!("{BOOT}{MARKED}\0\0\0\0"), Sealed),
            ("a boot after it", format!("{BOOT}{MARKED}{BOOT}"), StartedSince),
            (
                "a quiet boot after it",
                format!("{MARKED}\r\nUbuntu 24.04 builder ttyS0\r\n\r\nbuilder login: "),
                StartedSince,
            ),
            (
                "cloud-init after it",
                format!("{MARKED}[   5.1] cloud-init[7]: Cloud-init v. 24.1 running"),
                StartedSince,
            ),
            ("another seal after the boot", format!("{MARKED}{BOOT}{MARKED}"), Sealed),
            ("an earlier attempt's", "azimage: sealed n-1\r\n".into(), NoMark),
            ("a longer nonce", "azimage: sealed n-22\r\n".into(), NoMark),
            ("a shorter nonce", "azimage: sealed n-\r\n".into(), NoMark),
            ("words before it", "Stopped azimage: sealed n-2\r\n".into(), NoMark),
            ("words after it", "azimage: sealed n-2'\r\n".into(), NoMark),
            ("the script", crate::seal::linux_script("n-2"), NoMark),
            ("cut off", "image: sealed n-2\r\n".into(), NoMark),
        ] {
            assert_eq!(read(log.as_bytes(), "n-2"), expected, "{case}");
        }
        assert_eq!(read(b"\xff\xfe\r\nazimage: sealed n-2\n\xff", "n-2"), Sealed, "other bytes");
    }

    proptest! {
        #[test]
        fn a_mark_alone_in_its_line_and_nothing_less_is_a_mark(
            parts in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..30),
                    proptest::sample::select(vec![
                        &b"azimage: sealed n"[..], b"azimage: sealed ", b"\r\n", b"\n", b"\0", b"n", b"Linux version ", b" login:",
                    ])
                    .prop_map(<[u8]>::to_vec),
                ],
                0..12,
            )
        ) {
            let log = parts.concat();
            let mut lines = log.split(|byte| matches!(byte, b'\n' | b'\r' | 0));
            let marked = lines.any(|line| line == b"azimage: sealed n");
            prop_assert_eq!(read(&log, "n") != ConsoleObserved::NoMark, marked);
        }
    }
}
