//! What the caller of a request with a fault gets.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::Wire;
use crate::arm::headers;

/// What the caller gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// This answer.
    Respond(Respond),
    /// The answer with wrong bytes: the real one where the request was carried out, else 200 with an empty object.
    Wire(Wire),
    /// The real answer with other values, by their JSON pointers, in which `*` is every member or element. The last part of a
    /// pointer may be new; where the rest leads nowhere nothing is changed. The request is always carried out, and refusals
    /// stay as they are.
    Edit(BTreeMap<String, Value>),
    /// No answer while the fault exists. Deleting the fault releases the caller: with the real answer where the request was
    /// carried out, else by closing the connection.
    #[serde(rename = "Hang")]
    Hang,
    /// The connection is closed without an answer.
    #[serde(rename = "Reset")]
    Reset,
    /// The real answer, so many real seconds later. The request is always carried out, at once.
    DelaySeconds(f64),
    /// The real answer: the fault only counts. The request is always carried out.
    #[serde(rename = "Pass")]
    Pass,
}

/// A made-up answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Respond {
    /// Status.
    pub status: u16,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON body, or a string that is sent as it is. In both, `{request.authorization}` and `{request.body}` stand for what the
    /// caller sent, escaped as in JSON.
    #[serde(default)]
    pub body: Value,
    /// The body in Base64, where it is no text.
    #[serde(default)]
    pub body_base64: Option<String>,
}

impl Respond {
    /// Refuses what can be no answer.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(200..=599).contains(&self.status) {
            return Err(format!("then.respond.status {} is no HTTP status of an answer", self.status));
        }
        match &self.body_base64 {
            Some(text) if STANDARD.decode(text).is_err() => Err("then.respond.bodyBase64 is no Base64".to_owned()),
            _ => Ok(()),
        }
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let body = match (&self.body_base64, &self.body) {
            (Some(text), _) => STANDARD.decode(text).unwrap_or_default(),
            (None, Value::Null) => Vec::new(),
            (None, Value::String(text)) => echo(text, request).into(),
            (None, body) => echo(&body.to_string(), request).into(),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut map = HeaderMap::new();
        headers::set(&mut map, "content-type", "application/json; charset=utf-8");
        for (name, value) in &self.headers {
            headers::set(&mut map, name, value);
        }
        *response.headers_mut() = map;
        response
    }
}

/// An answer with other values.
pub(crate) fn edit(changes: &BTreeMap<String, Value>, mut response: Response<Bytes>) -> Response<Bytes> {
    if !response.status().is_success() {
        return response;
    }
    if let Ok(mut body) = serde_json::from_slice::<Value>(response.body()) {
        for (pointer, value) in changes {
            let parts: Vec<&str> = pointer.split('/').skip(1).collect();
            set(&mut body, &parts, value);
        }
        *response.body_mut() = Bytes::from(body.to_string());
        response.headers_mut().remove("content-length");
    }
    response
}

fn set(place: &mut Value, parts: &[&str], value: &Value) {
    let [first, rest @ ..] = parts else {
        *place = value.clone();
        return;
    };
    match place {
        Value::Array(elements) if *first == "*" => elements.iter_mut().for_each(|inner| set(inner, rest, value)),
        Value::Object(members) if *first == "*" => members.values_mut().for_each(|inner| set(inner, rest, value)),
        Value::Object(members) if rest.is_empty() => drop(members.insert((*first).to_owned(), value.clone())),
        Value::Object(members) => {
            if let Some(inner) = members.get_mut(*first) {
                set(inner, rest, value);
            }
        }
        Value::Array(elements) => {
            if let Some(inner) = first.parse().ok().and_then(|index: usize| elements.get_mut(index)) {
                set(inner, rest, value);
            }
        }
        _ => {}
    }
}

/// A text with what the caller sent in the place of its names.
fn echo(text: &str, request: &Request<Bytes>) -> String {
    let authorization = request.headers().get("authorization").map_or(&b""[..], |value| value.as_bytes());
    let mut text = text.to_owned();
    for (name, bytes) in [("{request.authorization}", authorization), ("{request.body}", request.body())] {
        let said = Value::String(String::from_utf8_lossy(bytes).into_owned()).to_string();
        text = text.replace(name, &said[1..said.len() - 1]);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_gets_other_values() {
        let real = json!({"properties": {"state": "Succeeded"}, "value": [{"a": 1}, {"a": 2, "b": {"c": 3}}]});
        let answer = |status: u16| {
            let mut response = Response::new(Bytes::from(real.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        };
        for (pointer, place, expected) in [
            ("/properties/state", "/properties/state", json!("new")),
            ("/properties/added", "/properties/added", json!("new")),
            ("/value/*/a", "/value/1/a", json!("new")),
            ("/value/0/a", "/value/1/a", json!(2)),
            ("/value/*/b/c", "/value/0", json!({"a": 1})),
            ("/*/state", "/properties/state", json!("new")),
            ("/none/state", "", real.clone()),
        ] {
            let changes = BTreeMap::from([(pointer.to_owned(), json!("new"))]);
            let body: Value = serde_json::from_slice(edit(&changes, answer(200)).body()).unwrap();
            assert_eq!(body.pointer(place), Some(&expected), "{pointer}");
            assert_eq!(edit(&changes, answer(404)).body(), answer(404).body(), "{pointer}");
        }
    }
}
