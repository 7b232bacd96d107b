//! A namespace that is being deleted, in which its objects don't know of it yet.

use std::collections::BTreeSet;

use azimage_crds::ConditionType;
use serde_json::json;

use super::{super::*, capture::machines, fixtures::*, scene::*, told::*};
use crate::{Failure, Truth};

const GRAVE: [StepName; 3] = [StepName::ClaimSource, StepName::Seal, StepName::Generalize];

fn in_a_namespace(scene: &Scene, namespace: Told<facts::Namespace>) -> Scene {
    scene.clone().observed(|observed| observed.namespace = namespace)
}

fn going() -> Told<facts::Namespace> {
    Told::Found(facts::Namespace { is_going: true })
}

#[test]
fn nothing_that_cannot_be_taken_back_is_begun_in_a_namespace_that_goes() {
    let mut seen = BTreeSet::new();
    for (case, scene, _) in machines() {
        let before = scene.plan();
        let scene = in_a_namespace(&scene, going());
        let after = scene.plan();
        match before.step.as_ref().map(|step| step.name).filter(|name| GRAVE.contains(name)) {
            None => assert_eq!(before, after, "{case}"),
            Some(name) => {
                seen.insert(name);
                assert_eq!((after.step.is_none(), after.requeue), (true, Requeue::Resync), "{case}");
                assert!(scene.outcome().starts_with("- Unknown/Deleting - "), "{case}: {}", scene.outcome());
                let status = scene.next_status();
                assert!(message(&status, ConditionType::Ready).contains("namespace"), "{status:?}");
            }
        }
    }
    assert_eq!(seen, GRAVE.into());
}

#[test]
fn what_was_true_stays_true_in_a_namespace_that_goes() {
    let plan = in_a_namespace(&scene(&json!({})), going()).plan();
    assert!(plan.report.findings.values().all(|finding| finding.truth == Truth::True), "{:?}", plan.report.findings);
    assert_eq!(plan.report.findings[&ConditionType::Compatible].truth, Truth::True);
}

#[test]
fn who_may_not_read_namespaces_goes_on_and_what_is_not_answered_is_asked_again() {
    let claims = |namespace| in_a_namespace(&scene(&json!({})), namespace).plan().step.is_some();
    assert!(claims(Told::Missing(Absent::Resource)));
    assert!(!claims(Told::Failed(Failure::Unavailable("no answer".into()))));
}

#[test]
fn the_namespace_is_read_by_the_very_pass_that_carries_the_step_out() {
    let scene = scene(&json!({}));
    let validated = scene.validated();
    let facts = scene.observed.facts(&validated);
    let read = |facts: &Facts| next_read(&validated, &scene.history(), facts);
    assert_eq!(read(&facts), None);
    let resumed = facts.clone().resumed(facts.question().clone(), std::time::Duration::ZERO);
    let mut again = resumed.clone();
    // Whatever else is read anew, the namespace is, too.
    let machine = Read::Machine(machine_id());
    again.forget(&machine);
    scene.observed.tell(&machine, &mut again);
    assert_eq!(read(&again), Some(Read::Namespace("images".into())));
}

#[test]
fn nobody_asks_for_the_namespace_of_a_copy() {
    let copy = in_a_namespace(&scene(&from_image_version()), Told::Failed(Failure::Throttled));
    assert_eq!(copy.plan().step.map(|step| step.name), Some(StepName::Publish));
}
