//! What becomes of the raw object.

use super::*;

type Alter<'a> = &'a dyn Fn(&mut ImageDefinition);

#[test]
fn of_two_objects_for_one_definition_the_owner_has_it_or_else_the_older_one() {
    let made = |name: &str, at: &str, change: &dyn Fn(&mut ImageDefinition)| {
        let mut made = object(name, json!({}));
        made.metadata.creation_timestamp = serde_json::from_value(json!(at)).unwrap();
        change(&mut made);
        made
    };
    let owns = |it: &mut ImageDefinition| {
        it.status = Some(ImageDefinitionStatus { owned: true, ..ImageDefinitionStatus::default() });
    };
    let suspended = |it: &mut ImageDefinition| it.spec.suspend = true;
    let going = |it: &mut ImageDefinition| {
        it.metadata.deletion_timestamp = serde_json::from_value(json!("2026-11-02T00:00:00Z")).unwrap();
    };
    let elsewhere = |it: &mut ImageDefinition| it.spec.name = Some("other".into());
    let stalled = |it: &mut ImageDefinition| {
        let report = Report::of(Progress::stalled(Reason::AccessDenied, "no right"));
        it.status = Some(status_of(&report));
    };
    let abroad = |it: &mut ImageDefinition| it.metadata.namespace = Some("other".into());
    let owns_abroad = |it: &mut ImageDefinition| {
        abroad(it);
        owns(it);
    };
    let nothing = |_: &mut ImageDefinition| {};
    let (old, new) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    let cases: [(&str, &str, Alter<'_>, Alter<'_>, bool); 10] = [
        ("the younger one waits", new, &nothing, &nothing, true),
        ("the older one goes on", "2026-10-31T00:00:00Z", &nothing, &nothing, false),
        ("the younger one owns it", new, &owns, &nothing, false),
        ("both own it", new, &owns, &owns, true),
        ("the older one is suspended and owns nothing", new, &nothing, &suspended, false),
        ("the older one waits for a person", new, &nothing, &stalled, false),
        ("the older one goes", new, &nothing, &going, false),
        ("the older one is for another one", new, &nothing, &elsewhere, false),
        ("the older one is of another namespace", new, &nothing, &abroad, false),
        ("the older one is of another namespace, and owns it", new, &nothing, &owns_abroad, true),
    ];
    for (case, at, change, of_other, conflicts) in cases {
        let (mine, other) = (made("mine", at, change), made("other", old, of_other));
        let outcome = validated_among(&mine, &[&mine, &other]);
        assert_eq!(outcome.is_err(), conflicts, "{case}");
        if let Err((reason, message)) = outcome {
            assert_eq!(reason, Reason::Conflict, "{case}");
            assert!(message.contains("/other (namespace/name)"), "{case}: {message}");
        }
    }
}

#[test]
fn a_field_that_cannot_be_used_is_named() {
    let mut unnamed = object(&"n".repeat(90), json!({}));
    unnamed.spec.name = None;
    let mut without = object("web", json!({}));
    without.spec.properties = None;
    let gallery = object("web", json!({"gallery": {"name": "a/b"}}));
    let location = object("web", json!({"location": "?"}));
    for (object, field) in [
        (unnamed, "spec.name: "),
        (without, "spec.properties: "),
        (gallery, "spec.gallery: "),
        (location, "spec.location: "),
    ] {
        let (reason, message) = validated_among(&object, &[]).unwrap_err();
        assert_eq!(reason, Reason::InvalidSpec, "{field}");
        assert!(message.starts_with(field), "{message}");
    }
    let mut named = object("from-its-object", json!({}));
    named.spec.name = None;
    assert_eq!(validated_among(&named, &[]).unwrap().id.name(), "from-its-object");
    let account = object("web", json!({"serviceAccountName": "azimage"}));
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: false,
        account_serves: false,
        definitions: &[],
        unreadable: &[],
    };
    for object in [account, object("web", json!({}))] {
        assert_eq!(validate(&object, environment).unwrap_err().reason, Reason::IdentityNotAllowed);
    }
}

#[test]
fn adoption_and_management_are_what_the_object_says() {
    let asked = validated(json!({"adoption": "IfIdentical", "management": "Observe"}));
    assert_eq!((asked.adoption, asked.management), (Adoption::IfIdentical, Management::Observe));
    assert_eq!(asked.other_uids, ["u-unreadable"]);
}
