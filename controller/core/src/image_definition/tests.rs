use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{Adoption, ConditionType, ImageDefinition, ImageDefinitionStatus, Management, OWNER_TAG, Reason};
use azimage_names::{Obstacle, values::ProvisioningState};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    Failure, Pace, Progress,
    image_version::{Absent, MarketplacePlan, Reading, Requeue},
    lint,
};

const PACE: Pace = Pace {
    poll: Duration::from_secs(15),
    resync: Duration::from_secs(600),
    retry_min: Duration::from_secs(5),
    retry_max: Duration::from_secs(60),
};

fn object(name: &str, spec: Value) -> ImageDefinition {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": name, "namespace": "images", "uid": format!("u-{name}"), "generation": 1,
            "creationTimestamp": "2026-11-01T00:00:00Z"},
        "spec": {
            "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
            "name": "web",
            "properties": {"osType": "Linux", "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}},
        },
    });
    let Value::Object(spec) = spec else { panic!("a spec is an object") };
    for (field, value) in spec {
        if let (Value::Object(into), Value::Object(from)) = (&mut object["spec"][&field], &value) {
            into.extend(from.clone());
        } else {
            object["spec"][&field] = value;
        }
    }
    serde_json::from_value(object).unwrap()
}

fn validated_among(object: &ImageDefinition, all: &[&ImageDefinition]) -> Result<Validated, (Reason, String)> {
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        definitions: all,
        unreadable: &["u-unreadable".to_owned()],
    };
    validate(object, environment).map_err(|violation| (violation.reason, violation.message))
}

fn validated(spec: Value) -> Validated {
    validated_among(&object("web", spec), &[]).unwrap()
}

fn owner(uid: &str) -> String {
    format!("c1/images/web/{uid}")
}

/// As Azure has it when this object made it.
fn definition() -> Definition {
    Definition {
        location: "westeurope".parse().unwrap(),
        tags: BTreeMap::from([(OWNER_TAG.to_owned(), owner("u-web"))]),
        provisioning: ProvisioningState::Succeeded,
        os_type: "Linux".into(),
        os_state: "Generalized".into(),
        generation: "V2".into(),
        architecture: "x64".into(),
        identifier: Identifier { publisher: "Corp".into(), offer: "ubuntu".into(), sku: "web".into() },
        security_type: Some("TrustedLaunchSupported".into()),
        disk_controllers: Some("SCSI, NVMe".into()),
        accelerated_networking: None,
        hibernation: None,
        plan: None,
        description: None,
        end_of_life: None,
        eula: None,
        privacy_statement_uri: None,
        release_note_uri: None,
        vcpus: Limits::default(),
        memory: Limits::default(),
        properties: serde_json::Map::from_iter([("newMember".to_owned(), json!(7))]),
    }
}

fn with(change: impl FnOnce(&mut Definition)) -> Definition {
    let mut definition = definition();
    change(&mut definition);
    definition
}

fn found(definition: Definition) -> Observed {
    Observed { definition: Some(Reading::Found(definition)), gallery: None }
}

fn gallery() -> Reading<Gallery> {
    Reading::Found(Gallery { location: "northeurope".parse().unwrap() })
}

fn absent(gallery: Reading<Gallery>) -> Observed {
    Observed { definition: Some(Reading::Missing(Absent::Resource)), gallery: Some(gallery) }
}

fn status_of(report: &Report) -> ImageDefinitionStatus {
    next_status(&ImageDefinitionStatus::default(), report, None, 1, None, Timestamp::UNIX_EPOCH)
}

fn plan_with(validated: &Validated, observed: &Observed, memory: &Memory, status: &ImageDefinitionStatus) -> Plan {
    match next(validated, observed, Given { status, memory, pace: &PACE, now: Duration::from_secs(1000) }) {
        Next::Plan(plan) => {
            let status = status_of(&plan.report);
            assert_eq!(lint::problems(1, Some(1), &status.conditions), Vec::<String>::new());
            *plan
        }
        Next::Read(read) => panic!("it reads {read:?}"),
    }
}

