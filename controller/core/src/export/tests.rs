//! What is read and written for each state of the object and of the `ConfigMap`s.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageDefinition, ImageDefinitionStatus, LatestStatus, Reason, RegionVersion};
use azimage_names::ImageDefinitionId;
use jiff::Timestamp;
use k8s_openapi::{api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::Time};
use serde_json::{Value, json};

use super::{config_map::applied, *};
use crate::{
    image_definition::{Report, next_status},
    promotion::Latest,
};

const POLL: Duration = Duration::from_secs(15);
const NAME: &str = "web-latest";

fn id() -> ImageDefinitionId {
    let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/\
              galleries/corp/images/web";
    ImageDefinitionId::parse(id).unwrap()
}

fn merge(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

/// An object that names a `ConfigMap`, or none, and whose status holds these names.
fn definition(name: Option<&str>, held: &[&str], change: &Value) -> ImageDefinition {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {
            "name": "web", "namespace": "images", "uid": "d", "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {
            "gallery": {"subscriptionId": "x", "resourceGroup": "images", "name": "corp"},
            "management": "Observe",
            "export": name.map(|name| json!({"configMapName": name})),
        },
        "status": {"conditions": [], "configMaps": held},
    });
    merge(&mut object, change);
    serde_json::from_value(object).unwrap()
}

/// What is told of latest: this version, with the older one still in another region.
fn latest(version: Option<&str>, unsure: bool) -> Latest {
    let latest = version.map(|version| LatestStatus {
        version: version.to_owned(),
        resource_id: format!("{}/versions/{version}", id()),
        // With what Kubernetes doesn't keep.
        since: Time(Timestamp::new(1_780_000_000, 977_588_645).unwrap()),
        regions: vec!["westeurope".to_owned()],
    });
    let at = |name: &str, version: &str| RegionVersion { name: name.to_owned(), version: version.to_owned() };
    let regions = version.map(|version| vec![at("eastus2", "1.2.0"), at("westeurope", version)]);
    let finding = Finding::yes("x");
    let (versions, history) = (Vec::new(), Vec::new());
    Latest {
        latest,
        regions: regions.unwrap_or_default(),
        unsure,
        overriding: None,
        versions,
        history,
        finding,
        stalled: None,
    }
}

/// A `ConfigMap` as the API server has it after the object applied it, with a change.
fn map(name: &str, latest: &Latest, change: &Value) -> Reading {
    let object = definition(Some(name), &[], &json!({}));
    let data = record::of("IMAGE", &id(), latest).unwrap();
    let mut value = applied(&object, name, &data, Some("7"));
    let keys: serde_json::Map<_, _> = data.keys().map(|key| (format!("f:{key}"), json!({}))).collect();
    value["metadata"]["uid"] = json!(format!("{name}-uid"));
    value["metadata"]["managedFields"] =
        json!([{"manager": "azimage", "operation": "Apply", "fieldsV1": {"f:data": keys}}]);
    merge(&mut value, change);
    Reading::Found(Box::new(serde_json::from_value(value).unwrap()))
}

/// The plan, with the names of what was read on the way to it.
fn decided(
    object: &ImageDefinition,
    latest: &Latest,
    others: &[&ImageDefinition],
    there: &Seen,
) -> (Plan, Vec<String>) {
    let id = id();
    let ask = Ask { object, id: &id, latest, definitions: others, poll: POLL };
    let (mut seen, mut names) = (Seen::new(), Vec::new());
    loop {
        match next(&ask, &seen) {
            Next::Plan(plan) => return (*plan, names),
            Next::Read(name) => {
                assert!(!seen.contains_key(&name), "{name} is read once");
                seen.insert(name.clone(), there.get(&name).cloned().unwrap_or(Reading::Missing));
                names.push(name);
            }
        }
    }
}

/// The write in a word: what is done to which one, and by which resource version.
fn step(plan: &Plan) -> String {
    match &plan.step {
        None => "nothing".to_owned(),
        Some(Step::Apply { name, object }) => {
            format!("apply {name} to {}", object["metadata"]["resourceVersion"].as_str().unwrap())
        }
        Some(Step::Delete { name, uid, resource_version }) => {
            format!("delete {name} {}/{}", uid.as_deref().unwrap(), resource_version.as_deref().unwrap())
        }
    }
}

fn reason(plan: &Plan) -> Option<Reason> {
    plan.exported.finding.as_ref().map(|finding| finding.reason)
}

