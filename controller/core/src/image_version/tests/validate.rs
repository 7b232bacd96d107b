//! From the raw object: what is understood, and what is refused.

use azimage_crds::{ImageVersion, Reason, ReplicationTarget};
use serde_json::{Value, json};

use crate::Identity;

use super::{
    super::{validate as understand, *},
    fixtures::*,
};

fn environment<'a>(versions: &'a [&'a ImageVersion]) -> Environment<'a> {
    Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        targets: &[],
        versions,
        unreadable: &[],
        definitions: &[],
    }
}

fn machine_source(change: &Value) -> Value {
    json!({"spec": {"source": {"virtualMachine": change}}})
}

/// An object of another name; the older one unless its time says otherwise.
fn other(change: &Value) -> ImageVersion {
    let base = json!({
        "metadata": {"name": "web-2", "uid": "u-2", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"version": "2.0.0"},
    });
    object(&both(&base, change))
}

#[test]
fn a_shallow_version_needs_a_source_that_stays() {
    let shallow = json!({"spec": {"publish": {"replicationMode": "Shallow"}}});
    let deleting = machine_source(&json!({"inPlace": {"sourceCleanup": "Delete"}}));
    for (what, source, expected) in [
        ("a copy", json!(null), Some("capture: InPlace")),
        ("a machine that is deleted", deleting.clone(), Some("sourceCleanup: Delete")),
        ("a machine that stays", machine_source(&json!({"inPlace": {"sourceCleanup": "Keep"}})), None),
        ("a machine", json!({}), None),
        ("a managed image", from_managed_image(), None),
        ("disks", from_disks(&["data"]), None),
        ("a version", from_image_version(), None),
    ] {
        let object = |more: &Value| match &source {
            Value::Null => super::clone::cloning(&more["spec"]),
            source => object(&both(source, more)),
        };
        let told = understand(&object(&shallow), environment(&[])).err().map(|violation| violation.to_string());
        match (expected, told) {
            (None, None) => {}
            (Some(expected), Some(told)) => {
                assert!(
                    told.starts_with("spec.publish.replicationMode: ") && told.contains(expected),
                    "{what}: {told}"
                );
            }
            (_, told) => panic!("{what}: {told:?}"),
        }
        assert!(understand(&object(&json!({"spec": {}})), environment(&[])).is_ok(), "{what}");
        let going = both(&shallow, &json!({"metadata": {"deletionTimestamp": "2026-06-01T00:00:00Z"}}));
        assert!(source.is_null() || understand(&object(&going), environment(&[])).is_ok(), "{what} goes all the same");
    }
}

