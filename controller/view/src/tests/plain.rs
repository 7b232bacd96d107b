//! Plain lines.

use serde_json::json;

use super::fixtures::{condition, picture, region, target, version};

#[test]
fn plain_lines_tell_of_each_change_once_and_of_copies_at_every_quarter() {
    let publishing = condition("Published", "Unknown", "Publishing", "creating");
    let waiting = condition("Replicated", "Unknown", "WaitingForEarlierStep", "later");
    let at = |conditions: [&serde_json::Value; 2], region: serde_json::Value| {
        let subject = version("web", json!({"conditions": conditions, "regions": [region]}));
        picture(&subject, &[])
    };
    let start = at([&publishing, &waiting], region("westeurope", "Replicating", 30));
    let a_little_later = at([&publishing, &waiting], region("westeurope", "Replicating", 45));
    let complete = condition("Published", "True", "Succeeded", "complete");
    let done = at([&complete, &waiting], region("westeurope", "Completed", 100));
    let cases = [
        (
            "the beginning",
            start.changes(None),
            vec!["… Published (Publishing): creating", "… westeurope Replicating 25%"],
        ),
        ("nothing new", start.changes(Some(&start)), vec![]),
        ("less than a quarter", a_little_later.changes(Some(&start)), vec![]),
        (
            "the end",
            done.changes(Some(&start)),
            vec!["✓ Published (Succeeded): complete", "✓ westeurope Completed 100%"],
        ),
    ];
    for (case, found, expected) in cases {
        let expected: Vec<String> = expected.iter().map(|line| format!("2026-01-01T00:15:00Z  {line}")).collect();
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn plain_lines_tell_of_targets_and_of_the_end_and_obey_nobody() {
    let ready = condition("Ready", "True", "Succeeded", "all\x1b[2J of\nit");
    let subject = version("web", json!({"conditions": [ready]}));
    let north = target("north", &[condition("Ready", "True", "Succeeded", "1 version is complete")]);
    let lines = picture(&subject, &[north]).changes(None);
    assert_eq!(
        lines,
        [
            "2026-01-01T00:15:00Z  ✓ target north: 1 version is complete",
            "2026-01-01T00:15:00Z  ✓ Ready (Succeeded): all\u{fffd}[2J of it",
        ]
    );
}
