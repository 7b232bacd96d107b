//! What there is of a copy while only a person can help: until when it is kept, and what is said of it.

use std::collections::BTreeSet;

use azimage_crds::{ConditionType, Reason};
use azimage_names::Obstacle;
use jiff::Timestamp;
use serde_json::json;

use super::{
    super::*,
    clone::{controller, message, reason, until, wait},
    controller::Fate,
};
use crate::{Failure, Progress};

#[test]
fn until_when_a_failed_copy_is_kept_stands_in_the_status_and_it_goes_then() {
    for (keep, seconds) in [("0s", 0), ("20s", 20), ("1h", 3600)] {
        let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": keep}}}}));
        controller.azure.silent = true;
        until(&mut controller, |azure| azure.copied);
        for _ in 0..200 {
            if matches!(controller.progress(), Progress::Stalled { .. }) {
                break;
            }
            controller.pass(Fate::Fine);
        }
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CloneFailed", "{keep}");
        let failed = controller.status.conditions.iter().find(|it| it.type_ == "GuestPrepared").unwrap();
        let end = Timestamp::from_second(failed.last_transition_time.0.as_second() + seconds).unwrap();
        assert!(message(&controller, ConditionType::CleanedUp).contains(&end.to_string()), "{keep}");
        let told = controller.status.temporary.iter().map(|known| known.expires_at.as_ref().map(|at| at.0));
        assert_eq!(told.collect::<BTreeSet<_>>(), BTreeSet::from([Some(end)]), "{keep}");
        let (at, requeue) = (controller.now, controller.last.as_ref().unwrap().requeue);
        let looks =
            next_end(&controller.status, at) == Some(end) && requeue == Requeue::Resync || requeue == Requeue::Poll;
        assert!(looks, "{keep}: it is looked at when that is over: {requeue:?}");
        controller.now = controller.now.max(end);
        wait(&mut controller, 2);
        assert_eq!(controller.carried_out.last(), Some(&StepName::DeleteTemporary), "{keep}");
    }
}

#[test]
fn what_is_no_fault_of_the_copys_says_how_long_its_parts_stay_and_no_more_when_it_heals() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| !azure.parts.is_empty());
    controller.refuses =
        Some((StepName::CreateDisk, Failure::Forbidden { by: Obstacle::Policy, why: "no".to_owned() }));
    wait(&mut controller, 20);
    assert!(
        controller.status.temporary.iter().all(|known| known.expires_at.is_some()),
        "{:?}",
        controller.status.temporary
    );
    assert!(message(&controller, ConditionType::CleanedUp).contains("stays for the work to go on"));
    controller.refuses = None;
    until(&mut controller, |azure| azure.copied);
    assert!(
        controller.status.temporary.iter().all(|known| known.expires_at.is_none()),
        "{:?}",
        controller.status.temporary
    );
}

#[test]
fn whatever_is_said_of_the_guest_of_a_copy_says_that_it_is_the_copy() {
    for lost in [false, true] {
        let mut controller = controller(&json!({}));
        until(&mut controller, |azure| azure.seal.is_some());
        controller.azure.console = facts::Console::NoMark;
        controller.azure.machine.power = Power::Running;
        if lost {
            controller.pass(Fate::StatusLost);
        }
        for _ in 0..300 {
            controller.azure.machine.power = Power::Running;
            controller.azure.console = facts::Console::NoMark;
            controller.pass(Fate::Fine);
            if let Progress::Stalled { reason: Reason::SealTimedOut, message } = controller.progress() {
                assert!(message.contains("All this is about the copy"), "{message}");
                assert_eq!(message.matches("azimage.dev/reconcile-requested-at").count(), 1, "{message}");
                break;
            }
        }
        assert_eq!(reason(&controller, ConditionType::GuestPrepared), "False/SealTimedOut", "{lost}");
        assert!(message(&controller, ConditionType::GuestPrepared).contains("All this is about the copy"));
    }
}
