//! The version of a gallery image version.

use std::fmt;

use crate::text::{parsed_text, quote};

const LARGEST: u32 = i32::MAX.unsigned_abs();

/// The name of a gallery image version: three integers, for example `1.4.0`, ordered as numbers.
///
/// Not a semantic version: Azure knows neither pre-releases nor build metadata, and each part is a signed 32-bit
/// integer of its own (Azure documentation, "Azure Compute Gallery": MajorVersion.MinorVersion.Patch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionNumber {
    major: u32,
    minor: u32,
    patch: u32,
}

/// Why a text is not the number of an image version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionNumberError {
    /// Not three parts between two dots.
    #[error("{0} is not an image version: write three integers, for example 1.4.0")]
    Form(String),
    /// A part begins with a zero and goes on, which would give one version two names.
    #[error("{0} is not an image version: write its parts without leading zeros")]
    LeadingZero(String),
    /// A part above 2147483647.
    #[error("{0} is not an image version: each part is at most {LARGEST}")]
    TooLarge(String),
}

impl VersionNumber {
    /// A version of these parts, each at most 2147483647.
    pub fn new(major: u32, minor: u32, patch: u32) -> Result<Self, VersionNumberError> {
        if [major, minor, patch].into_iter().all(|part| part <= LARGEST) {
            Ok(Self { major, minor, patch })
        } else {
            Err(VersionNumberError::TooLarge(format!("\"{major}.{minor}.{patch}\"")))
        }
    }

    /// Reads `major.minor.patch`.
    pub fn parse(text: &str) -> Result<Self, VersionNumberError> {
        let mut parts = [0; 3];
        let mut given = text.split('.');
        for part in &mut parts {
            let digits = given.next().unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(VersionNumberError::Form(quote(text)));
            }
            if digits.len() > 1 && digits.starts_with('0') {
                return Err(VersionNumberError::LeadingZero(quote(text)));
            }
            *part = digits.parse().map_err(|_| VersionNumberError::TooLarge(quote(text)))?;
        }
        if given.next().is_some() {
            return Err(VersionNumberError::Form(quote(text)));
        }
        let [major, minor, patch] = parts;
        Self::new(major, minor, patch)
    }

    /// The first part.
    pub fn major(self) -> u32 {
        self.major
    }

    /// The second part.
    pub fn minor(self) -> u32 {
        self.minor
    }

    /// The third part.
    pub fn patch(self) -> u32 {
        self.patch
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

parsed_text!(VersionNumber, VersionNumberError);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let mut versions: Vec<VersionNumber> =
            ["1.10.0", "1.9.9", "2.0.0", "1.9.10"].iter().map(|text| text.parse().unwrap()).collect();
        versions.sort_unstable();
        let sorted: Vec<String> = versions.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["1.9.9", "1.9.10", "1.10.0", "2.0.0"]);
    }

    #[test]
    fn what_azure_would_not_take_is_refused() {
        let form =
            ["", "1", "1.2", "1.2.3.4", "1.2.", ".1.2", "1..2", "a.b.c", "+1.2.3", "-1.2.3", "1.2.3 ", "1.2.3-rc1"];
        for text in form {
            assert!(matches!(VersionNumber::parse(text), Err(VersionNumberError::Form(_))), "{text:?}");
        }
        for text in ["01.2.3", "1.00.3", "1.2.03"] {
            assert!(matches!(VersionNumber::parse(text), Err(VersionNumberError::LeadingZero(_))), "{text:?}");
        }
        for text in ["2147483648.0.0", "0.4294967296.0", "0.0.99999999999999999999999"] {
            assert!(matches!(VersionNumber::parse(text), Err(VersionNumberError::TooLarge(_))), "{text:?}");
        }
        assert_eq!(VersionNumber::parse("0.0.2147483647").unwrap().patch(), 2_147_483_647);
    }

    #[test]
    fn json_is_a_string() {
        let version: VersionNumber = serde_json::from_str("\"1.4.0\"").unwrap();
        assert_eq!(version, VersionNumber::new(1, 4, 0).unwrap());
        assert_eq!(serde_json::to_string(&version).unwrap(), "\"1.4.0\"");
        assert!(serde_json::from_str::<VersionNumber>("1.4").is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(major in 0..=LARGEST, minor in 0..=LARGEST, patch in 0..=LARGEST) {
            let version = VersionNumber::new(major, minor, patch).unwrap();
            prop_assert_eq!(VersionNumber::parse(&version.to_string()).unwrap(), version);
        }

        #[test]
        fn what_is_read_is_shown_as_it_was_written(text in ".{0,40}") {
            if let Ok(version) = VersionNumber::parse(&text) {
                prop_assert_eq!(version.to_string(), text);
            }
        }
    }
}
