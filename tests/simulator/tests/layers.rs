//! The simulator's modules depend on each other in one direction.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// From the bottom up: a module names nothing of its own layer but itself, and nothing of those above. The longest name counts.
/// What isn't listed is on top.
const LAYERS: [&[&str]; 11] = [
    &["clock", "regions"],
    &["durations"],
    &["scenario"],
    &["guest", "assertion", "arm::address", "arm::error", "arm::headers"],
    &["faults", "certificate"],
    &["resources"],
    &["arm"],
    &["entra", "network", "insights", "graph"],
    &["compute", "authorization", "metadata_service"],
    &["dispatch"],
    &[""],
];

/// The listed module that `path` lies in, and its layer.
fn place(path: &[String]) -> (usize, &'static str) {
    let path = path.join("::");
    let inside = |name: &str| {
        path.strip_prefix(name).is_some_and(|rest| name.is_empty() || rest.is_empty() || rest.starts_with("::"))
    };
    let all = LAYERS.iter().enumerate().flat_map(|(layer, names)| names.iter().map(move |name| (layer, *name)));
    all.filter(|(_, name)| inside(name)).max_by_key(|(_, name)| name.len()).unwrap()
}

/// Adds all paths that the tree at the beginning of `text` names below `base`, and goes on behind it.
fn tree(base: &[String], text: &mut &str, found: &mut Vec<Vec<String>>) {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        loop {
            *text = text.trim_start_matches(|character: char| character.is_whitespace() || character == ',');
            if let Some(rest) = text.strip_prefix('}') {
                *text = rest;
                return;
            }
            let before = text.len();
            tree(base, text, found);
            if text.len() == before {
                *text = text.get(1..).unwrap_or_default();
            }
            if text.is_empty() {
                return;
            }
        }
    }
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = base.to_vec();
    match name {
        "" => return,
        "self" => {}
        "super" => drop(path.pop()),
        name => path.push(name.to_owned()),
    }
    *text = rest;
    match rest.strip_prefix("::") {
        Some(rest) => {
            *text = rest;
            tree(&path, text, found);
        }
        None => found.push(path),
    }
}

/// Everything in the crate that the source of `module` names by its path.
fn named(module: &[String], source: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = lines.join("\n");
    let mut found = Vec::new();
    for (start, base) in [("crate::", &[][..]), ("super::", &module[..module.len() - 1])] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
                tree(base, &mut &code[at + start.len()..], &mut found);
            }
        }
    }
    found
}

/// What the source of `module` does that it must not.
fn wrong(module: &str, source: &str) -> Vec<String> {
    let path: Vec<String> = module.split("::").map(str::to_owned).collect();
    let (layer, own) = place(&path);
    let mut wrong = Vec::new();
    for name in named(&path, source) {
        let (other, place) = place(&name);
        if place != own && other >= layer {
            wrong.push(format!("{module} names {}", name.join("::")));
        }
    }
    // A call of a method doesn't name its module, so this test wouldn't see the dependency.
    if own != "resources" && source.lines().any(|line| line.starts_with("impl Resources")) {
        wrong.push(format!("{module} gives Resources methods"));
    }
    wrong
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_module_depends_on_a_higher_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    assert!(files.len() > 100, "there are only {} files in {}", files.len(), folder.display());
    let mut all = Vec::new();
    for file in files {
        let path = file.strip_prefix(&folder).unwrap().with_extension("");
        let mut module: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        if matches!(module.as_slice(), ["lib" | "main"]) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        if module.last() == Some(&"mod") {
            module.pop();
        }
        all.extend(wrong(&module.join("::"), &source));
    }
    assert!(all.is_empty(), "see docs/simulator.md, \"Inside\":\n{}", all.join("\n"));
}

#[test]
fn a_dependency_on_a_higher_layer_is_found() {
    for (module, source, expected) in [
        ("arm::locks", "use crate::compute::machine;", "arm::locks names compute::machine"),
        (
            "arm::locks",
            "use crate::{\n    clock::later,\n    compute::{self, disk::{Disk, view}},\n};",
            "arm::locks names compute",
        ),
        ("arm::lists", "    let all = crate::network::view(resources, one);", "arm::lists names network::view"),
        ("arm::error", "use super::{address::Address, call::Call};", "arm::error names arm::address::Address"),
        (
            "network::interface",
            "use crate::{resources::Resources, compute::Compute};",
            "network::interface names compute::Compute",
        ),
        ("compute", "use crate::dispatch;", "compute names dispatch"),
        ("resources::machine", "use crate::arm::operation;", "resources::machine names arm::operation"),
        ("arm::tags", "impl Resources {\n}", "arm::tags gives Resources methods"),
    ] {
        assert_eq!(wrong(module, source).first().map(String::as_str), Some(expected), "{source}");
    }
}

#[test]
fn dependencies_on_lower_layers_and_the_own_module_are_allowed() {
    for (module, source) in [
        ("arm::locks", "use super::rights::covers;\nuse crate::{arm::call::Call, resources::Resources};"),
        ("arm::locks", "/// See [`crate::compute`].\nuse crate::arm;"),
        ("compute::disk", "use crate::{compute::machine, network::interface};"),
        ("simulator", "use crate::{dispatch, gateway, compute::Compute};"),
        ("resources::machine", "use crate::{arm::error::ArmError, guest};\nimpl Resources {\n}"),
        ("arm::address", "mod tests {\n    use super::*;\n}"),
    ] {
        assert_eq!(wrong(module, source), Vec::<String>::new(), "{source}");
    }
}
