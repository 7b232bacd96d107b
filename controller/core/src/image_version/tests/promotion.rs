//! What is written of latest, and what is told of it.

use azimage_crds::{ConditionType, ImageDefinition, ImageVersion, ImageVersionStatus, VALIDATED_TAG};
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::{
    super::*,
    fixtures::*,
    published::{OTHER, plain, wide},
    scene::*,
};

const PASSED_AT: &str = "2026-05-31T12:00:00Z";

/// An object of the image definition with these words on latest.
pub(super) fn says(latest: &Value) -> ImageDefinition {
    let gallery = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
    });
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "images", "uid": "d", "generation": 1},
        "spec": {"gallery": gallery, "management": "Observe", "latest": latest},
    });
    serde_json::from_value(object).unwrap()
}

fn newest() -> ImageDefinition {
    says(&json!({"policy": "Newest"}))
}

/// A status in which the validation came to this, and latest stands so at home and elsewhere.
fn status(outcome: &str, latest: [Option<&str>; 2]) -> ImageVersionStatus {
    let region = |name: &str, latest: Option<&str>| json!({"name": name, "state": "Completed", "requestedBy": ["t"], "latest": latest});
    let validation = json!({
        "outcome": outcome, "region": HOME, "startedAt": PASSED_AT, "finishedAt": PASSED_AT, "attempts": 1,
    });
    serde_json::from_value(json!({
        "observedGeneration": GENERATION, "resourceId": "x", "conditions": [], "validation": validation,
        "regions": [region(HOME, latest[0]), region(OTHER, latest[1])],
    }))
    .unwrap()
}

/// The version in both regions, included in latest in these.
fn included(regions: &[&str]) -> facts::Version {
    let mut version = version(&[HOME, OTHER]);
    for target in &mut version.targets {
        target.exclude_from_latest = Some(!regions.contains(&target.region.as_str()));
    }
    if !regions.is_empty() {
        version.tags.insert(VALIDATED_TAG.to_owned(), PASSED_AT.to_owned());
    }
    version
}

/// It is to be proven in each region, and came to this in these beside its home.
fn proven_everywhere(mut scene: Scene, regions: &[(&str, &str)]) -> Scene {
    let object = super::proven::proven(&json!({"validation": {"regions": "All"}})).spec;
    (scene.object.spec.validation, scene.object.spec.workspace) = (object.validation, object.workspace);
    let told = |(name, outcome): &(&str, &str)| json!({"name": name, "outcome": outcome, "startedAt": PASSED_AT});
    if let Some(validation) = &mut scene.status.validation {
        validation.regions = regions.iter().map(|it| serde_json::from_value(told(it)).unwrap()).collect();
    }
    scene
}

/// Another version of the image definition that passed, with latest so at home.
fn other(number: &str, latest: Option<&str>) -> ImageVersion {
    other_that(number, "Passed", latest)
}

/// Another version of the image definition whose validation came to this.
pub(super) fn other_that(number: &str, outcome: &str, latest: Option<&str>) -> ImageVersion {
    let own = json!({"metadata": {"name": number, "uid": number}, "spec": {"version": number}});
    let mut other = object(&both(&from_image_version(), &own));
    other.status = Some(status(outcome, [latest, None]));
    other
}

/// What is written of latest: the regions that are included, and the tag; nothing, if nothing is written.
fn written(scene: &Scene) -> String {
    let Some(Step { request: Request::PutVersion(request), name, .. }) = scene.plan().step else {
        return "-".to_owned();
    };
    assert!(request.exclude_from_latest, "a region without a flag of its own is out of latest");
    let included: Vec<&str> =
        request.targets.iter().filter(|at| !at.exclude_from_latest).map(|at| at.region.as_str()).collect();
    let tag = request.tags.get(VALIDATED_TAG).map_or("", |_| ", tagged");
    format!("{name}: {}{tag}", included.join(" "))
}

