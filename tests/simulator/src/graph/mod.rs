//! The resource graph, as far as it tells who uses an image version (behaviour section 22).

mod query;
mod quota;

pub(crate) use self::quota::Quota;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use self::query::Question;
use crate::{
    arm::{
        call::Principal,
        error::ArmError,
        headers,
        response::{refuse, respond},
        rights::Rights,
    },
    resources::Resources,
};

/// The most rows in one answer.
const MOST: usize = 1000;

fn invalid(text: &str) -> ArmError {
    ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", text)
}

/// `POST /providers/Microsoft.ResourceGraph/resources`; rows of what `rights` let the caller read.
pub(crate) fn answer(
    resources: &Resources,
    quota: &mut Quota,
    caller: (&Principal, &Rights),
    api_version: Option<&str>,
    body: &[u8],
) -> Response<Bytes> {
    let (principal, rights) = caller;
    let left = quota.take(&principal.object, resources.now);
    let answer = match (left, api_version) {
        (None, _) => Err(quota::exceeded()),
        (_, None) => Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
        .by_arm()),
        (_, Some(version)) => crate::arm::versions::check_graph(version).and_then(|()| rows(resources, rights, body)),
    };
    let mut response = match answer {
        Ok(body) => respond(StatusCode::OK, Some(&body), true),
        Err(error) => refuse(&error),
    };
    let headers = response.headers_mut();
    headers::set(headers, "x-ms-user-quota-remaining", &left.unwrap_or(0).to_string());
    let reset = quota.resets_after(&principal.object, resources.now);
    headers::set(headers, "x-ms-user-quota-resets-after", &format!("00:00:{reset:02}"));
    if left.is_none() {
        headers::set(headers, "retry-after", &reset.max(1).to_string());
    }
    response
}

fn rows(resources: &Resources, rights: &Rights, body: &[u8]) -> Result<Value, ArmError> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| invalid(&format!("The body is not JSON: {error}.")))?;
    let question = Question::read(body["query"].as_str().unwrap_or_default())?;
    if body["options"]["resultFormat"].as_str().is_some_and(|format| !format.eq_ignore_ascii_case("objectArray")) {
        return Err(invalid("The simulator answers with resultFormat objectArray only."));
    }
    let asked = |subscription: &str| {
        body["subscriptions"]
            .as_array()
            .is_none_or(|ids| ids.iter().any(|id| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(subscription))))
    };
    let lag = resources.durations.resource_graph_lag;
    let seen = resources.graph.seen(resources.now, lag).iter();
    let asked_for = seen.filter(|row| asked(&row.subscription) && question.asks_for(row));
    let found = question.table(asked_for.filter(|row| rights.allow(row.kind.read_action(), &row.id)));
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    let top = number(&body["options"]["$top"]).unwrap_or(MOST).clamp(1, MOST);
    let token = &body["options"]["$skipToken"];
    let from = match token.as_str() {
        None => number(&body["options"]["$skip"]).unwrap_or(0),
        Some(token) => token.parse().map_err(|_| invalid("The $skipToken is not one that was given out."))?,
    };
    let page: Vec<&Value> = found.iter().skip(from).take(top).collect();
    let mut answer = json!({
        "totalRecords": found.len(), "count": page.len(), "data": page, "facets": [], "resultTruncated": "false",
    });
    if found.len() > from + top {
        answer["$skipToken"] = json!((from + top).to_string());
    }
    Ok(answer)
}
