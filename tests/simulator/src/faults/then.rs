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
