//! The resource graph: who uses an image version, in all subscriptions that the caller may look into (behaviour section 22).

use azimage_names::{ImageDefinitionId, ImageVersionId, Region, VersionNumber};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

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

/// Machines, or scale sets, of one region that use the same image in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUsers {
    /// They are scale sets; else virtual machines, those of scale sets in flexible orchestration among them.
    pub scale_sets: bool,
    /// Their region, if it can be understood.
    pub region: Option<Region>,
    /// They name the image definition, so that new machines get what is latest; else they name a version.
    pub follow_latest: bool,
    /// The version that they name, or that latest meant when they were made.
    pub version: Option<VersionNumber>,
    /// How many.
    pub count: u64,
}

/// A row of what is counted; an entry that names no image is of no use.
#[derive(Deserialize)]
struct CountedWire {
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    kind: String,
    #[serde(default, deserialize_with = "null_as_default")]
    location: String,
    #[serde(default, rename = "imageId", deserialize_with = "null_as_default")]
    image: String,
    #[serde(default, deserialize_with = "null_as_default")]
    exact: String,
    #[serde(default, deserialize_with = "null_as_default")]
    users: u64,
}

impl From<CountedWire> for ImageUsers {
    fn from(CountedWire { kind, location, image, exact, users }: CountedWire) -> Self {
        let named = image.to_ascii_lowercase().rsplit_once("/versions/").map(|(_, number)| number.to_owned());
        Self {
            scale_sets: kind.eq_ignore_ascii_case("microsoft.compute/virtualmachinescalesets"),
            region: Region::parse(&location).ok(),
            follow_latest: named.is_none(),
            version: VersionNumber::parse(&named.unwrap_or(exact)).ok(),
            count: users,
        }
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
struct Answer<T> {
    data: Vec<T>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
}

impl Client {
    /// The scale sets that name an image version by its own id. Changes show half a minute late; of what the caller may not read nothing
    /// is said (Azure REST: Resource Graph - Resources).
    pub async fn scale_sets_of(&self, call: &Call, version: &ImageVersionId) -> Result<Vec<ScaleSet>, Error> {
        let id = quoted(&version.to_string());
        let query = format!(
            "resources \
             | where type =~ 'microsoft.compute/virtualmachinescalesets' \
             | extend imageId = tolower(tostring(properties.virtualMachineProfile.storageProfile.imageReference.id)) \
             | where imageId == tolower('{id}') \
             | project id, type, location, subscriptionId, imageId"
        );
        self.rows(call, &query).await
    }

    /// How many machines and scale sets use an image definition: by region, by whether they name it or one of its versions, and by
    /// version. Azure counts them, so that the answer grows with versions and regions alone. Of those that the caller may not read
    /// nothing is said, and changes show half a minute late (Azure REST: Resource Graph - Resources).
    pub async fn users_of(&self, call: &Call, definition: &ImageDefinitionId) -> Result<Vec<ImageUsers>, Error> {
        let id = quoted(&definition.to_string());
        let query = format!(
            "resources \
             | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/virtualmachinescalesets') \
             | extend ref = iff(type =~ 'microsoft.compute/virtualmachines', properties.storageProfile.imageReference, \
               properties.virtualMachineProfile.storageProfile.imageReference) \
             | extend imageId = tolower(tostring(ref.id)), exact = tostring(ref.exactVersion) \
             | where imageId == tolower('{id}') or imageId startswith tolower('{id}/versions/') \
             | summarize users = count() by type, location, imageId, exact \
             | order by imageId asc, exact asc, type asc, location asc"
        );
        let rows: Vec<CountedWire> = self.rows(call, &query).await?;
        Ok(rows.into_iter().filter(|row| !row.image.is_empty()).map(ImageUsers::from).collect())
    }

    /// All pages of an answer.
    async fn rows<T: DeserializeOwned>(&self, call: &Call, query: &str) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let options = Options { format: "objectArray", top: ROWS, skip_token: token.as_deref() };
            let question = Question { query, options };
            let answer: Answer<T> =
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

/// A text between quotes in Kusto.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
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

    #[tokio::test]
    async fn users_are_counted_by_what_they_name_and_rows_without_an_image_are_left_out() {
        let rows = json!({"data": [
            {"type": "microsoft.compute/virtualmachinescalesets", "location": "northeurope", "imageId": "/g/images/web", "exact": "1.4.0", "users": 2},
            {"type": "microsoft.compute/virtualmachines", "location": null, "imageId": "/g/images/web/versions/1.3.9", "exact": null, "users": 7},
            {"type": "microsoft.compute/virtualmachines", "location": "westeurope", "imageId": "/g/images/web", "exact": "later", "users": null},
            {"users": 3},
        ]});
        let script = Script::of([answer(200, &[], rows.to_string())]);
        let version = version();
        let found = script.client().users_of(&call(), version.definition()).await.unwrap();
        let region = |name: &str| Region::parse(name).ok();
        let number = |text: &str| VersionNumber::parse(text).ok();
        let of = |scale_sets, region, follow_latest, version, count| ImageUsers {
            scale_sets,
            region,
            follow_latest,
            version,
            count,
        };
        assert_eq!(
            found,
            [
                of(true, region("northeurope"), true, number("1.4.0"), 2),
                of(false, None, false, number("1.3.9"), 7),
                of(false, region("westeurope"), true, None, 0),
            ]
        );
        let question = script.body(0);
        let query = question["query"].as_str().unwrap();
        assert!(query.contains("/images/ubuntu-web/versions/')"), "{query}");
    }
}
