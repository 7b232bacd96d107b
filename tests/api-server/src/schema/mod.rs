//! Structural schemas, as custom resource definitions declare them.

mod prepare;
mod rules;
mod validate;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

pub(super) use rules::Rules;

/// How items of a list are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Not at all: the list is one value.
    #[default]
    Atomic,
    /// By their value.
    Set,
    /// By the values of these fields.
    Map(Vec<String>),
}

/// A structural schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    kind: Option<String>,
    pub(super) properties: BTreeMap<String, Schema>,
    additional: Option<Box<Schema>>,
    items: Option<Box<Schema>>,
    pub(super) list: ListKind,
    pub(super) atomic_map: bool,
    nullable: bool,
    /// Unknown fields stay.
    preserve: bool,
    default: Option<Value>,
    required: Vec<String>,
    one_of_values: Option<Vec<Value>>,
    format: Option<String>,
    pattern: Option<Regex>,
    limits: BTreeMap<&'static str, f64>,
}

/// The keywords that limit lengths and numbers.
const LIMITS: [&str; 8] =
    ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties"];

impl Schema {
    /// Reads a schema. A keyword that isn't implemented is an error, or it would be a silent success later.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("a schema is no object")?;
        let mut schema = Self::default();
        for (keyword, value) in map {
            schema.set(keyword, value).map_err(|error| format!("{keyword}: {error}"))?;
        }
        Ok(schema)
    }

    fn set(&mut self, keyword: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| "no text".to_owned());
        match keyword {
            // The rules are read by themselves.
            "description" | "title" | "x-kubernetes-validations" => {}
            "type" => self.kind = Some(text()?),
            "properties" => {
                for (name, schema) in value.as_object().ok_or("no object")? {
                    let schema = Self::parse(schema).map_err(|error| format!("{name}: {error}"))?;
                    self.properties.insert(name.clone(), schema);
                }
            }
            "additionalProperties" => self.additional = Some(Box::new(Self::parse(value)?)),
            "items" => self.items = Some(Box::new(Self::parse(value)?)),
            "nullable" => self.nullable = value == &Value::Bool(true),
            "default" => self.default = Some(value.clone()),
            "required" => self.required = texts(value)?,
            "enum" => self.one_of_values = Some(value.as_array().cloned().ok_or("no list")?),
            "format" => self.format = Some(text()?),
            "pattern" => self.pattern = Some(Regex::new(&text()?).map_err(|error| error.to_string())?),
            "x-kubernetes-list-type" => match value.as_str() {
                Some("atomic") => self.list = ListKind::Atomic,
                Some("set") => self.list = ListKind::Set,
                // The keys follow, or came before.
                Some("map") if self.list == ListKind::Atomic => self.list = ListKind::Map(Vec::new()),
                Some("map") => {}
                _ => return Err("unknown".to_owned()),
            },
            "x-kubernetes-list-map-keys" => self.list = ListKind::Map(texts(value)?),
            "x-kubernetes-map-type" => self.atomic_map = value == "atomic",
            "x-kubernetes-preserve-unknown-fields" => self.preserve = value == &Value::Bool(true),
            _ => {
                let limit = LIMITS.iter().find(|limit| **limit == keyword).ok_or("this keyword isn't implemented")?;
                self.limits.insert(limit, value.as_f64().ok_or("no number")?);
            }
        }
        Ok(())
    }

    /// The schema of a field, if it is declared.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(self.additional.as_deref())
    }

    /// Whether a field may be there.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.preserve || self.field(name).is_some()
    }

    /// The schema of a list's items.
    pub(super) fn item(&self) -> Option<&Self> {
        self.items.as_deref()
    }

    /// The default of an item's key field.
    pub(super) fn default_of(&self, field: &str) -> Option<&Value> {
        self.properties.get(field).and_then(|schema| schema.default.as_ref())
    }
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let items = value.as_array().ok_or("no list")?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| "no text".to_owned())).collect()
}
