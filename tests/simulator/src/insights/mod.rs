//! The activity log: who wrote what, and how it ended (behaviour section 21).

mod entry;
mod filter;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::filter::Filter;
use crate::{
    arm::call::{Answer, Call, Reply},
    clock::later,
    resources::{
        Resources,
        activity::{Activity, ActivityLog, Entry, Status},
    },
};

/// Azure keeps entries for ninety days.
const KEPT_SECONDS: f64 = 90.0 * 86_400.0;

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
}

impl Resources {
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
