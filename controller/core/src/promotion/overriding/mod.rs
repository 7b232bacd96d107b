//! A version that didn't pass its validation and is to be latest all the same, by somebody's word.
//!
//! The word counts once it stands in the history of the definition's object, which both reconciles read: so no version is ever latest by
//! a word that nobody can find later.

#[cfg(test)]
mod tests;

use azimage_crds::{
    HistoryAction, HistoryEntry, ImageDefinition, ImageDefinitionStatus, ImageVersion, Override, OverrideStatus,
    PromotionPolicy, RegionLatest, RegionStatus,
};
use azimage_names::{ImageVersionId, VersionNumber};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource as _;

use super::{
    Candidate, Passed, Proof,
    history::{REASON_LIMIT, Writer},
};
use crate::{condition::clip, image_definition::is_of};

/// How many overrides a history holds. Nothing is dropped of them, so there can be no more.
const MOST: usize = 64;

/// The override of an object, if it has one that is for the version that is pinned.
pub(super) fn wanted(object: &ImageDefinition) -> Option<&Override> {
    let latest = &object.spec.latest;
    let is_pinned = |it: &&Override| latest.pinned.as_ref() == Some(&it.version);
    latest.overriding.as_ref().filter(|_| latest.policy == PromotionPolicy::Pinned).filter(is_pinned)
}

fn is(told: &OverrideStatus, wanted: &Override) -> bool {
    told.version == wanted.version && told.reason == reason(wanted)
}

fn reason(wanted: &Override) -> String {
    clip(wanted.reason.trim(), REASON_LIMIT)
}

/// The version whose validation doesn't count: that of the override, if the history has it.
pub(super) fn counting(object: &ImageDefinition, told: Option<&OverrideStatus>) -> Option<VersionNumber> {
    let wanted = wanted(object).filter(|wanted| told.is_some_and(|told| is(told, wanted)))?;
    VersionNumber::parse(&wanted.version).ok()
}

/// The version of `object`, if it is latest and an override names it still that doesn't count just now: the object of the definition lost its
/// status, or waits for another one. Only a definite word takes out what was let in.
pub(super) fn remaining(
    object: &ImageVersion,
    id: &ImageVersionId,
    definitions: &[&ImageDefinition],
) -> Option<VersionNumber> {
    let is_in = |region: &RegionStatus| matches!(region.latest, Some(RegionLatest::Included | RegionLatest::Kept));
    let is_latest = object.status.iter().flat_map(|status| &status.regions).any(is_in);
    let names = |it: &ImageDefinition| {
        let number = wanted(it).and_then(|wanted| VersionNumber::parse(&wanted.version).ok());
        number == Some(id.version()) && it.meta().deletion_timestamp.is_none() && is_of(it, id.definition())
    };
    (is_latest && definitions.iter().copied().any(names)).then(|| id.version())
}

/// The override that stands in the history now, and the entry by which it does if that is new.
pub(super) fn record(
    object: &ImageDefinition,
    before: &ImageDefinitionStatus,
    writer: &Writer,
    now: Timestamp,
) -> (Option<OverrideStatus>, Option<HistoryEntry>) {
    let Some(wanted) = wanted(object) else { return (None, None) };
    if let Some(told) = before.overriding.as_ref().filter(|told| is(told, wanted)) {
        return (Some(told.clone()), None);
    }
    if before.history.iter().filter(|entry| entry.action == HistoryAction::Overridden).count() >= MOST {
        return (None, None);
    }
    let (version, reason, since) = (wanted.version.clone(), reason(wanted), Time(now));
    let entry = HistoryEntry {
        version: version.clone(),
        action: HistoryAction::Overridden,
        regions: Vec::new(),
        time: since.clone(),
        policy: object.spec.latest.policy,
        manager: writer.manager.clone(),
        user: writer.user.clone(),
        reason: Some(reason.clone()),
    };
    (Some(OverrideStatus { version, reason, since }), Some(entry))
}

impl Candidate {
    /// The same, if `number` is the version whose validation doesn't count.
    #[must_use]
    pub(crate) fn overridden(mut self, number: Option<VersionNumber>) -> Self {
        if number == Some(self.number) {
            self.passed = if self.passed.is_passed() { self.passed } else { Passed::Overridden };
            self.regions.values_mut().for_each(|at| at.proof = Proof::Given);
        }
        self
    }
}
