//! Which ancestors are of no more use.

use azimage_crds::{ImageDefinition, ImageVersion};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{Message as _, Truth};

fn gallery() -> Value {
    json!({"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "build", "name": "corp"})
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// The object of version 1.4.0 of `web`, with the change merged in.
fn parent(metadata: &Value, spec: &Value, status: &Value) -> ImageVersion {
    let with = |mut object: Value, change: &Value| {
        let members = change.as_object().into_iter().flatten();
        members.for_each(|(name, value)| object[name.as_str()] = value.clone());
        object
    };
    let spec = with(
        json!({
            "gallery": gallery(), "definition": "web", "version": "1.4.0",
            "source": {"managedImage": {"resourceId": compute("images/golden")}},
        }),
        spec,
    );
    let metadata = with(json!({"name": "web-1.4.0", "namespace": "images", "uid": "u-140"}), metadata);
    let status = with(json!({"resourceId": version_id("web", "1.4.0").to_string(), "conditions": []}), status);
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": metadata, "spec": spec, "status": status,
    });
    serde_json::from_value(object).unwrap()
}

/// A version that is made from 1.4.0, and what it was told of that.
fn child(told: Option<Withdrawn>) -> (ImageVersion, Provenance) {
    let id = version_id("web", "1.4.0");
    let mut line = Origin::Version { id: &id }.line(Parent::default());
    line.ancestors[0].withdrawn = told;
    let source = json!({"imageVersion": {"resourceId": id.to_string()}});
    let own = json!({"name": "child", "uid": "u-child"});
    let child = parent(&own, &json!({"version": "1.5.0", "source": source}), &json!({}));
    (child, line)
}

/// The image definition's object: what it says of latest, and what became of it, the last change first.
fn definition(latest: &Value, history: &[(&str, &str)]) -> ImageDefinition {
    let entry = |(version, action): &(&str, &str)| json!({"version": version, "action": action, "time": "2026-05-01T00:00:00Z", "policy": "Newest", "regions": []});
    let history: Vec<Value> = history.iter().map(entry).collect();
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "images", "uid": "d", "generation": 1},
        "spec": {"gallery": gallery(), "management": "Observe", "latest": latest},
        "status": {"conditions": [], "history": history},
    }))
    .unwrap()
}

