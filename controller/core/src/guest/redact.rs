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

/// Ends of names whose value is a secret: these words are too common to count anywhere.
const ENDS: [&str; 7] = ["pass", "pwd", "credential", "credentials", "session", "key", "cookie"];

/// Beginnings of crypt(3)'s hashes of passwords.
const HASHES: [&str; 7] = ["$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$7$"];

/// What stands between a name and its value.
const SEPARATORS: [char; 3] = ['=', ':', '>'];

/// Beginnings by which tokens and keys are known whatever stands before them.
const BEGINNINGS: [&str; 8] = ["eyJ", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "AKIA", "hvs."];

const HIDDEN: &str = "***";

/// So many letters, digits and signs of base64 without a break are taken for a key, or a part of one.
const KEY_LENGTH: usize = 40;

/// The text with secrets hidden: values of names that speak of one, tokens by how they begin, addresses' passwords, long
/// words of base64, and private keys, also when their beginning was cut off. It hides rather too much.
pub fn redact(text: &str) -> String {
    let mut in_key = false;
    let mut shown: Vec<String> = Vec::new();
    // How many lines at the end of `shown` are base64 alone, and whether one of them is long.
    let mut body = (0, false);
    for line in text.split('\n') {
        let ends = line.contains("-----END ") && line.contains("PRIVATE KEY");
        if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
            hide_body(&mut shown, body, false);
            in_key = !line.contains("-----END ");
            shown.push(HIDDEN.to_owned());
        } else if in_key {
            in_key = !line.contains("-----END ");
        } else if ends {
            hide_body(&mut shown, body, true);
            shown.push(HIDDEN.to_owned());
        } else if is_base64(line) {
            shown.push(line.to_owned());
            body = (body.0 + 1, body.1 || (line.trim().len() >= KEY_LENGTH && !is_path(line.trim())));
            continue;
        } else {
            hide_body(&mut shown, body, false);
            shown.push(redact_line(line));
        }
        body = (0, false);
    }
    hide_body(&mut shown, body, false);
    shown.dedup_by(|second, first| second == HIDDEN && first == HIDDEN);
    shown.join("\n")
}

/// Lines of base64 that precede each other are one key if one of them is long, or if a key's end follows.
fn hide_body(shown: &mut Vec<String>, (lines, long): (usize, bool), is_key: bool) {
    let from = shown.len() - lines;
    if lines > 0 && (long || is_key) {
        shown.truncate(from);
        shown.push(HIDDEN.to_owned());
    } else {
        for line in &mut shown[from..] {
            *line = redact_line(line);
        }
    }
}

/// Whether a line is a single word of base64.
fn is_base64(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| is_of_base64(byte) || byte == b'=')
}

fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// A path has more slashes than a key of that length.
fn is_path(word: &str) -> bool {
    word.starts_with('/') && word.matches('/').count() >= 3 && !word.contains(['+', '='])
}

/// The word without long pieces of base64. What is named as a checksum stays.
fn hide_base64(word: &str) -> String {
    let mut hidden = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|byte| is_of_base64(*byte)).count();
        let (piece, after) = rest.split_at(length);
        let is_checksum = ["sha256", "sha384", "sha512"].iter().any(|name| {
            hidden.len() > name.len()
                && hidden.to_lowercase().trim_end_matches([':', '=']).ends_with(name)
                && piece.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if length >= KEY_LENGTH && !is_path(piece) && !is_checksum {
            hidden.push_str(HIDDEN);
            rest = after.trim_start_matches('=');
        } else {
            hidden.push_str(piece);
            rest = after;
        }
        let other = rest.bytes().take_while(|byte| !is_of_base64(*byte)).count();
        hidden.push_str(&rest[..other]);
        rest = &rest[other..];
    }
    hidden
}

fn redact_line(line: &str) -> String {
    let mut next = Next::Shown;
    let mut shown = Vec::new();
    for word in line.split(' ') {
        if let Next::Quoted(quote) = next {
            if word.contains(quote) {
                next = Next::Shown;
            }
        } else if word.is_empty() {
            shown.push(String::new());
        } else {
            let (told, then) = redact_word(word, next);
            next = then;
            shown.push(told);
        }
    }
    shown.join(" ")
}

/// What becomes of the next word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It is looked at.
    Shown,
    /// It is a secret.
    Secret,
    /// It is a name with a secret, if it has a colon.
    Login,
    /// It goes on with a secret that ends with this quotation mark.
    Quoted(char),
}

/// A secret that was hidden goes on in the next words if it begins with a quotation mark that isn't closed.
fn after_secret(secret: &str) -> Next {
    let quote = secret.chars().next().filter(|sign| matches!(sign, '"' | '\''));
    match quote {
        Some(quote) if secret.matches(quote).count() % 2 == 1 => Next::Quoted(quote),
        _ => Next::Shown,
    }
}

