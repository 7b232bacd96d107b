use azimage_crds::RegionState;
use kube::{
    core::{DeserializeGuard, error_boundary::InvalidObject},
    runtime::{reflector, watcher::Event},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::stores::Index;

/// A condition's type, status and reason.
type Said = (&'static str, &'static str, &'static str);

/// An hour after each time in these tests.
const NOW: &str = "2026-01-01T01:00:00Z";

fn version(name: &str, conditions: &[Said], more: &Value) -> Guarded<ImageVersion> {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(kind, status, reason)| {
            json!({"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"})
        })
        .collect();
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {"name": name, "namespace": "team", "creationTimestamp": "2025-12-31T23:00:00Z"},
        "spec": {
            "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
            "definition": "base", "version": "1.0.0", "source": {},
        },
        "status": {"conditions": conditions},
    });
    for (path, value) in more.as_object().unwrap() {
        let (parent, field) = path.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    DeserializeGuard(Ok(serde_json::from_value(object).unwrap()))
}

fn standing_of(conditions: &[Said], more: &Value) -> (State, String, String) {
    let (state, reason, since) = standing(&version("one", conditions, more));
    (state, reason, since.unwrap().to_string())
}

#[test]
fn each_object_is_in_one_state() {
    let then = "2026-01-01T00:00:00Z";
    let cases: [(&[Said], Value, State, &str, &str); 7] = [
        (&[], json!({}), State::Reconciling, "Progressing", "2025-12-31T23:00:00Z"),
        (&[("Ready", "True", "Succeeded")], json!({}), State::Ready, "Succeeded", then),
        (
            &[("Ready", "Unknown", "Cloning"), ("Reconciling", "True", "Progressing")],
            json!({}),
            State::Reconciling,
            "Cloning",
            then,
        ),
        (
            &[("Ready", "False", "QuotaExceeded"), ("Reconciling", "True", "ProgressingWithRetry")],
            json!({}),
            State::Retrying,
            "QuotaExceeded",
            then,
        ),
        (
            &[("Ready", "False", "AccessDenied"), ("Stalled", "True", "AccessDenied")],
            json!({"/status/conditions/1/lastTransitionTime": "2026-01-01T00:30:00Z"}),
            State::Stalled,
            "AccessDenied",
            "2026-01-01T00:30:00Z",
        ),
        (&[("Ready", "True", "Suspended")], json!({"/spec/suspend": true}), State::Suspended, "Suspended", then),
        (
            &[("Ready", "False", "AccessDenied"), ("Stalled", "True", "AccessDenied")],
            json!({"/spec/suspend": true, "/metadata/deletionTimestamp": "2026-01-01T00:40:00Z"}),
            State::Deleting,
            "AccessDenied",
            "2026-01-01T00:40:00Z",
        ),
    ];
    for (conditions, more, state, reason, since) in cases {
        let expected = (state, reason.to_owned(), since.to_owned());
        assert_eq!(standing_of(conditions, &more), expected, "{conditions:?} {more}");
    }
}

#[test]
fn an_object_that_cannot_be_read_is_stalled() {
    let metadata = version("one", &[], &json!({})).meta().clone();
    let unreadable: Guarded<ImageVersion> =
        DeserializeGuard(Err(InvalidObject { error: "a field".to_owned(), metadata }));
    assert_eq!(standing(&unreadable).0, State::Stalled);
    assert_eq!(standing(&unreadable).1, "InvalidSpec");
}

/// Two versions in two regions.
pub(in crate::telemetry::metrics) fn some() -> Census {
    let regions = json!({"/status/regions": [
        {"name": "westeurope", "state": RegionState::Completed, "since": "2026-01-01T00:30:00Z"}, {"name": "northeurope", "state": RegionState::Failed},
        {"name": "eastus", "state": RegionState::Removing},
    ], "/status/temporary": [
        {"resourceId": "a", "since": NOW}, {"resourceId": "b", "since": NOW, "problem": "locked", "problemAt": NOW},
    ]});
    let ready = [("Ready", "True", "Succeeded")];
    let image = |withdrawn: Value| json!({"kind": "ImageVersion", "id": "x", "withdrawn": withdrawn});
    let line = [image(Value::Null), image("RolledBack".into()), image("EndOfLife".into())];
    let later = json!({
        "/status/conditions/0/lastTransitionTime": "2026-01-01T00:59:00Z",
        "/status/provenance": {"steps": 4, "ancestors": line},
    });
    let versions = [Arc::new(version("a", &ready, &regions)), Arc::new(version("b", &ready, &later))];
    let mut census = Census::default();
    census.count(&versions, NOW.parse().unwrap());
    census.count_parts(&versions, NOW.parse().unwrap());
    census.count_ancestors(&versions);
    let gallery = &readable(&versions[0]).unwrap().spec.gallery;
    let definition = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "team"}, "spec": {"gallery": gallery, "management": "Observe"},
        "status": {"conditions": [
            {"type": "LatestReady", "status": "Unknown", "reason": "Promoting", "message": "", "lastTransitionTime": "2026-01-01T00:40:00Z"},
        ], "users": {
            "versions": [{"version": "1.4.0", "virtualMachines": 3, "latestScaleSets": 2}],
            "followers": [{"region": "westeurope", "scaleSets": 2}],
        }},
    });
    let definitions = [Arc::new(DeserializeGuard(Ok(serde_json::from_value(definition).unwrap())))];
    census.count_users(&definitions);
    census.count_latest(&definitions, NOW.parse().unwrap());
    census
}

