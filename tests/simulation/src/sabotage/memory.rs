//! The memory of earlier passes, as a bug changes it.

use std::borrow::Cow;

use azimage_core::image_version::{Memory, ProcessMemory, StepName};
use azimage_crds::{ImageVersionStatus, StepStatus};

use super::{Bug, decisions::ENOUGH};

/// The status as it was last written, and what the process remembers.
pub(super) fn changed<'a>(bug: Bug, memory: &Memory<'a>) -> (Cow<'a, ImageVersionStatus>, ProcessMemory) {
    let mut status = Cow::Borrowed(memory.status);
    let mut process = memory.process;
    match bug {
        Bug::RecreateMissingVersion => {
            let status = status.to_mut();
            status.resource_id = None;
            status.steps.retain(|step| step.finished_at.is_none() || !makes_a_version(step));
            forget_accepted(status, &mut process);
        }
        Bug::RepeatBeforeSeen => {
            forget_accepted(status.to_mut(), &mut process);
            process.executed = None;
        }
        Bug::BeginOnOne404 => process.unseen = ENOUGH,
        Bug::BelieveVanishedRegion => process.vanished = ENOUGH,
        _ => {}
    }
    (status, process)
}

fn makes_a_version(step: &StepStatus) -> bool {
    matches!(step.name.parse(), Ok(StepName::Publish | StepName::Update | StepName::Repair))
}

fn forget_accepted(status: &mut ImageVersionStatus, process: &mut ProcessMemory) {
    for step in &mut status.steps {
        step.accepted_at = None;
    }
    process.accepted = None;
}
