//! What Microsoft Entra was shown and gave, so that a test can look for it where nobody may read it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// The access tokens of an application and the assertions that were shown for it, refused ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCredentials {
    /// Access tokens that were given, in the order of the alphabet.
    pub access_tokens: BTreeSet<String>,
    /// Client assertions that were shown, in the order of the alphabet.
    pub assertions: BTreeSet<String>,
}

/// Those of all applications, by their id.
#[derive(Default)]
pub(crate) struct Credentials(BTreeMap<String, ClientCredentials>);

impl Credentials {
    fn entry(&mut self, client: &str) -> &mut ClientCredentials {
        self.0.entry(client.to_lowercase()).or_default()
    }

    /// A request for a token came, whatever is answered.
    pub(crate) fn shown(&mut self, form: &[u8]) {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(form).collect();
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
        if let (Some(client), Some(assertion)) = (field("client_id"), field("client_assertion")) {
            self.entry(client).assertions.insert(assertion.clone().into_owned());
        }
    }

    /// An answer with a token, to be found under `client` or else under the application that the answer names.
    pub(crate) fn given(&mut self, client: Option<&str>, answer: &[u8]) {
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
        all.shown(b"client_id=APP&client_assertion=eyJ.a%2Bb.c");
        all.shown(b"client_id=app&client_secret=s3cret");
        all.shown(b"client_assertion=of-nobody");
        all.given(Some("app"), br#"{"access_token": "one"}"#);
        all.given(Some("app"), br#"{"error": "invalid_client"}"#);
        all.given(Some("app"), b"<html>");
        all.given(None, br#"{"access_token": "two", "client_id": "App"}"#);
        let found = all.of("App");
        assert_eq!(Vec::from_iter(found.access_tokens), ["one", "two"]);
        assert_eq!(Vec::from_iter(found.assertions), ["eyJ.a+b.c"]);
        assert_eq!(all.of("other"), ClientCredentials::default());
    }
}