#[test]
fn the_record_is_flat_and_tells_of_each_region() {
    let data = record::of("WEB", &id(), &latest(Some("1.3.0"), false)).unwrap();
    let expected = [
        ("WEB_DEFINITION_ID", id().to_string()),
        ("WEB_ID", format!("{}/versions/1.3.0", id())),
        ("WEB_ID_eastus2", format!("{}/versions/1.2.0", id())),
        ("WEB_ID_westeurope", format!("{}/versions/1.3.0", id())),
        ("WEB_SHA256", data["WEB_SHA256"].clone()),
        ("WEB_SINCE", "2026-05-28T20:26:40Z".to_owned()),
        ("WEB_VERSION", "1.3.0".to_owned()),
        ("WEB_VERSION_eastus2", "1.2.0".to_owned()),
        ("WEB_VERSION_westeurope", "1.3.0".to_owned()),
    ];
    assert_eq!(data, expected.map(|(key, value)| (key.to_owned(), value)).into());
    let form = regex::Regex::new("^[_[:alpha:]][_[:alpha:][:digit:]]*$").unwrap();
    assert!(data.iter().all(|(key, value)| form.is_match(key) && !value.contains('\n')));

    let sha = |latest: &Latest| record::of("WEB", &id(), latest).unwrap()["WEB_SHA256"].clone();
    assert_eq!(sha(&latest(Some("1.3.0"), false)).len(), 64);
    let mut again = latest(Some("1.3.0"), false);
    again.latest.as_mut().unwrap().since = Time(Timestamp::UNIX_EPOCH);
    assert_eq!(sha(&again), data["WEB_SHA256"], "what is latest again is the same");
    again.regions[0].version = "1.3.0".to_owned();
    assert_ne!(sha(&again), data["WEB_SHA256"], "another region follows");
    assert_eq!(record::of("WEB", &id(), &latest(None, false)), None);
}

/// The object, what is latest, what is there; the write, the reason, the names that the status holds then, and when to look again.
type Row<'a> = (
    &'static str,
    ImageDefinition,
    &'a Latest,
    Seen,
    &'static str,
    Option<Reason>,
    &'static [&'static str],
    Option<u64>,
);

