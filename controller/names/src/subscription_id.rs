//! The id of an Azure subscription.

use std::fmt;

use crate::text::{parsed_text, quote};

/// The id of an Azure subscription: a GUID, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(String);

/// A text that is not a GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a subscription id: write a GUID, for example 00000000-0000-0000-0000-000000000000")]
pub struct SubscriptionIdError(String);

impl SubscriptionId {
    /// Reads a GUID in the form with four dashes and no braces, in any letter case.
    pub fn parse(text: &str) -> Result<Self, SubscriptionIdError> {
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(position, byte)| match position {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if well_formed { Ok(Self(text.to_ascii_lowercase())) } else { Err(SubscriptionIdError(quote(text))) }
    }

    /// The GUID in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

parsed_text!(SubscriptionId, SubscriptionIdError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_kept_in_lower_case() {
        let id = SubscriptionId::parse("0A1B2C3D-0000-0000-0000-00000000ABCD").unwrap();
        assert_eq!(id.as_str(), "0a1b2c3d-0000-0000-0000-00000000abcd");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0a1b2c3d-0000-0000-0000-00000000abcd\"");
    }

    #[test]
    fn what_is_not_a_guid_is_refused() {
        for text in [
            "",
            "my-subscription",
            "0a1b2c3d000000000000000000000000abcd",
            "{0a1b2c3d-0000-0000-0000-00000000abcd}",
            "0a1b2c3d-0000-0000-0000-00000000abcg",
            "0a1b2c3d-0000-0000-0000-00000000abcdé",
            "0a1b2c3d_0000_0000_0000_00000000abcd",
        ] {
            assert!(SubscriptionId::parse(text).is_err(), "{text:?}");
        }
    }
}
