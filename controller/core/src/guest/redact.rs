//! Takes what looks like a secret out of what a guest printed.

/// Words after which a value is a secret, in lower case.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accountkey",
    "accesskey",
    "sig",
    "authorization",
];

/// Beginnings by which tokens and keys are known whatever stands before them.
const BEGINNINGS: [&str; 8] = ["eyJ", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "AKIA", "hvs."];

const HIDDEN: &str = "***";

/// The text with secrets hidden: values of names that speak of one, tokens by how they begin, addresses' passwords, and
/// private keys from their first line to their last. It hides rather too much.
pub fn redact(text: &str) -> String {
    let mut in_key = false;
    let lines = text.split('\n').filter_map(|line| {
        if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
            in_key = !line.contains("-----END ");
            return Some(HIDDEN.to_owned());
        }
        if in_key {
            in_key = !line.contains("-----END ");
            return None;
        }
        Some(redact_line(line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn redact_line(line: &str) -> String {
    let mut hide_next = false;
    let words = line.split(' ').map(|word| {
        if word.is_empty() {
            return word.to_owned();
        }
        let (shown, next) = redact_word(word, hide_next);
        hide_next = next;
        shown
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The word as it may be shown, and whether the next one is a secret.
fn redact_word(word: &str, is_value: bool) -> (String, bool) {
    let lower = word.to_lowercase();
    // A scheme before the secret itself.
    if is_value && ["=", ":", "is", "bearer", "basic"].contains(&lower.as_str()) {
        return (word.to_owned(), true);
    }
    if is_value {
        return (HIDDEN.to_owned(), false);
    }
    if lower == "bearer" {
        return (word.to_owned(), true);
    }
    let named = NAMES.iter().filter_map(|name| lower.find(name).map(|at| at + name.len())).min();
    if let Some(end) = named {
        // Lower case may have another length, so places are taken only where they fit.
        return match lower.get(end..).and_then(|rest| rest.find(['=', ':'])).map(|at| end + at + 1) {
            Some(after) if after < lower.len() => match word.get(..after) {
                Some(name) if word.len() == lower.len() => (format!("{name}{HIDDEN}"), false),
                _ => (HIDDEN.to_owned(), false),
            },
            Some(_) => (word.to_owned(), true),
            None => (word.to_owned(), lower.starts_with('-') || lower.len() == end),
        };
    }
    if BEGINNINGS.iter().any(|beginning| word.contains(beginning)) && word.len() >= 20 {
        return (HIDDEN.to_owned(), false);
    }
    // https://user:password@host
    if let Some((scheme, rest)) = word.split_once("://")
        && let Some((user, host)) = rest.split_once('@')
        && user.contains(':')
    {
        return (format!("{scheme}://{HIDDEN}@{host}"), false);
    }
    (word.to_owned(), false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_hidden_and_the_rest_stays() {
        for (text, expected) in [
            ("installed nginx 1.24", "installed nginx 1.24"),
            ("password=hunter2 host=db", "password=*** host=db"),
            ("DB_PASSWORD: hunter2", "DB_PASSWORD: ***"),
            ("--token hunter2 --verbose", "--token *** --verbose"),
            ("secret = hunter2", "secret = ***"),
            ("Authorization: Bearer hunter2 ok", "Authorization: Bearer *** ok"),
            ("https://h.blob/x?sv=1&sig=abc%3D", "https://h.blob/x?sv=1&sig=***"),
            ("AccountKey=abc==;EndpointSuffix=core", "AccountKey=***"),
            ("clone https://me:hunter2@git.example/x", "clone https://***@git.example/x"),
            ("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.x", "***"),
            ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\nc", "a\n***\nc"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>(), secret in "[a-z0-9]{12}") {
            redact(&text);
            let told = redact(&format!("{text} password={secret}"));
            prop_assert!(!told.contains(&secret) || text.contains(&secret), "{told}");
        }
    }
}
