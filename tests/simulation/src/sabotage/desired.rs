//! The validated object, as a bug changes it.

use std::borrow::Cow;

use azimage_core::image_version::{Observed, Reading, SourceSpec, Validated};
use azimage_crds::Prepare;

use super::Bug;

/// The validated object, changed by a bug.
pub(super) fn changed<'a>(bug: Bug, validated: &'a Validated, observed: &Observed) -> Cow<'a, Validated> {
    let mut desired = Cow::Borrowed(validated);
    let is_there = matches!(observed.version, Reading::Found(_));
    match bug {
        // As if a retry was requested all the time.
        Bug::RepeatFailedSeal if !is_there => desired.to_mut().requested = true,
        Bug::RepairWithoutLimit if is_there => desired.to_mut().requested = true,
        // The guest of a claimed machine counts as sealed by the user.
        Bug::GeneralizeUnsealed if !validated.deleting && is_claimed(validated, observed) => {
            if let SourceSpec::VirtualMachine { prepare, .. } = &mut desired.to_mut().source {
                *prepare = Prepare::AlreadyGeneralized;
            }
        }
        _ => {}
    }
    desired
}

fn is_claimed(validated: &Validated, observed: &Observed) -> bool {
    matches!(&observed.virtual_machine, Reading::Found(machine) if validated.owns_tag(&machine.tags))
}
