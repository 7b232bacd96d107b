//! Nothing that matters is cut, whatever the terminal's width and whatever stands in the objects.

use azimage_crds::{ConditionType, Reason};
use serde_json::json;
use strum::IntoEnumIterator;

use super::fixtures::{condition, picture, region, stalled, target, version};
use crate::{Detail, Line, advice, line::fitting};

const MESSAGE: &str = "spec.source.virtualMachine.resourceId: the machine /subscriptions/00000000-0000-0000-0000-000000000000/\
    resourceGroups/web/providers/Microsoft.Compute/virtualMachines/web-7 doesn't have what it needs; set the field";

/// The text without the places where it was broken.
fn joined(lines: &[Line]) -> String {
    let all: String = lines.iter().map(Line::plain).collect();
    all.replace([' ', '\n'], "")
}

#[test]
fn every_condition_with_every_reason_is_shown_whole_at_every_width() {
    let message = joined(&[Line::of(MESSAGE)]);
    for reason in Reason::iter() {
        let kinds = ConditionType::iter()
            .filter(|kind| ![ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled].contains(kind));
        let mut conditions: Vec<_> =
            kinds.map(|kind| condition(kind.as_str(), "False", reason.as_str(), MESSAGE)).collect();
        conditions.extend(stalled(reason.as_str(), MESSAGE));
        let shown = conditions.len() - 1;
        let subject = version("web", json!({"conditions": conditions, "regions": [region("westeurope", "Failed", 7)]}));
        for width in [50, 79, 80, 119, 199] {
            let frame = picture(&subject, &[]).frame(Detail::Usual, width);
            for line in &frame {
                assert!(line.width() <= width, "{reason} at {width}: {}", line.plain());
            }
            let all = joined(&frame);
            assert_eq!(all.matches(&message).count(), shown, "{reason} at {width}");
            let to_do = advice::about(reason).filter(|_| reason.stalls());
            assert!(to_do.is_none_or(|words| all.contains(&joined(&[Line::of(&words)]))), "{reason} at {width}");
        }
    }
}

#[test]
fn who_asked_for_a_region_is_named_at_every_width() {
    let mut far = region("a-region-with-a-very-long-name", "Replicating", 45);
    far["requestedBy"] = json!(["eastus2-production-web", "eastus2-staging-web", "team-東京"]);
    far["requesters"] = 70.into();
    let subject = version("web", json!({"regions": [region("westeurope", "Completed", 100), far]}));
    for width in [20, 40, 60, 79, 80, 120, 200] {
        let frame = picture(&subject, &[]).frame(Detail::Brief, width);
        let all = joined(&frame);
        for wanted in ["eastus2-production-web", "eastus2-staging-web", "team-東京and67more", "45%"] {
            assert!(all.contains(wanted), "{wanted} at {width}: {frame:#?}");
        }
        let fixed = 2 + "a-region-with-a-very-long-name".len() + 1 + 6 + 5 + 2 + "Replicating".len() + 2 + 10;
        for line in &frame[1..] {
            assert!(line.width() <= width.max(fixed), "at {width}: {}", line.plain());
        }
    }
}

#[test]
fn two_hundred_targets_leave_room_for_what_matters() {
    let ready = [condition("Ready", "True", "Succeeded", "complete")];
    let mut all: Vec<_> = (0..200).map(|number| target(&format!("t{number:03}"), &ready)).collect();
    all.push(target("late", &[condition("Ready", "Unknown", "Replicating", "Waiting for web")]));
    let subject = version("web", json!({"conditions": [condition("Ready", "True", "Succeeded", "complete")]}));
    let frame = picture(&subject, &all).frame(Detail::Usual, 80);
    let shown: Vec<String> = frame.iter().map(Line::plain).collect();
    assert!(shown.iter().any(|line| line == "  ✓ 188 targets more are Ready"), "{shown:#?}");
    assert_eq!(picture(&subject, &all).frame(Detail::Wide, 80).len(), shown.len() + 187, "where much is shown, all");
    let fits: Vec<String> = fitting(frame, 8).iter().map(Line::plain).collect();
    assert!(fits.len() <= 8, "{fits:#?}");
    for wanted in ["ImageVersion", "target late", "✓ Ready  Succeeded"] {
        assert!(fits.iter().any(|line| line.contains(wanted)), "{wanted}: {fits:#?}");
    }
}

#[test]
fn hostile_text_is_text() {
    let evil = "\x1b[2J\x1b]0;owned\x07\u{9b}31m\u{202e}\r\nnext";
    let mut hostile = region("westeurope", "Failed", 7);
    hostile["detail"] = evil.into();
    hostile["requestedBy"] = json!([evil]);
    let subject = version(
        "web",
        json!({
            "conditions": [condition("Published", "Unknown", "Publishing", evil), condition("Ready", "Unknown", "Publishing", evil)],
            "regions": [hostile],
            "temporary": [{"resourceId": evil, "since": "2026-01-01T00:00:00Z", "problem": evil}],
            "steps": [{"name": "Publish", "subject": evil, "startedAt": "2026-01-01T00:01:00Z", "failure": {"code": evil, "message": evil}}],
        }),
    );
    let north = target("north", &[condition("Ready", "Unknown", "Replicating", evil)]);
    let picture = picture(&subject, &[north]);
    for line in picture.frame(Detail::Wide, 80) {
        let plain = line.plain();
        assert!(plain.chars().all(|character| !character.is_control() && character != '\u{202e}'), "{plain:?}");
    }
    for line in picture.changes(None) {
        assert!(line.chars().all(|character| !character.is_control() && character != '\u{202e}'), "{line:?}");
    }
}
