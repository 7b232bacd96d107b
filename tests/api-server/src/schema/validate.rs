//! Whether a value is as its schema says.

use std::fmt;

use serde_json::Value;

use super::{ListKind, Schema};
use crate::failure::Cause;

/// Where a value is. It is written out only where something is wrong.
enum At<'a> {
    Root,
    Field(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => write!(formatter, "{name}"),
            Self::Field(above, name) => write!(formatter, "{above}.{name}"),
            Self::Item(above, index) => write!(formatter, "{above}[{index}]"),
        }
    }
}

impl Schema {
    /// What is wrong with a value.
    pub(crate) fn validate(&self, value: &Value) -> Vec<Cause> {
        let mut causes = Vec::new();
        self.check(&At::Root, value, &mut causes);
        causes
    }

    fn check(&self, path: &At<'_>, value: &Value, causes: &mut Vec<Cause>) {
        let mut fail = |reason, message: String| causes.push(Cause { reason, message, field: path.to_string() });
        let null = value.is_null() && self.nullable;
        if let Some(kind) = &self.kind
            && !null
            && !is_of(kind, value)
        {
            let message = format!("Invalid value: {}: must be of type {kind}: {}", quoted(value), quoted_kind(value));
            return fail("FieldValueTypeInvalid", message);
        }
        if let Some(values) = &self.one_of_values
            && !values.contains(value)
        {
            let supported: Vec<String> = values.iter().map(quoted).collect();
            let message = format!("Unsupported value: {}: supported values: {}", quoted(value), supported.join(", "));
            fail("FieldValueNotSupported", message);
        }
        match value {
            Value::String(text) => self.check_text(path, value, text, causes),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                self.check_size(path, value, "", number, causes);
            }
            Value::Array(items) => self.check_list(path, value, items, causes),
            Value::Object(map) => {
                self.check_size(path, value, "Properties", length(map.len()), causes);
                for name in self.required.iter().filter(|name| !map.contains_key(*name)) {
                    let field = At::Field(path, name).to_string();
                    causes.push(Cause { reason: "FieldValueRequired", message: "Required value".to_owned(), field });
                }
                for (name, value) in map {
                    if let Some(schema) = self.field(name) {
                        schema.check(&At::Field(path, name), value, causes);
                    }
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_text(&self, path: &At<'_>, value: &Value, text: &str, causes: &mut Vec<Cause>) {
        self.check_size(path, value, "Length", length(text.chars().count()), causes);
        let mut fail = |what: String| {
            let message = format!("Invalid value: {}: {path} in body should {what}", quoted(value));
            causes.push(Cause { reason: "FieldValueInvalid", message, field: path.to_string() });
        };
        if let Some(pattern) = &self.pattern
            && !pattern.is_match(text)
        {
            fail(format!("match '{pattern}'"));
        }
        // The other formats that are used here are of integers, which the range of JSON's numbers covers.
        let Some(format @ ("date-time" | "micro-time")) = self.format.as_deref() else { return };
        match (Some(format), text.parse::<jiff::Timestamp>()) {
            (Some("date-time"), Err(_)) => fail("be a time as in RFC 3339".to_owned()),
            (Some("micro-time"), Ok(time)) if format!("{time:.6}") == text => {}
            (Some("micro-time"), _) => fail("be a time in UTC with six digits after the seconds".to_owned()),
            _ => {}
        }
    }

    fn check_list(&self, path: &At<'_>, value: &Value, items: &[Value], causes: &mut Vec<Cause>) {
        self.check_size(path, value, "Items", length(items.len()), causes);
        let Some(schema) = self.item() else { return };
        let mut seen: Vec<Value> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = At::Item(path, index);
            schema.check(&path, item, causes);
            let identity = match &self.list {
                ListKind::Atomic => continue,
                ListKind::Set => item.clone(),
                ListKind::Map(keys) => keys.iter().map(|key| item.get(key).cloned().unwrap_or_default()).collect(),
            };
            if seen.contains(&identity) {
                let message = format!("Duplicate value: {item}");
                causes.push(Cause { reason: "FieldValueDuplicate", message, field: path.to_string() });
            } else {
                seen.push(identity);
            }
        }
    }

    /// Compares a number or a length against the two limits of its keyword.
    fn check_size(&self, path: &At<'_>, value: &Value, what: &str, size: f64, causes: &mut Vec<Cause>) {
        if self.limits.is_empty() {
            return;
        }
        let limit = |keyword: &str| self.limits.get(keyword).copied();
        let (least, most) = match what {
            "" => (limit("minimum"), limit("maximum")),
            "Length" => (limit("minLength"), limit("maxLength")),
            "Items" => (limit("minItems"), limit("maxItems")),
            _ => (limit("minProperties"), limit("maxProperties")),
        };
        if let Some(most) = most.filter(|most| size > *most) {
            let (reason, message) = match what {
                "" => {
                    let text = format!("{path} in body should be less than or equal to {most}");
                    ("FieldValueInvalid", format!("Invalid value: {value}: {text}"))
                }
                "Length" => ("FieldValueTooLong", format!("Too long: may not be more than {most} bytes")),
                "Items" => ("FieldValueTooMany", format!("Too many: {size}: must have at most {most} items")),
                _ => ("FieldValueTooMany", format!("Too many: {size}: must have at most {most} properties")),
            };
            causes.push(Cause { reason, message, field: path.to_string() });
        }
        if let Some(least) = least.filter(|least| size < *least) {
            let text = match what {
                "" => format!("{path} in body should be greater than or equal to {least}"),
                "Length" => format!("{path} in body should be at least {least} chars long"),
                "Items" => format!("{path} in body should have at least {least} items"),
                _ => format!("{path} in body should have at least {least} properties"),
            };
            let message = format!("Invalid value: {}: {text}", quoted(value));
            causes.push(Cause { reason: "FieldValueInvalid", message, field: path.to_string() });
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

fn quoted(value: &Value) -> String {
    value.to_string()
}

fn quoted_kind(value: &Value) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("\"{kind}\"")
}

#[allow(clippy::cast_precision_loss, reason = "no length here comes near the end of exact numbers")]
fn length(length: usize) -> f64 {
    length as f64
}
