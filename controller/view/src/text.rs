//! Text of others, made harmless, and its width on a terminal.

use unicode_width::UnicodeWidthChar;

/// What stands for a character that a terminal would obey instead of showing it.
const REPLACED: char = '\u{fffd}';

/// The text without anything that a terminal obeys: a line's end and a tab become spaces, other control characters, and those that
/// turn the direction of writing, a mark. Names, messages and Azure's words come from others.
pub fn inert(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            // C0, DEL and C1; then marks and overrides of direction, and tags, none of which can be seen.
            _ if character.is_control() => REPLACED,
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => REPLACED,
            _ => character,
        })
        .collect()
}

/// How many columns the text takes. A sequence that some terminals join, such as a flag, counts as its parts, so it is never wider.
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// The text with spaces up to a width.
pub fn padded(text: &str, to: usize) -> String {
    let missing = to.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in lines of at most that many columns, broken between words, and within those that are longer.
pub fn wrapped(text: &str, limit: usize) -> Vec<String> {
    // Two columns take any character.
    let limit = limit.max(2);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= limit {
            line.push_str(&" ".repeat(gap));
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if width(&line) + columns(character) > limit {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The beginning of the text that fits, with a mark where something is missing.
pub fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if width(&kept) + columns(character) + 1 > limit {
            break;
        }
        kept.push(character);
    }
    if limit > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let cases = [
            ("plain", "Waiting for eastus2", "Waiting for eastus2"),
            ("lines and tabs", "one\r\ntwo\tthree", "one  two three"),
            ("an escape sequence", "\x1b[2Jgone", "\u{fffd}[2Jgone"),
            ("its form in one character", "\u{9b}2Jgone", "\u{fffd}2Jgone"),
            ("a title", "\x1b]0;owned\x07", "\u{fffd}]0;owned\u{fffd}"),
            ("a bell, a backspace, a delete", "\x07\x08\x7f", "\u{fffd}\u{fffd}\u{fffd}"),
            ("writing from right to left", "abc\u{202e}cba", "abc\u{fffd}cba"),
            ("invisible text", "a\u{200b}b\u{feff}c\u{e0041}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("other scripts", "東京 é ✓", "東京 é ✓"),
        ];
        for (case, text, expected) in cases {
            assert_eq!(inert(text), expected, "{case}");
        }
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        for (text, expected) in [("", 0), ("abc", 3), ("東京", 4), ("e\u{301}", 1), ("✓…█", 3)] {
            assert_eq!(width(text), expected, "{text}");
        }
        assert_eq!(padded("東", 4), "東  ");
        assert_eq!(padded("longer", 3), "longer");
    }

    #[test]
    fn text_is_broken_between_words_and_nothing_of_it_is_lost() {
        let cases: [(&str, usize, &[&str]); 6] = [
            ("", 10, &[]),
            ("one two three", 20, &["one two three"]),
            ("one two three", 8, &["one two", "three"]),
            ("one", 1, &["on", "e"]),
            ("/subscriptions/x", 6, &["/subsc", "riptio", "ns/x"]),
            ("東京東京", 5, &["東京", "東京"]),
        ];
        for (text, limit, expected) in cases {
            assert_eq!(wrapped(text, limit), expected, "{text} in {limit}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        for (text, limit, expected) in [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("東京", 3, "東…"), ("abc", 0, "")]
        {
            assert_eq!(cut(text, limit), expected, "{text} in {limit}");
        }
    }
}
