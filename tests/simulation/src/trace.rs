//! The trace of a run: the lines of its history with the writes to Kubernetes.

use azimage_test_api_server::Write;
use jiff::Timestamp;
use serde_json::Value;

use crate::history::Line;

/// All lines in order of time.
pub(crate) fn merge_writes(mut lines: Vec<Line>, writes: &[Write], begin: Timestamp) -> Vec<Line> {
    for write in writes {
        let at = write.time.duration_since(begin).as_millis().unsigned_abs();
        let mut add = |read, text| lines.push(Line { at, read, text });
        let sub = if write.subresource.is_empty() { String::new() } else { format!("/{}", write.subresource) };
        let resource = write.resource.split('.').next().unwrap_or_default();
        let gone = if write.after.is_none() { ", gone" } else { "" };
        let lease = resource == "leases";
        add(lease, format!("kubernetes {:?} {resource}/{}{sub} by {}{gone}", write.verb, write.name, write.manager));
        if lease {
            let holder = |object: &Option<std::sync::Arc<Value>>| {
                let object = object.as_ref()?;
                object["spec"]["holderIdentity"].as_str().map(str::to_owned)
            };
            let (before, after) = (holder(&write.before), holder(&write.after));
            if before != after {
                add(false, format!("LEADER {}", after.as_deref().filter(|name| !name.is_empty()).unwrap_or("nobody")));
            }
        }
        for (kind, text) in conditions(write.after.as_deref()) {
            let before = conditions(write.before.as_deref());
            if !before.iter().any(|(known, said)| *known == kind && *said == text) {
                add(false, format!("  {}/{}: {kind} {text}", resource, write.name));
            }
        }
    }
    lines.sort_by_key(|line| line.at);
    lines
}

fn conditions(object: Option<&Value>) -> Vec<(String, String)> {
    let list = object.and_then(|object| object.pointer("/status/conditions")).and_then(Value::as_array);
    let text = |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    let said = |condition: &Value| {
        (
            text(condition, "type"),
            format!("{} {}: {}", text(condition, "status"), text(condition, "reason"), text(condition, "message")),
        )
    };
    list.map(|list| list.iter().map(said).collect()).unwrap_or_default()
}
