//! What `printf` and `echo` make of their arguments.

/// Backslashes as in the format of `printf`; true where `\c` ends everything.
pub(crate) fn unescape(text: &str, octal_zero: bool) -> (Vec<u8>, bool) {
    let mut done = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' || at + 1 == bytes.len() {
            done.push(bytes[at]);
            at += 1;
            continue;
        }
        at += 2;
        match bytes[at - 1] {
            b'n' => done.push(b'\n'),
            b't' => done.push(b'\t'),
            b'r' => done.push(b'\r'),
            b'a' => done.push(7),
            b'b' => done.push(8),
            b'f' => done.push(12),
            b'v' => done.push(11),
            b'e' => done.push(27),
            b'\\' => done.push(b'\\'),
            b'c' => return (done, true),
            digit @ b'0'..=b'7' => {
                // `%b` and `echo` write `\0NNN`, a format `\NNN`.
                let mut begin = if octal_zero && digit == b'0' { at } else { at - 1 };
                let mut value = 0_u32;
                let end = begin + 3;
                while begin < end && bytes.get(begin).is_some_and(|byte| (b'0'..=b'7').contains(byte)) {
                    value = value * 8 + u32::from(bytes[begin] - b'0');
                    begin += 1;
                }
                at = begin;
                done.push(u8::try_from(value & 0xff).unwrap_or_default());
            }
            other => done.extend([b'\\', other]),
        }
    }
    (done, false)
}

/// What `printf` prints, and a complaint about an argument that is no number.
pub(crate) fn printf(format: &str, arguments: &[String]) -> (Vec<u8>, Option<String>) {
    let mut done = Vec::new();
    let mut complaint = None;
    let mut left = arguments.iter();
    loop {
        let before = left.len();
        if once(format, &mut left, &mut done, &mut complaint) || left.len() == 0 || left.len() == before {
            return (done, complaint);
        }
    }
}

fn once(
    format: &str,
    arguments: &mut std::slice::Iter<'_, String>,
    done: &mut Vec<u8>,
    complaint: &mut Option<String>,
) -> bool {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (text, stop) = unescape(&rest[..at], false);
        done.extend(text);
        if stop {
            return true;
        }
        rest = &rest[at + 1..];
        let flags = rest.len() - rest.trim_start_matches(['-', '+', ' ', '0', '#']).len();
        let (flags, tail) = rest.split_at(flags);
        let mut number = |tail: &mut &str| {
            if let Some(after) = tail.strip_prefix('*') {
                *tail = after;
                return arguments.next().and_then(|text| text.parse::<usize>().ok());
            }
            let digits = tail.len() - tail.trim_start_matches(|one: char| one.is_ascii_digit()).len();
            let value = tail[..digits].parse().ok();
            *tail = &tail[digits..];
            value
        };
        let mut tail = tail;
        let width = number(&mut tail).unwrap_or_default().min(4096);
        let mut precision = None;
        if let Some(after) = tail.strip_prefix('.') {
            tail = after;
            precision = Some(number(&mut tail).unwrap_or_default());
        }
        let kind = tail.chars().next().unwrap_or('%');
        rest = tail.get(kind.len_utf8()..).unwrap_or_default();
        let mut stop = false;
        let shown: Vec<u8> = match kind {
            '%' => b"%".to_vec(),
            's' => cut(arguments.next().map_or("", String::as_str).as_bytes(), precision),
            'b' => {
                let (text, ends) = unescape(arguments.next().map_or("", String::as_str), true);
                stop = ends;
                cut(&text, precision)
            }
            'c' => arguments.next().and_then(|text| text.bytes().next()).into_iter().collect(),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let text = arguments.next().map_or("0", String::as_str).trim();
                let value = integer(text).unwrap_or_else(|| {
                    *complaint = Some(format!("printf: {text}: expected numeric value"));
                    0
                });
                let mut digits = match kind {
                    'x' => format!("{value:x}"),
                    'X' => format!("{value:X}"),
                    'o' => format!("{value:o}"),
                    _ => value.to_string(),
                };
                if flags.contains('0') && !flags.contains('-') {
                    digits = format!("{}{digits}", "0".repeat(width.saturating_sub(digits.len())));
                }
                digits.into_bytes()
            }
            other => {
                *complaint = Some(format!("printf: %{other}: invalid directive"));
                return true;
            }
        };
        let pad = vec![b' '; width.saturating_sub(shown.len())];
        if flags.contains('-') {
            done.extend(shown);
            done.extend(pad);
        } else {
            done.extend(pad);
            done.extend(shown);
        }
        if stop {
            return true;
        }
    }
    let (text, stop) = unescape(rest, false);
    done.extend(text);
    stop
}

fn cut(text: &[u8], most: Option<usize>) -> Vec<u8> {
    text[..most.map_or(text.len(), |most| most.min(text.len()))].to_vec()
}

fn integer(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok();
    }
    if let Some(one) = text.strip_prefix(['\'', '"']) {
        return one.chars().next().map(|one| i64::from(u32::from(one)));
    }
    if text.len() > 1 && text.starts_with('0') {
        return i64::from_str_radix(text, 8).ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_in_as_by_a_shell() {
        for (format, arguments, expected) in [
            ("\\n%s\\n", vec!["a"], "\na\n"),
            ("%s-", vec!["a", "b"], "a-b-"),
            ("%5d|%-4s|%03d", vec!["7", "x", "5"], "    7|x   |005"),
            ("%%", vec![], "%"),
            ("%b", vec!["a\\tb"], "a\tb"),
            ("\\101", vec![], "A"),
            ("%.2s", vec!["abc"], "ab"),
        ] {
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            assert_eq!(String::from_utf8(printf(format, &arguments).0).unwrap(), expected, "{format}");
        }
    }
}
