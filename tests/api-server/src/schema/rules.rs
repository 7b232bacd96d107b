//! Rules in CEL, which definitions have as `x-kubernetes-validations`.

use std::fmt;

use kube_cel::{CompiledSchema, ErrorKind, ValidationError, compile_schema, validate_compiled};
use serde_json::{Map, Value};

use crate::failure::{Cause, Failure};

/// The rules of a definition, compiled.
pub(crate) struct Rules {
    /// For each field of the object that has rules, or whose fields have.
    fields: Vec<(String, CompiledSchema)>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

impl Rules {
    /// Reads the rules of a schema, if there are any. A rule that can't be carried out as the real server does is an
    /// error.
    pub(crate) fn parse(schema: &Value) -> Result<Option<Self>, String> {
        if schema.get(KEYWORD).is_some() {
            return Err("rules for the object as a whole aren't implemented".to_owned());
        }
        let mut fields = Vec::new();
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if count(field, false).map_err(|error| format!("{name}: {error}"))? == 0 {
                continue;
            }
            // The path of what is found begins with the field.
            let wrapped = Value::Object(Map::from_iter([(
                "properties".to_owned(),
                Value::Object(Map::from_iter([(name.clone(), field.clone())])),
            )]));
            let compiled = compile_schema(&wrapped);
            if let Some(error) = uncompiled(&compiled) {
                return Err(format!("{name}: {error}"));
            }
            fields.push((name.clone(), compiled));
        }
        Ok((!fields.is_empty()).then_some(Self { fields }))
    }

    /// What is wrong with an object, and with what became of the one before it.
    ///
    /// A field that is as it was is not looked at: it kept the rules then, and they look at nothing else.
    pub(crate) fn check(&self, object: &Value, old: Option<&Value>) -> Result<Vec<Cause>, Failure> {
        let mut causes = Vec::new();
        for (name, compiled) in &self.fields {
            let before = old.and_then(|old| old.get(name));
            let Some(value) = object.get(name).filter(|value| Some(*value) != before) else { continue };
            let alone = |value: &Value| Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            let Err(errors) = validate_compiled(compiled, &alone(value), before.map(alone).as_ref()) else { continue };
            for error in errors.into_vec() {
                causes.push(cause(object, &error)?);
            }
        }
        // They come in the order of a hash map.
        causes.sort_by(|a, b| (&a.field, &a.message).cmp(&(&b.field, &b.message)));
        Ok(causes)
    }
}

const KEYWORD: &str = "x-kubernetes-validations";

/// How many rules there are, all of a kind that is implemented.
fn count(schema: &Value, in_list: bool) -> Result<usize, String> {
    let rules = schema.get(KEYWORD).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for rule in rules {
        let text = rule.get("rule").and_then(Value::as_str).ok_or("a rule without text")?;
        // Which item of a list another one was is for the list's keys to say.
        if in_list && text.contains("oldSelf") {
            return Err(format!("the rule {text:?} compares items of lists, which isn't implemented"));
        }
        for keyword in rule.as_object().into_iter().flat_map(Map::keys) {
            if !["rule", "message", "messageExpression", "reason", "fieldPath"].contains(&keyword.as_str()) {
                return Err(format!("{keyword} of the rule {text:?} isn't implemented"));
            }
        }
        reason(rule.get("reason").and_then(Value::as_str))?;
    }
    let mut count_all = rules.len();
    for inner in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        count_all += count(inner, in_list)?;
    }
    for (keyword, list) in [("items", true), ("additionalProperties", in_list)] {
        if let Some(inner) = schema.get(keyword) {
            count_all += count(inner, list)?;
        }
    }
    Ok(count_all)
}

/// A rule that can't be read, here or deeper.
fn uncompiled(schema: &CompiledSchema) -> Option<String> {
    let here = schema.compilation_errors().first().map(ToString::to_string);
    let inner =
        schema.properties.values().chain(schema.items.as_deref()).chain(schema.additional_properties.as_deref());
    here.or_else(|| inner.into_iter().find_map(uncompiled))
}

fn reason(name: Option<&str>) -> Result<&'static str, String> {
    ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"]
        .into_iter()
        .find(|known| *known == name.unwrap_or("FieldValueInvalid"))
        .ok_or_else(|| format!("the reason {name:?} of a rule isn't implemented"))
}

fn cause(object: &Value, error: &ValidationError) -> Result<Cause, Failure> {
    let refused = |error: &ValidationError| Failure::not_implemented(format_args!("the rule {}: {error}", error.rule));
    if error.kind != ErrorKind::ValidationFailure {
        return Err(refused(error));
    }
    let reason = reason(error.reason.as_deref()).map_err(|_| refused(error))?;
    let message = match reason {
        "FieldValueForbidden" => format!("Forbidden: {}", error.message),
        "FieldValueRequired" => format!("Required value: {}", error.message),
        "FieldValueDuplicate" => format!("Duplicate value: {}: {}", shown(object, &error.field_path), error.message),
        _ => format!("Invalid value: {}: {}", shown(object, &error.field_path), error.message),
    };
    Ok(Cause { reason, message, field: error.field_path.clone() })
}

/// A value as messages show it: of maps and lists only that they are such.
fn shown(object: &Value, path: &str) -> String {
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let value = steps.fold(object, |value, step| match step.parse::<usize>() {
        Ok(index) if value.is_array() => &value[index],
        _ => &value[step],
    });
    match value {
        Value::Object(_) => "\"object\"".to_owned(),
        Value::Array(_) => "\"array\"".to_owned(),
        value => value.to_string(),
    }
}
