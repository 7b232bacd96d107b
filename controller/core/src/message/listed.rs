//! All messages and phrases, for the page that lists them. A test compares it with the code.

use crate::{
    approval,
    condition::NotYet,
    events::{Adoption, Removal},
    export,
    failure::words::Failed,
    guest::checks::Finds,
    identity::problem::{IdentityProblem, WayOut},
    image_definition, image_version,
    leftovers::Reaped,
    promotion, provenance, replication_target,
    unreadable::Unreadable,
};

pub use crate::message::{Listed, Messages, Phrases};

/// All messages.
pub fn messages() -> Vec<Messages> {
    let mut all = vec![NotYet::messages(), Unreadable::messages(), IdentityProblem::messages(), Failed::messages()];
    all.extend(image_version::messages());
    all.push(replication_target::words::Words::messages());
    all.extend([
        image_definition::words::Invalid::messages(),
        image_definition::words::Words::messages(),
        image_definition::words::NotShown::messages(),
        image_definition::words::Wrong::messages(),
        export::words::Words::messages(),
        export::words::Wrong::messages(),
        promotion::words::Line::messages(),
        promotion::words::Words::messages(),
        approval::words::NotApproved::messages(),
        provenance::words::Words::messages(),
    ]);
    all
}

/// All phrases.
pub fn phrases() -> Vec<Phrases> {
    let mut all = vec![Finds::phrases(), WayOut::phrases(), Removal::phrases(), Adoption::phrases(), Reaped::phrases()];
    all.extend(image_version::phrases());
    all.extend(replication_target::words::phrases());
    all.extend(image_definition::words::phrases());
    all.extend(promotion::words::phrases());
    all.extend(approval::words::phrases());
    all.extend(provenance::words::phrases());
    all
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::message::TRY_AGAIN;

    /// How often a text stands at the begin of a line of the crate.
    fn count(folder: &Path, text: &str) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| match path.extension() {
                Some(end) if end == "rs" => {
                    fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with(text)).count()
                }
                _ if path.is_dir() => count(&path, text),
                _ => 0,
            })
            .sum()
    }

    #[test]
    fn every_enum_of_messages_and_of_phrases_is_listed_once() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let messages: BTreeSet<_> = messages().iter().map(|messages| messages.name).collect();
        let phrases: BTreeSet<_> = phrases().iter().map(|phrases| phrases.name).collect();
        assert_eq!(messages.len(), count(&source, "messages! {"), "{messages:?}");
        assert_eq!(phrases.len(), count(&source, "phrases! {"), "{phrases:?}");
    }

    #[test]
    fn a_message_is_one_line_in_plain_form() {
        let texts = messages().into_iter().flat_map(|messages| messages.listed).map(|listed| listed.text);
        for text in texts {
            let begins = text.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit() || first == '<');
            assert!(begins || text.starts_with("spec."), "{text}");
            assert!(!text.contains('\n') && !text.contains("  ") && !text.ends_with(['.', ' ']), "{text}");
        }
    }

    #[test]
    fn who_is_told_to_try_again_is_told_how() {
        assert!(TRY_AGAIN.contains(azimage_crds::RECONCILE_REQUESTED_AT));
    }
}
