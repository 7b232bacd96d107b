//! The pages for users tell of every field with its default, and of every reason that needs a person.

use std::{fs, path::Path};

use azimage_crds::{Reason, manifests};
use serde_json::Value;
use strum::IntoEnumIterator;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fields below `schema` that hold no further fields, with their paths.
fn leaves<'a>(path: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    // A selector is explained as a whole: users know it from Kubernetes.
    let Some(properties) = schema["properties"].as_object().filter(|_| path != "imageSelector") else {
        found.push((path.to_owned(), schema));
        return;
    };
    for (name, field) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(&path, field, found);
    }
}

#[test]
fn every_field_has_a_row_with_its_default() {
    let pages = [page("imageversion.md"), page("replicationtarget.md"), page("imagedefinition.md")];
    for (manifest, page) in manifests().expect("the manifests").iter().zip(pages) {
        let schema = &manifest.object["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        let mut fields = Vec::new();
        leaves("", &schema["spec"], &mut fields);
        assert!(fields.len() > 5, "{}: {fields:?}", manifest.name);
        for (path, field) in fields {
            let start = format!("| `{path}` |");
            let row = page.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("{}: no row for {path}", manifest.name));
            let default = match &field["default"] {
                // An empty map is no default that a user could tell from none.
                Value::Null | Value::Object(_) => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert!(row.starts_with(&format!("{start} `{default}`")), "{}: {path} has {default}: {row}", manifest.name);
        }
        for name in schema["status"]["properties"].as_object().expect("a status").keys() {
            let told = page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}[]`"));
            assert!(told, "{}: nothing about status.{name}", manifest.name);
        }
    }
}

#[test]
fn every_reason_that_needs_a_person_says_what_to_do() {
    let page = page("troubleshooting.md");
    for reason in Reason::iter().filter(|reason| reason.stalls()) {
        let row = page.lines().find(|line| {
            let cell = line.strip_prefix("| ").and_then(|line| line.split(" | ").next());
            cell.is_some_and(|cell| cell.split(", ").any(|name| name == format!("`{reason}`")))
        });
        assert!(row.is_some(), "no row for {reason}");
    }
}
