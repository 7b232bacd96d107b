//! Why no token could be had.

use std::{error::Error as _, fmt};

use azure_core::error::ErrorKind as CoreErrorKind;

use crate::arm::error_body::clean;

const LONGEST_MESSAGE: usize = 400;

/// What kind of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenErrorKind {
    /// The identity is not fully configured: a missing variable, file or id.
    Configuration,
    /// The authority refuses the identity: somebody has to change something in Microsoft Entra or here.
    Refused,
    /// The authority cannot be reached or failed, or the assertion came at a wrong time. May heal.
    Unreachable,
}

/// Why no token could be had. Holds no secrets.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    /// The kind of reason.
    pub kind: TokenErrorKind,
    /// What is at fault and what to do, for a human.
    pub message: String,
}

/// Who gives tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Microsoft Entra.
    Authority,
    /// The metadata service of the machine (IMDS), for managed identities.
    MetadataService,
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authority => "the token authority",
            Self::MetadataService => "the machine's metadata service (169.254.169.254)",
        })
    }
}

impl TokenError {
    /// An error of this kind.
    pub fn new(kind: TokenErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same, without what looks like a token in `message`.
    pub(crate) fn masked(kind: TokenErrorKind, message: &str) -> Self {
        Self::new(kind, mask(message, None))
    }

    /// What `azure_identity` says when a credential cannot even be made.
    pub(crate) fn configuration(error: &azure_core::Error) -> Self {
        Self::new(TokenErrorKind::Configuration, mask(&causes(error), None))
    }

    /// Classifies what `azure_identity` says when it was asked for a token; `secret` must not show up in the message.
    pub(crate) fn from_identity(error: &azure_core::Error, asked: Asked, secret: Option<&str>) -> Self {
        let mut core = Some(error);
        while let Some(current) = core {
            if let Some(own) = current.source().and_then(|source| source.downcast_ref::<Self>()) {
                return own.clone();
            }
            if let CoreErrorKind::HttpResponse { status, error_code, .. } = current.kind() {
                let codes = error_code.as_deref().unwrap_or_default();
                let (status, text) = (u16::from(*status), current.to_string());
                return Self::refused(status, codes, &text, secret);
            }
            if matches!(current.kind(), CoreErrorKind::Io | CoreErrorKind::Connection) {
                let message = mask(&causes(current), secret);
                return Self::new(TokenErrorKind::Unreachable, format!("{asked} is not reached: {message}"));
            }
            if matches!(current.kind(), CoreErrorKind::DataConversion) {
                let message = format!("the answer is not one of {asked}; is a proxy in between?");
                return Self::new(TokenErrorKind::Unreachable, message);
            }
            core = current.source().and_then(|source| source.downcast_ref());
        }
        Self::new(TokenErrorKind::Configuration, mask(&error.to_string(), secret))
    }

    /// The authority's answer. `codes` are the numbers of its AADSTS errors, separated by commas.
    fn refused(status: u16, codes: &str, description: &str, secret: Option<&str>) -> Self {
        let in_text = description.split("AADSTS").nth(1).map(|rest| {
            let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            &rest[..end]
        });
        let code = codes.split(',').map(str::trim).find(|code| !code.is_empty()).or(in_text).unwrap_or_default();
        if let Some(meaning) = meaning(code) {
            let kind = if passes(code) { TokenErrorKind::Unreachable } else { TokenErrorKind::Refused };
            return Self::new(kind, format!("{meaning} (AADSTS{code})"));
        }
        let kind = if status >= 500 || status == 429 || passes(code) {
            TokenErrorKind::Unreachable
        } else {
            TokenErrorKind::Refused
        };
        let description = mask(description, secret);
        Self::new(kind, format!("the token authority answered HTTP {status}: {description}"))
    }
}

/// What the codes that a controller meets mean (Microsoft documentation, "Microsoft Entra authentication and
/// authorization error codes").
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "70021" | "70025" | "700211" | "700212" | "700213" => {
            "no federated credential of the identity matches the service account's token; compare issuer, subject \
             and audience (api://AzureADTokenExchange) with the cluster's"
        }
        "50013" | "50027" | "700027" | "7000272" => {
            "the signature of the assertion is not accepted; register the certificate with the application, or compare \
             the issuer's published keys with the cluster's"
        }
        "700021" | "700023" => {
            "the assertion is for another application or authority; check the client id, the tenant id and which cloud is \
             meant"
        }
        "700030" => "the certificate's subject or issuer is not allowed for the application",
        "7000218" => "the authority got neither a secret nor an assertion; say how the identity proves itself",
        "700016" => "the client id is not known in this tenant; check both ids",
        "50173" | "500133" | "700024" => "the assertion is outside its time of validity; check the clocks",
        "7000229" => "the application has no service principal in the tenant; create one",
        "7000112" => "the application is disabled in the tenant",
        "7000215" => "the client secret is wrong; give its value, not its id",
        "7000222" => "the client secret has expired; create a new one",
        "90002" | "900023" => "the tenant does not exist; check the tenant id",
        "900382" => "the application is of another cloud; check which cloud is meant",
        "500014" => "Azure Resource Manager is disabled in the tenant",
        "1002012" => "the scope is not one of the authority; check which cloud is meant",
        "500011" => "the tenant does not know Azure Resource Manager under this scope; check which cloud is meant",
        "53003" => "a conditional access policy of the tenant blocks the identity",
        _ => return None,
    })
}

