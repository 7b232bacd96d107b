//! Answers without what may differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{run::Transcript, script::Step};

/// The differences between two transcripts.
pub fn difference(namespace: &str, script: &[Step], expected: &Transcript, found: &Transcript) -> Option<String> {
    let (expected, found) = (normal(namespace, expected), normal(namespace, found));
    let mut all = Vec::new();
    for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
        if expected == found {
            continue;
        }
        let what = match script.get(index) {
            Some(step) => step.to_string(),
            None => format!("event {}", index - script.len()),
        };
        let mut parts = Vec::new();
        compare("", expected, found, &mut parts);
        // A field that is null and one that isn't there are the same to a reader.
        if parts.is_empty() {
            continue;
        }
        all.push(format!("step {index}: {what}\n    {}", parts.join("\n    ")));
    }
    if !all.is_empty() {
        return Some(all.join("\n  "));
    }
    (expected.len() != found.len()).then(|| format!("{} events instead of {}", found.len(), expected.len()))
}

fn compare(path: &str, expected: &Value, found: &Value, parts: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let none = Value::Null;
                compare(&format!("{path}.{name}"), a.get(name).unwrap_or(&none), b.get(name).unwrap_or(&none), parts);
            }
        }
        _ if expected == found => {}
        (Value::Array(a), Value::Array(b)) => {
            let without = |list: &[Value], other: &[Value]| -> Vec<Value> {
                list.iter().filter(|item| !other.contains(item)).cloned().collect()
            };
            parts.push(format!("{path}: real only {}\n      ours only {}", json!(without(a, b)), json!(without(b, a))));
        }
        _ => parts.push(format!("{path}: real {expected}\n      ours {found}")),
    }
}

fn normal(namespace: &str, transcript: &Transcript) -> Vec<Value> {
    let answers = transcript.answers.iter().map(|(code, answer)| json!({"code": code, "answer": answer}));
    let events =
        transcript.events.iter().map(|(watch, event)| json!({"watch": watch.rsplit('/').next(), "event": event}));
    let mut all: Vec<Value> = answers.chain(events).collect();
    for value in &mut all {
        // What another run of the script is compared with has another namespace.
        *value = serde_json::from_str(&value.to_string().replace(namespace, "ns")).unwrap();
        simplify(value);
    }
    let mut versions = BTreeSet::new();
    for value in &all {
        each(value, &mut |name, text| {
            if name == "resourceVersion" {
                versions.insert(text.parse::<u64>().unwrap_or_default());
            }
        });
    }
    let ranks: BTreeMap<u64, usize> = versions.into_iter().enumerate().map(|(rank, version)| (version, rank)).collect();
    let mut uids = BTreeMap::new();
    for value in &mut all {
        rename(value, &ranks, &mut uids);
    }
    all
}

fn each(value: &Value, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if let Some(text) = value.as_str() {
                    visit(name, text);
                }
                each(value, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        _ => {}
    }
}

fn rename(value: &mut Value, ranks: &BTreeMap<u64, usize>, uids: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match (name.as_str(), value.as_str()) {
                    ("resourceVersion", Some(text)) => {
                        let rank = ranks.get(&text.parse().unwrap_or_default());
                        *value = json!(format!("version {rank:?}"));
                    }
                    ("uid", Some(text)) => {
                        let next = uids.len();
                        let number = *uids.entry(text.to_owned()).or_insert(next);
                        *value = json!(format!("uid {number}"));
                    }
                    ("creationTimestamp" | "deletionTimestamp" | "expirationTimestamp" | "token", Some(_)) => {
                        *value = json!("time");
                    }
                    ("message", Some(text)) => *value = json!(without_uids(text)),
                    _ => rename(value, ranks, uids),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, ranks, uids)),
        _ => {}
    }
}

fn without_uids(text: &str) -> String {
    let uid = regex::Regex::new("[0-9a-f]{8}-[0-9a-f-]{27}").unwrap();
    let text = uid.replace_all(text, "<uid>");
    if !text.to_lowercase().contains("resource version") && !text.contains("esourceVersion") {
        return text.into_owned();
    }
    regex::Regex::new("[0-9]+").unwrap().replace_all(&text, "<version>").into_owned()
}