/// What is the case, the parent's object if it has one, what is said of latest, what was told before, and what is told now.
type Case<'a> = (&'a str, Option<ImageVersion>, ImageDefinition, Option<Withdrawn>, Option<Withdrawn>);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn an_ancestor_is_withdrawn_by_what_the_objects_say() {
    use Withdrawn::{Deleted, EndOfLife, Excluded, RolledBack, ValidationFailed};
    let no = || json!({});
    let plain = || Some(parent(&no(), &no(), &no()));
    let newest = |history: &[(&str, &str)]| definition(&json!({"policy": "Newest"}), history);
    let pinned =
        |number: &str, history: &[(&str, &str)]| definition(&json!({"policy": "Pinned", "pinned": number}), history);
    let nothing = || newest(&[]);
    let outcome = |outcome: &str| {
        let validation = json!({
            "outcome": outcome, "region": "westeurope", "startedAt": "2026-05-01T00:00:00Z", "attempts": 1,
        });
        Some(parent(&no(), &no(), &json!({"validation": validation})))
    };
    let ends = |at: &str| Some(parent(&no(), &json!({"publish": {"endOfLifeDate": at}}), &no()));
    let going = |policy: &str| {
        let metadata = json!({"deletionTimestamp": "2026-06-01T00:00:00Z"});
        Some(parent(&metadata, &json!({"deletionPolicy": policy}), &no()))
    };
    let missing = json!({"conditions": [{
        "type": "Published", "status": "False", "reason": "VersionMissing", "message": "gone",
        "lastTransitionTime": "2026-05-01T00:00:00Z",
    }]});
    let never = || Some(parent(&no(), &json!({"latest": "Never"}), &no()));
    let was_latest = ("1.4.0", "Promoted");
    let cases: Vec<Case<'_>> = vec![
        ("nothing happened", plain(), nothing(), None, None),
        ("it passed", outcome("Passed"), nothing(), None, None),
        ("it failed its validation", outcome("Failed"), nothing(), None, Some(ValidationFailed)),
        ("it is validated again", outcome("Running"), nothing(), Some(ValidationFailed), None),
        ("its end of life is to come", ends("2026-06-01T12:00:01Z"), nothing(), None, None),
        ("its life has just ended", ends("2026-06-01T12:00:00Z"), nothing(), None, Some(EndOfLife)),
        ("its life was prolonged", ends("2027-01-01T00:00:00Z"), nothing(), Some(EndOfLife), None),
        ("its object goes and leaves it", going("Retain"), nothing(), None, None),
        ("its object goes with it", going("Delete"), nothing(), None, Some(Deleted)),
        ("somebody deleted it", Some(parent(&no(), &no(), &missing)), nothing(), None, Some(Deleted)),
        ("its object is gone, and nothing was told", None, nothing(), None, None),
        ("its object is gone, and it was deleted", None, nothing(), Some(Deleted), Some(Deleted)),
        ("it is latest", plain(), newest(&[was_latest, ("1.3.9", "Promoted")]), None, None),
        ("a newer one is latest", plain(), newest(&[("1.5.0", "Promoted"), was_latest]), None, None),
        (
            "an older one is pinned, and it never was latest",
            plain(),
            pinned("1.3.9", &[("1.3.9", "Promoted")]),
            None,
            None,
        ),
        (
            "it is latest, and an older one is pinned now",
            plain(),
            pinned("1.3.9", &[was_latest]),
            None,
            Some(RolledBack),
        ),
        ("it was rolled back", plain(), newest(&[("1.3.9", "RolledBack"), was_latest]), None, Some(RolledBack)),
        (
            "it was rolled back with a newer one",
            plain(),
            newest(&[("1.3.9", "RolledBack"), ("1.4.1", "Promoted"), was_latest]),
            None,
            Some(RolledBack),
        ),
        (
            "a newer one was rolled back to it",
            plain(),
            newest(&[("1.4.0", "RolledBack"), ("1.5.0", "Promoted")]),
            None,
            None,
        ),
        (
            "it was rolled back, and a newer one is latest since",
            plain(),
            newest(&[("1.5.0", "Promoted"), ("1.3.9", "RolledBack"), was_latest]),
            None,
            Some(RolledBack),
        ),
        (
            "it was rolled back, and is latest again",
            plain(),
            newest(&[was_latest, ("1.3.9", "RolledBack"), was_latest]),
            Some(RolledBack),
            None,
        ),
        (
            "the history has forgotten that",
            plain(),
            newest(&[("1.6.0", "Promoted")]),
            Some(RolledBack),
            Some(RolledBack),
        ),
        ("others were rolled back", plain(), newest(&[("1.3.8", "RolledBack"), ("1.3.9", "Promoted")]), None, None),
        ("it was taken out", plain(), newest(&[("1.4.0", "Excluded"), was_latest]), None, Some(Excluded)),
        ("another one was taken out", plain(), newest(&[("1.5.0", "Excluded"), was_latest]), None, None),
        ("it never is latest, and never was", never(), nothing(), None, None),
        ("it was latest, and never is to be again", never(), newest(&[was_latest]), None, Some(Excluded)),
    ];
    for (case, object, definition, told, expected) in cases {
        let (child, line) = child(told);
        let versions: Vec<&ImageVersion> = object.iter().chain([&child]).collect();
        let ancestry = Ancestry::of(&child, &versions, &[&definition]);
        let judged = ancestry.judged(line, now());
        assert_eq!(judged.ancestors[0].withdrawn, expected, "{case}");
        let words = ancestry.words(&judged).map(|(truth, words)| (truth, words.reason(), words.to_string()));
        match (expected, object) {
            (Some(why), _) => {
                let (truth, _, text) = words.unwrap();
                let names_both = text.contains("web/versions/1.4.0") && text.contains(&words::Why::of(why).to_string());
                assert!(truth == Truth::False && names_both, "{case}: {text}");
            }
            (None, Some(_)) => assert_eq!(words.map(|words| words.0), Some(Truth::True), "{case}"),
            (None, None) => assert_eq!(words, None, "{case}"),
        }
    }
}

#[test]
fn only_objects_of_the_namespace_that_have_the_version_are_parents() {
    let no = json!({});
    let (child, _) = child(None);
    let id = version_id("web", "1.4.0");
    let line = serde_json::to_value(base().provenance).unwrap();
    let known = |metadata: &Value, resource_id: &Value| {
        let object = parent(metadata, &no, &json!({"resourceId": resource_id, "provenance": line}));
        Ancestry::of(&child, &[&object], &[]).parent(&id)
    };
    let has = json!("x");
    assert_eq!(known(&no, &has).map(|it| (it.uid, it.provenance)), Some((Some("u-140".into()), base().provenance)));
    assert_eq!(known(&no, &Value::Null), None, "it was never seen as its own");
    assert_eq!(known(&json!({"namespace": "other"}), &has), None, "it is of another namespace");
    let hash = |object: &ImageVersion| {
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&concern_of_ancestors(&child, &[object], &[]), &mut hasher);
        std::hash::Hasher::finish(&hasher)
    };
    let (plain, ended) =
        (parent(&no, &no, &no), parent(&no, &json!({"publish": {"endOfLifeDate": "2027-01-01T00:00:00Z"}}), &no));
    assert_ne!(hash(&plain), hash(&ended), "a change is seen");
    assert!(has_ancestors(&child) && !has_ancestors(&plain));
}