#[test]
fn regions_and_the_longest_stay_are_told() {
    let metrics = crate::telemetry::metrics::Metrics::new();
    assert!(!metrics.text().unwrap().contains("azimage_objects"), "nothing is watched yet");
    metrics.show_objects(some);
    let text = metrics.text().unwrap();
    for line in [
        r#"azimage_objects{kind="ImageVersion",namespace="team",state="ready",reason="Succeeded"} 2"#,
        r#"azimage_oldest_object_seconds{kind="ImageVersion",state="ready"} 3600"#,
        r#"azimage_regions{region="westeurope",state="Completed"} 1"#,
        r#"azimage_regions{region="northeurope",state="Failed"} 1"#,
        r#"azimage_oldest_region_seconds{region="westeurope",state="Completed"} 1800"#,
        r#"azimage_deletions_waiting{what="object"} 0"#,
        r#"azimage_deletions_waiting{what="region"} 1"#,
        r#"azimage_deletions_waiting{what="temporary_resource"} 1"#,
        r#"azimage_versions_with_withdrawn_ancestors{namespace="team",withdrawn="RolledBack"} 1"#,
        r#"azimage_latest_pending_seconds{namespace="team",reason="Promoting"} 1200"#,
        r#"azimage_version_users{namespace="team",name="web",version="1.4.0",kind="VirtualMachine",refers_to="version"} 3"#,
        r#"azimage_version_users{namespace="team",name="web",version="1.4.0",kind="ScaleSet",refers_to="latest"} 2"#,
        r#"azimage_latest_followers{namespace="team",name="web",region="westeurope",kind="ScaleSet"} 2"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

proptest! {
    #[test]
    fn states_add_up_to_the_objects_whatever_happens_to_them(changes in vec((0..5_usize, 0..7_usize), 0..40)) {
        let (reader, mut writer) = reflector::store();
        let index = Index::beside(reader, |_: &ImageVersion| None);
        let mut there = BTreeMap::new();
        let mut follow = |event: Event<Guarded<ImageVersion>>| {
            writer.apply_watcher_event(&event);
            index.follow(&event);
        };
        follow(Event::Init);
        follow(Event::InitDone);
        for (object, change) in changes {
            let name = format!("v{object}");
            let (conditions, more, state): (&[_], _, _) = match change {
                0 => (&[("Ready", "True", "Succeeded")], json!({}), State::Ready),
                1 => (&[("Ready", "Unknown", "Cloning")], json!({}), State::Reconciling),
                2 => (&[("Ready", "False", "QuotaExceeded")], json!({}), State::Retrying),
                3 => (&[("Stalled", "True", "AccessDenied")], json!({}), State::Stalled),
                4 => (&[], json!({"/spec/suspend": true}), State::Suspended),
                5 => (&[], json!({"/metadata/deletionTimestamp": "2026-01-01T00:00:00Z"}), State::Deleting),
                _ => {
                    there.remove(&name);
                    follow(Event::Delete(version(&name, &[], &json!({}))));
                    continue;
                }
            };
            follow(Event::Apply(version(&name, conditions, &more)));
            there.insert(name, state);
        }
        let mut census = Census::default();
        census.count(&index.of("team"), NOW.parse().unwrap());
        let mut expected = BTreeMap::<State, i64>::new();
        for state in there.values() {
            *expected.entry(*state).or_default() += 1;
        }
        let deleting = expected.get(&State::Deleting).copied().unwrap_or_default();
        prop_assert_eq!(census.waiting.get("object").copied().unwrap_or_default(), deleting);
        let mut counted = BTreeMap::<State, i64>::new();
        for ((_, _, state, _), count) in &census.objects {
            *counted.entry(*state).or_default() += count;
        }
        prop_assert_eq!(counted, expected);
        prop_assert!(census.objects.values().all(|count| *count > 0), "only series that count something");
    }
}
