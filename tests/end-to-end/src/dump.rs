//! What the watches of the tests see, for programs that judge it afterwards as other people's tools do.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
};

use serde_json::{Value, json};

/// Names the folder that the objects are written to; without it nothing is.
const FOLDER: &str = "AZIMAGE_DUMP";

/// Writes the objects of one test, one a line, each time that something about one changes that tools go by.
pub(crate) struct Dump {
    file: File,
    last: BTreeMap<(String, String), Value>,
}

impl Dump {
    /// The file of a namespace, if the environment asks for one.
    pub(crate) fn of(namespace: &str) -> Option<Self> {
        let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from)?;
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{namespace}.jsonl"));
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        Some(Self { file, last: BTreeMap::new() })
    }

    /// An object as a watch shows it.
    pub(crate) fn write(&mut self, object: &Value) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (text("/kind"), text("/metadata/name"));
        let state = state(object);
        if self.last.get(&key) == Some(&state) {
            return;
        }
        self.last.insert(key, state);
        // One call, so that a line is whole whenever the process ends.
        self.file.write_all(format!("{object}\n").as_bytes()).unwrap();
    }
}

/// All that decides about health, without what only tells how far something is.
fn state(object: &Value) -> Value {
    let at = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let conditions: Vec<Value> = at("/status/conditions")
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| json!([it["type"], it["status"], it["reason"], it["observedGeneration"]]))
        .collect();
    json!([
        at("/metadata/uid"),
        at("/metadata/generation"),
        at("/metadata/deletionTimestamp"),
        at("/spec/suspend"),
        at("/status/observedGeneration"),
        conditions,
    ])
}
