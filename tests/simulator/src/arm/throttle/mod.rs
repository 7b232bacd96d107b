//! Throttling: counters on simulated time, refusals in Azure's forms, and who asks although told to wait (behaviour
//! section 23).

mod bucket;
mod policy;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use self::policy::{limits, resource};
use self::{
    bucket::{Bucket, Refill},
    policy::{Form, Limit},
};
use crate::{
    arm::{headers, response::respond},
    clock::{azure_time, later},
    scenario::Throttling,
};

/// Above so many counters, full ones are forgotten.
const MANY: usize = 10_000;

/// What became of the requests that count against one limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThrottlingCounts {
    /// Requests, refused ones included.
    pub requests: u64,
    /// Requests that were refused for this limit.
    pub throttled: u64,
    /// Requests of a principal that came before the end of a pause that it was told for this limit.
    pub inside_told_pause: u64,
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) throttling: Throttling,
    counters: BTreeMap<String, Bucket>,
    /// By principal and counter: until when it was told to wait.
    told: BTreeMap<(String, String), Timestamp>,
    counts: BTreeMap<String, ThrottlingCounts>,
}

/// How a request fares.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The answer, where it is refused.
    pub(crate) refusal: Option<Response<Bytes>>,
    /// The limit that it is refused for.
    pub(crate) class: Option<String>,
    /// It came before the end of a pause that its sender was told.
    pub(crate) inside_told_pause: bool,
    /// What is left.
    headers: Vec<(String, String)>,
}

impl Verdict {
    /// Adds what is left of each limit.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers::set(headers, name, value);
        }
        headers::set(headers, "x-ms-throttling-version", "v2");
    }
}

impl Limits {
    /// Counts a request, or refuses it: one that is refused takes from no counter. `time_factor`: simulated seconds in
    /// one that the caller waits.
    pub(crate) fn judge(&mut self, limits: &[Limit], principal: &str, time_factor: f64, now: Timestamp) -> Verdict {
        let Throttling { off, factor } = self.throttling;
        if self.counters.len() > MANY {
            self.counters.retain(|_, bucket| !bucket.is_full());
            self.told.retain(|_, until| *until > now);
        }
        let mut verdict = Verdict::default();
        let mut worst: Option<(&Limit, f64)> = None;
        for limit in limits {
            let size = (limit.size * factor).max(1.0);
            let refill = match limit.refill {
                Refill::PerSecond(rate) => Refill::PerSecond(rate * factor),
                window @ Refill::Window(_) => window,
            };
            let bucket = self.counters.entry(limit.key.clone()).or_insert_with(|| Bucket::full(size, refill, now));
            bucket.pass(size, refill, now);
            let wait = bucket.wait(now);
            let counts = self.counts.entry(limit.class.clone()).or_default();
            counts.requests += 1;
            let told = self.told.get(&(principal.to_owned(), limit.key.clone()));
            if told.is_some_and(|until| *until > now) {
                counts.inside_told_pause += 1;
                verdict.inside_told_pause = true;
            }
            if let Some(wait) = wait.filter(|_| !off)
                && worst.is_none_or(|(_, longest)| wait > longest)
            {
                worst = Some((limit, wait));
            }
        }
        if let Some((limit, wait)) = worst {
            let seconds = (wait / time_factor.max(0.001)).ceil().max(1.0);
            let until = later(now, seconds * time_factor);
            self.told.insert((principal.to_owned(), limit.key.clone()), until);
            self.counts.entry(limit.class.clone()).or_default().throttled += 1;
            verdict.refusal = Some(refusal(limit, principal, seconds, now));
            verdict.class = Some(limit.class.clone());
        }
        let mut policies = Vec::new();
        for limit in limits {
            let Some(bucket) = self.counters.get_mut(&limit.key) else { continue };
            if verdict.refusal.is_none() {
                bucket.take();
            }
            match &limit.header {
                (_, Some(policy)) => policies.push(format!("{policy};{}", bucket.left())),
                (header, None) => verdict.headers.push((header.clone(), bucket.left().to_string())),
            }
        }
        if !policies.is_empty() {
            verdict.headers.push(("x-ms-ratelimit-remaining-resource".to_owned(), policies.join(",")));
        }
        verdict
    }

    /// By the name of the limit.
    pub(crate) fn counts(&self) -> &BTreeMap<String, ThrottlingCounts> {
        &self.counts
    }
}

/// The 429 of a limit.
fn refusal(limit: &Limit, principal: &str, seconds: f64, now: Timestamp) -> Response<Bytes> {
    let subscription = limit.key.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let word = limit.header.0.rsplit('-').next().unwrap_or_default().trim_end_matches('s').to_owned();
    let body: Value = match limit.form {
        Form::Subscription => json!({"error": {
            "code": "SubscriptionRequestsThrottled",
            "message": format!(
                "Number of '{word}' requests for subscription actor '{subscription}:{principal}' exceeded. Please try \
                 again after '{seconds:.0}' seconds after additional tokens are available. Refer to \
                 https://aka.ms/arm-throttling for additional information."
            ),
        }}),
        Form::Resource => json!({"error": {
            "code": "ResourceRequestsThrottled",
            "message": format!(
                "Number of requests for action '{}' exceeded. Please try again after '{seconds:.0}' seconds.", limit.class
            ),
        }}),
        Form::Compute => {
            let group = json!({
                "operationGroup": limit.class,
                "startTime": azure_time(now),
                "endTime": azure_time(later(now, seconds)),
                "allowedRequestCount": limit.size,
                "measuredRequestCount": limit.size + 1.0,
            });
            json!({
                "code": "OperationNotAllowed",
                "message": "The server rejected the request because too many requests have been received for this subscription.",
                "details": [{"code": "TooManyRequests", "target": limit.class, "message": group.to_string()}],
            })
        }
    };
    let gateway = limit.form != Form::Compute;
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, Some(&body), !gateway);
    headers::set(response.headers_mut(), "retry-after", &format!("{seconds:.0}"));
    if gateway {
        headers::set(response.headers_mut(), "x-ms-failure-cause", "gateway");
    }
    response
}
