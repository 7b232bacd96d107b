//! The status that is written, as a bug changes it.

use azimage_crds::{ConditionType, ImageVersionStatus, Reason};
use jiff::ToSpan;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{Address, Bug};

/// Changes a status.
pub(super) fn change(bug: Bug, address: &Address, status: &mut ImageVersionStatus) {
    match bug {
        Bug::NoObservedGeneration => status.observed_generation = None,
        Bug::ContradictingConditions => contradict(status),
        Bug::StatusInEachPass => compare_fractions(status),
        Bug::LeakOperationUrl => {
            if let Some(address) = address.take() {
                set_message(status, &address);
            }
        }
        _ => {}
    }
}

/// Adds Stalled to any status.
fn contradict(status: &mut ImageVersionStatus) {
    let stalled = ConditionType::Stalled.as_str();
    if status.conditions.iter().any(|condition| condition.type_ == stalled) {
        return;
    }
    let Some(condition) = status.conditions.last().cloned() else { return };
    status.conditions.push(Condition {
        type_: stalled.to_owned(),
        status: "True".to_owned(),
        reason: Reason::Progressing.as_str().to_owned(),
        message: String::new(),
        ..condition
    });
}

/// Times get fractions of seconds, which are lost when they are written. So each status differs from the one that was read.
fn compare_fractions(status: &mut ImageVersionStatus) {
    for condition in &mut status.conditions {
        let time = &mut condition.last_transition_time.0;
        *time = time.checked_add(1.nanosecond()).unwrap_or(*time);
    }
}

fn set_message(status: &mut ImageVersionStatus, text: &str) {
    for condition in status.conditions.iter_mut().filter(|it| it.type_ == ConditionType::Ready.as_str()) {
        text.clone_into(&mut condition.message);
    }
}
