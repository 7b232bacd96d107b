//! What is drawn.

use serde_json::{Value, json};

use super::fixtures::{condition, definition, picture, region, stalled, target, version};
use crate::{Clock, Detail, Line, Object, Picture, overview};

fn shown(picture: &Picture, detail: Detail, width: usize) -> Vec<String> {
    picture.frame(detail, width).iter().map(Line::plain).collect()
}

/// A version in the middle of its work.
fn working() -> Object {
    let mut copying = region("northeurope", "Replicating", 50);
    copying["since"] = "2026-01-01T00:05:00Z".into();
    let step = |name: &str, fields: &Value| {
        let mut step = json!({
            "name": name, "startedAt": "2026-01-01T00:01:00Z", "attempts": 1, "correlationId": "c-1",
        });
        step.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        step
    };
    version(
        "web",
        json!({
            "conditions": [
                condition("SourceReady", "True", "Succeeded", "it exists"),
                condition("GuestPrepared", "False", "SealFailed", "it printed: no"),
                condition("Published", "Unknown", "Publishing", "creating"),
                condition("Replicated", "Unknown", "WaitingForEarlierStep", "later"),
                condition("Ready", "Unknown", "Publishing", "creating"),
                condition("Reconciling", "True", "Progressing", "creating"),
            ],
            "regions": [region("westeurope", "Completed", 100), copying],
            "steps": [
                step("Seal", &json!({"finishedAt": "2026-01-01T00:03:30Z"})),
                step("Publish", &json!({"attempts": 2})),
            ],
            "operation": {
                "name": "Publish", "startedAt": "2026-01-01T00:05:00Z", "deadline": "2026-01-01T00:45:00Z",
                "correlationId": "c-1",
            },
            "validation": {
                "outcome": "Running", "region": "westeurope", "startedAt": "2026-01-01T00:11:00Z", "attempts": 1,
                "machines": [{
                    "name": "1", "vmSize": "Standard_D2s_v5", "timings": {"agentSeconds": 40, "bootSeconds": 12},
                    "checks": [{"name": "clock", "passed": true}, {"name": "web", "passed": false, "detail": "no answer"}],
                }],
            },
            "temporary": [
                {"resourceId": "/disks/os", "since": "2026-01-01T00:00:00Z"},
                {"resourceId": "/disks/data", "since": "2026-01-01T00:00:00Z", "problem": "ScopeLocked: locked"},
            ],
        }),
    )
}

#[test]
fn a_version_at_work_shows_how_far_it_is_and_what_goes_on() {
    let north = target("north", &[condition("Ready", "Unknown", "Replicating", "Waiting for web")]);
    let subject = working();
    let picture = picture(&subject, &[subject.clone(), north]);
    let usual = [
        "ImageVersion images/web   1.0.0 of corp/ubuntu   made 15m ago",
        "  ✓ SourceReady    Succeeded",
        "  ✗ GuestPrepared  SealFailed  it printed: no",
        "  … Published      Publishing  creating",
        "  · Replicated",
        "",
        "  westeurope  ████████████████████████████ 100%  Completed    2 replicas  home",
        "  northeurope ██████████████░░░░░░░░░░░░░░  50%  Replicating  2 replicas  home",
        "      Replicating for 10m, about 10m left at this pace",
        "",
        "  ✓ 1 step in Azure done (-o wide lists them)",
        "  … Publish  for 14m  begun 2 times",
        "",
        "  … validation  Running  in westeurope for 4m",
        "    ✗ machine 1  Standard_D2s_v5  agent after 40s, up after 12s, 1 of 2 checks",
        "                                  passed",
        "      ✗ web  no answer",
        "",
        "  … 1 resource in Azure for the work alone (-o wide lists them)",
        "  ✗ /disks/data: ScopeLocked: locked",
        "",
        "  … target north  Waiting for web",
        "",
        "  … Ready  Publishing  creating",
        "",
        "  What goes on",
        "    Publish for 10m, usually done in 30m. Correlation id c-1",
    ];
    assert_eq!(shown(&picture, Detail::Usual, 80), usual);
    let wide = shown(&picture, Detail::Wide, 120).join("\n");
    for wanted in ["✓ Seal     2m       at 2026-01-01T00:01:00Z, correlation id c-1", "✓ clock", "… /disks/os:"] {
        assert!(wide.contains(wanted), "{wanted} is missing in\n{wide}");
    }
}

