//! Patterns as the shell, `find` and `case` know them.

/// Whether all of `text` fits `pattern`: `*`, `?`, `[…]`, and a backslash before what stands for itself.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (mut rest, mut left) = (pattern, text);
    // What follows the last star, and what it has not eaten.
    let mut star: Option<(&str, &str)> = None;
    loop {
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            if rest.is_empty() {
                return true;
            }
            star = Some((rest, left));
            continue;
        }
        let Some(one) = left.chars().next() else { return rest.is_empty() };
        if let Some(length) = one_fits(rest, one) {
            rest = &rest[length..];
            left = &left[one.len_utf8()..];
            continue;
        }
        let Some((after, eaten)) = star else { return false };
        let Some(next) = eaten.chars().next() else { return false };
        left = &eaten[next.len_utf8()..];
        star = Some((after, left));
        rest = after;
    }
}

/// How many bytes of the pattern fit this character of the text.
fn one_fits(pattern: &str, one: char) -> Option<usize> {
    let first = pattern.chars().next()?;
    match first {
        '?' => Some(1),
        '\\' => pattern[1..].chars().next().filter(|next| *next == one).map(|next| 1 + next.len_utf8()),
        '[' => match set(pattern, one) {
            Some((length, inside)) => inside.then_some(length),
            None => (one == '[').then_some(1),
        },
        same => (same == one).then_some(same.len_utf8()),
    }
}

/// `[a-z]`, `[!a]`, `[[:space:]]`: its length in bytes, and whether the character is in it.
fn set(pattern: &str, one: char) -> Option<(usize, bool)> {
    let mut rest = &pattern[1..];
    let negated = rest.starts_with(['!', '^']);
    rest = &rest[usize::from(negated)..];
    let mut first = true;
    let mut inside = false;
    loop {
        let mut low = rest.chars().next()?;
        if low == ']' && !first {
            return Some((pattern.len() - rest.len() + 1, inside != negated));
        }
        first = false;
        if let Some((name, after)) = rest.strip_prefix("[:").and_then(|named| named.split_once(":]")) {
            inside |= in_class(name, one);
            rest = after;
            continue;
        }
        if low == '\\' {
            rest = &rest[1..];
            low = rest.chars().next()?;
        }
        rest = &rest[low.len_utf8()..];
        let mut high = low;
        if let Some(end) = rest.strip_prefix('-').and_then(|after| after.chars().next()).filter(|end| *end != ']') {
            high = end;
            rest = &rest[1 + end.len_utf8()..];
        }
        inside |= (low..=high).contains(&one);
    }
}

/// A named class of characters.
pub(crate) fn in_class(name: &str, one: char) -> bool {
    match name {
        "alpha" => one.is_ascii_alphabetic(),
        "digit" => one.is_ascii_digit(),
        "alnum" => one.is_ascii_alphanumeric(),
        "space" => one.is_ascii_whitespace() || one == '\u{b}',
        "blank" => one == ' ' || one == '\t',
        "upper" => one.is_ascii_uppercase(),
        "lower" => one.is_ascii_lowercase(),
        "punct" => one.is_ascii_punctuation(),
        "cntrl" => one.is_ascii_control(),
        "print" => one == ' ' || one.is_ascii_graphic() || !one.is_ascii(),
        "graph" => one.is_ascii_graphic() || !one.is_ascii(),
        "xdigit" => one.is_ascii_hexdigit(),
        _ => false,
    }
}

/// What is left of `text` when the part that fits is taken from its front or its end.
pub(crate) fn strip<'a>(text: &'a str, pattern: &str, front: bool, longest: bool) -> &'a str {
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    // The shortest part first: near the front, or near the end.
    if front == longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (taken, left) = if front { text.split_at(cut) } else { (&text[cut..], &text[..cut]) };
        if fits(pattern, taken) {
            return left;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[[:digit:]]*", "7z", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[", "[", true),
            ("[]]", "]", true),
            ("*.*.*", "a.b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn parts_are_stripped() {
        assert_eq!(strip("a/b/c", "*/", true, false), "b/c");
        assert_eq!(strip("a/b/c", "*/", true, true), "c");
        assert_eq!(strip("a/b/c", "/*", false, false), "a/b");
        assert_eq!(strip("a/b/c", "/*", false, true), "a");
        assert_eq!(strip("abc", "x", true, true), "abc");
    }
}
