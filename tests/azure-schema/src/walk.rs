//! A value beside its description.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::types::{Property, Reference, Type};

/// Walks through one body and collects what is wrong with it.
pub(crate) struct Walk<'a> {
    pub(crate) types: &'a [Type],
    /// The body is merged into what is there, so it need not be whole.
    pub(crate) partial: bool,
    pub(crate) problems: Vec<String>,
}

impl Walk<'_> {
    fn problem(&mut self, place: &str, text: impl std::fmt::Display) {
        self.problems.push(format!("{place}: {text}"));
    }

    /// Compares the value at `place` with the type.
    pub(crate) fn value(&mut self, place: &str, value: &Value, kind: &Reference) {
        let types = self.types;
        let Some(kind) = kind.of(types) else { return self.problem(place, "its description is broken") };
        match (kind, value) {
            (Type::Any {}, _) | (Type::String {}, Value::String(_)) | (Type::Boolean {}, Value::Bool(_)) => {}
            (Type::Resource { body }, _) => self.value(place, value, body),
            (Type::Object { properties, additional_properties }, Value::Object(fields)) => {
                self.object(place, fields, properties, additional_properties.as_ref());
            }
            (Type::Array { item_type, min_length, max_length }, Value::Array(items)) => {
                if min_length.is_some_and(|least| items.len() < least)
                    || max_length.is_some_and(|most| items.len() > most)
                {
                    self.problem(place, format_args!("{} entries are too few or too many", items.len()));
                }
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{place}[{index}]"), item, item_type);
                }
            }
            (Type::Union { elements }, _) => self.one_of(place, value, elements),
            (Type::Literal { value: wanted }, Value::String(text)) if text == wanted => {}
            (Type::Integer { min_value, max_value }, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                let number = number.as_i64().unwrap_or(i64::MAX);
                if min_value.is_some_and(|least| number < least) || max_value.is_some_and(|most| number > most) {
                    self.problem(place, format_args!("{number} is out of range"));
                }
            }
            _ => self.problem(place, format_args!("{value} is not of the described type")),
        }
    }

    fn object(
        &mut self,
        place: &str,
        fields: &Map<String, Value>,
        properties: &BTreeMap<String, Property>,
        additional: Option<&Reference>,
    ) {
        for (name, value) in fields {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            match (properties.get(name), additional) {
                (Some(property), _) if property.read_only() => self.problem(&place, "is read-only"),
                (Some(property), _) if property.in_address() => self.problem(&place, "belongs into the address"),
                (Some(property), _) => self.value(&place, value, &property.kind),
                (None, Some(kind)) => self.value(&place, value, kind),
                (None, None) => self.problem(&place, "is unknown"),
            }
        }
        if self.partial {
            return;
        }
        for (name, property) in properties {
            if property.required() && !fields.contains_key(name) {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                self.problem(&place, "is required");
            }
        }
    }

    fn one_of(&mut self, place: &str, value: &Value, elements: &[Reference]) {
        let fits = |element: &Reference| {
            let mut walk = Walk { types: self.types, partial: self.partial, problems: Vec::new() };
            walk.value(place, value, element);
            walk.problems.is_empty()
        };
        if !elements.iter().any(fits) {
            self.problem(place, format_args!("{value} is none of the described values"));
        }
    }
}