#[test]
fn a_field_that_can_not_be_used_is_named() {
    let cases = [
        ("a subscription", json!({"spec": {"gallery": {"subscriptionId": "x"}}}), "spec.gallery.subscriptionId: "),
        ("a gallery", json!({"spec": {"gallery": {"name": "a/b"}}}), "spec.gallery: "),
        ("a resource group", json!({"spec": {"gallery": {"resourceGroup": "a/b"}}}), "spec.gallery: "),
        ("a definition", json!({"spec": {"definition": "a/b"}}), "spec.definition: "),
        ("a version", json!({"spec": {"version": "1.4"}}), "spec.version: "),
        ("a version that is too large", json!({"spec": {"version": "1.4.2147483648"}}), "spec.version: "),
        ("a machine", machine_source(&json!({"resourceId": "vm"})), "spec.source.virtualMachine.resourceId: "),
        (
            "something other than a machine",
            machine_source(&json!({"resourceId": SOURCE_VERSION})),
            "spec.source.virtualMachine.resourceId: ",
        ),
        (
            "a timeout",
            machine_source(&json!({"guest": {"timeout": "soon"}})),
            "spec.source.virtualMachine.guest.timeout: ",
        ),
        (
            "a source version",
            json!({"spec": {"source": {"virtualMachine": null, "imageVersion": {"resourceId": "x"}}}}),
            "spec.source.imageVersion.resourceId: ",
        ),
        (
            "itself as the source, in another spelling",
            json!({"spec": {"source": {"virtualMachine": null, "imageVersion": {"resourceId": SOURCE_VERSION.replace("/images/base/", "/images/WEB/")}}}}),
            "spec.source.imageVersion.resourceId: ",
        ),
        (
            "a managed image",
            json!({"spec": {"source": {"virtualMachine": null, "managedImage": {"resourceId": MACHINE}}}}),
            "spec.source.managedImage.resourceId: ",
        ),
        (
            "a disk",
            both(&from_disks(&[]), &json!({"spec": {"source": {"disks": {"osDisk": {"resourceId": MACHINE}}}}})),
            "spec.source.disks.osDisk.resourceId: ",
        ),
        (
            "a disk with data",
            both(
                &from_disks(&[]),
                &json!({"spec": {"source": {"disks": {"dataDisks": [{"lun": 0, "resourceId": "x"}]}}}}),
            ),
            "spec.source.disks.dataDisks.resourceId: ",
        ),
        (
            "a LUN",
            both(
                &from_disks(&[]),
                &json!({"spec": {"source": {"disks": {"dataDisks": [{"lun": 64, "resourceId": disk_id("a").to_string()}]}}}}),
            ),
            "spec.source.disks.dataDisks.lun: ",
        ),
        (
            "a LUN twice",
            both(
                &from_disks(&[]),
                &json!({"spec": {"source": {"disks": {"dataDisks": [
                    {"lun": 1, "resourceId": disk_id("a").to_string()}, {"lun": 1, "resourceId": disk_id("b").to_string()},
                ]}}}}),
            ),
            "spec.source.disks.dataDisks: there are two",
        ),
        (
            "a VHD",
            json!({"spec": {"source": {"virtualMachine": null, "managedImage": {
                "resourceId": "HTTPS://corp.blob.core.windows.net/vhds/golden.vhd",
            }}}}),
            "spec.source.managedImage.resourceId: this is the address of a VHD",
        ),
        (
            "two sources",
            both(&from_managed_image(), &json!({"spec": {"source": {"imageVersion": {"resourceId": SOURCE_VERSION}}}})),
            "spec.source: ",
        ),
        ("no source", json!({"spec": {"source": {"virtualMachine": null}}}), "spec.source: "),
        ("two sources", json!({"spec": {"source": {"imageVersion": {"resourceId": SOURCE_VERSION}}}}), "spec.source: "),
    ];
    for (case, change, field) in cases {
        let violation = understand(&object(&change), environment(&[])).unwrap_err();
        assert_eq!(violation.reason, Reason::InvalidSpec, "{case}");
        assert!(violation.message.starts_with(field), "{case}: {}", violation.message);
        assert!(violation.message.len() > field.len() + 10, "{case}: {}", violation.message);
    }
}

#[test]
fn an_object_is_understood() {
    let validated = understand(&object(&json!({})), environment(&[])).unwrap();
    assert_eq!(validated.owner.to_string(), OURS);
    assert_eq!(
        validated.id.to_string(),
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/web/versions/1.0.0"
    );
    let SourceSpec::VirtualMachine { id, guest, seal, .. } = &validated.source else { panic!() };
    assert_eq!(id.to_string(), MACHINE);
    assert_eq!((guest.timeout.as_secs(), &guest.script), (30 * 60, &None));
    assert_eq!(seal.to_string(), format!("{MACHINE}/runCommands/azimage-seal-u-1"));
    let copy = understand(&object(&from_image_version()), environment(&[])).unwrap();
    assert!(matches!(copy.source, SourceSpec::ImageVersion { id } if id.to_string() == SOURCE_VERSION));
}

