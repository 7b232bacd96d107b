//! Tables of what is shown for which status.

use serde_json::{Value, json};

use super::*;

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

fn picture(conditions: &[Value], regions: &[Value], target: Option<Value>) -> Picture {
    let version = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion", "metadata": {"name": "web"},
        "spec": {
            "gallery": {"subscriptionId": "s", "resourceGroup": "g", "name": "n"},
            "definition": "d", "version": "1.0.0", "source": {"imageVersion": {"resourceId": "/x"}},
        },
        "status": {"conditions": conditions, "regions": regions},
    });
    let targets = target.map(|condition| {
        json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": "north"},
            "spec": {"region": "northeurope", "imageVersionName": "web"}, "status": {"conditions": [condition]},
        })
    });
    Picture {
        elapsed: SignedDuration::from_secs(3900),
        version: serde_json::from_value(version).unwrap(),
        targets: targets.into_iter().map(|target| serde_json::from_value(target).unwrap()).collect(),
    }
}

fn region(name: &str, state: &str, progress: i32) -> Value {
    json!({"name": name, "state": state, "progress": progress, "replicas": 2, "requestedBy": ["home"]})
}

#[test]
fn the_outcome_is_that_of_the_version_and_all_its_targets() {
    let ready = condition("Ready", "True", "Succeeded", "");
    let unready = condition("Ready", "Unknown", "Replicating", "");
    let stalled = condition("Stalled", "True", "ConsentMissing", "set the tag");
    let cases = [
        ("nothing is known yet", picture(&[], &[], None), Outcome::Open),
        ("the version is ready and has no targets", picture(std::slice::from_ref(&ready), &[], None), Outcome::Ready),
        ("a target isn't ready yet", picture(std::slice::from_ref(&ready), &[], Some(unready.clone())), Outcome::Open),
        ("all are ready", picture(std::slice::from_ref(&ready), &[], Some(ready.clone())), Outcome::Ready),
        (
            "it stalled",
            picture(&[unready, stalled], &[], None),
            Outcome::Stalled("ConsentMissing".to_owned(), "set the tag".to_owned()),
        ),
    ];
    for (case, picture, expected) in cases {
        assert_eq!(picture.outcome(), expected, "{case}");
    }
}

#[test]
fn the_live_view_marks_conditions_and_draws_a_bar_for_each_region() {
    let picture = picture(
        &[
            condition("SourceReady", "True", "Succeeded", "it exists"),
            condition("GuestPrepared", "False", "SealFailed", "it printed: no"),
            condition("Published", "Unknown", "Publishing", "creating"),
            condition("Replicated", "Unknown", "WaitingForEarlierStep", "later"),
            condition("Ready", "Unknown", "Publishing", "creating"),
            condition("Reconciling", "True", "Progressing", "creating"),
        ],
        &[region("westeurope", "Replicating", 50)],
        Some(condition("Ready", "Unknown", "Replicating", "1 of 1 versions isn't complete")),
    );
    let expected = [
        "ImageVersion web   simulated time 1h05m",
        "  ✓ SourceReady    Succeeded",
        "  ✗ GuestPrepared  SealFailed             it printed: no",
        "  … Published      Publishing             creating",
        "  · Replicated",
        "",
        "  westeurope    ██████████████░░░░░░░░░░░░░░  50%  Replicating  2 replicas  home",
        "",
        "  … target north: 1 of 1 versions isn't complete",
        "  … Ready          Publishing             creating",
    ];
    assert_eq!(picture.frame(), expected);
}

#[test]
fn plain_lines_tell_of_each_change_once_and_of_copies_at_every_quarter() {
    let publishing = condition("Published", "Unknown", "Publishing", "creating");
    let waiting = condition("Replicated", "Unknown", "WaitingForEarlierStep", "later");
    let start = picture(&[publishing.clone(), waiting.clone()], &[region("westeurope", "Replicating", 30)], None);
    let a_little_later = picture(&[publishing, waiting.clone()], &[region("westeurope", "Replicating", 45)], None);
    let done = picture(
        &[condition("Published", "True", "Succeeded", "complete"), waiting],
        &[region("westeurope", "Completed", 100)],
        None,
    );
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
        let expected: Vec<String> = expected.into_iter().map(|line| format!("  1h05m  {line}")).collect();
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn simulated_time_is_short() {
    let cases = [(-1, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h00m"), (90_061, "25h01m")];
    for (seconds, expected) in cases {
        assert_eq!(clock(SignedDuration::from_secs(seconds)), expected);
    }
}
