//! Each command, type, class, key and path in the scripts stands in the table of docs/guest-windows.md, with its page.

use std::collections::BTreeSet;

use super::{
    grammar::{nodes, parsed},
    *,
};

pub const PAGE: &str = include_str!("../../../../../../docs/guest-windows.md");

/// The first cells of the table's rows, without their backticks; a cell may hold several.
fn cited() -> BTreeSet<String> {
    let table =
        PAGE.split("## What each rests on").nth(1).expect("the chapter").split("\n## ").next().unwrap_or_default();
    let mut all = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert!(cells.len() == 3 && cells[2].contains("http"), "no page: {row}");
        all.extend(cells[0].split('`').skip(1).step_by(2).map(str::to_lowercase));
    }
    all
}

/// Of both scripts, by what kinds of nodes they are.
fn mentioned() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for text in [script(&preparation()), watcher(&preparation())] {
        let tree = parsed(&text);
        let tree_nodes = nodes(tree.root_node());
        let ours: BTreeSet<&str> = tree_nodes
            .iter()
            .filter(|node| node.kind() == "function_name")
            .map(|node| &text[node.byte_range()])
            .collect();
        for node in &tree_nodes {
            let part = &text[node.byte_range()];
            match node.kind() {
                "command_name" if !ours.contains(part) => {
                    all.insert(part.to_lowercase());
                }
                // Types that the language itself names.
                "type_spec" if !["string", "string[]", "int", "void", "ref"].contains(&part) => {
                    all.insert(part.to_lowercase());
                }
                "verbatim_string_characters" | "expandable_string_literal" => {
                    all.extend(outside(part.trim_matches(['\'', '"'])));
                }
                _ => {}
            }
        }
    }
    all
}

/// What a text names outside of the scripts: a key, a path, a program, a class of .NET or of WMI.
fn outside(text: &str) -> Option<String> {
    let starts = [
        "HKLM:\\",
        "Cert:\\",
        "System.",
        "Win32_",
        "root\\",
        "Global\\",
        "$root\\",
        "$Sysprep\\",
        "IMAGE_STATE_",
        "S-1-",
    ];
    let names = starts.iter().any(|start| text.starts_with(start))
        || (text.starts_with("$env:") && text.contains('\\') && !text.contains(' '))
        || text.to_lowercase().ends_with(".exe");
    names.then(|| text.to_lowercase())
}

#[test]
fn nothing_that_the_scripts_use_is_without_its_page() {
    let cited = cited();
    let missing: Vec<_> = mentioned().into_iter().filter(|name| !cited.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn nothing_is_cited_that_the_scripts_do_not_use() {
    let all = [script(&preparation()), watcher(&preparation())].join("\n").to_lowercase();
    let stale: Vec<_> = cited().into_iter().filter(|name| !all.contains(name)).collect();
    assert_eq!(stale, Vec::<String>::new());
}

#[test]
fn what_is_not_cited_is_noticed() {
    for text in
        ["Format-Volume -DriveLetter C", "& { Format-Volume }", "$a = \"$(Format-Volume)\"", "1 | Format-Volume"]
    {
        let tree = parsed(text);
        assert!(
            nodes(tree.root_node())
                .iter()
                .any(|node| node.kind() == "command_name" && &text[node.byte_range()] == "Format-Volume"),
            "{text}"
        );
    }
    assert!(!cited().contains("format-volume"));
}