#[test]
fn a_namespace_that_is_not_served_is_not_acted_for_in_azure() {
    let suspended = json!({"spec": {"suspend": true}});
    let cases = [
        ("a plain object", json!({}), false),
        ("a suspended one", suspended.clone(), true),
        ("one that goes and retains", deleted("Retain"), true),
        ("one that goes and deletes", deleted("Delete"), false),
        ("a suspended one that goes and retains", both(&suspended, &deleted("Retain")), true),
        ("a suspended one that goes and deletes", both(&suspended, &deleted("Delete")), false),
    ];
    for (case, change, allowed) in cases {
        let refused = Environment { own_identity_serves: false, ..environment(&[]) };
        match understand(&object(&change), refused) {
            Ok(_) => assert!(allowed, "{case}"),
            Err(violation) => {
                assert!(!allowed, "{case}");
                assert_eq!(violation.reason, Reason::IdentityNotAllowed, "{case}");
                assert!(violation.message.contains("images"), "{case}: {}", violation.message);
                assert!(violation.message.starts_with("spec.serviceAccountName: "), "{case}: {}", violation.message);
            }
        }
    }
}

#[test]
fn an_object_that_names_a_service_account_acts_as_that_and_never_as_the_controller() {
    let named = json!({"spec": {"serviceAccountName": "publisher"}});
    let account = Some(Identity::ServiceAccount("publisher".to_owned()));
    let cases = [
        ("served, no name", json!({}), true, Some(Identity::Own)),
        ("served, a name", named.clone(), true, account.clone()),
        ("not served, a name", named.clone(), false, account.clone()),
        ("suspended", both(&named, &json!({"spec": {"suspend": true}})), true, None),
        ("one that goes and retains", both(&named, &deleted("Retain")), true, None),
        ("one that goes and deletes", both(&named, &deleted("Delete")), false, account),
    ];
    for (case, change, own_identity_serves, expected) in cases {
        let environment = Environment { own_identity_serves, ..environment(&[]) };
        assert_eq!(understand(&object(&change), environment).unwrap().identity, expected, "{case}");
    }
}

#[test]
fn who_names_a_service_account_that_may_not_be_named_acts_as_nobody() {
    let named = json!({"spec": {"serviceAccountName": "default"}});
    for own_identity_serves in [false, true] {
        let environment = Environment { account_serves: false, own_identity_serves, ..environment(&[]) };
        let violation = understand(&object(&named), environment).unwrap_err();
        assert_eq!(violation.reason, Reason::IdentityNotAllowed);
        assert!(violation.message.contains("azure.serviceAccountNames"), "{}", violation.message);
        let retained = both(&named, &deleted("Retain"));
        assert_eq!(understand(&object(&retained), environment).unwrap().identity, None);
    }
}

