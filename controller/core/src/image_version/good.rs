//! The last good versions of an image definition: those with which a version is compared that proves itself.

use azimage_crds::{ImageVersion, ValidationOutcome, ValidationTimings};
use azimage_names::ImageVersionId;
use kube::{Resource as _, ResourceExt as _};

use super::validate::version_id;

/// So many of them count, the last ones.
const MOST: usize = 10;

/// A version that passed its validation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoodVersion {
    /// The sizes of its machines, and how long these took to come up.
    pub machines: Vec<(String, ValidationTimings)>,
}

/// The good versions of the image definition among the objects of the namespace, the last ones first; none for an object that
/// doesn't ask for them or needs them no more. They are known of the objects alone, so nothing is read for them.
pub(super) fn good_versions(object: &ImageVersion, id: &ImageVersionId, all: &[&ImageVersion]) -> Vec<GoodVersion> {
    let asks = object.spec.validation.as_ref().is_some_and(|asked| asked.max_slowdown.is_some());
    let told = object.status.as_ref().and_then(|status| status.validation.as_ref());
    if !asks || told.is_some_and(|told| told.outcome == ValidationOutcome::Passed) {
        return Vec::new();
    }
    let mut good: Vec<_> = all
        .iter()
        .filter(|other| other.meta().namespace == object.meta().namespace && other.meta().uid != object.meta().uid)
        .filter_map(|other| {
            let told = other.status.as_ref()?.validation.as_ref()?;
            let passed = told.outcome == ValidationOutcome::Passed;
            Some((told.finished_at.as_ref().filter(|_| passed)?.0, other, told))
        })
        .filter(|(_, other, _)| version_id(other).is_ok_and(|theirs| theirs.definition() == id.definition()))
        .collect();
    good.sort_by_key(|(at, other, _)| (std::cmp::Reverse(*at), other.name_any()));
    good.into_iter()
        .take(MOST)
        .map(|(_, _, told)| GoodVersion {
            machines: told
                .machines
                .iter()
                .filter_map(|machine| Some((machine.vm_size.clone()?, machine.timings.clone()?)))
                .collect(),
        })
        .collect()
}
