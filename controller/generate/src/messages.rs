//! The page that lists every message by its reason. What it lists comes from the code, so it can't be incomplete.

use std::fmt::Write;

use azimage_core::message::listed::{Listed, Phrases, messages, phrases};
use azimage_crds::Reason;
use strum::{EnumMessage, IntoEnumIterator};

const BEGIN: &str = "# Messages

All that azimage says in conditions and events, by reason. A message stands in the condition that is named before it, and in
`Ready` and `Reconciling` or `Stalled` as long as it tells of the object as a whole. It names the field, tag or right at
fault and says what to do; [troubleshooting.md](troubleshooting.md) says more. Reasons are [stable](conditions.md), messages
may change: no script should rely on their words.

Values stand as `<placeholders>`. What Azure, the guest or a decoder says is told in its own words.
";

const STALLED: &str = "
## Reasons that need a person
";

const OTHERS: &str = "
## Other reasons
";

const PARTS: &str = "
## Parts of messages

What stands for some of the placeholders, or is added to a message.

";

/// The page docs/messages.md.
pub(crate) fn page() -> String {
    let all: Vec<Listed> = messages().into_iter().flat_map(|messages| messages.listed).collect();
    let mut page = BEGIN.to_owned();
    for (heading, stalls) in [(STALLED, true), (OTHERS, false)] {
        page.push_str(heading);
        for reason in Reason::iter().filter(|reason| reason.stalls() == stalls) {
            section(&mut page, reason, &all);
        }
    }
    page.push_str(PARTS);
    for phrases in phrases() {
        parts(&mut page, &phrases);
    }
    page
}

fn section(page: &mut String, reason: Reason, all: &[Listed]) {
    let mut items: Vec<String> = all.iter().filter(|message| message.reason == reason).map(item).collect();
    if items.is_empty() {
        return;
    }
    items.dedup();
    let means = reason.get_documentation().unwrap_or_default();
    // Writing to a string can't fail.
    let _ = writeln!(page, "\n### `{reason}`\n\n{means}\n\n{}", items.join("\n"));
}

fn item(message: &Listed) -> String {
    let conditions: Vec<String> = message.conditions.iter().map(|condition| format!("`{condition}`")).collect();
    format!("- {}: {}", conditions.join(", "), shown(&message.text))
}

fn parts(page: &mut String, phrases: &Phrases) {
    let _ = writeln!(page, "- {}: {}", shown(phrases.place), phrases.about);
    for text in &phrases.texts {
        let text = if text.is_empty() { "nothing".to_owned() } else { format!("*{}*", shown(text.trim())) };
        let _ = writeln!(page, "  - {text}");
    }
}

/// A text whose placeholders are shown as code, so that no Markdown takes them for HTML.
fn shown(text: &str) -> String {
    text.replace('<', "`<").replace('>', ">`").replace(">``<", "><")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_listed_under_its_reason() {
        let page = page();
        for message in messages().into_iter().flat_map(|messages| messages.listed) {
            let heading = format!("### `{}`\n", message.reason);
            let section = page.split("\n### ").find(|section| format!("### {section}").starts_with(&heading));
            let item = item(&message);
            assert!(section.is_some_and(|section| section.lines().any(|line| line == item)), "{item}");
        }
    }

    #[test]
    fn placeholders_are_code() {
        assert_eq!(shown("Waiting for <open><late>, <more>"), "Waiting for `<open><late>`, `<more>`");
    }
}