#[test]
fn of_two_objects_for_one_thing_the_older_one_holds() {
    let younger = json!({"metadata": {"creationTimestamp": "2026-01-03T00:00:00Z"}});
    let same_version =
        json!({"spec": {"version": "1.0.0", "source": {"virtualMachine": {"resourceId": format!("{MACHINE}-2")}}}});
    let elsewhere = json!({"metadata": {"namespace": "other"}});
    let word = already_generalized();
    let mine = json!({});
    let cases = [
        (
            "another machine and version",
            mine.clone(),
            json!({"spec": {"source": {"virtualMachine": {"resourceId": format!("{MACHINE}-2")}}}}),
            None,
        ),
        ("the same version", mine.clone(), same_version.clone(), Some("spec.version: ")),
        ("the same version in another namespace", mine.clone(), both(&same_version, &elsewhere), None),
        (
            "the same version in other letters",
            mine.clone(),
            both(&same_version, &json!({"spec": {"gallery": {"name": "CORP"}, "definition": "WEB"}})),
            Some("spec.version: "),
        ),
        ("the same version, but the other is younger", mine.clone(), both(&same_version, &younger), None),
        (
            "the same version and the same time, and the uid decides",
            mine.clone(),
            both(&same_version, &json!({"metadata": {"uid": "u-0", "creationTimestamp": "2026-01-02T00:00:00Z"}})),
            Some("spec.version: "),
        ),
        ("the same version, but this one is going", deleted("Delete"), same_version, None),
        ("the same machine", mine.clone(), json!({}), Some("spec.source.virtualMachine: ")),
        ("the same machine in another namespace", mine.clone(), elsewhere, None),
        ("the same machine, but the other is younger", mine.clone(), younger, None),
        ("the same machine, which the other says is sealed", mine.clone(), word.clone(), None),
        ("the same machine, which this one says is sealed", word.clone(), json!({}), None),
        ("the same machine, which both say is sealed", word.clone(), word, None),
        (
            "an other that can't be understood",
            mine,
            json!({"spec": {"source": {"virtualMachine": {"resourceId": "x"}}}}),
            None,
        ),
    ];
    for (case, this, theirs, expected) in cases {
        let theirs = other(&theirs);
        let found = understand(&object(&this), environment(&[&theirs]));
        match (found, expected) {
            (Ok(_), None) => {}
            (Err(violation), Some(field)) => {
                assert_eq!(violation.reason, Reason::Conflict, "{case}");
                assert!(violation.message.starts_with(field), "{case}: {}", violation.message);
                assert!(violation.message.contains("web-2"), "{case}: {}", violation.message);
            }
            (found, _) => panic!("{case}: {found:?}"),
        }
    }
}

#[test]
fn a_machine_is_held_by_the_one_that_has_begun_with_it_or_else_by_the_older_one_that_can_begin() {
    let condition = |reason: &str, observed: i64| {
        json!({"conditions": [{
            "type": "Stalled", "status": "True", "reason": reason, "message": "m", "observedGeneration": observed,
            "lastTransitionTime": "2026-01-02T00:00:00Z",
        }]})
    };
    let steps = json!({"conditions": [], "steps": [{"name": "ClaimSource", "startedAt": "2026-01-02T00:00:00Z", "attempts": 1}]});
    let begun = || json!({"status": steps});
    let generation = json!({"metadata": {"generation": 2}});
    let stalled = |observed: i64| both(&generation, &json!({"status": condition("DefinitionNotFound", observed)}));
    let younger = json!({"metadata": {"creationTimestamp": "2026-01-03T00:00:00Z"}});
    let fresh = json!({});
    let cases = [
        ("the older one has said nothing yet", fresh.clone(), fresh.clone(), true),
        ("the older one is stalled and has touched nothing", fresh.clone(), stalled(2), false),
        ("the older one was stalled before its spec changed", fresh.clone(), stalled(1), true),
        ("the older one is stalled in the middle of its work", fresh.clone(), both(&stalled(2), &begun()), true),
        ("the older one is suspended", fresh.clone(), json!({"spec": {"suspend": true}}), false),
        (
            "the older one was suspended in the middle",
            fresh.clone(),
            both(&json!({"spec": {"suspend": true}}), &begun()),
            true,
        ),
        ("the younger one has begun", fresh.clone(), both(&younger, &begun()), true),
        ("this one has begun, and the other hasn't", begun(), fresh, false),
        ("both have begun", begun(), begun(), true),
    ];
    for (case, this, theirs, expected) in cases {
        let (this, theirs) = (object(&this), other(&theirs));
        assert_eq!(understand(&this, environment(&[&theirs])).is_err(), expected, "{case}");
    }
}

