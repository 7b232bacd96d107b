//! The page of runbooks.

use std::collections::BTreeSet;

use super::{alerts, file};

const URL: &str = "https://github.com/azimage/azimage/blob/main/docs/runbooks.md#";

/// The sections of the page, each with its title.
fn sections(page: &str) -> Vec<(&str, &str)> {
    page.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap()).collect()
}

#[test]
fn every_alert_has_a_runbook_that_says_all_and_every_runbook_an_alert() {
    let page = file("docs/runbooks.md");
    let mut titles: BTreeSet<&str> = sections(&page).iter().map(|(title, _)| *title).collect();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(titles.remove(name), "docs/runbooks.md lacks a section {name}");
        // The anchor of a title is the title in small letters.
        let url = alert["annotations"]["runbook_url"].as_str().unwrap();
        assert_eq!(url.strip_prefix(URL), Some(name.to_lowercase().as_str()), "{name}");
    }
    assert!(titles.is_empty(), "there are no alerts for {titles:?}");
    for (title, text) in sections(&page) {
        let mut rest = text;
        for part in ["**Meaning.**", "**Impact.**", "**Look.**", "**Do.**", "**Escalate**"] {
            rest = rest.split_once(part).unwrap_or_else(|| panic!("{title} lacks {part} in its place")).1;
        }
    }
}

/// The commands on a page, as they are typed.
pub(super) fn lines(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("$ ")).collect()
}

/// The commands on a page, without what is behind a pipe.
pub(super) fn commands(page: &str) -> Vec<&str> {
    lines(page).into_iter().filter_map(|command| command.split(" | ").next()).collect()
}

#[test]
fn every_command_of_azimage_in_a_runbook_is_one_with_such_flags() {
    let (page, commands_page) = (file("docs/runbooks.md"), file("docs/cli.md"));
    let mut count = 0;
    for command in commands(&page) {
        let mut words = command.split_whitespace();
        if words.next() != Some("azimage") {
            continue;
        }
        let name = words.next().unwrap();
        let help = sections(&commands_page).into_iter().find(|(title, _)| *title == format!("azimage {name}"));
        let (_, help) = help.unwrap_or_else(|| panic!("there is no command azimage {name}"));
        for flag in words.filter(|word| word.starts_with('-')) {
            let is_there = help.lines().any(|line| {
                line.trim_start().starts_with('-') && line.split([' ', ',', '[', '=']).any(|word| word == flag)
            });
            assert!(is_there, "azimage {name} has no {flag}: {command}");
        }
        count += 1;
    }
    assert!(count > 5, "{count}");
}