fn promoted(scene: &Scene) -> String {
    let status = scene.next_status();
    let kind = ConditionType::Promoted;
    let Some(condition) = status.conditions.iter().find(|it| it.type_ == kind.as_str()) else { return "-".to_owned() };
    format!("{}/{} {}", condition.status, condition.reason, status.latest.unwrap_or_default()).trim_end().to_owned()
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_version_gets_into_latest_and_out_of_it_by_one_write() {
    let to = |number: &str| says(&json!({"policy": "Pinned", "pinned": number}));
    let empties = says(&json!({"policy": "Pinned", "pinned": "0.9.0", "emptyRegions": "Allow"}));
    let soaks = says(&json!({"policy": "Newest", "soak": "48h"}));
    let none = [None, None];
    let both = [Some("Included"), Some("Included")];
    let at = |version: facts::Version, outcome: &str, latest| wide().version(version).status(status(outcome, latest));
    let rows = vec![
        (
            "it passed, and is the newest",
            at(included(&[]), "Passed", none).definitions(&[newest()]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "it was included",
            at(included(&[HOME, OTHER]), "Passed", [Some("Entering"), Some("Entering")]).definitions(&[newest()]),
            "-",
            "True/Succeeded 2/2 regions",
        ),
        ("nobody promotes it", at(included(&[]), "Passed", none), "-", "-"),
        ("it failed", at(included(&[]), "Failed", none).definitions(&[newest()]), "-", "False/NotValidated"),
        (
            "it is being validated",
            at(included(&[]), "Running", none).definitions(&[newest()]),
            "-",
            "False/NotValidated",
        ),
        ("it soaks", at(included(&[]), "Passed", none).definitions(&[soaks]), "-", "Unknown/Soaking"),
        (
            "a copy isn't complete",
            wide()
                .version(included(&[]).says(OTHER, RegionReplication::Replicating, ""))
                .status(status("Passed", none))
                .definitions(&[newest()]),
            "Update: westeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "a copy is complete now",
            at(included(&[HOME]), "Passed", [Some("Included"), None]).definitions(&[newest()]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "somebody took it out",
            at(included(&[HOME]), "Passed", both).definitions(&[newest()]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "somebody included it that failed",
            at(included(&[HOME]), "Failed", none).definitions(&[newest()]),
            "Update: ",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "its status was lost",
            wide().version(included(&[HOME, OTHER])).status(ImageVersionStatus::default()).definitions(&[newest()]),
            "-",
            "True/Succeeded 2/2 regions",
        ),
        (
            "its status was lost, and it never was promoted",
            wide().version(included(&[])).status(ImageVersionStatus::default()).definitions(&[newest()]),
            "-",
            "False/NotValidated",
        ),
        (
            "its image definition's object is gone",
            at(included(&[HOME, OTHER]), "Passed", both),
            "-",
            "True/Succeeded 2/2 regions",
        ),
        (
            "an older one is pinned",
            at(included(&[HOME]), "Passed", [Some("Included"), None])
                .definitions(&[to("0.9.0")])
                .versions(&[other("0.9.0", Some("Included"))]),
            "Update: , tagged",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "an older one is pinned that isn't everywhere",
            at(included(&[HOME, OTHER]), "Passed", both).definitions(&[to("0.9.0")]).versions(&[{
                let mut other = other("0.9.0", None);
                other.status.as_mut().unwrap().regions.pop();
                other
            }]),
            "Update: northeurope, tagged",
            "Unknown/Promoting 2/2 regions",
        ),
        (
            "it isn't everywhere, and the region may be empty",
            at(included(&[HOME, OTHER]), "Passed", both).definitions(&[empties]).versions(&[{
                let mut other = other("0.9.0", None);
                other.status.as_mut().unwrap().regions.pop();
                other
            }]),
            "Update: , tagged",
            "Unknown/Promoting 2/2 regions",
        ),
        (
            "it is pinned, and a newer one is still in",
            at(included(&[]), "Passed", none).definitions(&[to("1.0.0")]).versions(&[other("1.1.0", Some("Leaving"))]),
            "Update: northeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "it is pinned, and the newer one is out",
            at(included(&[OTHER]), "Passed", [None, Some("Included")])
                .definitions(&[to("1.0.0")])
                .versions(&[other("1.1.0", None)]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "a newer one is latest, and this one serves where that isn't",
            at(included(&[HOME, OTHER]), "Passed", both)
                .definitions(&[newest()])
                .versions(&[other("1.1.0", Some("Included"))]),
            "-",
            "False/NotLatest 1/2 regions",
        ),
        (
            "a region's target keeps latest out",
            at(included(&[]), "Passed", none)
                .targets(&[target("t", OTHER, &json!({"spec": {"latest": "Excluded"}}))])
                .definitions(&[newest()]),
            "Update: westeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "a region's target says a later wave",
            at(included(&[]), "Passed", none)
                .targets(&[target("t", OTHER, &json!({"spec": {"wave": 1}}))])
                .definitions(&[newest()]),
            "Update: westeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "the first wave has it",
            at(included(&[HOME]), "Passed", [Some("Entering"), None])
                .targets(&[target("t", OTHER, &json!({"spec": {"wave": 1}}))])
                .definitions(&[newest()]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting 1/2 regions",
        ),
        (
            "it isn't proven elsewhere yet",
            proven_everywhere(at(included(&[]), "Passed", none).definitions(&[newest()]), &[]),
            "Update: westeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "it is proven elsewhere",
            proven_everywhere(at(included(&[]), "Passed", none).definitions(&[newest()]), &[(OTHER, "Passed")]),
            "Update: westeurope northeurope, tagged",
            "Unknown/Promoting",
        ),
        (
            "it failed elsewhere, where it was latest",
            proven_everywhere(
                at(included(&[HOME, OTHER]), "Passed", both).definitions(&[newest()]),
                &[(OTHER, "Failed")],
            ),
            "Update: westeurope, tagged",
            "Unknown/Promoting 2/2 regions",
        ),
        (
            "it failed elsewhere",
            proven_everywhere(
                at(included(&[HOME]), "Passed", [Some("Included"), None]).definitions(&[newest()]),
                &[(OTHER, "Failed")],
            ),
            "-",
            "False/NotValidated 1/2 regions",
        ),
        (
            "it was latest elsewhere before it was to be proven there",
            proven_everywhere(at(included(&[HOME, OTHER]), "Passed", both).definitions(&[newest()]), &[]),
            "-",
            "True/Succeeded 2/2 regions",
        ),
        (
            "somebody included it elsewhere before it was proven there",
            proven_everywhere(
                at(included(&[HOME, OTHER]), "Passed", [Some("Included"), None]).definitions(&[newest()]),
                &[],
            ),
            "Update: westeurope, tagged",
            "Unknown/Promoting 2/2 regions",
        ),
        (
            "its status was lost, and it is to be proven everywhere",
            proven_everywhere(
                wide().version(included(&[HOME])).status(ImageVersionStatus::default()).definitions(&[newest()]),
                &[],
            ),
            "-",
            "True/Succeeded 1/2 regions",
        ),
    ];
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(case, scene, step, told)| {
            let found = (written(scene), promoted(scene));
            let expected = ((*step).to_owned(), (*told).to_owned());
            (found != expected).then(|| format!("{case}\n  expected {expected:?}\n  found    {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_region_is_added_excluded_and_taken_away_without_a_word_on_latest() {
    let more = [target("t", OTHER, &json!({})), target("u", "uksouth", &json!({}))];
    let included_so = [Some("Included"), Some("Included")];
    let at = |status| wide().version(included(&[HOME, OTHER])).status(status).definitions(&[newest()]);
    let adds = at(status("Passed", included_so)).targets(&more);
    assert_eq!(written(&adds), "Update: westeurope northeurope, tagged");
    let goes = at(status("Passed", included_so)).targets(&[going("t", OTHER, "Delete")]);
    assert_eq!(written(&goes), "Update: westeurope, tagged");
    let goes_while_it_enters = wide()
        .version(included(&[]))
        .status(status("Passed", [None, None]))
        .targets(&[going("t", OTHER, "Delete")])
        .definitions(&[newest()]);
    assert_eq!(written(&goes_while_it_enters), "Update: ", "what takes a region away does nothing else");
}

#[test]
fn a_version_that_failed_since_loses_its_tag() {
    let mut version = included(&[]);
    version.tags.insert(VALIDATED_TAG.to_owned(), PASSED_AT.to_owned());
    let scene = wide().version(version).status(status("Failed", [None, None])).definitions(&[newest()]);
    assert_eq!(written(&scene), "Update: ");
}

/// The status that a pass over the scene writes, with which the next one begins.
fn after_the_pass(mut scene: Scene) -> Scene {
    let mut status = scene.next_status();
    if let Some(step) = scene.plan().step {
        record_intent(&mut status, &step.key(), "c", now(), None);
    }
    scene.status = status;
    scene
}

#[test]
fn what_is_latest_stays_so_over_a_lost_status_whatever_else_is_to_be_written() {
    let lost = |former: Option<&str>| {
        serde_json::from_value::<ImageVersionStatus>(json!({"conditions": [], "adoptedFrom": former})).unwrap()
    };
    let promoted_one = |former| {
        let mut scene = wide().version(included(&[HOME, OTHER])).status(lost(former)).definitions(&[newest()]);
        scene.object.spec.publish.tags.insert("team".into(), "web".into());
        scene
    };
    for former in [None, Some("c1/images/web-1/u-0"), Some("c2/images/web-1/u-9")] {
        let mut scene = promoted_one(former);
        for pass in 0..3 {
            assert_eq!(written(&scene), "Update: westeurope northeurope, tagged", "{former:?}, pass {pass}");
            scene = after_the_pass(scene);
            let told = scene.status.validation.as_ref().map(|told| told.outcome.to_string());
            assert_eq!(told.as_deref(), Some("Passed"), "{former:?}, pass {pass}");
        }
    }
    let scene = after_the_pass(promoted_one(Some(crate::owner::NOBODY)));
    assert_eq!(
        (written(&scene), scene.status.validation.clone()),
        ("Update: , tagged".to_owned(), None),
        "nobody proved it"
    );
}

#[test]
fn only_what_includes_a_version_needs_the_newest_word_of_its_definition() {
    let none = [None, None];
    let enters = wide().version(included(&[])).status(status("Passed", none)).definitions(&[newest()]);
    let adds = plain().version(version(&[HOME])).targets(&[target("t", OTHER, &json!({}))]);
    for (case, scene, expected) in [("it is promoted", &enters, true), ("a region is added", &adds, false)] {
        assert_eq!(scene.plan().includes(), expected, "{case}");
    }
}

#[test]
fn a_soak_is_over_when_azures_clock_says_so() {
    let soaks = says(&json!({"policy": "Newest", "soak": "48h"}));
    let hours = SignedDuration::from_hours;
    // Azure's clock may be another one altogether.
    let azure = now() + hours(1000);
    let all = "Update: westeurope northeurope, tagged";
    for (case, ours, azures, expected) in [
        ("Azure says nothing, as in a list", 49, None, all),
        ("Azure says the same", 49, Some(49), all),
        ("our clock jumped ahead", 49, Some(47), "-"),
        ("our clock is behind", 47, Some(60), all),
        ("it was ahead by days when the version passed", -240, Some(49), all),
        ("it was, and the soak goes on", -240, Some(47), "-"),
    ] {
        let mut status = status("Passed", [None, None]);
        let validation = status.validation.as_mut().unwrap();
        (validation.finished_at, validation.azure_time) = (Some(Time(now() - hours(ours))), Some(Time(azure)));
        let version = facts::Version { read_at: azures.map(|passed| azure + hours(passed)), ..included(&[]) };
        let scene = wide().version(version).status(status).definitions(std::slice::from_ref(&soaks));
        assert_eq!(written(&scene), expected, "{case}");
        if expected == "-" {
            assert_eq!(promoted(&scene), "Unknown/Soaking", "{case}");
        }
        if azures == Some(47) && ours > 48 {
            assert_eq!(scene.plan().requeue, Requeue::Retry, "{case}: somebody looks again");
        }
    }
}

#[test]
fn a_soak_wakes_its_version_in_time() {
    let soaks = says(&json!({"policy": "Newest", "soak": "48h"}));
    let scene = wide().version(included(&[])).status(status("Passed", [None, None])).definitions(&[soaks]);
    let status = scene.next_status();
    let end = "2026-06-02T12:00:00Z".parse().unwrap();
    assert_eq!(next_end(&status, now()), Some(end));
    assert!(message(&status, ConditionType::Promoted).contains("2026-06-02T12:00:00Z"));
}
