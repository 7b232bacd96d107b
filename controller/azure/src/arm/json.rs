//! Reading JSON the tolerant way.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// Reads an answer. The error names the place in the JSON, not its content.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    if body.is_empty() {
        return Err("the answer is empty".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            format!(
                "the answer has another form than documented, at line {}: {}",
                error.line(),
                without_content(&error)
            )
        }
        _ => "the answer is not complete JSON; is a proxy in between?".to_owned(),
    })
}

/// What serde says, without values from the body: they follow after a backquote or quote.
fn without_content(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    match text.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        // Names of other crates quote what they refuse, and may hold quotes of their own in it.
        None => match (text.find('"'), text.rfind('"')) {
            (Some(first), Some(last)) => {
                format!("{}…{}", &text[..first], &text[last + 1..]).chars().take(120).collect()
            }
            _ => text.chars().take(120).collect(),
        },
    }
}

/// A time as Azure writes it: RFC 3339, with the offset written as `Z` or `+00:00`; without one it is UTC.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// For `#[serde(deserialize_with)]`: a time that only informs, so that an unknown format is no error.
pub(crate) fn optional_timestamp<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(timestamp))
}

/// For `#[serde(deserialize_with)]`: null counts as absent.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    let value: Option<T> = serde::Deserialize::deserialize(deserializer)?;
    Ok(value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_azure_uses() {
        let expected: Timestamp = "2027-11-01T00:00:59Z".parse().unwrap();
        for text in
            ["2027-11-01T00:00:59Z", "2027-11-01T00:00:59.000Z", "2027-11-01T00:00:59+00:00", "2027-11-01T00:00:59"]
        {
            assert_eq!(timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(timestamp("tomorrow"), None);
    }

    #[test]
    fn an_error_names_the_place_and_not_the_content() {
        let error = read::<Vec<u32>>(b"[1, \"hunter2\"]").unwrap_err();
        assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
        for body in [&b"<html>"[..], b"{\"a\":", b""] {
            assert!(read::<serde_json::Value>(body).is_err());
        }
    }
}
