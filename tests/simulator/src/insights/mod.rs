//! The activity log: who wrote what, and how it ended (behaviour section 21).

mod entry;
mod filter;

use http::Method;
use serde_json::{Value, json};

use self::filter::Filter;
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        provider::Provider,
    },
    clock::later,
    resources::{Resources, activity::Entry},
};

/// Azure keeps entries for ninety days.
const KEPT_SECONDS: f64 = 90.0 * 86_400.0;

/// `Microsoft.Insights`.
pub(crate) struct Insights;

impl Provider for Insights {
    fn call(&self, resources: &mut Resources, call: &Call<'_>) -> Answer {
        values(resources, call)
    }
}

/// `GET /subscriptions/{id}/providers/Microsoft.Insights/eventtypes/management/values`.
fn values(resources: &Resources, call: &Call<'_>) -> Answer {
    if call.method != Method::GET || !call.address.names.iter().any(|name| name.eq_ignore_ascii_case("management")) {
        return Err(crate::arm::refusals::not_supported(call));
    }
    let filter = Filter::read(call.query.get("$filter").map(String::as_str))?;
    let (lag, now) = (resources.durations.activity_log_lag, resources.now);
    let found: Vec<&Entry> = resources
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
        found.iter().skip(from).take(resources.page_size).map(|entry| entry.view(lag, select.as_deref())).collect();
    let mut body = json!({"value": page});
    if found.len() > from + resources.page_size {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in call.query.iter().filter(|(name, _)| *name != "$skiptoken") {
            query.append_pair(name, value);
        }
        query.append_pair("$skiptoken", &(from + resources.page_size).to_string());
        body["nextLink"] = json!(format!("{}{}?{}", call.base, call.address.id(), query.finish()));
    }
    Ok(Reply::ok(body))
}
