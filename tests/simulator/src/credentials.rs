//! The credentials that Microsoft Entra received and issued, so that a test can search for leaks of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// The access tokens of an application and the assertions that it sent, refused ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCredentials {
    /// The issued access tokens, sorted.
    pub access_tokens: BTreeSet<String>,
    /// The received client assertions, sorted.
    pub assertions: BTreeSet<String>,
}

/// Those of all applications, by their id.
#[derive(Default)]
pub(crate) struct Credentials(BTreeMap<String, ClientCredentials>);

impl Credentials {
    fn entry(&mut self, client: &str) -> &mut ClientCredentials {
        self.0.entry(client.to_lowercase()).or_default()
    }

    /// Records a request for a token, whatever the answer is.
    pub(crate) fn record_request(&mut self, form: &[u8]) {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(form).collect();
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
        if let (Some(client), Some(assertion)) = (field("client_id"), field("client_assertion")) {
            self.entry(client).assertions.insert(assertion.clone().into_owned());
        }
    }

    /// Records the token of an answer for `client`, or else for the application that the answer names.
    pub(crate) fn record_answer(&mut self, client: Option<&str>, answer: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return };
        let client = client.or_else(|| answer["client_id"].as_str());
        if let (Some(client), Some(token)) = (client, answer["access_token"].as_str()) {
            self.entry(client).access_tokens.insert(token.to_owned());
        }
    }

    pub(crate) fn of(&self, client: &str) -> ClientCredentials {
        self.0.get(&client.to_lowercase()).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_kept_for_each_application() {
        let mut all = Credentials::default();
        all.record_request(b"client_id=APP&client_assertion=eyJ.a%2Bb.c");
        all.record_request(b"client_id=app&client_secret=s3cret");
        all.record_request(b"client_assertion=of-nobody");
        all.record_answer(Some("app"), br#"{"access_token": "one"}"#);
        all.record_answer(Some("app"), br#"{"error": "invalid_client"}"#);
        all.record_answer(Some("app"), b"<html>");
        all.record_answer(None, br#"{"access_token": "two", "client_id": "App"}"#);
        let found = all.of("App");
        assert_eq!(Vec::from_iter(found.access_tokens), ["one", "two"]);
        assert_eq!(Vec::from_iter(found.assertions), ["eyJ.a+b.c"]);
        assert_eq!(all.of("other"), ClientCredentials::default());
    }
}
