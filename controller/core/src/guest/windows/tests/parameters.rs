//! What an object says reaches the guest whole, and never as PowerShell.

use proptest::prelude::*;

use super::{
    grammar::{nodes, parsed, problems},
    *,
};

/// The texts of single quotations of the head, decoded where they are base64.
fn quotations(text: &str) -> Vec<String> {
    let tree = parsed(text);
    nodes(tree.root_node())
        .iter()
        .filter(|node| node.kind() == "verbatim_string_characters")
        .map(|node| text[node.byte_range()].trim_matches('\'').to_owned())
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

#[test]
fn nothing_but_ascii_and_no_more_than_azure_takes() {
    for (name, text) in FILES {
        assert!(text.is_ascii() && !text.contains('\r') && !text.contains('\t') && text.ends_with('\n'), "{name}");
        assert!(text.len() < 8 << 10, "{name} has {} bytes", text.len());
        assert!(text.lines().all(|line| line.len() <= 200), "{name}");
    }
    let script = script(&preparation());
    assert!(script.is_ascii());
    assert!(script.len() < 64 << 10, "{}", script.len());
}

#[test]
fn the_words_of_a_proof_never_stand_in_a_script_nor_the_nonce_in_the_watcher() {
    let preparation = preparation();
    for text in [script(&preparation), watcher(&preparation)] {
        assert!(!text.contains("azimage: sealed") && !text.contains("azimage: failed"));
    }
    assert_eq!(script(&preparation).matches(&preparation.nonce).count(), 1);
    assert!(!watcher(&preparation).contains(&preparation.nonce));
    assert!(!watcher_in(&script(&preparation)).contains(&preparation.nonce));
}

fn watcher_in(script: &str) -> String {
    let (_, rest) = script.split_once("$Watcher = @'\n").unwrap();
    rest.split_once("\n'@\n").unwrap().0.to_owned() + "\n"
}

#[test]
fn the_watcher_in_the_script_is_the_watcher() {
    assert_eq!(watcher_in(&script(&preparation())), watcher(&preparation()));
}

#[test]
fn the_time_for_a_run_command_covers_all_that_the_script_may_wait_for() {
    let preparation = preparation();
    let longest = longest(&preparation);
    assert!(longest > SYSPREP_LIMIT + 2 * preparation.packages_wait + preparation.user_script.unwrap().time_limit);
    assert!(longest < Duration::from_secs(3 * 3600), "{longest:?}");
}

proptest! {
    #[test]
    fn no_text_of_somebody_else_becomes_powershell(
        nonce in any::<String>(),
        text in prop_oneof![any::<String>(), "[\u{2018}\u{2019}\u{201c}'\"$(){};`\r\n#@&|<> a-z]{0,60}"],
        allowed in proptest::collection::vec(prop_oneof![any::<String>(), "[\u{2018}\u{2019}'\"$(){};`\n*\\\\ a-z]{1,40}"], 0..4),
        limit in 0..u64::MAX,
    ) {
        let preparation = Preparation {
            nonce,
            user_script: Some(UserScript { text: text.clone(), time_limit: Duration::from_secs(limit) }),
            hygiene: Policy { mode: Mode::Report, allowed: allowed.clone() },
            ..preparation()
        };
        let head = head(&preparation);
        prop_assert!(head.is_ascii());
        prop_assert_eq!(problems(&head), Vec::<String>::new());
        // One comment, and each assignment in its line: whatever broke out would be one more, or a command.
        let lines = 14 + watcher(&preparation).lines().count() + 1;
        prop_assert_eq!(head.lines().count(), lines);
        let tree = parsed(&head);
        let kinds: Vec<&str> = nodes(tree.root_node()).iter().map(tree_sitter::Node::kind).collect();
        prop_assert_eq!(kinds.iter().filter(|kind| **kind == "assignment_expression").count(), 13);
        prop_assert!(!kinds.iter().any(|kind| kind.contains("command") || *kind == "invokation_expression" || *kind == "script_block"));
        let texts: Vec<_> = quotations(&head).iter().filter_map(|text| decoded(text)).collect();
        prop_assert!(text.is_empty() || texts.contains(&text));
        for path in allowed.iter().filter(|path| !path.is_empty()) {
            prop_assert!(texts.contains(path), "{:?}", path);
        }
    }
}
