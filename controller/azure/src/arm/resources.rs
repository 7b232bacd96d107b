//! All resources of a resource group, whatever their provider.

use azimage_names::ResourceGroup;
use serde::Deserialize;

use crate::{
    arm::call::Call,
    arm::client::{Client, Pages},
    arm::error::Error,
    arm::json::null_as_default,
};

/// The api-version of lists of resources.
const RESOURCES: &str = "2021-04-01";

#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "null_as_default")]
    id: String,
}

impl Client {
    /// The ids of the resources of a group that have a tag of this name, whatever its value (Azure REST: Resources - List By
    /// Resource Group, whose `$filter` by a tag's name alone is also what azure-cli sends). A list that is filtered by a tag shows
    /// no tags. What was just made may be missing in it.
    ///
    /// `tag` is a name without quotes.
    pub async fn ids_with_tag(&self, call: &Call, group: &ResourceGroup, tag: &str) -> Result<Vec<String>, Error> {
        let mut pages = Pages::<Entry>::default();
        let query = format!("$filter=tagName%20eq%20'{tag}'");
        self.list_some_on(call, &format!("{group}/resources"), &query, RESOURCES, &mut pages).await?;
        Ok(pages.into_values().into_iter().map(|entry| entry.id).collect())
    }
}
