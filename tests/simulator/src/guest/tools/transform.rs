//! Regular expressions as POSIX writes them, made ready for the crate that runs them.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use regex::bytes::{Regex, RegexBuilder};

type Known = BTreeMap<(String, bool, bool), Arc<Regex>>;

/// Scripts use the same expressions again and again.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// A basic or extended regular expression.
pub(super) fn expression(pattern: &str, extended: bool, any_case: bool) -> Result<Arc<Regex>, String> {
    let key = (pattern.to_owned(), extended, any_case);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(&key) {
        return Ok(regex.clone());
    }
    let regex = RegexBuilder::new(&translated(pattern, extended)?)
        .unicode(false)
        .case_insensitive(any_case)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| "Invalid regular expression".to_owned())?;
    if known.len() > 500 {
        known.clear();
    }
    let regex = Arc::new(regex);
    known.insert(key, regex.clone());
    Ok(regex)
}

fn translated(pattern: &str, extended: bool) -> Result<String, String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut done = String::new();
    let mut at = 0;
    // At the beginning of an expression or a part of one.
    let mut begins = true;
    while at < letters.len() {
        let one = letters[at];
        let next = letters.get(at + 1).copied();
        let began = std::mem::take(&mut begins);
        at += 1;
        match one {
            '\\' => {
                at += 1;
                match next {
                    None => return Err("Trailing backslash".to_owned()),
                    Some('(') if !extended => {
                        done.push('(');
                        begins = true;
                    }
                    Some('|') if !extended => {
                        done.push('|');
                        begins = true;
                    }
                    Some(sign @ (')' | '{' | '}' | '+' | '?')) if !extended => done.push(sign),
                    Some(digit) if digit.is_ascii_digit() => {
                        return Err("back references aren't supported here".to_owned());
                    }
                    Some('n') => done.push_str("\\n"),
                    Some('t') => done.push_str("\\t"),
                    Some(class @ ('w' | 'W' | 's' | 'S' | 'b' | 'B')) => done.extend(['\\', class]),
                    Some('<' | '>') => done.push_str("\\b"),
                    Some(other) => escape(other, &mut done),
                }
            }
            '[' => {
                let (text, after) = set(&letters, at).ok_or("Unmatched [, [^, [:, [., or [=")?;
                done.push_str(&text);
                at = after;
            }
            '*' if began && !extended => done.push_str("\\*"),
            '^' if extended || began => {
                done.push('^');
                begins = true;
            }
            '$' => {
                let ends = next.is_none()
                    || extended
                    || (next == Some('\\') && matches!(letters.get(at + 1), Some(')' | '|')));
                done.push_str(if ends { "$" } else { "\\$" });
            }
            '(' | '|' if extended => {
                done.push(one);
                begins = true;
            }
            ')' | '{' | '}' | '+' | '?' if extended => done.push(one),
            '.' | '*' => done.push(one),
            other => escape(other, &mut done),
        }
    }
    Ok(done)
}

fn escape(one: char, done: &mut String) {
    if "\\.+*?()|[]{}^$#&-~".contains(one) {
        done.push('\\');
    }
    done.push(one);
}

/// `[…]`, whose first bracket was read.
fn set(letters: &[char], mut at: usize) -> Option<(String, usize)> {
    let mut text = "[".to_owned();
    if letters.get(at) == Some(&'^') {
        text.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let one = *letters.get(at)?;
        match one {
            ']' if at > first => return Some((text + "]", at + 1)),
            '[' if letters.get(at + 1) == Some(&':') => {
                let end =
                    (at + 2..letters.len()).find(|end| letters[*end] == ':' && letters.get(end + 1) == Some(&']'))?;
                text.push_str("[:");
                text.extend(&letters[at + 2..end]);
                text.push_str(":]");
                at = end + 2;
            }
            '-' if at > first && letters.get(at + 1).is_some_and(|next| *next != ']') => {
                text.push('-');
                at += 1;
            }
            other => {
                escape(other, &mut text);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_both_kinds_mean_what_posix_says() {
        for (pattern, extended, text, expected) in [
            ("a\\{2\\}", false, "aa", true),
            ("a{2}", false, "aa", false),
            ("a{2}", false, "a{2}", true),
            ("a+", false, "a+", true),
            ("a+", true, "aa", true),
            ("*x", false, "*x", true),
            ("\\(a\\|b\\)c", false, "bc", true),
            ("^[^/]*$", false, "a/b", false),
            ("[].x]", false, "]", true),
            ("[[:space:]]", true, "\t", true),
            ("a$b", false, "a$b", true),
            ("[a\\]x", false, "\\x", true),
            ("^/", false, "/a", true),
            ("x^", false, "x^", true),
        ] {
            let regex = expression(pattern, extended, false).unwrap();
            assert_eq!(regex.is_match(text.as_bytes()), expected, "{pattern} {text}");
        }
        assert!(expression("[a", false, false).is_err());
    }
}
