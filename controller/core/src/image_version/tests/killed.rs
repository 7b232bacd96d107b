//! Each way to a version, of a process that is killed at each of its steps: before it carries out what it announced, and after, when it
//! hasn't heard of it. The next one comes to the same end by the same steps.

use serde_json::{Value, json};

use super::{
    super::*,
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

fn one_disk() -> facts::Machine {
    let mut machine = with_data();
    machine.disks.truncate(1);
    machine
}

/// The ways, each with how many things are left at its end on purpose.
fn ways() -> Vec<(&'static str, Controller, usize)> {
    let kept = json!({"spec": {"source": {"virtualMachine": {"inPlace": {"keepDiskSnapshotFor": "168h"}}}}});
    vec![
        ("a copy by a restore point", Controller::new(cloning(&json!({})), Azure::cloning(with_data())), 0),
        ("a copy disk by disk", Controller::new(cloning(&of_disks()), Azure::cloning(with_data())), 0),
        ("a copy of one disk", Controller::new(cloning(&json!({})), Azure::cloning(one_disk())), 0),
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

/// Passes, numbered from 0, in which something is done.
fn busy(controller: &mut Controller) -> Vec<usize> {
    let mut busy = Vec::new();
    let mut pass = 0;
    while !is_at_rest(controller) {
        let before = controller.carried_out.len();
        controller.pass(Fate::Fine);
        if controller.carried_out.len() > before {
            busy.push(pass);
        }
        pass += 1;
    }
    busy
}

fn sorted(controller: &Controller) -> Vec<StepName> {
    let mut steps = controller.carried_out.clone();
    steps.sort_unstable();
    steps
}

#[test]
fn whoever_goes_on_comes_to_the_same_end_by_the_same_steps() {
    for (at, (way, mut undisturbed, left)) in ways().into_iter().enumerate() {
        let busy = busy(&mut undisturbed);
        let ended = |controller: &Controller| {
            let temporary = controller.status.temporary.len();
            let progress = controller.progress();
            assert!(matches!(progress, Progress::Settled { .. }), "{way}: {progress:?}");
            (sorted(controller), controller.azure.created, controller.azure.generalized, temporary)
        };
        let expected = ended(&undisturbed);
        assert_eq!((expected.1, expected.3), (1, left), "{way}");
        assert_eq!(busy.len(), expected.0.len(), "{way}: a step in a pass");
        for pass in busy {
            for fate in [Fate::KilledBeforeStep, Fate::KilledAfterStep] {
                let (_, mut controller, _) = ways().remove(at);
                for _ in 0..pass {
                    controller.pass(Fate::Fine);
                }
                controller.pass(fate);
                while !is_at_rest(&controller) {
                    controller.pass(Fate::Fine);
                }
                assert_eq!(ended(&controller), expected, "{way}: {fate:?} in pass {pass}");
            }
        }
    }
}
