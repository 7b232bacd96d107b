//! Client assertions: tokens of an issuer that an application trusts (behaviour section 15).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, dangerous::insecure_decode_claims, decode, decode_header, jwk::JwkSet,
};
use serde::Deserialize;
use serde_json::Value;

use crate::scenario::FederatedCredential;

/// Clocks may differ by so many seconds.
pub(crate) const SKEW: i64 = 300;

/// A refusal: code and text.
pub(crate) type Refusal = (u32, String);

/// What is looked at in an assertion.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// Reads the published keys of an issuer.
pub(crate) fn keys(jwks: &Value) -> Result<JwkSet, String> {
    serde_json::from_value(jwks.clone()).map_err(|error| error.to_string())
}

/// Whether an assertion stands for the application `client` with these credentials.
///
/// The order is the one in which a person would look: issuer, subject, audience, time, and at last the signature.
pub(crate) fn verify(
    assertion: &str,
    client: &str,
    credentials: &[FederatedCredential],
    issuers: &BTreeMap<String, JwkSet>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let malformed = || (50027, "JWT token is invalid or malformed.".to_owned());
    let header = decode_header(assertion).map_err(|_| malformed())?;
    let claims: Claims = insecure_decode_claims(assertion).map_err(|_| malformed())?;
    if credentials.is_empty() {
        return Err((70025, format!("The client '{client}' has no configured federated identity credentials.")));
    }
    let unmatched = |code, what: &str, value: &str| {
        let text = format!(
            "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
        );
        Err((code, text))
    };
    let mut left: Vec<&FederatedCredential> =
        credentials.iter().filter(|trusted| trusted.issuer == claims.iss).collect();
    if left.is_empty() {
        return unmatched(700_211, "issuer", &claims.iss);
    }
    left.retain(|trusted| trusted.subject == claims.sub);
    if left.is_empty() {
        return unmatched(700_213, "subject", &claims.sub);
    }
    left.retain(|trusted| claims.aud.names().contains(&trusted.audience));
    if left.is_empty() {
        return unmatched(700_212, "audience", &claims.aud.names().join(" "));
    }
    let now = now.as_second();
    if claims.exp <= now - SKEW || claims.nbf.is_some_and(|begins| begins > now + SKEW) {
        return Err((700_024, "Client assertion is not within its valid time range.".to_owned()));
    }
    let unsigned = |why: &str| (50013, format!("Assertion failed signature validation. [Reason - {why}]"));
    let key = header.kid.as_deref().and_then(|kid| issuers.get(&claims.iss)?.find(kid));
    let key = key.and_then(|key| DecodingKey::from_jwk(key).ok());
    let key = key.ok_or_else(|| unsigned("The key was not found."))?;
    // Time and audience are looked at above, on the simulator's own clock.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<Value>(assertion, &key, &validation).map_err(|_| unsigned("The signature does not fit the key."))?;
    Ok(())
}

#[cfg(test)]
mod tests;