#[test]
fn a_version_is_held_by_the_one_that_has_it_or_else_by_the_one_that_may_make_it() {
    let condition = |kind: &str, reason: &str| {
        json!({
            "type": kind, "status": if kind == "Stalled" { "True" } else { "False" }, "reason": reason, "message": "m",
            "observedGeneration": 2, "lastTransitionTime": "2026-01-02T00:00:00Z",
        })
    };
    let told = |kind: &str, reason: &str| json!({"metadata": {"generation": 2}, "status": {"conditions": [condition(kind, reason)]}});
    let begun = || {
        let step = json!({"name": "ClaimSource", "startedAt": "2026-01-02T00:00:00Z", "attempts": 1});
        json!({"status": {"conditions": [], "steps": [step]}})
    };
    let steps = || json!({"status": {"steps": begun()["status"]["steps"]}});
    let (has_it, no_status) = (json!({"status": {"conditions": [], "resourceId": "x"}}), json!({}));
    let younger = json!({"metadata": {"creationTimestamp": "2026-01-03T00:00:00Z"}});
    let changed = json!({"metadata": {"generation": 3}});
    let exists = || told("Stalled", "VersionExists");
    let goes = json!({"metadata": {"deletionTimestamp": "2026-01-04T00:00:00Z", "finalizers": ["f"]}});
    let cases = [
        ("the older one has said nothing yet", no_status.clone(), no_status.clone(), true),
        ("the version isn't the older one's", no_status.clone(), exists(), false),
        ("the same, though it has begun with its machine", no_status.clone(), both(&exists(), &steps()), false),
        (
            "the same, while Azure can't be asked",
            no_status.clone(),
            both(&told("Published", "VersionExists"), &steps()),
            false,
        ),
        ("it wasn't, before the spec changed", no_status.clone(), both(&exists(), &changed), true),
        ("the older one is suspended", no_status.clone(), json!({"spec": {"suspend": true}}), false),
        ("the older one is stalled otherwise", no_status.clone(), told("Stalled", "ConsentMissing"), false),
        ("the older one goes and has done nothing", no_status.clone(), goes.clone(), false),
        ("the older one goes and has to delete the version", no_status.clone(), both(&goes, &has_it), true),
        (
            "the older one has the version and is suspended",
            no_status.clone(),
            both(&has_it, &json!({"spec": {"suspend": true}})),
            true,
        ),
        ("the older one has begun", no_status.clone(), begun(), true),
        ("the younger one has the version", begun(), both(&younger, &has_it), true),
        ("the younger one has begun, and this one has the version", has_it.clone(), both(&younger, &begun()), false),
        ("this one has the version", has_it, begun(), false),
    ];
    let elsewhere = machine_source(&json!({"resourceId": format!("{MACHINE}-2")}));
    for (case, this, theirs, expected) in cases {
        let theirs = both(&both(&elsewhere, &json!({"spec": {"version": "1.0.0"}})), &theirs);
        let found = understand(&object(&this), environment(&[&other(&theirs)]));
        assert_eq!(found.is_err(), expected, "{case}: {found:?}");
    }
}

#[test]
fn of_two_objects_for_one_machine_one_and_only_one_goes_on_whatever_they_have_done() {
    let states = [
        json!({}),
        json!({"spec": {"suspend": true}}),
        json!({"status": {"conditions": [], "resourceId": "x"}}),
        json!({"metadata": {"creationTimestamp": "2026-01-03T00:00:00Z"}}),
    ];
    for (mine, theirs) in states.iter().flat_map(|mine| states.iter().map(move |theirs| (mine, theirs))) {
        let (mine, theirs) = (object(mine), other(theirs));
        let goes_on = |this: &ImageVersion, other: &ImageVersion| understand(this, environment(&[other])).is_ok();
        let acts = [goes_on(&mine, &theirs), goes_on(&theirs, &mine)];
        let can = [&mine, &theirs].iter().filter(|it| !it.spec.suspend).count();
        assert!(acts.contains(&true), "{mine:?} {theirs:?}");
        assert!(can < 2 || acts != [true, true], "{mine:?} {theirs:?}");
    }
}

#[test]
fn an_object_is_in_no_conflict_with_itself() {
    let this = object(&json!({}));
    assert!(understand(&this, environment(&[&this])).is_ok());
}

