//! The regions of a subscription.

use azimage_names::{Region, SubscriptionId};
use serde::Deserialize;

use crate::{
    arm::call::Call,
    arm::client::{Client, Pages},
    arm::error::Error,
    arm::json::null_as_default,
};

/// The api-version of subscriptions.
const SUBSCRIPTIONS: &str = "2022-12-01";

/// A place in which a subscription may have something: of some, a provider may have nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Location {
    /// Its name, such as `northeurope`.
    pub name: String,
    /// `Physical`, or `Logical` of a name for several, such as `europe`.
    pub region_type: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    region_type: Option<String>,
}

impl From<Wire> for Location {
    fn from(Wire { name, metadata }: Wire) -> Self {
        Self { name, region_type: metadata.region_type }
    }
}

impl Location {
    /// The region, if it is one by itself.
    pub fn region(&self) -> Option<Region> {
        let logical = self.region_type.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case("Logical"));
        Region::parse(&self.name).ok().filter(|_| !logical)
    }
}

impl Client {
    /// The places that a subscription has (Azure REST: Subscriptions - List Locations).
    pub async fn locations(&self, call: &Call, subscription: &SubscriptionId) -> Result<Vec<Location>, Error> {
        let mut pages = Pages::default();
        self.list_on(call, &format!("/subscriptions/{subscription}/locations"), SUBSCRIPTIONS, &mut pages).await?;
        Ok(pages.into_values())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    #[test]
    fn a_region_has_a_name_and_stands_for_itself() {
        let physical = json!({"regionType": "Physical", "regionCategory": "Recommended"});
        let read = |entry: &Value| from_value::<Location>(entry.clone()).unwrap().region();
        for (entry, expected) in [
            (json!({"name": "northeurope", "displayName": "North Europe", "metadata": physical}), Some("northeurope")),
            (json!({"name": "West Europe", "metadata": null}), Some("westeurope")),
            (json!({"name": "europe", "metadata": {"regionType": "Logical"}}), None),
            (json!({"name": "later", "metadata": {"regionType": "OfTomorrow"}}), Some("later")),
            (json!({"name": "not/a/region"}), None),
            (json!({"name": null}), None),
        ] {
            assert_eq!(read(&entry).as_ref().map(Region::as_str), expected, "{entry}");
        }
    }
}
