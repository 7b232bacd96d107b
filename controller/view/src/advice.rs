//! What to do for a reason: the row of docs/troubleshooting.md, which is the one place where it stands.

use azimage_crds::Reason;

const PAGE: &str = include_str!("../../../docs/troubleshooting.md");

/// What the page says of a reason, without its links. A reason that asks for nothing has no row.
pub fn about(reason: Reason) -> Option<String> {
    PAGE.lines().find_map(|line| {
        let (names, words) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        // What stands in brackets says where the reason is found.
        let names = names.split(" (").next().unwrap_or_default();
        let is_here = names.split(", ").any(|name| name == format!("`{reason}`"));
        is_here.then(|| without_links(&words.replace("\\|", "|")))
    })
}

/// `[how](identity.md)` becomes `how`.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        match link.split_once("](").and_then(|(words, target)| Some((words, target.split_once(')')?.1))) {
            Some((words, after)) if !words.contains('[') => {
                plain.push_str(words);
                rest = after;
            }
            _ => {
                plain.push('[');
                rest = link;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_reason_that_needs_a_person_has_words_for_a_terminal() {
        for reason in Reason::iter().filter(|reason| reason.stalls()) {
            let words = about(reason).unwrap_or_else(|| panic!("nothing about {reason}"));
            assert!(words.len() > 20, "{reason}: {words}");
            assert!(!words.contains("](") && !words.contains(".md"), "{reason}: {words}");
        }
        assert!(about(Reason::ConsentMissing).is_some_and(|words| words.contains("az tag update")));
        assert!(about(Reason::OsTypeMismatch).is_some(), "one row of several reasons");
        assert!(about(Reason::CleanUpFailed).is_some(), "a row that says where the reason is found");
        assert_eq!(about(Reason::Succeeded), None);
    }

    #[test]
    fn links_leave_their_words() {
        for (text, expected) in [
            ("none", "none"),
            ("see [how](identity.md) and [all](x.md#y).", "see how and all."),
            ("a[0] and `status.steps[]`", "a[0] and `status.steps[]`"),
            ("`steps[].x` [how](y.md)", "`steps[].x` how"),
        ] {
            assert_eq!(without_links(text), expected);
        }
    }
}
