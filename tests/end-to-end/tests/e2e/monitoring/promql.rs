//! Which metrics an expression names, as far as this is needed here; `promtool` and Prometheus know whether it is one.

use std::collections::BTreeSet;

use super::file;

/// What isn't the name of a metric, though no bracket follows.
const WORDS: [&str; 9] = ["and", "or", "unless", "bool", "sum", "max", "min", "count", "offset"];

/// What names labels in brackets.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The names of the metrics in an expression.
fn metrics_of(expression: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let is_of_a_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
        let end = rest.find(|letter| !is_of_a_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = match first {
            '"' => rest[1..].split_once('"').map_or("", |(_, after)| after),
            '{' => rest.split_once('}').map_or("", |(_, after)| after),
            '[' => rest.split_once(']').map_or("", |(_, after)| after),
            _ if GROUPINGS.contains(&word) && after.trim_start().starts_with('(') => {
                after.split_once(')').map_or("", |(_, after)| after)
            }
            _ if first.is_ascii_alphabetic() => {
                if !after.trim_start().starts_with('(') && !WORDS.contains(&word) {
                    names.insert(word.to_owned());
                }
                after
            }
            _ if end > 0 => after,
            _ => &rest[first.len_utf8()..],
        };
    }
    names
}

/// The metrics that the page of metrics has.
fn documented() -> BTreeSet<String> {
    let page = file("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned()).collect()
}

/// Fails unless the page of metrics has each metric that the expression names, and there is one.
pub(super) fn names_what_is_served(whose: &str, expression: &str) {
    let (names, documented) = (metrics_of(expression), documented());
    assert!(!names.is_empty(), "{whose}: {expression}");
    for name in names {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name);
        assert!(documented.contains(&name) || documented.contains(family), "{whose}: docs/metrics.md lacks {name}");
    }
}

#[test]
fn the_metrics_of_an_expression_are_found() {
    for (expression, names) in [
        ("sum by (le) (rate(a_bucket{x=\"b or c\"}[5m])) > on (d) 3 * e or vector(0)", &["a_bucket", "e"][..]),
        ("topk(10, max by (region) (a{b=~\"c|d\"})) unless on (b) f offset 5m", &["a", "f"]),
        ("(a:b / count(c)) > 1e3", &["a:b", "c"]),
        ("absent(a)", &["a"]),
        ("vector(1)", &[]),
    ] {
        let expected: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(metrics_of(expression), expected, "{expression}");
    }
}
