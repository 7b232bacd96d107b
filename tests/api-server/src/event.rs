//! What an Event has to be, and what can't be changed of it.

use serde_json::Value;

use super::failure::Cause;

/// Fields that an event has for good, by the names that refusals use.
const FIXED: [(&str, &str); 9] = [
    ("eventTime", "eventTime"),
    ("regarding", "involvedObject"),
    ("reason", "reason"),
    ("note", "message"),
    ("type", "type"),
    ("action", "action"),
    ("related", "related"),
    ("reportingController", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

pub(super) fn check(event: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let mut fail = |reason, field: &str, message: &str| {
        causes.push(Cause { reason, message: message.to_owned(), field: field.to_owned() });
    };
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    if event["eventTime"].is_null() {
        fail("FieldValueRequired", "eventTime", "Required value");
    } else {
        let namespace = event["metadata"]["namespace"].as_str().unwrap_or_default();
        let regarding = event["regarding"]["namespace"].as_str().unwrap_or_default();
        if regarding.is_empty() && namespace != "default" {
            let message = "Invalid value: \"\": does not match event.namespace";
            fail("FieldValueInvalid", "involvedObject.namespace", message);
        }
        let controller = text("reportingController");
        if controller.is_empty() {
            fail("FieldValueRequired", "reportingController", "Required value");
        } else if !is_qualified(controller) {
            fail("FieldValueInvalid", "reportingController", "Invalid value: a qualified name must be given");
        }
        for (field, shown, most) in [
            ("reportingInstance", "reportingInstance", 128),
            ("action", "action", 128),
            ("reason", "reason", 128),
            ("note", "message", 1024),
        ] {
            if text(field).is_empty() && field != "note" {
                fail("FieldValueRequired", shown, "Required value");
            }
            if text(field).len() > most {
                fail("FieldValueInvalid", shown, &format!("Invalid value: \"\": can have at most {most} characters"));
            }
        }
    }
    if !["Normal", "Warning"].contains(&text("type")) {
        fail("FieldValueInvalid", "type", "Invalid value: \"\": has invalid value");
    }
    if event["series"].is_object() {
        if event["series"]["count"].as_i64().unwrap_or_default() < 2 {
            fail("FieldValueInvalid", "series.count", "Invalid value: \"\": should be at least 2");
        }
        if event["series"]["lastObservedTime"].is_null() {
            fail("FieldValueRequired", "series.lastObservedTime", "Required value");
        }
    }
    for (field, shown) in FIXED {
        if old.is_some_and(|old| old[field] != event[field]) {
            fail("FieldValueInvalid", shown, "Invalid value: field is immutable");
        }
    }
}

/// A name, with a domain and a slash before it if need be.
fn is_qualified(name: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let plain = |part: &str| !part.is_empty() && part.len() <= 63 && part.chars().all(inner);
    match name.split_once('/') {
        Some((domain, name)) => !domain.is_empty() && domain.chars().all(inner) && plain(name),
        None => plain(name),
    }
}
