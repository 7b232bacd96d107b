//! The bodies that say why a request failed.

use serde_json::Value;

/// A message is repeated to users and logs, so it is bounded; two resource ids with the words around them fit.
const LONGEST_MESSAGE: usize = 2048;
const LONGEST_CODE: usize = 100;
const MOST_DETAILS: usize = 3;

/// `code` and `message` of an error body, with the messages of its first details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ErrorBody {
    /// Reads an error in both of its forms: `{"error": {"code", …}}` of Resource Manager, and the bare
    /// `{"code", …}` that Compute sends when it throttles (Azure documentation, "Troubleshooting API throttling
    /// errors"). `None` if it is neither, which means that Azure did not write it.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        Self::from_value(&serde_json::from_slice(body).ok()?)
    }

    /// The same from JSON that was read already.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let error = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
        let code = error.get("code")?.as_str().filter(|code| !code.is_empty())?;
        let mut message = text(error, "message");
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten().take(MOST_DETAILS) {
            let detail = text(detail, "message");
            if !detail.is_empty() && !message.contains(&detail) {
                message.push_str("; ");
                message.push_str(&detail);
            }
        }
        Some(Self { code: clean(code, LONGEST_CODE), message: clean(&message, LONGEST_MESSAGE) })
    }

    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.code.eq_ignore_ascii_case(code))
    }

    pub(crate) fn says(&self, parts: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        parts.iter().any(|part| message.contains(part))
    }
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// One line of at most `longest` characters, without what may be a secret: query parts of URLs (shared access
/// signatures, signed operation URLs) and anything that looks like a token.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    let mut cleaned = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        match (word.find("://"), word.find('?')) {
            (Some(scheme), Some(query)) if scheme < query => mask(&mut cleaned, word, query + 1),
            // The query of a relative address.
            (_, Some(query)) if word[query..].contains('=') => mask(&mut cleaned, word, query + 1),
            _ if secret(word).is_some() => mask(&mut cleaned, word, secret(word).unwrap_or_default()),
            _ => match word.find("eyJ") {
                Some(token) if word.len() - token > 40 => {
                    cleaned.push_str(&word[..token]);
                    cleaned.push('…');
                }
                _ => cleaned.push_str(word),
            },
        }
        if cleaned.len() > 4 * longest {
            break;
        }
    }
    if let Some((end, _)) = cleaned.char_indices().nth(longest) {
        cleaned.truncate(end);
        cleaned.push('…');
    }
    cleaned
}

fn mask(cleaned: &mut String, word: &str, at: usize) {
    cleaned.push_str(&word[..at]);
    cleaned.push('…');
}

/// Where the value of a parameter begins that is a secret by its name.
fn secret(word: &str) -> Option<usize> {
    let names = ["sig=", "client_secret=", "client_assertion=", "access_token="];
    names.iter().filter_map(|name| Some(word.find(name)? + name.len())).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_of_an_error_are_read() {
        let expected = ErrorBody { code: "Conflict".to_owned(), message: "busy".to_owned() };
        for body in [
            r#"{"error":{"code":"Conflict","message":"busy"}}"#,
            "{\r\n  \"error\": {\r\n    \"code\": \"Conflict\",\r\n    \"message\": \"busy\"\r\n  }\r\n}",
            r#"{"code":"Conflict","message":"busy"}"#,
            r#"{"error":{"code":"Conflict","message":"busy","target":"x","details":null,"innererror":{"a":[1]}}}"#,
        ] {
            assert_eq!(ErrorBody::read(body.as_bytes()), Some(expected.clone()), "{body}");
        }
    }

    #[test]
    fn what_azure_did_not_write_is_no_error_body() {
        for body in
            ["", "<html>502 Bad Gateway</html>", "null", "[]", "{}", r#"{"error":"invalid_client"}"#, r#"{"code":""}"#]
        {
            assert_eq!(ErrorBody::read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_reasons_in_the_details_are_told() {
        let body = r#"{"error":{"code":"InvalidParameter","message":"bad","details":[{"message":"bad"},{"message":"worse"},7]}}"#;
        assert_eq!(ErrorBody::read(body.as_bytes()).unwrap().message, "bad; worse");
    }

    #[test]
    fn signed_urls_and_tokens_are_masked() {
        let token = format!("Bearer eyJ{}", "a".repeat(60));
        let text = format!("read\n https://x.blob.core.windows.net/a?sv=1&sig=SECRET now\u{7} 'why?' {token}");
        assert_eq!(clean(&text, 200), "read https://x.blob.core.windows.net/a?… now 'why?' Bearer …");
        assert_eq!(clean("POST /a?x=1&sig=SECRET client_secret=SECRET b=1", 200), "POST /a?… client_secret=… b=1");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_line(text in ".{0,400}", longest in 1_usize..60) {
            let cleaned = clean(&text, longest);
            prop_assert!(cleaned.chars().count() <= longest + 1);
            prop_assert!(!cleaned.chars().any(char::is_control));
        }
    }
}
