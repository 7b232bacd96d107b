//! The activity log: who wrote what, and how it ended (behaviour section 21).

mod entry;
mod filter;

use std::collections::{BTreeMap, VecDeque};

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use self::{
    entry::{Entry, Status},
    filter::Filter,
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
    },
    clock::later,
    world::World,
};

/// How many entries are kept; the oldest go first.
const KEPT: usize = 20_000;
/// Azure keeps entries for ninety days.
const KEPT_SECONDS: f64 = 90.0 * 86_400.0;

/// One write, as all its entries tell of it.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) subscription: String,
    pub(crate) group: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) types: String,
    pub(crate) caller: String,
    pub(crate) object: String,
    pub(crate) tenant: String,
    pub(crate) correlation: String,
    pub(crate) request: Uuid,
    pub(crate) client_request: Option<String>,
    pub(crate) method: String,
}

/// All entries, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct ActivityLog {
    entries: VecDeque<Entry>,
    count: u64,
    /// Writes that go on after their answer, by operation.
    running: BTreeMap<Uuid, Activity>,
}

impl ActivityLog {
    /// A write was answered.
    pub(crate) fn answered(&mut self, activity: &Activity, answer: &Answer, now: Timestamp) {
        self.add(activity, Status::Started, None, None, now);
        match answer {
            Err(error) => self.add(activity, Status::Failed, Some(error.status), Some(error), now),
            Ok(reply) => match reply.announced {
                None => self.add(activity, Status::Succeeded, Some(reply.status), None, now),
                Some(announced) => {
                    self.add(activity, Status::Accepted, Some(reply.status), None, now);
                    self.running.insert(announced.operation, activity.clone());
                }
            },
        }
    }

    /// A long-running operation came to its end.
    pub(crate) fn ended(&mut self, operation: Uuid, error: Option<&ArmError>, now: Timestamp) {
        let Some(activity) = self.running.remove(&operation) else { return };
        match error {
            None => self.add(&activity, Status::Succeeded, Some(StatusCode::OK), None, now),
            Some(error) => self.add(&activity, Status::Failed, Some(error.status), Some(error), now),
        }
    }

    fn add(
        &mut self,
        activity: &Activity,
        status: Status,
        code: Option<StatusCode>,
        error: Option<&ArmError>,
        at: Timestamp,
    ) {
        self.count += 1;
        let message = error.map(|error| error.envelope().to_string());
        self.entries.push_back(Entry { activity: activity.clone(), number: self.count, status, code, message, at });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}

impl World {
    /// `GET /subscriptions/{id}/providers/Microsoft.Insights/eventtypes/management/values`.
    pub(crate) fn activity_values(&self, call: &Call<'_>) -> Answer {
        if call.method != Method::GET || !call.address.names.iter().any(|name| name.eq_ignore_ascii_case("management"))
        {
            return Err(crate::arm::refusals::not_supported(call));
        }
        let filter = Filter::read(call.query.get("$filter").map(String::as_str))?;
        let (lag, now) = (self.durations.activity_log_lag, self.now);
        let found: Vec<&Entry> = self
            .activity
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.activity.subscription.eq_ignore_ascii_case(&call.address.subscription))
            .filter(|entry| later(entry.at, lag) <= now && now <= later(entry.at, KEPT_SECONDS))
            .filter(|entry| filter.takes(entry))
            .collect();
        let from: usize = call.query.get("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let select = call.query.get("$select").map(|names| names.split(',').map(str::trim).collect::<Vec<_>>());
        let page: Vec<Value> =
            found.iter().skip(from).take(self.page_size).map(|entry| entry.view(lag, select.as_deref())).collect();
        let mut body = json!({"value": page});
        if found.len() > from + self.page_size {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in call.query.iter().filter(|(name, _)| *name != "$skiptoken") {
                query.append_pair(name, value);
            }
            query.append_pair("$skiptoken", &(from + self.page_size).to_string());
            body["nextLink"] = json!(format!("{}{}?{}", call.base, call.address.id(), query.finish()));
        }
        Ok(Reply::ok(body))
    }
}
