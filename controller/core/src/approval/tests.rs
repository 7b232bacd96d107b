//! Which sources an image definition's object allows, and what is said of the others.

use azimage_crds::ImageDefinition;
use serde_json::{Value, json};

use super::*;

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn group(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/{name}")
}

fn definition_id(gallery: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Compute/galleries/{gallery}/images/{name}", group("images"))
}

fn resource(group_name: &str, kind: &str) -> String {
    format!("{}/providers/Microsoft.Compute/{kind}/it", group(group_name))
}

fn object(sources: &Value) -> ImageDefinition {
    let gallery = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
    });
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "images", "uid": "d", "generation": 1},
        "spec": {"gallery": gallery, "management": "Observe", "sources": sources},
    }))
    .unwrap()
}

fn approval(sources: &Value) -> Approval {
    let id = ImageDefinitionId::parse(&definition_id("corp", "web")).unwrap();
    Approval::of(&[&object(sources)], &id).unwrap()
}

fn marketplace() -> ImageReference {
    ImageReference {
        publisher: Some("Canonical".into()),
        offer: Some("ubuntu-24_04-lts".into()),
        sku: Some("server".into()),
        version: Some("24.04.202610010".into()),
        id: None,
    }
}

fn of_gallery() -> ImageReference {
    let id = format!("{}/versions/1.0.0", definition_id("Base", "ubuntu"));
    ImageReference { id: Some(id), publisher: None, offer: None, sku: None, version: None }
}

fn said(approval: &Approval, source: Judged<'_>) -> String {
    approval.objection(source).map_or_else(|| "-".to_owned(), |words| words.to_string())
}

/// Whether a message has the rule and both values.
fn has(said: &str, parts: &[&str]) -> bool {
    parts.iter().all(|part| said.contains(part)) && !parts.is_empty() || parts.is_empty() && said == "-"
}

/// What is the case, what is allowed, the machine's group, a tag and image, and what is said of it.
type OfMachine<'a> = (&'a str, Value, &'a str, Option<&'a str>, Option<ImageReference>, Vec<&'a str>);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_machine_has_to_keep_each_rule_for_machines() {
    let images = |rule: Value| json!({"virtualMachines": {"imageReferences": [rule]}});
    let tags = json!({"virtualMachines": {"tags": {"approved": "yes"}}});
    let groups = json!({"virtualMachines": {"resourceGroups": [group("Builders"), group("other")]}});
    let all = json!({"virtualMachines": {
        "resourceGroups": [group("builders")], "tags": {"approved": "yes"},
        "imageReferences": [{"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}],
    }});
    let rows: Vec<OfMachine<'_>> = vec![
        ("any machine", json!({"virtualMachines": {}}), "x", None, None, vec![]),
        (
            "no machine",
            json!({"disks": {}, "managedImages": {}}),
            "x",
            None,
            None,
            vec!["spec.sources of", "managedImages, disks alone", "a virtual machine"],
        ),
        ("its group", groups.clone(), "builders", None, None, vec![]),
        (
            "another group",
            groups.clone(),
            "builders2",
            None,
            None,
            vec!["virtualMachines.resourceGroups", "/resourceGroups/Builders", "/builders2/"],
        ),
        ("its tag", tags.clone(), "x", Some("yes"), None, vec![]),
        (
            "another value",
            tags.clone(),
            "x",
            Some("no"),
            None,
            vec!["virtualMachines.tags", "approved: yes", "approved: no"],
        ),
        ("no tag", tags.clone(), "x", None, None, vec!["without the tag approved"]),
        ("its publisher", images(json!({"publisher": "Canonical"})), "x", None, Some(marketplace()), vec![]),
        (
            "another sku",
            images(json!({"publisher": "Canonical", "sku": "minimal"})),
            "x",
            None,
            Some(marketplace()),
            vec![
                "imageReferences",
                "Canonical:*:minimal",
                "made from Canonical:ubuntu-24_04-lts:server:24.04.202610010",
            ],
        ),
        (
            "its gallery",
            images(json!({"id": definition_id("base", "ubuntu").rsplit_once("/images/").unwrap().0})),
            "x",
            None,
            Some(of_gallery()),
            vec![],
        ),
        (
            "its definition",
            images(json!({"id": definition_id("base", "ubuntu")})),
            "x",
            None,
            Some(of_gallery()),
            vec![],
        ),
        (
            "another definition",
            images(json!({"id": definition_id("base", "ubu")})),
            "x",
            None,
            Some(of_gallery()),
            vec!["imageReferences"],
        ),
        (
            "a gallery, not the Marketplace",
            images(json!({"publisher": "Canonical"})),
            "x",
            None,
            Some(of_gallery()),
            vec!["imageReferences"],
        ),
        (
            "no image that Azure tells",
            images(json!({"publisher": "Canonical"})),
            "x",
            None,
            None,
            vec!["an image that Azure doesn't tell"],
        ),
        ("all of it", all.clone(), "builders", Some("yes"), Some(marketplace()), vec![]),
        ("all but one", all, "builders", Some("yes"), Some(of_gallery()), vec!["imageReferences"]),
    ];
    for (case, sources, group_name, tag, image, expected) in rows {
        let id = VirtualMachineId::parse(&resource(group_name, "virtualMachines")).unwrap();
        let tags: BTreeMap<String, String> =
            tag.map(|value| ("Approved".to_owned(), value.to_owned())).into_iter().collect();
        let judged = Judged::Machine { id: &id, tags: Some(&tags), image: image.as_ref() };
        let said = said(&approval(&sources), judged);
        assert!(has(&said, &expected), "{case}: {said}");
    }
    let id = VirtualMachineId::parse(&resource("builders", "virtualMachines")).unwrap();
    let gone = Judged::Machine { id: &id, tags: None, image: None };
    assert_eq!(said(&approval(&tags), gone), "-", "of a machine that is gone nobody knows the tags");
}

