//! Each way to a version, of a process that is killed at each of its steps: before it carries out what it announced, and after, when it
//! hasn't heard of it. The next one comes to the same end by the same steps.

use serde_json::{Value, json};

use super::{
    azure::Azure,
    clone::{cloning, with_data},
    controller::{Controller, Fate},
    deleted_source,
    fixtures::*,
};
use crate::Progress;

fn of_disks() -> Value {
    json!({"source": {"virtualMachine": {"clone": {"consistency": "PerDisk"}}}})
}

/// The ways, each with how many things are left at its end on purpose.
fn ways() -> Vec<(&'static str, Controller, usize)> {
    let kept = json!({"spec": {"source": {"virtualMachine": {"inPlace": {"keepDiskSnapshotFor": "168h"}}}}});
    vec![
        ("a copy by a restore point", Controller::new(cloning(&json!({})), Azure::cloning(with_data())), 0),
        ("a copy disk by disk", Controller::new(cloning(&of_disks()), Azure::cloning(with_data())), 0),
        ("in place, with a snapshot", Controller::new(object(&kept), Azure::new(machine())), 1),
        ("in place, and deleted", deleted_source::controller(), 0),
        ("another version", Controller::new(object(&from_image_version()), Azure::new(machine())), 0),
        ("a managed image", Controller::new(object(&from_managed_image()), Azure::new(machine())), 0),
        ("disks", Controller::new(object(&from_disks(&["data"])), Azure::new(machine())), 0),
    ]
}

/// Whether the last pass found nothing to be done, for as long as there may be something.
fn is_at_rest(controller: &Controller) -> bool {
    let settled = controller.last.as_ref().is_some_and(|plan| matches!(plan.report.progress, Progress::Settled { .. }));
    assert!(controller.carried_out.len() < 60, "no end: {:?}", controller.carried_out);
    settled
}

#[test]
fn whoever_goes_on_comes_to_the_same_end_by_the_same_steps() {
    for (way, mut undisturbed, left) in ways() {
        let mut before_steps = Vec::new();
        while !is_at_rest(&undisturbed) {
            let before = undisturbed.clone();
            undisturbed.pass(Fate::Fine);
            if undisturbed.carried_out.len() > before.carried_out.len() {
                before_steps.push(before);
            }
        }
        let ended = |controller: &Controller| {
            let mut steps = controller.carried_out.clone();
            steps.sort_unstable();
            (steps, controller.azure.created, controller.azure.generalized, controller.status.temporary.len())
        };
        let expected = ended(&undisturbed);
        assert_eq!((expected.1, expected.3), (1, left), "{way}");
        assert_eq!(before_steps.len(), expected.0.len(), "{way}: a step in a pass");
        for before in before_steps {
            for fate in [Fate::KilledBeforeStep, Fate::KilledAfterStep] {
                let mut controller = before.clone();
                controller.pass(fate);
                while !is_at_rest(&controller) {
                    controller.pass(Fate::Fine);
                }
                assert_eq!(ended(&controller), expected, "{way}: {fate:?} after {:?}", before.carried_out);
            }
        }
    }
}
