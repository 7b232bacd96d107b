//! What the scripts say: codes that the documentation explains, and causes out of Sysprep's log.

use std::collections::BTreeSet;

use regex::Regex;

use super::{
    citations::PAGE,
    grammar::{nodes, parsed},
    *,
};

/// The codes with which the run command ends, wherever it does.
fn codes() -> BTreeSet<u8> {
    let text = script(&preparation());
    let tree = parsed(&text);
    let number = |words: &str| words.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    nodes(tree.root_node())
        .into_iter()
        .map(|node| (node.kind(), text[node.byte_range()].trim()))
        .filter(|(kind, part)| match *kind {
            "command" => part.starts_with("Stop-Here "),
            "flow_control_statement" => part.starts_with("exit "),
            _ => false,
        })
        .filter_map(|(_, part)| number(part))
        .collect()
}

#[test]
fn each_exit_code_is_explained_and_each_explained_one_exists() {
    let explained: BTreeSet<u8> = PAGE
        .split("| exit code |")
        .nth(1)
        .unwrap()
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| line.split('|').nth(1).unwrap().split(',').map(|code| code.trim().parse::<u8>().unwrap()))
        .collect();
    let mut codes = codes();
    assert!(codes.remove(&0), "the seal's own");
    assert_eq!(codes, explained);
}

#[test]
fn each_step_and_state_of_a_failure_is_explained() {
    for (step, state) in [
        ("account", "unchanged"),
        ("account", "broken"),
        ("deprovision", "unchanged"),
        ("deprovision", "broken"),
        ("leftovers", "broken"),
        ("mark", "broken"),
    ] {
        assert!(PAGE.contains(&format!("`{step} {state}`")), "{step} {state}");
    }
    let said = [WATCHER[2], WATCHER[3], PREPARE[11]].join("\n");
    let states: BTreeSet<_> =
        Regex::new(r"failed \S+ (\w+):").unwrap().captures_iter(&said).map(|found| found[1].to_owned()).collect();
    assert_eq!(states, BTreeSet::from(["broken".to_owned(), "unchanged".to_owned()]));
}

/// .NET reads it from the end of the text; here the last match is the same.
fn last(pattern: &str, text: &str) -> String {
    assert!(WATCHER[1].contains(&format!("'{pattern}'")), "{pattern}");
    Regex::new(pattern).unwrap().find_iter(text).last().map(|found| found.as_str().to_owned()).unwrap_or_default()
}

#[test]
fn the_cause_is_found_in_the_end_of_syspreps_log() {
    let old = "2025-07-18 09:00:01, Error                 SYSPRP Package Old.App_1.0_x64__a was installed for a user, but not provisioned for all users.\n";
    let package = "2025-07-18 10:00:01, Error                 SYSPRP Package Contoso.App_2.0_x64__b was installed for a user, but not provisioned for all users.\n\
        2025-07-18 10:00:01, Error                 SYSPRP Failed to remove apps for the current user: 0x80073cf2.\n";
    let end = "2025-07-18 10:00:02, Error      [0x0f00a8] SYSPRP WinMain:Hit failure while processing sysprep generalize internal providers; hr = 0x80073cf2\n";
    let log = format!("{old}{package}{end}");
    let named = last(r"Package \S+ was installed for a user, but not provisioned", &log);
    let code = last("0x8[0-9a-fA-F]{7}", &log);
    let words = format!("failed deprovision unchanged: {named} for all users, {code}");
    assert!(words.contains("Contoso.App_2.0_x64__b") && words.ends_with("0x80073cf2") && words.len() < 200, "{words}");

    let head = r"^.*?SYSPRP\s*";
    assert!(WATCHER[1].contains(&format!("'{head}'")));
    assert_eq!(
        Regex::new(head).unwrap().replace(end.trim_end(), ""),
        "WinMain:Hit failure while processing sysprep generalize internal providers; hr = 0x80073cf2"
    );
}