#[test]
fn from_what_a_version_was_made_is_shown_where_much_is_or_where_it_was_withdrawn() {
    let subject = version(
        "web",
        json!({"provenance": {"steps": 2, "ancestors": [
            {"kind": "ImageVersion", "id": "/versions/1.4.0", "uid": "u-1", "withdrawn": "RolledBack"},
            {"kind": "MarketplaceImage", "id": "Canonical:ubuntu:server:24.04"},
        ]}}),
    );
    let picture = picture(&subject, &[]);
    let usual = shown(&picture, Detail::Usual, 100).join("\n");
    assert!(usual.contains("✗ ImageVersion  /versions/1.4.0  RolledBack"), "{usual}");
    assert!(!usual.contains("Canonical"), "{usual}");
    let wide = shown(&picture, Detail::Wide, 100).join("\n");
    for wanted in ["made from  in 2 versions, itself included", "✓ MarketplaceImage  Canonical:ubuntu:server:24.04"] {
        assert!(wide.contains(wanted), "{wanted} is missing in\n{wide}");
    }
}

#[test]
fn a_validation_shows_how_it_stands_in_each_region() {
    let region = |name: &str, outcome: &str, detail: Option<&str>| {
        json!({
            "name": name, "outcome": outcome, "startedAt": "2026-01-01T00:05:00Z", "finishedAt": "2026-01-01T00:07:00Z",
            "detail": detail,
        })
    };
    let shown_so = |regions: Value, detail: Detail| {
        let validation = json!({
            "outcome": "Passed", "region": "westeurope", "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:05:00Z", "regions": regions,
        });
        let subject = version("web", json!({"conditions": [], "validation": validation}));
        shown(&picture(&subject, &[]), detail, 80)
    };
    let lines = shown_so(
        json!([region("northeurope", "Failed", Some("it doesn't start")), region("uksouth", "Passed", None)]),
        Detail::Brief,
    );
    for wanted in [
        "✓ validation  Passed  in westeurope after 5m",
        "✗ northeurope  Failed  after 2m, it doesn't start",
        "✓ uksouth",
    ] {
        assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted} is missing in {lines:#?}");
    }
    let brief = shown_so(json!([region("uksouth", "Passed", None)]), Detail::Brief);
    assert!(!brief.iter().any(|line| line.contains("validation")), "what passed is no news: {brief:#?}");
}

#[test]
fn in_short_there_is_one_clock_and_no_more_than_the_way() {
    let subject = working();
    let hour = jiff::SignedDuration::from_hours(1);
    let clock = Clock::simulated("2026-01-01T00:15:00Z".parse().unwrap(), hour, 6.0);
    let frame = shown(&Picture::of(&subject, &[], clock), Detail::Brief, 80);
    assert_eq!(frame[0], "ImageVersion web   simulated time 1h00m");
    assert_eq!(frame[8], "", "regions have one line each: {frame:#?}");
    assert!(frame[9].contains("validation  Running  in westeurope for 24m"), "{frame:#?}");
    assert!(frame.last().unwrap().contains("Ready  Publishing"), "{frame:#?}");
}