/// Refusals that pass without anybody's help: a fresh assertion, clocks that are set, a service that recovers.
fn passes(code: &str) -> bool {
    matches!(code, "50173" | "500133" | "700024" | "90012" | "90024" | "90033" | "90055" | "50196")
}

fn causes(error: &azure_core::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

fn mask(text: &str, secret: Option<&str>) -> String {
    let masked = match secret {
        Some(secret) if !secret.is_empty() => text.replace(secret, "…"),
        _ => text.to_owned(),
    };
    clean(&without_tokens(&masked), LONGEST_MESSAGE)
}

/// Hides what looks like a signed token: an assertion that somebody on the way echoes.
fn without_tokens(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::with_capacity(text.len());
    while let Some(start) = rest.find("eyJ") {
        let token = &rest[start..];
        let end = token.find(|character: char| !(character.is_ascii_alphanumeric() || "-_.=".contains(character)));
        shown.push_str(&rest[..start]);
        shown.push('…');
        rest = &token[end.unwrap_or(token.len())..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_authority_become_advice() {
        for (status, codes, description, kind, expected) in [
            (
                401,
                "7000215",
                "AADSTS7000215: Invalid client secret provided.",
                TokenErrorKind::Refused,
                "value, not its id",
            ),
            (400, "", "AADSTS700213: No matching federated identity", TokenErrorKind::Refused, "(AADSTS700213)"),
            (400, "700016", "", TokenErrorKind::Refused, "not known in this tenant"),
            (400, "999", "AADSTS999: Something new.", TokenErrorKind::Refused, "AADSTS999: Something new."),
            (400, "90002", "", TokenErrorKind::Refused, "check the tenant id"),
            (400, "70021", "", TokenErrorKind::Refused, "issuer, subject"),
            (401, "50013", "", TokenErrorKind::Refused, "signature"),
            (401, "700027", "", TokenErrorKind::Refused, "register the certificate"),
            (401, "7000222", "", TokenErrorKind::Refused, "create a new one"),
            (401, "700024", "", TokenErrorKind::Unreachable, "check the clocks"),
            (400, "90033", "AADSTS90033: A transient error has occurred.", TokenErrorKind::Unreachable, "transient"),
            (503, "", "", TokenErrorKind::Unreachable, "HTTP 503"),
            (429, "50196", "slow down", TokenErrorKind::Unreachable, "slow down"),
        ] {
            let error = TokenError::refused(status, codes, description, None);
            assert_eq!(error.kind, kind, "{description}");
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }

    #[test]
    fn an_echoed_secret_is_masked() {
        let error = TokenError::refused(400, "", "bad request: client_secret=hunter2&x", Some("hunter2"));
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        let error = TokenError::refused(400, "", "bad assertion eyJhbGciOi.eyJzdWIi.c2ln_-, try again", None);
        assert!(error.message.ends_with("bad assertion …, try again"), "{}", error.message);
    }
}