#[test]
fn only_what_lives_in_the_namespace_counts_as_living() {
    let all = [
        object(&json!({})),
        other(&json!({"spec": {"source": {"virtualMachine": {"resourceId": format!("{MACHINE}-2")}}}})),
        other(&both(
            &json!({"metadata": {"namespace": "other", "uid": "u-3"}}),
            &json!({"spec": {"source": {"virtualMachine": {"resourceId": format!("{MACHINE}-3")}}}}),
        )),
    ];
    assert_eq!(understand(&all[0], environment(&all.iter().collect::<Vec<_>>())).unwrap().other_uids, ["u-2"]);
    let unreadable = ["u-4".to_owned()];
    let environment = Environment { unreadable: &unreadable, ..environment(&[]) };
    assert_eq!(understand(&all[0], environment).unwrap().other_uids, ["u-4"], "one that can't be read lives, too");
}

#[test]
fn a_target_is_seen_as_it_wants_the_version() {
    let elsewhere = json!({"metadata": {"namespace": "other"}});
    let selecting = json!({"spec": {"imageSelector": {"matchLabels": {"tier": "dev"}}}});
    let cases: [(&str, ReplicationTarget, Option<bool>); 5] = [
        ("it selects it", target("t", "North Europe", &json!({})), Some(true)),
        ("it selects others", target("t", "northeurope", &selecting), Some(false)),
        ("it goes", going("t", "northeurope", "Delete"), Some(false)),
        ("it lives in another namespace", target("t", "northeurope", &elsewhere), None),
        ("nobody knows where", target("t", "north/europe", &json!({})), None),
    ];
    for (case, target, expected) in cases {
        let environment = Environment { targets: &[&target], ..environment(&[]) };
        let seen = understand(&object(&json!({})), environment).unwrap().targets;
        assert_eq!(seen.first().map(|view| view.wants), expected, "{case}");
        assert!(seen.iter().all(|view| view.region == region("northeurope")), "{case}");
    }
}

#[test]
fn a_reconcile_is_asked_for_by_each_new_value_of_the_annotation() {
    let handled = |value: &str| json!({"status": {"conditions": [], "lastHandledReconcileAt": value}});
    let cases = [
        ("no annotation", json!({}), false),
        ("a first value", requested(), true),
        ("a new value", both(&requested(), &handled("before")), true),
        ("a value that was handled", both(&requested(), &handled("now")), false),
    ];
    for (case, change, expected) in cases {
        assert_eq!(understand(&object(&change), environment(&[])).unwrap().requested, expected, "{case}");
    }
}

#[test]
fn who_is_to_make_the_source_version_counts_while_it_may_still_do_so() {
    let made = azimage_names::ImageVersionId::parse(SOURCE_VERSION).unwrap();
    let maker = json!({"metadata": {"name": "golden"}, "spec": {
        "definition": made.definition().name(), "version": made.version().to_string(),
    }});
    let stalled = |status: &str| {
        let condition = json!({"type": "Stalled", "status": status, "reason": "SealFailed", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        json!({"status": {"conditions": [condition]}})
    };
    for (case, change, counts) in [
        ("it goes on", json!({}), true),
        ("it isn't stalled", stalled("False"), true),
        ("it is stalled", stalled("True"), false),
        ("it is suspended", json!({"spec": {"suspend": true}}), false),
        ("it is being deleted", json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}), false),
        ("it is of another namespace", json!({"metadata": {"namespace": "elsewhere"}}), false),
        ("it makes another version", json!({"spec": {"version": "9.9.9"}}), false),
    ] {
        let other = other(&both(&maker, &change));
        let found = understand(&object(&from_image_version()), environment(&[&other])).unwrap();
        assert_eq!(found.source_producer.as_deref(), counts.then_some("golden"), "{case}");
        let waits = matches!(case, "it is stalled" | "it is suspended");
        assert_eq!(found.source_stuck.as_deref(), waits.then_some("golden"), "{case}");
    }
}
