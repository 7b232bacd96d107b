//! Headers of answers: identifiers and caching (behaviour section 4).

use http::{HeaderMap, HeaderValue, Response};
use jiff::Timestamp;

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
