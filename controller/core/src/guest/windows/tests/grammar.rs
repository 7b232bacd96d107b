//! The scripts are PowerShell, as far as its grammar can tell.

use tree_sitter::{Node, Parser, Tree};

use super::*;

pub fn parsed(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("a grammar of this library's version");
    parser.parse(text, None).expect("neither a limit nor a stop is set")
}

/// All nodes below one, in the order of the text.
pub fn nodes<'tree>(root: Node<'tree>) -> Vec<Node<'tree>> {
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
    let found: Vec<_> = FILES.map(|(name, text)| (name, problems(text))).into_iter().filter(|(_, found)| !found.is_empty()).collect();
    assert_eq!(found, []);
    for text in [script(&preparation()), watcher(&preparation())] {
        assert_eq!(problems(&text), Vec::<String>::new(), "{text}");
    }
}
