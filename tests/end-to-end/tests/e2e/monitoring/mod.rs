//! Alerts, their runbooks, and dashboards: each says what it should, and asks for nothing that isn't served.

mod alerts;
mod dashboards;
mod logs;
mod prometheus;
mod promql;
mod runbooks;

use std::{path::PathBuf, process::Command};

use serde_json::Value;

/// A file of the repository.
fn file(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All alerts.
fn alerts() -> Vec<Value> {
    let rules: Value = serde_saphyr::from_str(&file("monitoring/rules.yaml")).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// Both dashboards, by the names of their files.
fn dashboards() -> [(&'static str, Value); 2] {
    ["fleet", "controller"]
        .map(|name| (name, serde_json::from_str(&file(&format!("monitoring/dashboards/{name}.json"))).unwrap()))
}

/// Runs `promtool`, which is in Debian's package prometheus; CI installs it.
fn promtool(arguments: &[&str]) {
    let Ok(said) = Command::new("promtool").args(arguments).output() else {
        eprintln!("promtool is not installed");
        return;
    };
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "promtool {arguments:?}: {words}");
}
