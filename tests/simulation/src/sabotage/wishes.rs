//! What an object asks for, as a bug understands it.

use std::borrow::Cow;

use azimage_core::image_version::{Facts, SourceSpec, Validated};
use azimage_crds::Prepare;

use super::Bug;

/// What the object asks for, in the light of what was read.
pub(super) fn changed<'a>(bug: Bug, validated: &'a Validated, facts: &Facts) -> Cow<'a, Validated> {
    let mut wished = Cow::Borrowed(validated);
    let is_there = facts.versions.found(&validated.id).is_some();
    match bug {
        // As if somebody asked for another try all the time.
        Bug::RepeatFailedSeal if !is_there => wished.to_mut().requested = true,
        Bug::RepairWithoutLimit if is_there => wished.to_mut().requested = true,
        // Once the machine is ours its guest is taken for one that somebody else has sealed.
        Bug::GeneralizeUnsealed if !validated.deleting && is_claimed(validated, facts) => {
            if let SourceSpec::VirtualMachine { prepare, .. } = &mut wished.to_mut().source {
                *prepare = Prepare::AlreadyGeneralized;
            }
        }
        _ => {}
    }
    wished
}

fn is_claimed(validated: &Validated, facts: &Facts) -> bool {
    let SourceSpec::VirtualMachine { id, .. } = &validated.source else { return false };
    facts.machines.found(id).is_some_and(|machine| validated.owns_tag(&machine.tags))
}