/// Removes what isn't compared: of lists the resource version, which other tests move, and their tokens; words of
/// refusals, of which the fields and reasons are compared; the times and inner nodes of managed fields.
fn simplify(value: &mut Value) {
    let code = value["code"].as_u64();
    if let Some(answer) = value.get_mut("answer") {
        // Which resource version a bookmark has depends on what others write.
        for event in answer.as_array_mut().into_iter().flatten().filter(|event| event["type"] == "BOOKMARK") {
            event["object"]["metadata"]["resourceVersion"] = json!(0);
        }
        if answer["kind"] == "TokenRequest" {
            token_request(answer);
        }
        if answer.get("items").is_some() {
            let more = answer["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty());
            answer["metadata"] = json!({"more": more, "remaining": answer["metadata"]["remainingItemCount"]});
        }
        // The real server names the fields of several managers in the order of a map of Go.
        if let Some(causes) = answer.pointer_mut("/details/causes").and_then(Value::as_array_mut) {
            causes.sort_by_key(ToString::to_string);
        }
        if code == Some(400) || answer["message"].as_str().is_some_and(|text| text.contains("resourceVersion: Invalid"))
        {
            answer["message"] = json!("refused");
        }
        if code == Some(422) {
            answer.as_object_mut().unwrap().remove("message");
            let causes = answer.pointer_mut("/details/causes").and_then(Value::as_array_mut);
            let causes: BTreeSet<String> =
                causes.into_iter().flatten().map(|cause| format!("{} {}", cause["field"], cause["reason"])).collect();
            answer["details"]["causes"] = json!(causes);
        }
    }
    simplify_fields(value);
}

/// Of a token the claims are compared, without those that name server and time.
fn token_request(answer: &mut Value) {
    let token = answer["status"]["token"].as_str().unwrap_or_default().to_owned();
    let claims = token.split('.').nth(1).unwrap_or_default();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["lives"] = json!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap());
    claims["uuid"] = json!(claims["jti"].as_str().unwrap().len());
    for name in ["exp", "nbf", "iat", "iss", "jti"] {
        assert!(claims.as_object_mut().unwrap().remove(name).is_some(), "a token without {name}");
    }
    let own = |audience: &Value| audience.as_str().unwrap_or_default().starts_with("https://");
    for audiences in [&mut claims["aud"], &mut answer["spec"]["audiences"]] {
        if audiences.as_array().is_some_and(|list| list.iter().all(own)) {
            *audiences = json!("the server");
        }
    }
    answer["claims"] = claims;
    // It isn't stored, so its other metadata doesn't matter.
    answer["metadata"] = json!({"name": answer["metadata"]["name"], "namespace": answer["metadata"]["namespace"]});
}

fn simplify_fields(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // An empty structure of the built-in type.
            map.remove("deprecatedSource");
            for (name, value) in map.iter_mut() {
                if name == "managedFields" {
                    let entries: BTreeMap<String, Value> = value.as_array().into_iter().flatten().map(entry).collect();
                    *value = json!(entries);
                } else {
                    simplify_fields(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(simplify_fields),
        _ => {}
    }
}

fn entry(entry: &Value) -> (String, Value) {
    let name = format!("{} {} {}", entry["manager"], entry["operation"], entry["subresource"]);
    let mut leaves = BTreeSet::new();
    flatten("", entry["fieldsV1"].as_object().unwrap_or(&Map::new()), &mut leaves);
    (name, json!(leaves))
}

fn flatten(path: &str, fields: &Map<String, Value>, leaves: &mut BTreeSet<String>) {
    for (name, value) in fields.iter().filter(|(name, _)| *name != ".") {
        let path = format!("{path}/{name}");
        match value.as_object() {
            Some(inner) if inner.keys().any(|name| name != ".") => flatten(&path, inner, leaves),
            // That a map is there at all.
            Some(inner) if !inner.is_empty() && name.starts_with("f:") => {}
            _ => {
                leaves.insert(path);
            }
        }
    }
}
