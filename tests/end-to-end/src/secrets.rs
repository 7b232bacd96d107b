//! What nobody may read in anything that azimage says: in logs, events, objects, pages, and in what it writes to Azure.

use std::{fmt::Write as _, sync::Mutex};

/// The beginning of a JSON Web Token, and so of every token of Kubernetes and of Microsoft Entra.
const TOKEN: &str = "eyJ";

/// Parameters of addresses whose values are signatures: of shared access signatures, and of operations.
const SIGNATURES: [&str; 6] = ["?sig=", "&sig=", "?s=", "&s=", "?h=", "&h="];

/// Shorter values are words.
const SHORTEST_SIGNATURE: usize = 20;

/// The secrets of a test, each with what it is.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<(String, String)>>);

impl Secrets {
    /// Adds a secret. It has to be long and unlike anything else, since any place that holds it counts as a leak.
    pub fn plant(&self, what: &str, secret: &str) {
        assert!(secret.len() >= 12, "{what} is too short to be looked for");
        self.0.lock().unwrap().push((what.to_owned(), secret.to_owned()));
    }

    /// Adds a JSON Web Token: whole, and its claims and its signature alone, as in a line that was cut.
    pub fn plant_token(&self, what: &str, token: &str) {
        self.plant(what, token);
        for part in token.split('.').skip(1).filter(|part| part.len() >= SHORTEST_SIGNATURE) {
            self.plant(what, part);
        }
    }

    /// The secrets that a text holds, in any spelling that they travel in, and what looks like one.
    pub fn found_in(&self, text: &str) -> Vec<String> {
        let planted = self.0.lock().unwrap();
        let mut found: Vec<String> = planted
            .iter()
            .filter(|(_, secret)| spellings(secret).iter().any(|spelling| text.contains(spelling)))
            .map(|(what, _)| what.clone())
            .collect();
        if text.contains(TOKEN) {
            found.push("a token".to_owned());
        }
        if SIGNATURES.iter().any(|name| text.split(name).skip(1).any(signed)) {
            found.push("a signed address".to_owned());
        }
        found
    }
}

/// Whether a parameter's value, at the beginning of the text, is a signature.
fn signed(text: &str) -> bool {
    let letters = |character: &char| character.is_ascii_alphanumeric() || "-_%+/".contains(*character);
    text.chars().take_while(letters).count() >= SHORTEST_SIGNATURE
}

/// As it is, in an address, in JSON, as JSON in a log line of JSON, and in Base64.
fn spellings(secret: &str) -> Vec<String> {
    let escaped = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
    let mut all = vec![
        secret.to_owned(),
        percent_encoded(secret),
        escaped(secret),
        escaped(&escaped(secret)),
        base64(secret.as_bytes()),
    ];
    all.dedup();
    all
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Base64 of whole groups of three bytes, so that what follows the secret doesn't matter.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let number = group.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[number >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        let secrets = Secrets::default();
        secrets.plant("the password", "pass/w\"ord?14&more");
        for text in [
            "it is pass/w\"ord?14&more.",
            "body=pass%2Fw%22ord%3F14%26more&x=1",
            r#"{"password":"pass/w\"ord?14&more"}"#,
            r#"{"message":"{\"password\":\"pass/w\\\"ord?14&more\"}"}"#,
            "Authorization: Basic cGFzcy93Im9yZD8xNCZtb3Jl",
        ] {
            assert_eq!(secrets.found_in(text), ["the password"], "{text}");
        }
        assert_eq!(secrets.found_in("pass/w ord?14&more"), Vec::<String>::new());
    }

    #[test]
    fn a_token_is_found_without_its_beginning_too() {
        let (claims, signature) = ("c".repeat(40), "s".repeat(40));
        let secrets = Secrets::default();
        secrets.plant_token("an access token", &format!("eyJ0.{claims}.{signature}"));
        for text in [format!("…{claims}."), format!("cut: {signature}"), base64(signature.as_bytes())] {
            assert_eq!(secrets.found_in(&text), ["an access token"], "{text}");
        }
        assert_eq!(secrets.found_in(&claims[1..]), Vec::<String>::new());
    }

    #[test]
    fn tokens_and_signed_addresses_are_found_without_being_planted() {
        let secrets = Secrets::default();
        assert_eq!(secrets.found_in("Bearer eyJ0eXAi"), ["a token"]);
        let signature = "a-b_c".repeat(6);
        for name in ["sig", "s", "h"] {
            let address = format!("https://x/operations/1?api-version=1&{name}={signature}&p=1");
            assert_eq!(secrets.found_in(&address), ["a signed address"], "{address}");
        }
        assert_eq!(secrets.found_in("https://x/a?sig=…"), Vec::<String>::new());
        assert_eq!(secrets.found_in("https://x/a?s=short&sort=1"), Vec::<String>::new());
    }
}
