//! The activity log: how a write ended that Azure had accepted (behaviour section 21).

use azimage_names::SubscriptionId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    arm::call::Call,
    arm::client::{Client, Pages},
    arm::error::Error,
    arm::error_body::ErrorBody,
    arm::json::null_as_default,
    arm::operation::OperationFailure,
};

/// The api-version of the activity log.
const ACTIVITY: &str = "2015-04-01";

/// How long before a write its entries are looked for, as clocks differ, and how long after it.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
const AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An entry of the activity log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
struct ActivityEntry {
    at: Option<Timestamp>,
    /// `Started`, `Accepted`, `Succeeded` or `Failed`.
    status: String,
    /// What it says of an error.
    failure: Option<OperationFailure>,
    /// It tells what a policy did on the occasion, not how the write ended.
    is_of_policy: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    event_timestamp: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    operation_name: Both,
    #[serde(default, deserialize_with = "null_as_default")]
    status: Both,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
struct Both {
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    status_message: Option<Value>,
}

impl From<Wire> for ActivityEntry {
    fn from(wire: Wire) -> Self {
        // The error's body, as text within JSON.
        let said = match wire.properties.status_message {
            Some(Value::String(text)) => ErrorBody::read(text.as_bytes()),
            Some(other) => ErrorBody::from_value(&other),
            None => None,
        };
        let operation = wire.operation_name.value.unwrap_or_default().to_ascii_lowercase();
        Self {
            is_of_policy: operation.starts_with("microsoft.authorization/polic"),
            at: wire.event_timestamp.and_then(|at| at.parse().ok()),
            status: wire.status.value.unwrap_or_default(),
            failure: said.map(|ErrorBody { code, message }| OperationFailure { code, message }),
        }
    }
}

impl Client {
    /// How the write ended that was sent at some time under a correlation id: why it failed after Azure had accepted it, if the log says
    /// so. It shows some minutes late (Azure REST: Activity Logs - List).
    pub async fn failure_in_activity_log(
        &self,
        call: &Call,
        subscription: &SubscriptionId,
        correlation_id: Uuid,
        at: Timestamp,
    ) -> Result<Option<OperationFailure>, Error> {
        let edge = |span: SignedDuration| at.checked_add(span).unwrap_or(at).strftime("%FT%TZ").to_string();
        let (from, to) = (edge(-BEFORE), edge(AFTER));
        let filter =
            format!("eventTimestamp ge '{from}' and eventTimestamp le '{to}' and correlationId eq '{correlation_id}'");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("$filter", &filter)
            .append_pair("$select", "eventTimestamp,operationName,status,properties")
            .finish()
            // Spaces as Resource Manager documents them.
            .replace('+', "%20");
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values");
        let mut pages = Pages::default();
        self.list_some_on(call, &path, &query, ACTIVITY, &mut pages).await?;
        Ok(late_failure(pages.into_values()))
    }
}

/// What the newest entry says that tells of a failure after the write was accepted: an earlier one under the same id was refused, and
/// sent again.
fn late_failure(entries: Vec<ActivityEntry>) -> Option<OperationFailure> {
    let is = |entry: &ActivityEntry, status: &str| entry.status.eq_ignore_ascii_case(status);
    let accepted = entries.iter().filter(|entry| is(entry, "Accepted")).filter_map(|entry| entry.at).max()?;
    let failed = entries.into_iter().filter(|entry| is(entry, "Failed") && entry.at.is_some_and(|at| at >= accepted));
    let failed = failed.filter(|entry| !entry.is_of_policy);
    failed.filter(|entry| entry.failure.is_some()).max_by_key(|entry| entry.at)?.failure
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(second: i64, status: &str, message: &Value) -> ActivityEntry {
        let at = Timestamp::from_second(second).unwrap().to_string();
        let entry = json!({
            "eventTimestamp": at, "status": {"value": status, "localizedValue": status},
            "properties": {"statusMessage": message, "eventCategory": "Administrative"},
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn what_failed_after_it_was_accepted_is_told_by_the_newest_entry() {
        let body = |code: &str| json!({"error": {"code": code, "message": "as Azure says"}}).to_string();
        let (accepted, failed) =
            (entry(10, "Accepted", &Value::Null), |code: &str| entry(20, "Failed", &body(code).into()));
        for (case, entries, expected) in [
            ("nothing is there yet", vec![], None),
            ("it goes on", vec![accepted.clone()], None),
            ("it ended well", vec![entry(20, "Succeeded", &Value::Null), accepted.clone()], None),
            ("it failed", vec![failed("AllocationFailed"), accepted.clone()], Some("AllocationFailed")),
            ("it was refused at once", vec![failed("Conflict")], None),
            (
                "it was refused, sent again and accepted",
                vec![accepted.clone(), entry(5, "Failed", &body("Conflict").into())],
                None,
            ),
            ("it failed, and nobody says why", vec![entry(20, "Failed", &"no JSON".into()), accepted.clone()], None),
            (
                "it failed, and its parts too",
                vec![entry(30, "Failed", &body("Whole").into()), failed("Part"), accepted.clone()],
                Some("Whole"),
            ),
            (
                "a policy failed on the occasion",
                vec![ActivityEntry { is_of_policy: true, ..failed("Policy") }, accepted.clone()],
                None,
            ),
            (
                "the body isn't text",
                vec![entry(20, "failed", &json!({"error": {"code": "Late", "message": ""}})), accepted.clone()],
                Some("Late"),
            ),
        ] {
            assert_eq!(late_failure(entries).map(|failure| failure.code).as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn an_entry_may_lack_everything() {
        let bare: ActivityEntry = serde_json::from_value(json!({"status": null, "properties": null})).unwrap();
        assert_eq!(bare, ActivityEntry { at: None, status: String::new(), failure: None, is_of_policy: false });
    }
}
