//! What is said of an object that this release can't read, because a later one or another hand wrote it, and what of it counts
//! all the same.

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, ImageVersion};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::Resource as _;
use serde_json::{Value, json};

use crate::{Message as _, Progress, condition, message::messages};

messages! {
    /// Why nothing is done for an object.
    pub enum Unreadable {
        /// It doesn't have the form of its kind.
        Object {
            /// What the decoder says.
            problem: String,
        } => Ready / InvalidSpec:
            "This release of azimage can't read the object: {problem}; upgrade azimage or correct the field",
    }
}

/// The status of an object that can't be read: the one that stands there, with all that it tells of Azure, but for the conditions
/// that sum it up. It is written whole and by the writer of all statuses: conditions that another one had written would stay when the
/// object can be read again.
pub fn status(previous: &Value, generation: i64, problem: &str, now: Timestamp) -> Value {
    let conditions: Vec<Condition> =
        previous.get("conditions").and_then(|it| serde_json::from_value(it.clone()).ok()).unwrap_or_default();
    let message = Unreadable::Object { problem: problem.to_owned() };
    let progress = Progress::stalled(message.reason(), message.to_string());
    let summary = condition::render(&conditions, &[], &BTreeMap::new(), &progress, generation, now);
    let sums_up = |condition: &Condition| {
        [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled]
            .into_iter()
            .any(|kind| condition.type_ == kind.as_str())
    };
    let kept = conditions.into_iter().filter(|condition| !sums_up(condition));
    let kept = kept.map(|condition| Condition { observed_generation: Some(generation), ..condition });
    let mut status = previous.as_object().cloned().unwrap_or_default();
    status.insert("observedGeneration".to_owned(), json!(generation));
    status.insert("conditions".to_owned(), json!(kept.chain(summary).collect::<Vec<_>>()));
    Value::Object(status)
}

/// The spec of an object that can't be read: it stands for nothing.
fn no_spec() -> Value {
    json!({
        "gallery": {"subscriptionId": "", "resourceGroup": "", "name": ""}, "definition": "", "version": "",
        "source": {},
    })
}

/// An image version of which a watch shows nothing but its metadata: it says only that it can't be read.
pub fn stand_in_of(metadata: &ObjectMeta, problem: &str) -> Option<ImageVersion> {
    let message = Unreadable::Object { problem: problem.to_owned() };
    let stalled = json!({
        "type": ConditionType::Stalled.as_str(), "status": "True", "reason": message.reason().as_str(),
        "message": message.to_string(), "lastTransitionTime": Timestamp::UNIX_EPOCH,
    });
    stand_in(&json!({"metadata": metadata, "spec": no_spec(), "status": {"conditions": [stalled]}}))
}

/// Whether an image version stands in for one that can't be read.
pub(crate) fn is_stand_in(version: &ImageVersion) -> bool {
    version.spec.version.is_empty()
}

/// An image version as far as its status and metadata can be read, for those who ask which regions it holds; none if not even that
/// can. Its spec stands for nothing.
pub fn stand_in(object: &Value) -> Option<ImageVersion> {
    let mut object = object.clone();
    // The items of a list may come without them.
    for (name, value) in [("apiVersion", ImageVersion::api_version(&())), ("kind", ImageVersion::kind(&()))] {
        object.as_object_mut()?.insert(name.to_owned(), json!(value));
    }
    if let Ok(readable) = serde_json::from_value(object.clone()) {
        return Some(readable);
    }
    object.as_object_mut()?.insert("spec".to_owned(), no_spec());
    serde_json::from_value(object).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;

    fn condition(kind: &str, status: &str, reason: &str) -> Value {
        let at = "2026-11-01T00:00:00Z";
        json!({"type": kind, "status": status, "reason": reason, "message": "m", "observedGeneration": 1, "lastTransitionTime": at})
    }

    #[test]
    fn what_the_status_tells_of_azure_stays_and_what_sums_it_up_says_that_the_object_cannot_be_read() {
        let published = condition("Published", "True", "Succeeded");
        let of_a_later_release = condition("Inspected", "True", "ReasonOfALaterRelease");
        let regions = json!([{"name": "westeurope", "state": "Completed", "requestedBy": ["home"]}]);
        let previous = json!({
            "observedGeneration": 1, "regions": regions, "laterField": {"a": 1},
            "conditions": [
                published, of_a_later_release,
                condition("Ready", "Unknown", "Replicating"), condition("Reconciling", "True", "Progressing"),
            ],
        });
        let now = Timestamp::from_second(1).unwrap();
        let after = status(&previous, 2, "unknown variant", now);
        assert_eq!((&after["regions"], &after["laterField"]["a"]), (&regions, &json!(1)));
        let conditions: Vec<Condition> = serde_json::from_value(after["conditions"].clone()).unwrap();
        let kinds: Vec<&str> = conditions.iter().map(|condition| condition.type_.as_str()).collect();
        assert_eq!(kinds, ["Published", "Inspected", "Ready", "Stalled"]);
        assert_eq!(conditions[1].reason, "ReasonOfALaterRelease");
        assert!(conditions[3].message.contains("unknown variant"), "{}", conditions[3].message);
        assert_eq!(lint::problems(2, after["observedGeneration"].as_i64(), &conditions), Vec::<String>::new());
        let again = status(&after, 2, "unknown variant", Timestamp::from_second(99).unwrap());
        assert_eq!(after, again, "the second look changes nothing");
    }

    #[test]
    fn whatever_stands_there_a_status_comes_of_it() {
        for previous in [json!(null), json!({}), json!([]), json!({"conditions": "none"}), json!({"conditions": [{}]})]
        {
            let after = status(&previous, 1, "x", Timestamp::UNIX_EPOCH);
            assert_eq!(after["conditions"].as_array().map(Vec::len), Some(2), "{previous}");
        }
    }

    #[test]
    fn of_an_object_that_cannot_be_read_its_regions_count_if_they_can() {
        let object = |spec: Value, status: Value| {
            json!({
                "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion", "metadata": {"name": "web"},
                "spec": spec, "status": status,
            })
        };
        let regions = json!({"regions": [{"name": "westeurope", "state": "Completed", "requestedBy": ["t"]}]});
        let later = json!({"capture": "OfALaterRelease"});
        let read = stand_in(&object(later.clone(), regions)).unwrap();
        assert_eq!(read.status.unwrap().regions[0].requested_by, ["t"]);
        assert!(!read.spec.suspend, "its status says what is wrong with it");
        assert_eq!(stand_in(&object(later, json!({"regions": 1}))), None);
        assert_eq!(stand_in(&json!(1)), None);
    }
}
