//! Azure regions in normal form.

use std::fmt;

use crate::text::{parsed_text, quote};

const LONGEST: usize = 64;

/// An Azure region in normal form: lower case, no spaces, for example `northeurope`.
///
/// Azure takes and returns both the name and the display name of a region (recorded azure-cli exchange, 2026: sent
/// `eastus2`, returned `East US 2`), so two regions are equal when they are equal after lower-casing and
/// removing spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// Why a text is not a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// Nothing but spaces.
    #[error("a region is needed, for example northeurope")]
    Empty,
    /// More than 64 characters.
    #[error("{0} is too long for a region, which has at most {LONGEST} characters")]
    TooLong(String),
    /// A character that no region has.
    #[error("{text} is not a region: {character:?} is not allowed, only letters, digits and spaces are")]
    Character {
        /// The refused text, quoted and shortened.
        text: String,
        /// The first character at fault.
        character: char,
    },
}

impl Region {
    /// Reads a region in any spelling: `northeurope`, `NorthEurope` or `North Europe`.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let mut normal = String::new();
        for character in text.chars().filter(|character| *character != ' ') {
            if !character.is_ascii_alphanumeric() {
                return Err(RegionError::Character { text: quote(text), character });
            }
            normal.push(character.to_ascii_lowercase());
        }
        match normal.len() {
            0 => Err(RegionError::Empty),
            1..=LONGEST => Ok(Self(normal)),
            _ => Err(RegionError::TooLong(quote(text))),
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl AsRef<str> for Region {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

parsed_text!(Region, RegionError);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_region_is_the_same_region() {
        for text in ["northeurope", "North Europe", "NorthEurope", "NORTHEUROPE", " north  europe "] {
            assert_eq!(Region::parse(text).unwrap().as_str(), "northeurope", "{text:?}");
        }
        assert_eq!(Region::parse("Central US EUAP").unwrap(), Region::parse("CentralUSEUAP").unwrap());
        assert_ne!(Region::parse("East US").unwrap(), Region::parse("East US 2").unwrap());
    }

    #[test]
    fn what_is_not_a_region_is_refused_with_the_character_at_fault() {
        assert_eq!(Region::parse(""), Err(RegionError::Empty));
        assert_eq!(Region::parse("   "), Err(RegionError::Empty));
        for (text, character) in [("north-europe", '-'), ("north/europe", '/'), ("nörth", 'ö'), ("a\tb", '\t')] {
            assert_eq!(Region::parse(text), Err(RegionError::Character { text: quote(text), character }));
        }
        assert!(Region::parse(&"a".repeat(64)).is_ok());
        assert!(matches!(Region::parse(&"a".repeat(65)), Err(RegionError::TooLong(_))));
    }

    #[test]
    fn json_is_read_in_any_spelling_and_written_in_normal_form() {
        let region: Region = serde_json::from_str("\"West Europe\"").unwrap();
        assert_eq!(serde_json::to_string(&region).unwrap(), "\"westeurope\"");
        assert!(serde_json::from_str::<Region>("\"west_europe\"").is_err());
    }

    proptest! {
        #[test]
        fn the_normal_form_is_a_fixed_point(text in "[a-zA-Z0-9 ]{1,64}") {
            if let Ok(region) = Region::parse(&text) {
                prop_assert_eq!(Region::parse(region.as_str()).unwrap(), region);
            }
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in ".{0,200}") {
            if let Err(error) = Region::parse(&text) {
                prop_assert!(error.to_string().chars().count() < 1000);
            }
        }
    }
}