/// Where the value in a word begins that a name before it makes a secret; its length if the value is to come.
fn secret_value(lower: &str) -> Option<usize> {
    let separator = |from: usize| lower.get(from..)?.find(SEPARATORS).map(|at| from + at + 1);
    if let Some(end) = NAMES.iter().filter_map(|name| lower.find(name).map(|at| at + name.len())).min() {
        return separator(end);
    }
    let first = separator(0)?;
    let name = lower.get(..first)?.trim_end_matches(SEPARATORS).trim_end_matches(['"', '\'']);
    ENDS.iter().any(|end| name.ends_with(end)).then_some(first)
}

/// The word as it may be shown, and what becomes of the next one.
fn redact_word(word: &str, next: Next) -> (String, Next) {
    let lower = word.to_lowercase();
    let hidden = || (HIDDEN.to_owned(), Next::Shown);
    match next {
        // A scheme before the secret itself.
        Next::Secret if ["=", ":", "is", "bearer", "basic"].contains(&lower.as_str()) => {
            return (word.to_owned(), Next::Secret);
        }
        Next::Secret => return (HIDDEN.to_owned(), after_secret(word)),
        Next::Login if word.contains(':') => return hidden(),
        Next::Login | Next::Shown | Next::Quoted(_) => {}
    }
    if lower == "bearer" {
        return (word.to_owned(), Next::Secret);
    }
    if ["-u", "--user"].contains(&lower.as_str()) {
        return (word.to_owned(), Next::Login);
    }
    match secret_value(&lower) {
        // Lower case may have another length, so places are taken only where they fit.
        Some(at) if at < lower.len() => {
            return match word.split_at_checked(at).filter(|_| word.len() == lower.len()) {
                Some((name, secret)) => (format!("{name}{HIDDEN}"), after_secret(secret)),
                None => hidden(),
            };
        }
        Some(_) => return (word.to_owned(), Next::Secret),
        None if NAMES.iter().any(|name| lower.contains(name)) => {
            let comes = lower.starts_with('-') || NAMES.iter().any(|name| lower.ends_with(name));
            return (word.to_owned(), if comes { Next::Secret } else { Next::Shown });
        }
        None => {}
    }
    if HASHES.iter().any(|hash| word.contains(hash)) || is_password_option(word) {
        return hidden();
    }
    if BEGINNINGS.iter().any(|beginning| word.contains(beginning)) && word.len() >= 20 {
        return hidden();
    }
    // https://user:password@host
    if let Some((scheme, rest)) = word.split_once("://")
        && let Some((user, host)) = rest.split_once('@')
        && user.contains(':')
    {
        return (format!("{scheme}://{HIDDEN}@{host}"), Next::Shown);
    }
    (hide_base64(word), Next::Shown)
}

/// `-p` with a password behind it, as database clients take it: letters and other signs. A word or a port alone is none.
fn is_password_option(word: &str) -> bool {
    let is_other = |sign: char| !sign.is_alphabetic() && !matches!(sign, '-' | '.' | '/');
    word.strip_prefix("-p").is_some_and(|value| value.contains(char::is_alphabetic) && value.contains(is_other))
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
            ("hello\nAAAA\nQk1=\n-----END RSA PRIVATE KEY-----\ndone", "***\ndone"),
            ("hello\nworld", "hello\nworld"),
            ("password=\"two words\" host=db", "password=*** host=db"),
            ("--password 'two or three' --verbose", "--password *** --verbose"),
            ("{\"password\": \"two words\", \"n\": 1}", "{\"password\": *** \"n\": 1}"),
            ("DB_PASS=hunter2 PGPWD: hunter2 session=ab", "DB_PASS=*** PGPWD: *** session=***"),
            ("mysql -u root -pHunter2 -P 3306", "mysql -u root *** -P 3306"),
            ("docker run -p8080:80 find -print", "docker run -p8080:80 find -print"),
            ("curl -u me:hunter2 https://x", "curl -u *** https://x"),
            ("<password>hunter2</password>", "<password>***"),
            ("deploy:$6$salt$abc.def:19000:0:", "***"),
            ("passes: 3 of 3, compass=north", "passes: 3 of 3, compass=***"),
            ("now: \nAAAA\n-----END CERTIFICATE-----", "now: \nAAAA\n-----END CERTIFICATE-----"),
            ("key MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj/+== ok", "key *** ok"),
            ("{\"k\":\"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\"}", "{\"k\":\"***\"}"),
            ("sAb/\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nx9=\nand so on", "***\nand so on"),
            ("/usr/lib/modules/extra/kernel/drivers/block/loop", "/usr/lib/modules/extra/kernel/drivers/block/loop"),
            (
                "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            ("ü MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjü", "ü ***ü"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }

    /// Of a key of 2,048 bits any part may come.
    #[test]
    fn no_part_of_a_key_is_shown_wherever_it_was_cut() {
        let mut seed: u32 = 1;
        let mut body = String::new();
        for _ in 0..1624 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let sign = (seed >> 26) as usize;
            body.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[sign]));
        }
        let lines: Vec<&str> = (0..body.len()).step_by(64).map(|at| &body[at..(at + 64).min(body.len())]).collect();
        let text = format!("{}\n-----END PRIVATE KEY-----\ndone\n", lines.join("\n"));
        for at in 0..text.len() - "done\n".len() {
            let told = redact(&text[at..]);
            assert!(told.len() < 40 && told.ends_with("done\n"), "{told}");
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