fn plan(validated: &Validated, observed: &Observed) -> Plan {
    plan_with(validated, observed, &Memory::default(), &ImageDefinitionStatus::default())
}

/// What a plan comes to, in short.
fn shape(plan: &Plan) -> (String, Requeue, Option<&'static str>) {
    let progress = match &plan.report.progress {
        Progress::Settled { .. } => "Settled".to_owned(),
        Progress::Idle { reason, .. } => format!("Idle {reason}"),
        Progress::Reconciling { reason, .. } => format!("Reconciling {reason}"),
        Progress::Retrying { reason, .. } => format!("Retrying {reason}"),
        Progress::Stalled { reason, .. } => format!("Stalled {reason}"),
    };
    (progress, plan.requeue, plan.step.as_ref().map(|step| step.doing))
}

fn said(plan: &Plan) -> String {
    let (Progress::Settled { message }
    | Progress::Idle { message, .. }
    | Progress::Reconciling { message, .. }
    | Progress::Retrying { message, .. }
    | Progress::Stalled { message, .. }) = &plan.report.progress;
    message.clone()
}

const CREATE: Option<&str> = Some("create the image definition");
const CHANGE: Option<&str> = Some("change the image definition");
const ADOPT: Option<&str> = Some("take the image definition over");

fn memory(absent: u32, no_gallery: u32) -> Memory {
    Memory { absent, no_gallery, ..Memory::default() }
}

#[test]
fn the_definition_is_read_first_and_its_gallery_only_where_there_is_none() {
    let (ensured, status, memory) = (validated(json!({})), ImageDefinitionStatus::default(), Memory::default());
    let given = Given { status: &status, memory: &memory, pace: &PACE, now: Duration::ZERO };
    assert_eq!(next(&ensured, &Observed::default(), given), Next::Read(Read::Definition));
    let missing = Observed { definition: Some(Reading::Missing(Absent::Resource)), gallery: None };
    assert_eq!(next(&ensured, &missing, given), Next::Read(Read::Gallery));
    let suspended = validated(json!({"suspend": true}));
    assert!(suspended.identity.is_none());
    assert_eq!(shape(&plan(&suspended, &Observed::default())), ("Stalled Suspended".into(), Requeue::Never, None));
}

