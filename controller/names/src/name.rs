//! The name of one resource or resource group, compared without regard to letter case.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use crate::text::quote;

/// Characters that no Azure name has, or that would end or change a URL path in which the name stands.
const REFUSED: &[char] = &[
    '/', '\\', '?', '#', '%', '&', '<', '>', '*', ':', '"', '|', '[', ']', '{', '}', '^', '`', '+', '=', ';', ',', '@',
];

/// Why a text is not the name of a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("the name of the {what} is empty")]
    Empty {
        /// What should have been named, for example "virtual machine".
        what: &'static str,
    },
    /// More characters than Azure allows for this kind of resource.
    #[error("the name of the {what} is {text}, which is longer than the {longest} characters that Azure allows")]
    TooLong {
        /// What was named.
        what: &'static str,
        /// The refused text, quoted and shortened.
        text: String,
        /// The most characters allowed.
        longest: usize,
    },
    /// A character that names of this kind of resource do not have.
    #[error("the name of the {what} is {text}, in which {character:?} is not allowed")]
    Character {
        /// What was named.
        what: &'static str,
        /// The refused text, quoted and shortened.
        text: String,
        /// The first character at fault.
        character: char,
    },
    /// The first or the last character may not stand there.
    #[error("the name of the {what} is {text}, which may not {fault}")]
    Ends {
        /// What was named.
        what: &'static str,
        /// The refused text, quoted and shortened.
        text: String,
        /// What is wrong, for example "end with a dot".
        fault: &'static str,
    },
}

/// The rules for the names of one kind of resource.
pub(crate) struct NameRules {
    pub(crate) what: &'static str,
    pub(crate) longest: usize,
    /// Only ASCII letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    pub(crate) plain: bool,
}

pub(crate) const RESOURCE_GROUP: NameRules = NameRules { what: "resource group", longest: 90, plain: false };
pub(crate) const RESOURCE: NameRules = NameRules { what: "resource", longest: 260, plain: false };
pub(crate) const VIRTUAL_MACHINE: NameRules = NameRules { what: "virtual machine", longest: 64, plain: false };
pub(crate) const SNAPSHOT: NameRules = NameRules { what: "snapshot", longest: 80, plain: false };
pub(crate) const RESTORE_POINT: NameRules = NameRules { what: "restore point", longest: 260, plain: false };
pub(crate) const NETWORK: NameRules = NameRules { what: "network resource", longest: 80, plain: false };
pub(crate) const MANAGED_IMAGE: NameRules = NameRules { what: "managed image", longest: 80, plain: false };
pub(crate) const DISK: NameRules = NameRules { what: "disk", longest: 80, plain: false };
pub(crate) const RUN_COMMAND: NameRules = NameRules { what: "run command", longest: 80, plain: false };
pub(crate) const GALLERY: NameRules = NameRules { what: "gallery", longest: 80, plain: true };
pub(crate) const IMAGE_DEFINITION: NameRules = NameRules { what: "image definition", longest: 80, plain: true };

/// A checked name. Keeps the letter case it was given; equality, order and hash ignore it, as Azure does.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str, rules: &NameRules) -> Result<Self, NameError> {
        let what = rules.what;
        if text.is_empty() {
            return Err(NameError::Empty { what });
        }
        if text.chars().count() > rules.longest {
            return Err(NameError::TooLong { what, text: quote(text), longest: rules.longest });
        }
        let allowed = |character: char| {
            if rules.plain {
                character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
            } else {
                !(character.is_control() || character.is_whitespace() || REFUSED.contains(&character))
            }
        };
        if let Some(character) = text.chars().find(|character| !allowed(*character)) {
            return Err(NameError::Character { what, text: quote(text), character });
        }
        let ends = |fault| Err(NameError::Ends { what, text: quote(text), fault });
        // "." and ".." would be resolved away in a URL path and so name another resource.
        if text.ends_with('.') {
            return ends("end with a dot");
        }
        if rules.plain && !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return ends("begin with anything but a letter or digit");
        }
        if rules.plain && text.ends_with('-') {
            return ends("end with a dash");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = char> {
        self.0.chars().flat_map(char::to_lowercase)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded().eq(other.folded())
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|character| character.hash(state));
        // Ends the name, so that ("ab", "c") and ("a", "bc") hash differently.
        0xff_u8.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_azure_knows_are_taken() {
        for (text, rules) in [
            ("images", &RESOURCE_GROUP),
            ("rg-1_(old).x", &RESOURCE_GROUP),
            ("gruppe-ä", &RESOURCE_GROUP),
            ("builder-7", &VIRTUAL_MACHINE),
            ("vmss_0a1b2c3d", &VIRTUAL_MACHINE),
            ("corpGallery", &GALLERY),
            ("corp.gallery_1", &GALLERY),
            ("ubuntu-web", &IMAGE_DEFINITION),
        ] {
            assert_eq!(Name::parse(text, rules).unwrap().as_str(), text);
        }
    }

    #[test]
    fn names_that_would_leave_their_place_in_a_path_are_refused() {
        let texts =
            ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "a\u{0}b", "{name}", "a."].into_iter();
        for text in texts {
            for rules in [&RESOURCE_GROUP, &RESOURCE, &VIRTUAL_MACHINE, &RUN_COMMAND, &GALLERY, &IMAGE_DEFINITION] {
                assert!(Name::parse(text, rules).is_err(), "{text:?} as {}", rules.what);
            }
        }
        for text in ["_gallery", "-gallery", "gallery-", "galerie-ä", "(gallery)"] {
            assert!(Name::parse(text, &GALLERY).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_as_long_as_its_kind_allows() {
        for rules in [&RESOURCE_GROUP, &VIRTUAL_MACHINE, &GALLERY] {
            assert!(Name::parse(&"a".repeat(rules.longest), rules).is_ok());
            assert!(matches!(Name::parse(&"a".repeat(rules.longest + 1), rules), Err(NameError::TooLong { .. })));
        }
    }
}
