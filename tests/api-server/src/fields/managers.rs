//! Who manages which fields: the rules of server-side apply.

use std::{cell::OnceCell, collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Element, FieldSet, Leaves, Path,
    compare::{Changes, both},
    leaves,
    merge::merge,
    remove::remove,
    render,
};
use crate::schema::Schema;

/// How a manager came to its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// What tells managers apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ManagerKey {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    pub(crate) subresource: String,
}

/// A manager's fields, and when they were last written.
#[derive(Clone, Debug, Default)]
struct Managed {
    fields: Arc<FieldSet>,
    /// The fields in the form in which they are shown, once they were.
    shown: OnceCell<Arc<Value>>,
    time: String,
}

impl Managed {
    fn new(fields: FieldSet, time: String) -> Self {
        Self { fields: Arc::new(fields), shown: OnceCell::new(), time }
    }

    /// Takes fields away, if there are such.
    fn lose(&mut self, gone: impl Fn(&Path) -> bool) {
        if self.fields.iter().any(&gone) {
            self.change().retain(|path| !gone(path));
        }
    }

    /// The fields, to be changed.
    fn change(&mut self) -> &mut FieldSet {
        self.shown.take();
        Arc::make_mut(&mut self.fields)
    }

    fn shown(&self) -> Value {
        Value::clone(self.shown.get_or_init(|| Arc::new(render(&self.fields))))
    }
}

/// The managers of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Managers(BTreeMap<ManagerKey, Managed>);

/// What came of an apply.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) object: Value,
    pub(crate) managers: Managers,
    /// Other managers whose fields would change, each with the fields' paths.
    pub(crate) conflicts: Vec<(ManagerKey, Vec<String>)>,
}

fn metadata() -> Path {
    vec![Element::Field("metadata".into())]
}

impl Managers {
    /// After a manager has applied an object to what is there.
    pub(crate) fn apply(
        &self,
        schema: &Schema,
        live: &Value,
        applied: &Value,
        key: &ManagerKey,
        time: &str,
    ) -> Applied {
        let mut managers = self.clone();
        let mut object = merge(Some(schema), Some(live), applied);
        let fields: FieldSet = leaves(schema, applied).into_keys().filter(|path| in_scope(path, key)).collect();
        let last = self.0.get(key).map(|managed| managed.fields.clone()).unwrap_or_default();
        let same = *last == fields;
        if same && object == *live {
            return Applied { object, managers, conflicts: Vec::new() };
        }
        let alone = |fields: &FieldSet| {
            let mut others = self.0.iter().filter(|(other, _)| *other != key);
            others.all(|(_, managed)| managed.fields.is_disjoint(fields))
        };
        if same && alone(&fields) {
            // Only values differ, and no other manager has them.
            return Applied { object, managers, conflicts: Vec::new() };
        }
        if !same {
            managers.0.insert(key.clone(), Managed::new(fields, time.to_owned()));
            let kept = with_ancestors(managers.0.values().flat_map(|managed| managed.fields.iter()));
            let mut gone = with_ancestors(last.iter());
            gone.retain(|path| !kept.contains(path) && *path != metadata());
            remove(Some(schema), &mut object, &gone);
        }

        let (before, after) = both(schema, live, &object);
        let changes = Changes::between(&before, &after);
        let mut conflicts = Vec::new();
        for (other, managed) in managers.0.iter_mut().filter(|(other, _)| *other != key) {
            let mut taken: Vec<Path> = managed
                .fields
                .iter()
                .filter(|path| changes.modified.contains(*path) || changes.added.contains(*path))
                .cloned()
                .collect();
            taken.sort_by_key(|path| order(path));
            if !taken.is_empty() {
                conflicts.push((other.clone(), taken.iter().map(|path| display(path)).collect()));
                managed.change().retain(|path| !taken.contains(path));
            }
        }
        managers.forget(&changes.removed, Some(key));
        Applied { object, managers, conflicts }
    }

    /// After a manager has written an object as a whole.
    #[must_use]
    pub(crate) fn update(
        &self,
        schema: &Schema,
        old: Option<&Value>,
        new: &Value,
        key: &ManagerKey,
        time: &str,
    ) -> Self {
        let mut managers = self.clone();
        let (before, mut after) = match old {
            Some(old) => both(schema, old, new),
            None => (Leaves::new(), leaves(schema, new)),
        };
        after.retain(|path, _| in_scope(path, key) || before.contains_key(path));
        let changes = Changes::between(&before, &after);
        for managed in managers.0.values_mut() {
            managed.lose(|path| changes.modified.contains(path) || changes.added.contains(path));
        }
        managers.forget(&changes.removed, None);
        let won: FieldSet = changes.added.union(&changes.modified).cloned().collect();
        if !won.is_empty() {
            let managed = managers.0.entry(key.clone()).or_default();
            if !won.is_subset(&managed.fields) {
                managed.change().extend(won);
            }
            time.clone_into(&mut managed.time);
        }
        managers
    }

    /// Removes managed fields that don't exist, and managers without fields.
    fn forget(&mut self, removed: &FieldSet, applying: Option<&ManagerKey>) {
        for (key, managed) in &mut self.0 {
            if applying != Some(key) {
                managed.lose(|path| removed.contains(path));
            }
        }
        self.0.retain(|_, managed| !managed.fields.is_empty());
    }

    /// Whether the managers are the same, whenever they wrote.
    pub(crate) fn same_but_for_times(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((a, x), (b, y))| a == b && x.fields == y.fields)
    }

    /// `metadata.managedFields`.
    pub(crate) fn render(&self, api_version: &str) -> Value {
        let entries = self.0.iter().map(|(key, managed)| {
            let operation = if key.operation == Operation::Apply { "Apply" } else { "Update" };
            let mut entry = json!({
                "manager": key.name, "operation": operation, "apiVersion": api_version, "time": managed.time,
                "fieldsType": "FieldsV1", "fieldsV1": managed.shown(),
            });
            if !key.subresource.is_empty() {
                entry["subresource"] = json!(key.subresource);
            }
            entry
        });
        Value::Array(entries.collect())
    }
}

/// A subresource's managers manage what is in it, those of the object all else.
fn in_scope(path: &[Element], key: &ManagerKey) -> bool {
    let status = matches!(path.first(), Some(Element::Field(name)) if &**name == "status");
    match key.subresource.as_str() {
        "status" => status,
        _ => true,
    }
}

fn with_ancestors<'a>(paths: impl Iterator<Item = &'a Path>) -> FieldSet {
    let mut all = FieldSet::new();
    for path in paths {
        // An existing field has its ancestors.
        for length in (1..=path.len()).rev() {
            if all.contains(&path[..length]) {
                break;
            }
            all.insert(path[..length].to_vec());
        }
    }
    all
}

/// The order in which the real server names fields: those of a map itself before those deeper in it.
fn order(path: &[Element]) -> Vec<(bool, Element)> {
    path.iter().enumerate().map(|(depth, element)| (depth + 1 < path.len(), element.clone())).collect()
}

/// A path as messages have it, such as `.spec.replicas` or `.status.conditions[type="Ready"].status`.
fn display(path: &[Element]) -> String {
    let element = |element: &Element| match element {
        Element::Field(name) => format!(".{name}"),
        Element::Item(item) => format!("[={item}]"),
        Element::Key(key) => {
            let keys: BTreeMap<String, Value> = serde_json::from_str(key).unwrap_or_default();
            let keys: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("[{}]", keys.join(","))
        }
    };
    path.iter().map(element).collect()
}
