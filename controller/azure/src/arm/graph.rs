//! The resource graph: who uses an image version, in all subscriptions that the caller may look into (behaviour section 22).

use azimage_names::{ImageVersionId, Region};
use serde::{Deserialize, Serialize};

use crate::{arm::call::Call, arm::client::Client, arm::error::Error, arm::json::null_as_default};

/// The api-version of the resource graph.
const GRAPH: &str = "2022-10-01";

/// The most rows of an answer, and the most answers.
const ROWS: usize = 1000;
const MOST_PAGES: usize = 50;

/// A scale set that names an image version: without it, it makes no further machines.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ScaleSet {
    /// Its resource id.
    pub id: String,
    /// Its region, if it can be understood.
    pub region: Option<Region>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "null_as_default")]
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    location: String,
}

impl From<Wire> for ScaleSet {
    fn from(Wire { id, location }: Wire) -> Self {
        Self { id, region: Region::parse(&location).ok() }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    query: &'a str,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(rename = "resultFormat")]
    format: &'static str,
    #[serde(rename = "$top")]
    top: usize,
    #[serde(rename = "$skipToken", skip_serializing_if = "Option::is_none")]
    skip_token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<ScaleSet>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
}

impl Client {
    /// The scale sets that name an image version by its own id. Changes show half a minute late; of what the caller may not read nothing
    /// is said (Azure REST: Resource Graph - Resources).
    pub async fn scale_sets_of(&self, call: &Call, version: &ImageVersionId) -> Result<Vec<ScaleSet>, Error> {
        let id = version.to_string().replace('\\', "\\\\").replace('\'', "\\'");
        let query = format!(
            "resources \
             | where type =~ 'microsoft.compute/virtualmachinescalesets' \
             | extend imageId = tolower(tostring(properties.virtualMachineProfile.storageProfile.imageReference.id)) \
             | where imageId == tolower('{id}') \
             | project id, type, location, subscriptionId, imageId"
        );
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let options = Options { format: "objectArray", top: ROWS, skip_token: token.as_deref() };
            let question = Question { query: &query, options };
            let answer: Answer =
                self.ask_with(call, "/providers/Microsoft.ResourceGraph/resources", GRAPH, &question).await?;
            found.extend(answer.data);
            token = answer.skip_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
        let exchange = Self::exchange(call, &http::Method::POST, &"the resource graph");
        Err(Error::malformed(&exchange, None, format!("the list does not end within {MOST_PAGES} pages")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fake::{Script, answer, call, version};

    #[tokio::test]
    async fn all_pages_are_read_and_rows_may_lack_everything() {
        let row = r#"{"id":"/scale-set","location":"North Europe","imageId":"/v"}"#;
        let script = Script::of([
            answer(200, &[], format!(r#"{{"data":[{row}],"$skipToken":"next","resultTruncated":"false"}}"#)),
            answer(200, &[], r#"{"data":[{"id":null}],"$skipToken":null}"#.to_owned()),
        ]);
        let found = script.client().scale_sets_of(&call(), &version()).await.unwrap();
        let northeurope = Region::parse("northeurope").unwrap();
        assert_eq!(
            found,
            [
                ScaleSet { id: "/scale-set".to_owned(), region: Some(northeurope) },
                ScaleSet { id: String::new(), region: None },
            ]
        );
        let (first, second) = (script.body(0), script.body(1));
        assert!(first["query"].as_str().unwrap().contains("ubuntu-web/versions/1.4.0'"), "{first}");
        assert_eq!((&first["options"]["$skipToken"], &second["options"]["$skipToken"]), (&Value::Null, &json!("next")));
    }
}
