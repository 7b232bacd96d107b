//! The journal: every request, what became of it, and when.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// How many requests are kept; the oldest are forgotten.
const KEPT: usize = 100_000;
/// Longer request bodies are kept as their beginning.
const BODY: usize = 256 * 1024;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct JournalEntry {
    /// Running number, from 1.
    pub seq: u64,
    /// Real time of arrival.
    pub real_time: Timestamp,
    /// Simulated time of arrival.
    pub simulated_time: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Decoded path.
    pub path: String,
    /// Decoded query, without the signature of operation addresses.
    pub query: String,
    /// Subscription in the path.
    pub subscription: Option<String>,
    /// PUT, PATCH, POST or DELETE to Azure Resource Manager, but for actions that only read.
    pub write: bool,
    /// Client id of the token.
    pub principal: Option<String>,
    /// `x-ms-correlation-request-id` of the caller.
    pub correlation_id: Option<String>,
    /// `x-ms-client-request-id` of the caller.
    pub client_request_id: Option<String>,
    /// Request body without secrets, bounded.
    pub body: Value,
    /// Status of the real answer; `null` where the request was not carried out.
    pub status: Option<u16>,
    /// A write that was carried out: its effect happened, whatever the caller was told.
    pub applied: bool,
    /// The fault that the caller met instead of the real answer.
    pub fault: Option<u64>,
    /// The limit for which it was refused with 429.
    pub throttled: Option<String>,
    /// It came before the end of a pause that its principal was told for a limit that it counts against.
    pub inside_told_pause: bool,
    /// The answer shows what was true before a write, by a fault that has reads lag.
    pub lagging: bool,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct JournalQuery {
    /// Only writes, or only the rest.
    pub writes: Option<bool>,
    /// Only this subscription.
    pub subscription: Option<String>,
    /// Only later than this number.
    pub since: u64,
    /// Only paths that contain this text, without case.
    pub path: Option<String>,
    /// Only writes whose effect happened, or only the rest.
    pub applied: Option<bool>,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
    count: u64,
}

impl Journal {
    pub(crate) fn add(&mut self, mut entry: JournalEntry) -> u64 {
        self.count += 1;
        entry.seq = self.count;
        if self.entries.len() >= KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.count
    }

    pub(crate) fn find(&self, query: &JournalQuery) -> Vec<JournalEntry> {
        let fits = |entry: &&JournalEntry| {
            entry.seq > query.since
                && query.writes.is_none_or(|writes| writes == entry.write)
                && query.applied.is_none_or(|applied| applied == entry.applied)
                && query.subscription.as_ref().is_none_or(|wanted| {
                    entry.subscription.as_ref().is_some_and(|subscription| subscription.eq_ignore_ascii_case(wanted))
                })
                && query.path.as_ref().is_none_or(|part| entry.path.to_lowercase().contains(&part.to_lowercase()))
        };
        self.entries.iter().filter(fits).cloned().collect()
    }
}

/// A query for the journal: without the signatures of operation addresses and blobs.
pub(crate) fn query(text: &str) -> String {
    let kept: Vec<&str> =
        text.split("&t=").next().unwrap_or_default().split('&').filter(|part| !part.starts_with("sig=")).collect();
    kept.join("&")
}

/// A request body for the journal: JSON without secrets, or its beginning as text.
pub(crate) fn body(bytes: &[u8], token_request: bool) -> Value {
    if token_request {
        return Value::String("not kept: it holds credentials".to_owned());
    }
    if bytes.is_empty() {
        return Value::Null;
    }
    if bytes.len() <= BODY
        && let Ok(mut value) = serde_json::from_slice::<Value>(bytes)
    {
        hide_secrets(&mut value);
        return value;
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(BODY)]);
    Value::String(text.into_owned())
}

fn hide_secrets(value: &mut Value) {
    const SECRETS: [&str; 5] = ["protectedParameters", "runAsPassword", "adminPassword", "customData", "clientSecret"];
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if SECRETS.contains(&name.as_str()) && !value.is_null() {
                    *value = Value::String("***".to_owned());
                } else {
                    hide_secrets(value);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        let kept = body(br#"{"properties":{"protectedParameters":[{"name":"a","value":"geheim"}]}}"#, false);
        assert!(!kept.to_string().contains("geheim"));
        assert_eq!(query("sv=1&sig=geheim"), "sv=1");
        assert_eq!(query("api-version=1&t=2&s=geheim"), "api-version=1");
        assert!(!body(b"client_secret=geheim", true).to_string().contains("geheim"));
    }
}
