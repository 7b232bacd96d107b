//! Headers of answers: identifiers and what is left of the rate limits (behaviour section 4).

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, Response};
use jiff::Timestamp;

use super::address::Address;

/// A token bucket, or a fixed window where `refill` is zero. Nothing is refused; the headers tell what is left.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    size: f64,
    refill: f64,
    window: f64,
    since: Timestamp,
}

impl Bucket {
    fn take(&mut self, now: Timestamp) -> u32 {
        let elapsed = now.duration_since(self.since).as_secs_f64();
        if self.refill > 0.0 {
            self.left = (self.left + elapsed * self.refill).min(self.size);
            self.since = now;
        } else if elapsed >= self.window {
            self.left = self.size;
            self.since = now;
        }
        self.left = (self.left - 1.0).max(0.0);
        // Sizes are small positive numbers.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 20000")]
        let left = self.left as u32;
        left
    }
}

/// All counters, by scope and name.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    buckets: BTreeMap<String, Bucket>,
}

/// Policy name, calls in three minutes, calls in thirty minutes.
fn policy(method: &Method, kind: &str) -> Option<(&'static str, f64, f64)> {
    let write = *method == Method::PUT || *method == Method::PATCH;
    let delete = *method == Method::DELETE;
    Some(match kind {
        "galleries" if write => ("CreateUpdateGallery", 50.0, 300.0),
        "galleries" if delete => ("DeleteGallery", 50.0, 300.0),
        "galleries" => ("GetGallery", 350.0, 2500.0),
        "galleries/images" if write => ("CreateUpdateGalleryImage", 150.0, 750.0),
        "galleries/images" if delete => ("DeleteGalleryImage", 50.0, 300.0),
        "galleries/images" => ("GetGalleryImage", 600.0, 3000.0),
        "galleries/images/versions" if write => ("CreateUpdateGalleryImageVersion", 375.0, 1200.0),
        "galleries/images/versions" if delete => ("DeleteGalleryImageVersion", 150.0, 1000.0),
        "galleries/images/versions" => ("GetGalleryImageVersion", 2000.0, 10000.0),
        "locations/capsoperations" => ("GetOperationStatus", 5000.0, 15000.0),
        "locations/operations" => ("GetOperation", 5000.0, 15000.0),
        "virtualmachines" if write => ("PutVM", 500.0, 1500.0),
        "virtualmachines" if delete => ("DeleteVM", 500.0, 1500.0),
        kind if kind.starts_with("virtualmachines") && *method == Method::GET => ("LowCostGet", 8000.0, 24000.0),
        kind if kind.starts_with("virtualmachines") => ("UpdateVM", 500.0, 1500.0),
        _ => return None,
    })
}

impl Limits {
    fn take(&mut self, key: String, size: f64, refill: f64, window: f64, now: Timestamp) -> u32 {
        self.buckets.entry(key).or_insert(Bucket { left: size, size, refill, window, since: now }).take(now)
    }

    /// Adds what is left of each limit that the request counts against.
    pub(crate) fn announce(
        &mut self,
        headers: &mut HeaderMap,
        method: &Method,
        address: &Address,
        principal: &str,
        now: Timestamp,
    ) {
        let (word, size, refill) = match *method {
            Method::GET | Method::HEAD => ("reads", 250.0, 25.0),
            Method::DELETE => ("deletes", 200.0, 10.0),
            _ => ("writes", 200.0, 10.0),
        };
        let subscription = address.subscription.to_lowercase();
        let own = self.take(format!("{subscription}/{principal}/{word}"), size, refill, 0.0, now);
        let all = self.take(format!("{subscription}/{word}"), size * 15.0, refill * 15.0, 0.0, now);
        set(headers, &format!("x-ms-ratelimit-remaining-subscription-{word}"), &own.to_string());
        set(headers, &format!("x-ms-ratelimit-remaining-subscription-global-{word}"), &all.to_string());
        set(headers, "x-ms-throttling-version", "v2");
        if let Some((name, short, long)) = policy(method, &address.kind()) {
            let left3 = self.take(format!("{subscription}/{name}3"), short, 0.0, 180.0, now);
            let left30 = self.take(format!("{subscription}/{name}30"), long, 0.0, 1800.0, now);
            set(
                headers,
                "x-ms-ratelimit-remaining-resource",
                &format!("Microsoft.Compute/{name}3Min;{left3},Microsoft.Compute/{name}30Min;{left30}"),
            );
        }
    }
}

/// Sets a header; a value that HTTP cannot carry is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// Identifiers and caching headers that every answer carries.
pub(crate) fn common<B>(response: &mut Response<B>, request: &HeaderMap, request_id: &str, now: Timestamp) {
    let given = |name: &str| request.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let correlation = given("x-ms-correlation-request-id").unwrap_or_else(|| request_id.to_owned());
    let headers = response.headers_mut();
    set(headers, "x-ms-request-id", request_id);
    set(headers, "x-ms-correlation-request-id", &correlation);
    let time = now.strftime("%Y%m%dT%H%M%SZ");
    set(headers, "x-ms-routing-request-id", &format!("WESTEUROPE:{time}:{correlation}"));
    if given("x-ms-return-client-request-id").is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
        && let Some(own) = given("x-ms-client-request-id")
    {
        set(headers, "x-ms-client-request-id", &own);
    }
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("expires", "-1"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-cache", "CONFIG_NOCACHE"),
    ] {
        set(headers, name, value);
    }
}