#[test]
fn what_comes_of_each_state() {
    let ensure = || json!({});
    let observe = || json!({"management": "Observe"});
    let failed = |by: Obstacle| Failure::Forbidden { by, why: "why".into() };
    let no_definition = Observed { definition: Some(Reading::Failed(failed(Obstacle::Subscription))), gallery: None };
    let state = |state: &str| found(with(|it| it.provisioning = state.into()));
    let foreign = |tag: Option<&str>| {
        found(with(|it| it.tags = tag.map(|tag| (OWNER_TAG.to_uppercase(), tag.to_owned())).into_iter().collect()))
    };
    let missing_gallery = || absent(Reading::Missing(Absent::Parent));
    let adopt = || json!({"adoption": "IfIdentical"});
    let settled = |requeue| ("Settled", requeue, None);
    let resync = Requeue::Resync;
    let cases: Vec<(&str, Value, Observed, Memory, (&str, Requeue, Option<&str>))> = vec![
        ("it is as it should be", ensure(), found(definition()), memory(0, 0), settled(resync)),
        ("it is looked at, and is", observe(), foreign(None), memory(0, 0), settled(resync)),
        ("it can't be read", ensure(), no_definition, memory(9, 0), ("Stalled SubscriptionUnavailable", resync, None)),
        (
            "the gallery can't be read",
            ensure(),
            absent(Reading::Failed(failed(Obstacle::Quota))),
            memory(9, 0),
            ("Stalled QuotaExceeded", resync, None),
        ),
        (
            "Azure asks for a pause",
            ensure(),
            Observed { definition: Some(Reading::Failed(Failure::Throttled)), gallery: None },
            memory(0, 0),
            ("Retrying Throttled", Requeue::Throttled, None),
        ),
        ("one 404", ensure(), absent(gallery()), memory(0, 0), ("Reconciling Progressing", Requeue::Poll, None)),
        ("two", ensure(), absent(gallery()), memory(1, 0), ("Reconciling Progressing", Requeue::Poll, None)),
        ("three", ensure(), absent(gallery()), memory(2, 0), ("Reconciling Progressing", Requeue::Poll, CREATE)),
        (
            "it was written a moment ago",
            ensure(),
            absent(gallery()),
            Memory { accepted: Some(Duration::from_secs(999)), ..memory(2, 0) },
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "it was written long ago",
            ensure(),
            absent(gallery()),
            Memory { accepted: Some(Duration::from_secs(600)), ..memory(2, 0) },
            ("Reconciling Progressing", Requeue::Poll, CREATE),
        ),
        (
            "it is looked at, and one 404",
            observe(),
            absent(gallery()),
            memory(1, 0),
            ("Retrying DefinitionNotFound", Requeue::Poll, None),
        ),
        (
            "it is looked at, and isn't there",
            observe(),
            absent(gallery()),
            memory(2, 0),
            ("Stalled DefinitionNotFound", resync, None),
        ),
        (
            "no gallery, once",
            ensure(),
            missing_gallery(),
            memory(5, 1),
            ("Retrying GalleryNotFound", Requeue::Poll, None),
        ),
        ("no gallery", ensure(), missing_gallery(), memory(5, 2), ("Stalled GalleryNotFound", resync, None)),
        (
            "Azure works on it",
            ensure(),
            state("Updating"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "Azure does something new with it",
            observe(),
            state("Pondering"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "it is being deleted",
            ensure(),
            state("Deleting"),
            memory(0, 0),
            ("Reconciling Deleting", Requeue::Poll, None),
        ),
        (
            "the last write failed",
            ensure(),
            state("Failed"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, CHANGE),
        ),
        (
            "it is looked at, and failed",
            observe(),
            state("Failed"),
            memory(0, 0),
            ("Stalled DefinitionFailed", resync, None),
        ),
        ("nobody's", ensure(), foreign(None), memory(0, 0), ("Stalled DefinitionExists", resync, None)),
        ("somebody's", ensure(), foreign(Some("c2/a/b/c")), memory(0, 0), ("Stalled DefinitionExists", resync, None)),
        ("nobody's, taken over", adopt(), foreign(None), memory(0, 0), ("Reconciling Adopted", Requeue::Poll, ADOPT)),
        (
            "another cluster's, taken over",
            adopt(),
            foreign(Some("c2/a/b/c")),
            memory(0, 0),
            ("Reconciling Adopted", Requeue::Poll, ADOPT),
        ),
        (
            "of one that is gone, taken over",
            adopt(),
            foreign(Some(&owner("u-gone"))),
            memory(0, 0),
            ("Reconciling Adopted", Requeue::Poll, ADOPT),
        ),
        (
            "of one that can't be read",
            adopt(),
            foreign(Some(&owner("u-unreadable"))),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
        (
            "of another namespace",
            adopt(),
            foreign(Some("c1/other/web/u-x")),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
        (
            "of one nobody can tell",
            adopt(),
            foreign(Some("me")),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
    ];
    for (case, spec, observed, memory, (progress, requeue, doing)) in cases {
        let plan = plan_with(&validated(spec), &observed, &memory, &ImageDefinitionStatus::default());
        assert_eq!(shape(&plan), (progress.to_owned(), requeue, doing), "{case}: {}", said(&plan));
    }
}

#[test]
fn each_difference_that_azure_cannot_change_is_told_with_both_values_and_never_written() {
    let plan_of = |name: &str| MarketplacePlan { name: name.into(), publisher: "p".into(), product: "o".into() };
    let spec = json!({"location": "West Europe", "properties": {"hibernation": true, "acceleratedNetworking": false,
        "purchasePlan": {"name": "pro", "publisher": "p", "product": "o"}}});
    let same = |it: &mut Definition| {
        (it.hibernation, it.plan) = (Some("True".into()), Some(plan_of("pro")));
    };
    let as_asked = plan(&validated(spec.clone()), &found(with(same)));
    assert_eq!(shape(&as_asked), ("Settled".into(), Requeue::Resync, None), "{}", said(&as_asked));
    type Alter = fn(&mut Definition);
    let cases: [(&str, &str, &str, Alter); 14] = [
        ("spec.location", "westeurope", "northeurope", |it| it.location = "northeurope".parse().unwrap()),
        ("spec.properties.osType", "Linux", "Windows", |it| it.os_type = "Windows".into()),
        ("osState", "Generalized", "Specialized", |it| it.os_state = "Specialized".into()),
        ("spec.properties.hyperVGeneration", "V2", "V1", |it| it.generation = "V1".into()),
        ("spec.properties.architecture", "x64", "Arm64", |it| it.architecture = "Arm64".into()),
        ("spec.properties.identifier.publisher", "corp", "other", |it| it.identifier.publisher = "other".into()),
        ("spec.properties.identifier.offer", "ubuntu", "debian", |it| it.identifier.offer = "debian".into()),
        ("spec.properties.identifier.sku", "web", "nothing", |it| it.identifier.sku = String::new()),
        ("spec.properties.securityType", "TrustedLaunchSupported", "Standard", |it| it.security_type = None),
        ("spec.properties.diskControllerTypes", "SCSI, NVMe", "SCSI", |it| it.disk_controllers = None),
        ("spec.properties.hibernation", "true", "false", |it| it.hibernation = None),
        ("spec.properties.acceleratedNetworking", "false", "true", |it| {
            it.accelerated_networking = Some("True".into())
        }),
        ("spec.properties.purchasePlan", "p/o/pro", "nothing", |it| it.plan = None),
        ("spec.properties.purchasePlan", "p/o/pro", "p/o/free", |it| it.plan.as_mut().unwrap().name = "free".into()),
    ];
    for (field, wanted, is, alter) in cases {
        let differing = found(with(|it| {
            same(it);
            alter(it);
        }));
        for management in ["Ensure", "Observe"] {
            let mut spec = spec.clone();
            spec["management"] = management.into();
            let plan = plan(&validated(spec), &differing);
            assert_eq!(shape(&plan), ("Stalled DefinitionDiffers".into(), Requeue::Resync, None), "{field}");
            let expected = format!("{field} is {wanted} in this object and {is} in Azure");
            assert!(said(&plan).starts_with(&expected), "{field}: {}", said(&plan));
        }
    }
    let unasked = plan(&validated(json!({})), &found(with(|it| it.plan = Some(plan_of("pro")))));
    assert!(said(&unasked).starts_with("spec.properties.purchasePlan is nothing"), "{}", said(&unasked));
    let spelled = found(with(|it| it.disk_controllers = Some("nvme,scsi".into())));
    assert_eq!(shape(&plan(&validated(json!({})), &spelled)).0, "Settled", "the order and the case don't matter");
}

#[test]
fn what_may_change_is_kept_and_all_else_is_written_as_it_was_read() {
    let all = json!({"properties": {
        "description": "web", "eula": "free", "privacyStatementUri": "https://e/p", "releaseNoteUri": "https://e/n",
        "endOfLifeDate": "2027-11-01T00:00:00Z", "tags": {"costCenter": "42"},
        "recommended": {"vCPUs": {"min": 2}, "memory": {"max": 64}}}});
    let ensured = validated(all);
    let kept = |it: &mut Definition| {
        it.description = Some("web".into());
        it.eula = Some("free".into());
        it.privacy_statement_uri = Some("https://e/p".into());
        it.release_note_uri = Some("https://e/n".into());
        it.end_of_life = Some("2027-11-01T00:00:00+00:00".into());
        it.tags.insert("COSTCENTER".into(), "42".into());
        it.tags.insert("theirs".into(), "x".into());
        (it.vcpus.min, it.vcpus.max, it.memory.max) = (Some(2), Some(9), Some(64));
    };
    assert_eq!(shape(&plan(&ensured, &found(with(kept)))).0, "Settled", "a tag's case doesn't matter");
    type Alter = fn(&mut Definition);
    let cases: [(&str, Alter); 8] = [
        ("description", |it| it.description = Some("changed".into())),
        ("eula", |it| it.eula = None),
        ("privacyStatementUri", |it| it.privacy_statement_uri = None),
        ("releaseNoteUri", |it| it.release_note_uri = Some("https://other".into())),
        ("endOfLifeDate", |it| it.end_of_life = Some("2028-11-01T00:00:00Z".into())),
        ("recommended.vCPUs.min", |it| it.vcpus.min = Some(4)),
        ("recommended.memory.max", |it| it.memory.max = None),
        ("tag costCenter", |it| drop(it.tags.insert("COSTCENTER".into(), "7".into()))),
    ];
    for (what, alter) in cases {
        let drifted = with(|it| {
            kept(it);
            alter(it);
        });
        let plan = plan(&ensured, &found(drifted.clone()));
        assert_eq!(shape(&plan).2, CHANGE, "{what}");
        let step = plan.step.clone().unwrap();
        assert_eq!(step.changes.iter().map(|change| change.what.as_str()).collect::<Vec<_>>(), [what]);
        assert_eq!((step.request.properties, step.request.new), (drifted.properties.clone(), None), "{what}");
        assert_eq!(step.request.tags.get("theirs").map(String::as_str), Some("x"), "{what}");
        assert_eq!(step.request.tags.get("COSTCENTER").map(String::as_str), Some("42"), "{what}");
        assert_eq!(step.request.tags.len(), 3, "{what}");
        let observed = validated(json!({"management": "Observe", "properties": {"description": "web"}}));
        if what == "description" {
            let told = self::plan(&observed, &found(drifted));
            assert_eq!(shape(&told), ("Stalled DefinitionDiffers".into(), Requeue::Resync, None));
            assert!(said(&told).contains("spec.properties.description is web in this object and changed in Azure"));
        }
    }
}

#[test]
fn a_new_definition_is_ours_has_all_that_the_object_says_and_lies_where_the_gallery_does() {
    let tags = json!({"properties": {"tags": {"a": "b"}, "description": "web"}});
    for (location, expected) in [(json!({}), "northeurope"), (json!({"location": "East US 2"}), "eastus2")] {
        let mut spec = tags.clone();
        spec.as_object_mut().unwrap().extend(location.as_object().unwrap().clone());
        let plan = plan_with(&validated(spec), &absent(gallery()), &memory(2, 0), &ImageDefinitionStatus::default());
        let request = plan.step.unwrap().request;
        assert_eq!(request.location.to_string(), expected);
        let expected = [("a".to_owned(), "b".to_owned()), (OWNER_TAG.to_owned(), owner("u-web"))];
        assert_eq!(request.tags, BTreeMap::from(expected));
        assert_eq!(request.settings.description.as_deref(), Some("web"));
        assert!(request.new.is_some() && request.properties.is_empty());
    }
}

#[test]
fn what_is_taken_over_gets_the_owner_tag_and_nothing_else() {
    let spec = json!({"adoption": "IfIdentical", "properties": {"description": "web"}});
    let theirs = with(|it| it.tags = BTreeMap::from([("Azimage-Owner".to_owned(), "c2/a/b/c".to_owned())]));
    let step = plan(&validated(spec.clone()), &found(theirs.clone())).step.unwrap();
    assert_eq!(step.request.tags, BTreeMap::from([("Azimage-Owner".to_owned(), owner("u-web"))]));
    assert_eq!((step.request.settings, step.former.as_deref()), (Settings::default(), Some("c2/a/b/c")));
    let status = ImageDefinitionStatus { owned: true, ..ImageDefinitionStatus::default() };
    let lost = plan_with(&validated(spec.clone()), &found(theirs.clone()), &Memory::default(), &status);
    assert_eq!(shape(&lost), ("Stalled DefinitionExists".into(), Requeue::Resync, None));
    assert!(said(&lost).contains("was this object's"), "{}", said(&lost));
    let other = Definition { os_type: "Windows".into(), ..theirs };
    assert_eq!(shape(&plan(&validated(spec), &found(other))).0, "Stalled DefinitionDiffers");
}

#[test]
fn a_change_that_does_not_last_is_written_three_times_with_growing_pauses() {
    let ensured = validated(json!({"properties": {"description": "web"}}));
    let drifted = || found(definition());
    let (mut memory, status) = (Memory::default(), ImageDefinitionStatus::default());
    let (mut now, mut written) = (Duration::ZERO, Vec::new());
    let stalled = loop {
        let given = Given { status: &status, memory: &memory, pace: &PACE, now };
        let Next::Plan(plan) = next(&ensured, &drifted(), given) else { panic!("nothing is read") };
        match (&plan.step, plan.rests) {
            (Some(step), _) => {
                written.push(now.as_secs());
                memory.accepted(step, false, now);
            }
            (None, Some(rest)) => {
                assert_eq!(shape(&plan).0, "Retrying ChangeReverted");
                now += rest;
            }
            (None, None) => break plan,
        }
    };
    assert_eq!(written, [0, 10, 30]);
    assert_eq!(shape(&stalled), ("Stalled ChangeReverted".into(), Requeue::Resync, None));
    assert!(said(&stalled).contains("description from nothing to web"), "{}", said(&stalled));
    // A new process believes it, until somebody asks or the object changes.
    let status = status_of(&stalled.report);
    assert_eq!(shape(&plan_with(&ensured, &drifted(), &Memory::default(), &status)).0, "Stalled ChangeReverted");
    let asked = Validated { requested: true, ..ensured.clone() };
    assert_eq!(shape(&plan_with(&asked, &drifted(), &Memory::default(), &status)).2, CHANGE);
    let changed = Validated { generation: Some(2), ..ensured };
    assert_eq!(shape(&plan_with(&changed, &drifted(), &Memory::default(), &status)).2, CHANGE);
    // What fails again and again in Azure has its own reason.
    let mut memory = Memory::default();
    let failed = found(with(|it| it.provisioning = ProvisioningState::Failed));
    let ensured = validated(json!({}));
    for _ in 0..3 {
        let given = Given { status: &ImageDefinitionStatus::default(), memory: &memory, pace: &PACE, now };
        let Next::Plan(plan) = next(&ensured, &failed, given) else { panic!("nothing is read") };
        memory.accepted(&plan.step.expect("it is written"), false, now);
        now += Duration::from_secs(60);
    }
    let given = Given { status: &ImageDefinitionStatus::default(), memory: &memory, pace: &PACE, now };
    let Next::Plan(plan) = next(&ensured, &failed, given) else { panic!("nothing is read") };
    assert_eq!(shape(&plan), ("Stalled DefinitionFailed".into(), Requeue::Resync, None));
}

#[test]
fn what_newer_sizes_cannot_use_is_a_hint_and_no_failure() {
    let spec =
        json!({"properties": {"hyperVGeneration": "V1", "securityType": "Standard", "diskControllerTypes": ["SCSI"]}});
    let old = with(|it| (it.generation, it.security_type, it.disk_controllers) = ("V1".into(), None, None));
    let told = plan(&validated(spec), &found(old));
    assert_eq!(shape(&told).0, "Settled");
    for hint in ["generation 1", "no Trusted Launch", "SCSI alone"] {
        assert!(said(&told).contains(hint), "{}", said(&told));
    }
    assert_eq!(said(&plan(&validated(json!({})), &found(definition()))), "The image definition is as this object says");
}

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
    let nothing = |_: &mut ImageDefinition| {};
    let (old, new) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    type Alter<'a> = &'a dyn Fn(&mut ImageDefinition);
    let cases: [(&str, &str, Alter<'_>, Alter<'_>, bool); 8] = [
        ("the younger one waits", new, &nothing, &nothing, true),
        ("the older one goes on", "2026-10-31T00:00:00Z", &nothing, &nothing, false),
        ("the younger one owns it", new, &owns, &nothing, false),
        ("both own it", new, &owns, &owns, true),
        ("the older one is suspended and owns nothing", new, &nothing, &suspended, false),
        ("the older one waits for a person", new, &nothing, &stalled, false),
        ("the older one goes", new, &nothing, &going, false),
        ("the older one is for another one", new, &nothing, &elsewhere, false),
    ];
    for (case, at, change, of_other, conflicts) in cases {
        let (mine, other) = (made("mine", at, change), made("other", old, of_other));
        let outcome = validated_among(&mine, &[&mine, &other]);
        assert_eq!(outcome.is_err(), conflicts, "{case}");
        if let Err((reason, message)) = outcome {
            assert_eq!(reason, Reason::Conflict, "{case}");
            assert!(message.contains("images/other"), "{case}: {message}");
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
fn a_status_shows_what_azure_has_and_is_the_same_for_the_same() {
    let ensured = validated(json!({}));
    let seen = plan(&ensured, &found(definition())).report;
    let next = |previous: &ImageDefinitionStatus, report: &Report| {
        next_status(previous, report, Some(&ensured.id), 1, None, Timestamp::UNIX_EPOCH)
    };
    let status = next(&ImageDefinitionStatus::default(), &seen);
    assert_eq!(
        (status.name.as_deref(), status.location.as_deref(), status.owned),
        (Some("web"), Some("westeurope"), true)
    );
    assert_eq!(status.resource_id, Some(ensured.id.to_string()));
    assert_eq!(status.properties.as_ref().unwrap().disk_controller_types, "SCSI, NVMe");
    assert_eq!(next(&status, &seen), status, "nothing is written at rest");
    let lost = plan(&ensured, &found(with(|it| it.tags.clear()))).report;
    assert!(next(&status, &lost).owned, "it was this object's");
    let unread = Observed { definition: Some(Reading::Failed(Failure::Unavailable("down".into()))), gallery: None };
    let unread = next(&status, &plan(&ensured, &unread).report);
    assert_eq!((unread.resource_id.is_some(), unread.owned), (true, true));
    let gone = plan_with(&ensured, &absent(gallery()), &memory(2, 0), &status).report;
    let gone = next(&status, &gone);
    assert_eq!((gone.resource_id, gone.properties, gone.owned), (None, None, false));
    assert_eq!(status.conditions[0].type_, ConditionType::DefinitionReady.as_str());
}

#[test]
fn what_was_not_shown_is_counted_anew_as_soon_as_it_is() {
    let mut memory = Memory::default().of(Some(1));
    for expected in 1..3 {
        memory.saw(&absent(Reading::Missing(Absent::Parent)));
        assert_eq!((memory.absent, memory.no_gallery), (expected, expected));
    }
    memory.saw(&absent(gallery()));
    assert_eq!((memory.absent, memory.no_gallery), (3, 0));
    memory.saw(&found(definition()));
    assert_eq!((memory.absent, memory.no_gallery), (0, 0));
    let failed = Observed { definition: Some(Reading::Failed(Failure::Unavailable(String::new()))), gallery: None };
    memory.saw(&failed);
    memory.saw(&failed);
    assert_eq!(memory.requeue_after(Requeue::Retry, &PACE), Duration::from_secs(10));
    memory.succeeded();
    assert_eq!(memory.requeue_after(Requeue::Retry, &PACE), Duration::from_secs(5));
    memory.waits(Some(Duration::from_secs(42)));
    assert_eq!(memory.requeue_after(Requeue::Throttled, &PACE), Duration::from_secs(42));
    assert_eq!(memory.clone().of(Some(2)).requeue_after(Requeue::Throttled, &PACE), PACE.poll, "another spec");
    for _ in 0..5 {
        assert!(!memory.failed(Failure::NotAllowed("no".into()), None).is_permanent());
    }
    assert!(memory.failed(Failure::NotAllowed("no".into()), None).is_permanent(), "a state that stays in the way");
}

#[test]
fn adoption_and_management_are_what_the_object_says() {
    let asked = validated(json!({"adoption": "IfIdentical", "management": "Observe"}));
    assert_eq!((asked.adoption, asked.management), (Adoption::IfIdentical, Management::Observe));
    assert_eq!(asked.other_uids, ["u-unreadable"]);
}
