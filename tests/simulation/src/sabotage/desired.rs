//! The validated object, as a bug changes it.

use std::{borrow::Cow, time::Duration};

use azimage_core::{
    image_version::{Facts, SourceSpec, Validated},
    promotion::Rule,
};
use azimage_crds::{EmptyRegions, Prepare};

use super::Bug;

/// The validated object, changed by a bug.
pub(super) fn changed<'a>(bug: Bug, validated: &'a Validated, facts: &Facts) -> Cow<'a, Validated> {
    let mut desired = Cow::Borrowed(validated);
    let is_there = facts.versions.found(&validated.id).is_some();
    match bug {
        // As if a retry was requested all the time.
        Bug::RepeatFailedSeal if !is_there => desired.to_mut().requested = true,
        Bug::RepairWithoutLimit if is_there => desired.to_mut().requested = true,
        // The guest of a claimed machine counts as sealed by the user.
        Bug::GeneralizeUnsealed if !validated.deleting && is_claimed(validated, facts) => {
            if let SourceSpec::VirtualMachine { prepare, .. } = &mut desired.to_mut().source {
                *prepare = Prepare::AlreadyGeneralized;
            }
        }
        Bug::KeepFailedCopy => {
            if let SourceSpec::VirtualMachine { clone: Some(clone), .. } = &mut desired.to_mut().source {
                clone.keep_on_failure = FOR_EVER;
            }
        }
        Bug::SealWithoutSnapshot => {
            if let SourceSpec::VirtualMachine { keep, .. } = &mut desired.to_mut().source {
                *keep = None;
            }
        }
        Bug::IgnorePin | Bug::IgnoreSoak => promote_at_once(bug, &mut desired.to_mut().promotion.rule),
        _ => {}
    }
    desired
}

/// The newest version is promoted, without a soak.
fn promote_at_once(bug: Bug, rule: &mut Rule) {
    let empty = EmptyRegions::Keep;
    match rule {
        Rule::Pinned { .. } if bug == Bug::IgnorePin => *rule = Rule::Newest { soak: Duration::ZERO, empty },
        Rule::Newest { soak, .. } if bug == Bug::IgnoreSoak => *soak = Duration::ZERO,
        _ => {}
    }
}

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(1_000_000_000);

fn is_claimed(validated: &Validated, facts: &Facts) -> bool {
    let SourceSpec::VirtualMachine { id, .. } = &validated.source else { return false };
    facts.machines.found(id).is_some_and(|machine| validated.owns_tag(&machine.tags))
}