#[test]
fn a_stalled_version_says_what_to_do_and_how_to_go_on() {
    let subject = version("web", json!({"conditions": stalled("ConsentMissing", "set the tag")}));
    let frame = shown(&picture(&subject, &[]), Detail::Usual, 80);
    assert_eq!(
        frame[..5],
        [
            "ImageVersion images/web   1.0.0 of corp/ubuntu   made 15m ago",
            "",
            "  ✗ Ready  ConsentMissing  set the tag",
            "",
            "  What to do",
        ]
    );
    assert!(frame[5].starts_with("    Let the machine's owner set its consent"), "{frame:#?}");
    assert_eq!(frame.last().unwrap(), "    Then: azimage reconcile imageversion/web -n images");
    let subject = version("web", json!({"conditions": stalled("Suspended", "spec.suspend is true")}));
    let frame = shown(&picture(&subject, &[]), Detail::Usual, 80);
    assert_eq!(frame.last().unwrap(), "    Then: azimage resume imageversion/web -n images");
}

#[test]
fn a_target_and_a_definition_show_their_versions() {
    let mut north = target("north", &[condition("Ready", "True", "Succeeded", "all")]);
    let Object::Target(object) = &mut north else { panic!("a target") };
    object.status.as_mut().unwrap().versions = serde_json::from_value(json!([
        {"name": "web", "state": "Completed", "progress": 100},
        {"name": "old", "state": "Completed", "progress": 100, "removeAfter": "2026-01-01T00:20:00Z"},
    ]))
    .unwrap();
    let expected = [
        "ReplicationTarget images/north   ",
        "",
        "  1 replica in northeurope",
        "  ✓ web  Completed  100%",
        "  ✓ old  Completed  100%  no longer selected: its replicas are taken away in 5m",
        "",
        "  ✓ Ready  Succeeded  all",
    ];
    let expected = expected.map(str::trim_end);
    assert_eq!(shown(&picture(&north, &[]), Detail::Usual, 90), expected);

    let subject = definition(&json!({
        "observedGeneration": 1,
        "conditions": [condition("Ready", "True", "Succeeded", "all")],
        "latest": {"version": "1.0.0", "resourceId": "/v", "since": "2026-01-01T00:10:00Z", "regions": ["westeurope"]},
        "versions": [
            {"version": "1.1.0", "name": "web-1-1", "state": "Soaking", "soaksUntil": "2026-01-01T00:45:00Z"},
            {"version": "1.0.0", "name": "web", "state": "Latest"},
            {"version": "0.9.0", "name": "old", "state": "Failed"},
        ],
        "history": [{
            "version": "1.0.0", "action": "RolledBack", "time": "2026-01-01T00:10:00Z", "policy": "Pinned",
            "manager": "kubectl", "reason": "boots slowly",
        }],
    }));
    let expected = [
        "ImageDefinition images/ubuntu",
        "",
        "  ✓ latest  1.0.0  for 5m in westeurope",
        "",
        "  … 1.1.0  Soaking  web-1-1  for 30m more",
        "  ✓ 1.0.0  Latest   web",
        "  ✗ 0.9.0  Failed   old",
        "",
        "  5m ago: 1.0.0 RolledBack by kubectl: boots slowly",
        "",
        "  ✓ Ready  Succeeded  all",
    ];
    assert_eq!(shown(&picture(&subject, &[]), Detail::Usual, 80), expected);
}

#[test]
fn of_many_objects_those_stand_first_that_need_a_person() {
    let ready = [condition("Ready", "True", "Succeeded", "all")];
    let objects = [
        version("done", json!({"conditions": ready, "progress": "1/1 regions, 100%"})),
        version("stuck", json!({"conditions": stalled("ConsentMissing", "set the tag")})),
        target("north", &[condition("Ready", "Unknown", "Replicating", "Waiting")]),
    ];
    let lines: Vec<String> = overview::lines(&objects, false, 80).iter().map(Line::plain).collect();
    let expected = [
        "1 ready, 1 at work, 0 not looked at yet, 1 stalled",
        "  ✗ imageversion/stuck       -                  ConsentMissing  set the tag",
        "  … replicationtarget/north  -                  Replicating     Waiting",
        "  ✓ imageversion/done        1/1 regions, 100%  Succeeded",
    ];
    assert_eq!(lines, expected);
}