#[test]
#[allow(clippy::too_many_lines, clippy::type_complexity, reason = "a table")]
fn one_write_for_each_pass_and_none_where_all_is_as_it_should_be() {
    let none = json!({});
    let is = latest(Some("1.3.0"), false);
    let (gone, unknown) = (latest(None, false), latest(None, true));
    let mine = |change: &Value| map(NAME, &is, change);
    let foreign = json!({"metadata": {"ownerReferences": null}});
    let of_another = json!({"metadata": {"ownerReferences": [
        {"apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "name": "other", "uid": "o", "controller": true},
    ]}});
    let wants = |held: &[&str]| definition(Some(NAME), held, &none);
    let no_more = |held: &[&str]| definition(None, held, &none);
    let seen = |readings: &[(&str, Reading)]| -> Seen {
        readings.iter().map(|(name, reading)| ((*name).to_owned(), reading.clone())).collect()
    };
    let refused = || Reading::Refused("no right".to_owned());
    let old = |change: &Value| map("old", &is, change);
    let rows: Vec<Row<'_>> = vec![
        ("no export", no_more(&[]), &is, seen(&[]), "nothing", None, &[], None),
        ("nothing is latest yet", wants(&[]), &gone, seen(&[]), "nothing", Some(Reason::NothingLatest), &[], None),
        ("its name is told first", wants(&[]), &is, seen(&[]), "nothing", Some(Reason::Progressing), &[NAME], Some(0)),
        ("it is made", wants(&[NAME]), &is, seen(&[]), "apply web-latest to 1", Some(Reason::Succeeded), &[NAME], None),
        (
            "it is right",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&none))]),
            "nothing",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "others added a key",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&json!({"data": {"THEIRS": "1"}})))]),
            "nothing",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "another version is latest",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, map(NAME, &latest(Some("1.2.9"), false), &none))]),
            "apply web-latest to 7",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "somebody changed a value",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&json!({"data": {"IMAGE_VERSION": "9.9.9"}})))]),
            "apply web-latest to 7",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "a region is latest no more",
            wants(&[NAME]),
            &is,
            seen(&[(
                NAME,
                mine(&json!({"metadata": {"managedFields": [{"manager": "azimage", "operation": "Apply",
                "fieldsV1": {"f:data": {"f:IMAGE_VERSION": {}, "f:IMAGE_VERSION_gone": {}}}}]}})),
            )]),
            "apply web-latest to 7",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "somebody took the label away",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&json!({"metadata": {"labels": {"reconcile.fluxcd.io/watch": "no"}}})))]),
            "apply web-latest to 7",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "a new name that is taken",
            wants(&[]),
            &is,
            seen(&[(NAME, mine(&foreign))]),
            "nothing",
            Some(Reason::ConfigMapExists),
            &[],
            None,
        ),
        (
            "a new name without the right",
            wants(&[]),
            &is,
            seen(&[(NAME, refused())]),
            "nothing",
            Some(Reason::ExportRefused),
            &[],
            None,
        ),
        (
            "the status was lost",
            wants(&[]),
            &is,
            seen(&[(NAME, mine(&none))]),
            "nothing",
            Some(Reason::Progressing),
            &[NAME],
            Some(0),
        ),
        (
            "it is being deleted",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})))]),
            "nothing",
            Some(Reason::Progressing),
            &[NAME],
            Some(15),
        ),
        (
            "it is foreign",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&foreign))]),
            "nothing",
            Some(Reason::ConfigMapExists),
            &[NAME],
            None,
        ),
        (
            "another's",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, mine(&of_another))]),
            "nothing",
            Some(Reason::ConfigMapExists),
            &[NAME],
            None,
        ),
        (
            "it can't be read",
            wants(&[NAME]),
            &is,
            seen(&[(NAME, refused())]),
            "nothing",
            Some(Reason::ExportRefused),
            &[NAME],
            None,
        ),
        (
            "nothing is latest any more",
            wants(&[NAME]),
            &gone,
            seen(&[(NAME, mine(&none))]),
            "delete web-latest web-latest-uid/7",
            Some(Reason::NothingLatest),
            &[NAME],
            None,
        ),
        ("and it is gone", wants(&[NAME]), &gone, seen(&[]), "nothing", Some(Reason::NothingLatest), &[], None),
        (
            "nobody knows",
            wants(&[NAME]),
            &unknown,
            seen(&[(NAME, mine(&none))]),
            "nothing",
            Some(Reason::Progressing),
            &[NAME],
            None,
        ),
        (
            "nothing is latest, and it is foreign",
            wants(&[NAME]),
            &gone,
            seen(&[(NAME, mine(&foreign))]),
            "nothing",
            Some(Reason::ConfigMapExists),
            &[NAME],
            None,
        ),
        (
            "another name: the new one first",
            wants(&[NAME, "old"]),
            &is,
            seen(&[("old", old(&none))]),
            "apply web-latest to 1",
            Some(Reason::Succeeded),
            &[NAME, "old"],
            Some(15),
        ),
        (
            "then the old one goes",
            wants(&[NAME, "old"]),
            &is,
            seen(&[(NAME, mine(&none)), ("old", old(&none))]),
            "delete old old-uid/7",
            Some(Reason::Succeeded),
            &[NAME, "old"],
            Some(15),
        ),
        (
            "and its name",
            wants(&[NAME, "old"]),
            &is,
            seen(&[(NAME, mine(&none))]),
            "nothing",
            Some(Reason::Succeeded),
            &[NAME],
            None,
        ),
        (
            "another name that is taken: the old one goes all the same, as nobody keeps it right",
            wants(&[NAME, "old"]),
            &is,
            seen(&[(NAME, mine(&foreign)), ("old", old(&none))]),
            "delete old old-uid/7",
            Some(Reason::ConfigMapExists),
            &[NAME, "old"],
            Some(15),
        ),
        (
            "as many names as there may be",
            wants(&["a", "b", "c", "old"]),
            &is,
            seen(&[("old", old(&none))]),
            "delete old old-uid/7",
            Some(Reason::Progressing),
            &["old"],
            Some(15),
        ),
        (
            "no export any more",
            no_more(&["old"]),
            &is,
            seen(&[("old", old(&none))]),
            "delete old old-uid/7",
            Some(Reason::CleaningUp),
            &["old"],
            Some(15),
        ),
        ("and it is gone", no_more(&["old"]), &is, seen(&[]), "nothing", None, &[], None),
        (
            "one that is foreign stays",
            no_more(&["old"]),
            &is,
            seen(&[("old", old(&foreign))]),
            "nothing",
            None,
            &[],
            None,
        ),
        (
            "an old one that can't be read",
            no_more(&["old"]),
            &is,
            seen(&[("old", refused())]),
            "nothing",
            Some(Reason::ExportRefused),
            &["old"],
            None,
        ),
    ];
    for (case, object, latest, there, write, said, names, again) in rows {
        let (plan, _) = decided(&object, latest, &[&object], &there);
        assert_eq!((step(&plan).as_str(), reason(&plan)), (write, said), "{case}");
        assert_eq!(plan.exported.config_maps, names, "{case}");
        assert_eq!(plan.again.map(|again| again.as_secs()), again, "{case}");
        let stalls = matches!(said, Some(Reason::ConfigMapExists | Reason::ExportRefused));
        assert_eq!(plan.exported.stalled.is_some(), stalls, "{case}");
    }
}

