//! Documents for programs and for Git.

use serde_json::json;

use super::fixtures::{condition, stalled, version};
use crate::{Object, report};

#[test]
fn a_document_says_how_it_stands_and_what_to_do() {
    let subject = version("web", json!({"conditions": stalled("ConsentMissing", "set the tag")}));
    let document = report::document(&subject).unwrap();
    assert_eq!(document["standing"], "Stalled");
    assert_eq!(document["reason"], "ConsentMissing");
    assert_eq!(document["object"]["spec"]["version"], "1.0.0");
    let to_do = document["whatToDo"].as_array().unwrap();
    assert!(to_do.iter().any(|words| words.as_str().unwrap().contains("azimage-generalize=allowed")), "{to_do:?}");
    let subject = version("web", json!({"conditions": [condition("Ready", "True", "Succeeded", "all")]}));
    let document = report::document(&subject).unwrap();
    assert_eq!((&document["standing"], document.get("whatToDo")), (&json!("Ready"), None));
}

#[test]
fn what_is_exported_is_what_a_person_writes() {
    let mut subject = version("web", json!({"conditions": []}));
    let Object::Version(object) = &mut subject else { panic!("a version") };
    object.metadata.uid = Some("u".to_owned());
    object.metadata.resource_version = Some("7".to_owned());
    object.metadata.finalizers = Some(vec!["imageversions.azimage.dev/azure".to_owned()]);
    object.metadata.annotations = Some(
        [
            ("team", "web"),
            ("kubectl.kubernetes.io/last-applied-configuration", "{}"),
            (azimage_crds::RECONCILE_REQUESTED_AT, "x"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
    );
    let exported = report::export(&subject).unwrap();
    assert_eq!(
        exported["metadata"],
        json!({"name": "web", "namespace": "images", "labels": {"tier": "prod"}, "annotations": {"team": "web"}})
    );
    assert_eq!(exported.get("status"), None);
    assert_eq!(exported["spec"]["definition"], "ubuntu");
    assert_eq!(exported["kind"], "ImageVersion");
}

#[test]
fn json_is_inert_and_stays_the_same_json() {
    let value = json!({"message": "\u{9b}2J\u{202e}\u{1b}[2J\u{e0041} 東京", "n": 1});
    let text = serde_json::to_string_pretty(&value).unwrap();
    let inert = report::inert_json(&text);
    assert!(inert.chars().all(|character| character == '\n' || !character.is_control()), "{inert:?}");
    assert!(!inert.contains('\u{202e}') && inert.contains("東京"), "{inert}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&inert).unwrap(), value);
}
