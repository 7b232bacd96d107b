//! Patterns as the shell, `find` and `case` know them.

/// Whether all of `text` fits `pattern`: `*`, `?`, `[…]`, and a backslash before what stands for itself.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fits_chars(&pattern, &text)
}

fn fits_chars(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and how much of the text it has eaten.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if at < pattern.len() && pattern[at] == '*' {
            star = Some((at, seen));
            at += 1;
            continue;
        }
        if seen == text.len() {
            return at == pattern.len();
        }
        if let Some(length) = one_fits(&pattern[at..], text[seen]) {
            at += length;
            seen += 1;
            continue;
        }
        let Some((place, eaten)) = star else { return false };
        star = Some((place, eaten + 1));
        at = place + 1;
        seen = eaten + 1;
    }
}

/// How many characters of the pattern fit this one of the text.
fn one_fits(pattern: &[char], one: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '\\' => (pattern.get(1) == Some(&one)).then_some(2),
        '[' => match set(pattern, one) {
            Some((length, inside)) => inside.then_some(length),
            None => (one == '[').then_some(1),
        },
        same => (*same == one).then_some(1),
    }
}

/// `[a-z]`, `[!a]`, `[[:space:]]`: its length, and whether the character is in it.
fn set(pattern: &[char], one: char) -> Option<(usize, bool)> {
    let mut at = 1;
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    at += usize::from(negated);
    let first = at;
    let mut inside = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((at + 1, inside != negated));
        }
        if low == '[' && pattern.get(at + 1) == Some(&':') {
            let rest: String = pattern[at + 2..].iter().take(10).collect();
            let name = rest.split_once(":]")?.0.to_owned();
            inside |= in_class(&name, one);
            at += 2 + name.chars().count() + 2;
            continue;
        }
        if low == '\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        let mut high = low;
        if pattern.get(at + 1) == Some(&'-') && pattern.get(at + 2).is_some_and(|next| *next != ']') {
            high = *pattern.get(at + 2)?;
            at += 2;
        }
        inside |= (low..=high).contains(&one);
        at += 1;
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
    let pattern: Vec<char> = pattern.chars().collect();
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    // The shortest part first: near the front, or near the end.
    if front == longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (taken, left) = if front { text.split_at(cut) } else { (&text[cut..], &text[..cut]) };
        let taken: Vec<char> = taken.chars().collect();
        if fits_chars(&pattern, &taken) {
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