#[test]
fn other_sources_have_rules_of_their_own() {
    let version = ImageVersionId::parse(&format!("{}/versions/1.0.0", definition_id("base", "ubuntu"))).unwrap();
    let versions = |definitions: &[String], validated: bool| json!({"imageVersions": {"definitions": definitions, "validated": validated}});
    let (image, disk) = (resource("images", "images"), resource("images", "disks"));
    let rows = [
        ("any version", versions(&[], false), Judged::Version { id: &version, passed: false }, vec![]),
        (
            "of a definition",
            versions(&[definition_id("base", "ubuntu")], false),
            Judged::Version { id: &version, passed: false },
            vec![],
        ),
        (
            "of another definition",
            versions(&[definition_id("base", "debian")], false),
            Judged::Version { id: &version, passed: true },
            vec!["imageVersions.definitions", "/images/debian", "/images/ubuntu/versions/1.0.0"],
        ),
        ("it passed", versions(&[], true), Judged::Version { id: &version, passed: true }, vec![]),
        (
            "it didn't pass",
            versions(&[], true),
            Judged::Version { id: &version, passed: false },
            vec!["imageVersions.validated", "which didn't"],
        ),
        (
            "no version",
            json!({"disks": {}}),
            Judged::Version { id: &version, passed: true },
            vec!["disks alone", "a gallery image version"],
        ),
        (
            "an image of the group",
            json!({"managedImages": {"resourceGroups": [group("images")]}}),
            Judged::ManagedImage { id: &image },
            vec![],
        ),
        (
            "an image of another group",
            json!({"managedImages": {"resourceGroups": [group("a"), group("b"), group("c"), group("d"), group("e")]}}),
            Judged::ManagedImage { id: &image },
            vec!["managedImages.resourceGroups", "and 2 more"],
        ),
        ("any disk", json!({"disks": {}}), Judged::Disk { id: &disk }, vec![]),
        (
            "a disk of another group",
            json!({"disks": {"resourceGroups": [group("image")]}}),
            Judged::Disk { id: &disk },
            vec!["disks.resourceGroups"],
        ),
        (
            "no disk",
            json!({"virtualMachines": {}}),
            Judged::Disk { id: &disk },
            vec!["virtualMachines alone", "a disk or a snapshot"],
        ),
    ];
    for (case, sources, judged, expected) in rows {
        let said = said(&approval(&sources), judged);
        assert!(has(&said, &expected), "{case}: {said}");
    }
}

#[test]
fn an_object_that_says_nothing_allows_everything_and_one_that_is_suspended_says_it() {
    let id = ImageDefinitionId::parse(&definition_id("corp", "web")).unwrap();
    assert_eq!(Approval::of(&[], &id), None);
    assert_eq!(Approval::of(&[&object(&Value::Null)], &id), None);
    let mut suspended = object(&json!({"disks": {}}));
    suspended.spec.suspend = true;
    assert!(Approval::of(&[&suspended], &id).is_some());
    let other = ImageDefinitionId::parse(&definition_id("corp", "db")).unwrap();
    assert_eq!(Approval::of(&[&suspended], &other), None);
}