#[test]
fn of_two_objects_that_name_the_same_the_younger_is_told() {
    let none = json!({});
    let is = latest(Some("1.3.0"), false);
    let younger = definition(Some(NAME), &[NAME], &none);
    let other = |change: &Value| {
        let mut own = json!({"metadata": {"name": "older", "uid": "o", "creationTimestamp": "2025-01-01T00:00:00Z"}});
        merge(&mut own, change);
        definition(Some(NAME), &[NAME], &own)
    };
    let stalled = json!({"status": {"conditions": [{
        "type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]}});
    for (case, other, told) in [
        ("an older one", other(&none), true),
        ("one of another name", other(&json!({"spec": {"export": {"configMapName": "x"}}})), false),
        ("of another namespace", other(&json!({"metadata": {"namespace": "x"}})), false),
        ("one that goes", other(&json!({"metadata": {"deletionTimestamp": "2026-01-02T00:00:00Z"}})), false),
        ("one that is suspended", other(&json!({"spec": {"suspend": true}})), false),
        ("one that can't work", other(&stalled), false),
        ("a younger one", other(&json!({"metadata": {"creationTimestamp": "2026-02-01T00:00:00Z"}})), false),
    ] {
        let (plan, _) = decided(&younger, &is, &[&younger, &other], &Seen::new());
        let expected = if told { Reason::ConfigMapExists } else { Reason::Succeeded };
        assert_eq!((reason(&plan), plan.step.is_some()), (Some(expected), !told), "{case}");
        // One that is its own it keeps, whoever is older.
        let (plan, _) = decided(&younger, &is, &[&younger, &other], &[(NAME.to_owned(), map(NAME, &is, &none))].into());
        assert_eq!(reason(&plan), Some(Reason::Succeeded), "{case}");
    }
}

#[test]
fn what_the_api_server_answers_is_told() {
    let is = latest(Some("1.3.0"), false);
    let object = definition(Some(NAME), &[NAME], &json!({}));
    let id = id();
    let ask = Ask { object: &object, id: &id, latest: &is, definitions: &[], poll: POLL };
    let plan = || decided(&object, &is, &[], &Seen::new()).0;
    let answer = |change: &Value| -> ConfigMap {
        let Reading::Found(map) = map(NAME, &is, change) else { unreachable!() };
        *map
    };
    let kept = plan().applied(&ask, &answer(&json!({})));
    assert_eq!((kept.finding.unwrap().reason, kept.stalled), (Reason::Succeeded, None));
    let changed = plan().applied(&ask, &answer(&json!({"data": {"IMAGE_ID": "x"}})));
    assert_eq!(changed.finding.unwrap().reason, Reason::ExportRefused);
    let refused = plan().refused(&[NAME.to_owned()], "configmaps \"web-latest\" is forbidden:\nno");
    assert_eq!(refused.config_maps, [NAME]);
    let Some(Progress::Stalled { reason, message }) = refused.stalled else { panic!("it is stalled") };
    let text = "The API server doesn't let the controller write the ConfigMap web-latest: configmaps \"web-latest\" is forbidden: no. \
                If it lacks the right";
    assert!(reason == Reason::ExportRefused && message.starts_with(text), "{message}");
}

#[test]
fn the_condition_is_there_while_there_is_something_to_tell() {
    let now = Timestamp::UNIX_EPOCH;
    let settled = || Report::of(Progress::Settled { message: "fine".to_owned() });
    let reports = |exported: Option<Exported>| Report { exported: exported.map(Box::new), ..settled() };
    let status =
        |before: &ImageDefinitionStatus, exported| next_status(before, &reports(exported), Some(&id()), 1, None, now);
    let said = |status: &ImageDefinitionStatus, kind: ConditionType| {
        let found = status.conditions.iter().find(|it| it.type_ == kind.as_str());
        found.map(|it| (it.status.clone(), it.reason.clone()))
    };
    let is = |status: &str, reason: &str| Some((status.to_owned(), reason.to_owned()));
    let object = definition(Some(NAME), &[NAME], &json!({}));
    let told = latest(Some("1.3.0"), false);
    let (plan, _) = decided(&object, &told, &[], &Seen::new());
    let none = status(&ImageDefinitionStatus::default(), Some(Exported::default()));
    assert_eq!(said(&none, ConditionType::Exported), None);
    let there = status(&none, Some(plan.exported.clone()));
    assert_eq!(said(&there, ConditionType::Exported), is("True", "Succeeded"));
    assert_eq!(there.config_maps, [NAME]);
    assert_eq!(status(&there, None), there, "what a pass doesn't look at stays");
    let refused = status(&there, Some(plan.refused(&[NAME.to_owned()], "no")));
    assert_eq!(said(&refused, ConditionType::Exported), is("False", "ExportRefused"));
    assert_eq!(said(&refused, ConditionType::Stalled), is("True", "ExportRefused"));
    assert_eq!(said(&status(&there, Some(Exported::default())), ConditionType::Exported), None);
}
