//! The scripts are PowerShell, as far as its grammar can tell.

use tree_sitter::{Node, Parser, Tree};

use super::*;

pub fn parsed(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("a grammar of this library's version");
    parser.parse(text, None).expect("neither a limit nor a stop is set")
}

/// All nodes below one, in the order of the text.
pub fn nodes(root: Node<'_>) -> Vec<Node<'_>> {
    let mut all = vec![root];
    let mut next = 0;
    while next < all.len() {
        let node = all[next];
        all.extend((0..node.child_count()).filter_map(|index| node.child(u32::try_from(index).unwrap())));
        next += 1;
    }
    all.sort_by_key(Node::start_byte);
    all
}

/// What the grammar doesn't understand or misses.
pub fn problems(text: &str) -> Vec<String> {
    let tree = parsed(text);
    nodes(tree.root_node())
        .into_iter()
        .filter(|node| node.is_error() || node.is_missing())
        .map(|node| {
            let part: String = text[node.byte_range()].chars().take(60).collect();
            format!("line {}: {} {part:?}", node.start_position().row + 1, node.kind())
        })
        .collect()
}

#[test]
fn each_file_and_both_scripts_are_understood_by_the_grammar() {
    let found: Vec<_> =
        FILES.map(|(name, text)| (name, problems(text))).into_iter().filter(|(_, found)| !found.is_empty()).collect();
    assert_eq!(found, []);
    for text in [script(&preparation()), watcher(&preparation())] {
        assert_eq!(problems(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_grammar_notices_what_is_broken() {
    for broken in [
        "function f {",
        "if ($a { 1 }",
        "Write-Output 'a",
        "Write-Output \"a",
        "$a = @(1, 2",
        "foreach ($a of $b) { }",
        "$a = )",
        "while { 1 }",
    ] {
        assert_ne!(problems(broken), Vec::<String>::new(), "{broken}");
    }
    // Each sign that opens or closes a part, taken away alone. (A quotation mark less may make another text.)
    let (mut tried, mut unnoticed) = (0, Vec::new());
    for (name, text) in FILES {
        let tree = parsed(text);
        let inside: Vec<_> = nodes(tree.root_node())
            .into_iter()
            .filter(|node| {
                matches!(node.kind(), "comment" | "verbatim_string_characters" | "expandable_string_literal")
            })
            .map(|node| (node.start_byte() + 1)..(node.end_byte() - 1))
            .collect();
        for (place, sign) in text.match_indices(['{', '}', '(', ')']) {
            if inside.iter().any(|range| range.contains(&place)) || text[..place].ends_with('#') {
                continue;
            }
            tried += 1;
            if problems(&format!("{}{}", &text[..place], &text[place + 1..])).is_empty() {
                unnoticed.push(format!("{name}: {sign} at {place}"));
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert_eq!(unnoticed, Vec::<String>::new());
}

/// What PowerShell sets by itself, and what the scripts read of it.
const AUTOMATIC: [&str; 10] = [
    "_",
    "true",
    "false",
    "null",
    "pshome",
    "psversiontable",
    "executioncontext",
    "errorview",
    "erroractionpreference",
    "progresspreference",
];

/// What PowerShell sets by itself and nobody may set: a surprise each, as names mean the same in any case.
const RESERVED: [&str; 17] = [
    "args",
    "error",
    "event",
    "foreach",
    "home",
    "host",
    "input",
    "matches",
    "myinvocation",
    "ofs",
    "pid",
    "profile",
    "psitem",
    "pwd",
    "sender",
    "switch",
    "this",
];

fn name_of(node: Node<'_>, text: &str) -> String {
    text[node.byte_range()].trim_start_matches(['$', '@']).trim_start_matches('{').trim_end_matches('}').to_lowercase()
}

#[test]
fn each_variable_is_set_before_it_is_read_somewhere_and_none_is_powershells_own() {
    for text in [script(&preparation()), watcher(&preparation())] {
        let tree = parsed(&text);
        let (mut set, mut used) = (Vec::new(), Vec::new());
        for node in nodes(tree.root_node()).into_iter().filter(|node| node.kind() == "variable") {
            let name = name_of(node, &text);
            let parents = std::iter::successors(node.parent(), Node::parent);
            let sets = parents
                .take_while(|parent| {
                    !matches!(parent.kind(), "statement_list" | "member_access" | "invokation_expression")
                })
                .any(|parent| {
                    matches!(parent.kind(), "left_assignment_expression" | "script_parameter")
                        || (parent.kind() == "foreach_statement" && node.parent() == Some(parent))
                });
            if sets { set.push(name) } else { used.push(name) }
        }
        for name in &set {
            assert!(!RESERVED.contains(&name.as_str()), "${name} is PowerShell's own");
        }
        used.retain(|name| !name.starts_with("env:") && !AUTOMATIC.contains(&name.as_str()) && !set.contains(name));
        used.sort();
        used.dedup();
        // Handed over by reference.
        assert_eq!(used, Vec::<String>::new());
    }
}

#[test]
fn each_function_is_used_and_each_parameter_of_ours_is_given_its_number_of_values() {
    for text in [script(&preparation()), watcher(&preparation())] {
        let tree = parsed(&text);
        let all = nodes(tree.root_node());
        let functions: Vec<(String, usize)> = all
            .iter()
            .filter(|node| node.kind() == "function_statement")
            .map(|node| {
                let named = (0..node.named_child_count()).filter_map(|at| node.named_child(u32::try_from(at).unwrap()));
                let mut name = String::new();
                let mut parameters = 0;
                for child in named {
                    match child.kind() {
                        "function_name" => name = text[child.byte_range()].to_owned(),
                        "function_parameter_declaration" => {
                            parameters = nodes(child).iter().filter(|node| node.kind() == "script_parameter").count();
                        }
                        _ => {}
                    }
                }
                (name, parameters)
            })
            .collect();
        let calls: Vec<(String, usize)> = all
            .iter()
            .filter(|node| node.kind() == "command")
            .map(|node| {
                let words = nodes(*node);
                let name = words.iter().find(|node| node.kind() == "command_name").map(|node| &text[node.byte_range()]);
                let elements = (0..node.named_child_count())
                    .filter_map(|at| node.named_child(u32::try_from(at).unwrap()))
                    .find(|child| child.kind() == "command_elements");
                let values = elements.map_or(0, |elements| {
                    (0..elements.named_child_count())
                        .filter_map(|at| elements.named_child(u32::try_from(at).unwrap()))
                        .filter(|child| child.kind() != "command_argument_sep")
                        .count()
                });
                (name.unwrap_or_default().to_owned(), values)
            })
            .collect();
        for (name, parameters) in &functions {
            let given: Vec<usize> = calls.iter().filter(|(call, _)| call == name).map(|(_, values)| *values).collect();
            let optional = usize::from(name == "Add-Files");
            // The watcher shares files with the run command, and needs less of them.
            assert!(
                !given.is_empty() || SHARED.iter().any(|shared| shared.contains(name.as_str())),
                "{name} is never called"
            );
            assert!(
                given.iter().all(|values| values <= parameters && *values + optional >= *parameters),
                "{name} takes {parameters}, is given {given:?}"
            );
        }
    }
}

/// `Write-Output "a".Trim()` says `a.Trim()`: a call is one only within parentheses, or of what stands in them.
fn calls_that_are_none(text: &str) -> Vec<String> {
    let tree = parsed(text);
    let mut found = Vec::new();
    for elements in nodes(tree.root_node()).into_iter().filter(|node| node.kind() == "command_elements") {
        let mut before = "";
        for child in (0..elements.named_child_count()).filter_map(|at| elements.named_child(u32::try_from(at).unwrap()))
        {
            if child.kind() == "argument_list" && !before.starts_with('(') {
                found.push(text[elements.byte_range()].to_owned());
            }
            before = &text[child.byte_range()];
        }
    }
    found
}

#[test]
fn what_looks_like_a_call_is_one() {
    for (name, text) in FILES {
        assert_eq!(calls_that_are_none(text), Vec::<String>::new(), "{name}");
    }
    assert_eq!(calls_that_are_none("Write-Output \"a\".Trim()").len(), 1);
    assert_eq!(calls_that_are_none("Write-Output (\"a\".Trim())").len(), 0);
    assert_eq!(calls_that_are_none("Write-Output (Get-Date).AddDays(1)").len(), 0);
}
