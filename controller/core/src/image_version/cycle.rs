//! Versions that are each made from the next, in a circle: none of them can begin.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::ImageVersion;
use azimage_names::ImageVersionId;
use kube::{Resource, ResourceExt};

use super::{
    SourceSpec,
    validate::{has_version, holds_version, stands_for, version_id},
};

/// The objects of a namespace that are each made from the next, beginning with this one, if the last is made from this one. One
/// whose version exists ends the chain, and so does one that is made from a machine. The work grows with the number of objects.
pub(super) fn cycle(
    object: &ImageVersion,
    id: &ImageVersionId,
    source: &SourceSpec,
    others: &[&ImageVersion],
) -> Vec<String> {
    let SourceSpec::ImageVersion { id: from } = source else { return Vec::new() };
    let waits = |other: &ImageVersion| {
        other.namespace() == object.namespace()
            && other.uid() != object.uid()
            && other.meta().deletion_timestamp.is_none()
            && !has_version(other)
    };
    // Most sources are made from a machine, or by nobody here.
    if has_version(object) || !others.iter().any(|other| stands_for(other, from) && made_from(other).is_some()) {
        return Vec::new();
    }
    let mut makers: BTreeMap<ImageVersionId, &ImageVersion> = BTreeMap::new();
    for other in others.iter().copied().filter(|other| waits(other)) {
        let Ok(made) = version_id(other) else { continue };
        // Of several for one version only one can act.
        let holds = makers.get(&made).is_none_or(|known| holds_version(other, known));
        if holds {
            makers.insert(made, other);
        }
    }
    let (mut names, mut seen, mut next) = (vec![object.name_any()], BTreeSet::new(), from.clone());
    while next != *id {
        let Some(maker) = makers.get(&next).filter(|_| seen.insert(next.clone())) else { return Vec::new() };
        names.push(maker.name_any());
        let Some(from) = made_from(maker) else { return Vec::new() };
        next = from;
    }
    names
}

/// The gallery image version that an object is made from.
fn made_from(object: &ImageVersion) -> Option<ImageVersionId> {
    ImageVersionId::parse(&object.spec.source.image_version.as_ref()?.resource_id).ok()
}
