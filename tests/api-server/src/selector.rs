//! Label and field selectors.

use serde_json::Value;

use super::{call::Call, failure::Failure, kinds::Kind};

/// What a list or watch is limited to.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    /// The way to the value.
    path: Vec<String>,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

impl Selector {
    pub(super) fn parse(call: &Call, kind: &Kind) -> Result<Self, Failure> {
        let mut requirements = Vec::new();
        for term in split(call.parameter("labelSelector")) {
            let (label, test) = label_term(&term)?;
            requirements.push(Requirement { path: vec!["metadata".into(), "labels".into(), label], test });
        }
        for term in split(call.parameter("fieldSelector")) {
            let (field, test) =
                comparison(&term).ok_or_else(|| Failure::bad_request(format!("invalid field selector: {term:?}")))?;
            let namespaced = kind.namespaced && field == "metadata.namespace";
            if field != "metadata.name" && !namespaced && !kind.selectable.contains(&field) {
                let message = if kind.custom {
                    format!("field label not supported: {field}")
                } else {
                    format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
                };
                return Err(Failure::bad_request(message));
            }
            requirements.push(Requirement { path: field.split('.').map(str::to_owned).collect(), test });
        }
        Ok(Self(requirements))
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|requirement| {
            let value = requirement.path.iter().try_fold(object, |value, name| value.get(name));
            // A field may be a boolean, and is compared as it is written.
            let written = value.and_then(Value::as_bool).map(|it| it.to_string());
            let text = value.and_then(Value::as_str).or(written.as_deref());
            match &requirement.test {
                Test::In(values) => text.is_some_and(|text| values.iter().any(|value| value == text)),
                Test::NotIn(values) => !text.is_some_and(|text| values.iter().any(|value| value == text)),
                Test::Exists => text.is_some(),
                Test::Missing => text.is_none(),
            }
        })
    }
}

/// Splits at commas that aren't in parentheses.
fn split(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                terms.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(term) = terms.last_mut() {
            term.push(letter);
        }
    }
    terms.retain(|term| !term.trim().is_empty());
    terms
}

fn comparison(term: &str) -> Option<(String, Test)> {
    let one = |value: &str| vec![value.trim().to_owned()];
    let (field, test) = if let Some((field, value)) = term.split_once("!=") {
        (field, Test::NotIn(one(value)))
    } else if let Some((field, value)) = term.split_once("==") {
        (field, Test::In(one(value)))
    } else {
        let (field, value) = term.split_once('=')?;
        (field, Test::In(one(value)))
    };
    Some((field.trim().to_owned(), test))
}

fn label_term(term: &str) -> Result<(String, Test), Failure> {
    let bad = || Failure::bad_request(format!("unable to parse requirement: {term:?}"));
    let term = term.trim();
    if let Some((left, values)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (label, operator) = left.trim().split_once(' ').ok_or_else(bad)?;
        return match operator.trim() {
            "in" => Ok((label.to_owned(), Test::In(values))),
            "notin" => Ok((label.to_owned(), Test::NotIn(values))),
            _ => Err(bad()),
        };
    }
    if let Some(found) = comparison(term) {
        return Ok(found);
    }
    match term.strip_prefix('!') {
        Some(label) => Ok((label.to_owned(), Test::Missing)),
        None if term.contains(' ') => Err(bad()),
        None => Ok((term.to_owned(), Test::Exists)),
    }
}
