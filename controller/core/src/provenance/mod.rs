//! From what a version was made: the line of machines and images back to the first that is known.
//!
//! The line is settled when the version is made, and stands in its status and in its tags. What the objects of the namespace say of its
//! ancestors later is told beside it (`Ancestry::judged`). Nothing is read of Azure for any of it.

mod ancestry;
mod tags;
#[cfg(test)]
mod tests;
mod verdict;
pub(crate) mod words;

use azimage_crds::{Ancestor, AncestorKind, ImageReference, Provenance};
use azimage_names::{
    DiskOrSnapshotId, ImageDefinitionId, ImageVersionId, ManagedImageId, VersionNumber, VirtualMachineId,
};

use crate::condition::clip;
pub use ancestry::{Ancestry, concern_of_ancestors, has_ancestors};
pub(crate) use tags::{of_tags, tags};

/// How many ancestors a status names.
const MOST: usize = 16;

/// The longest id of an ancestor, in bytes.
const ID_LIMIT: usize = 1024;

/// The longest uid of an ancestor, in bytes.
const UID_LIMIT: usize = 64;

/// What a version is made from directly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// A machine, with Azure's unique id of it and the image from which it was made.
    Machine { id: &'a VirtualMachineId, uid: Option<&'a str>, image: Option<&'a ImageReference> },
    /// Another gallery image version.
    Version { id: &'a ImageVersionId },
    /// A managed image.
    ManagedImage { id: &'a ManagedImageId },
    /// The disk or snapshot with the operating system.
    Disk { id: &'a DiskOrSnapshotId },
}

/// A gallery image version as a parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The uid of its object.
    pub(crate) uid: Option<String>,
    /// From what it was made.
    pub(crate) provenance: Option<Provenance>,
}

impl Origin<'_> {
    /// The gallery image version that comes next in the line, if one does.
    pub(crate) fn version(&self) -> Option<ImageVersionId> {
        match self {
            Self::Machine { image, .. } => version_of((*image)?),
            Self::Version { id } => Some((*id).clone()),
            Self::ManagedImage { .. } | Self::Disk { .. } => None,
        }
    }

    /// The line of a version that is made from it. `parent` is what is known of [`Self::version`].
    pub(crate) fn line(&self, parent: Parent) -> Provenance {
        let mut ancestors = Vec::new();
        match self {
            Self::Machine { id, uid, .. } => ancestors.push(ancestor(AncestorKind::VirtualMachine, id, *uid)),
            Self::ManagedImage { id } => ancestors.push(ancestor(AncestorKind::ManagedImage, id, None)),
            Self::Disk { id } => ancestors.push(ancestor(AncestorKind::Disk, id, None)),
            Self::Version { .. } => {}
        }
        let mut steps = 1_i32;
        match (self.version(), self) {
            (Some(id), _) => {
                ancestors.push(ancestor(AncestorKind::ImageVersion, &id, parent.uid.as_deref()));
                let before = parent.provenance.unwrap_or(Provenance { steps: 1, ancestors: Vec::new() });
                steps = steps.saturating_add(before.steps.max(1));
                ancestors.extend(before.ancestors);
            }
            (None, Self::Machine { image: Some(image), .. }) => ancestors.extend(other_image(image)),
            (None, _) => {}
        }
        Provenance { steps, ancestors: bounded(ancestors) }
    }
}

fn ancestor(kind: AncestorKind, id: &(impl ToString + ?Sized), uid: Option<&str>) -> Ancestor {
    let uid = uid.filter(|uid| (1..=UID_LIMIT).contains(&uid.len())).map(str::to_owned);
    Ancestor { kind, id: clip(&id.to_string(), ID_LIMIT), uid, withdrawn: None }
}

/// The gallery image version that an image reference names: by its id, or by that of its image definition and the exact version.
pub(crate) fn version_of(image: &ImageReference) -> Option<ImageVersionId> {
    let id = image.id.as_deref()?;
    let of_definition = || {
        let number = VersionNumber::parse(image.version.as_deref()?).ok()?;
        Some(ImageDefinitionId::parse(id).ok()?.version(number))
    };
    ImageVersionId::parse(id).ok().or_else(of_definition)
}

/// An image that is no gallery image version of an own gallery.
fn other_image(image: &ImageReference) -> Option<Ancestor> {
    if let Some(id) = &image.id {
        if ManagedImageId::parse(id).is_ok() {
            return Some(ancestor(AncestorKind::ManagedImage, id, None));
        }
        let has_version = id.to_ascii_lowercase().contains("/versions/");
        let version = image.version.as_ref().filter(|_| !has_version);
        let exact = version.map_or_else(|| id.clone(), |version| format!("{id}/Versions/{version}"));
        return Some(ancestor(AncestorKind::Image, &exact, None));
    }
    let urn = image.urn();
    (!urn.is_empty()).then(|| ancestor(AncestorKind::MarketplaceImage, &urn, None))
}

/// The nearest ones, and the first of all.
fn bounded(mut all: Vec<Ancestor>) -> Vec<Ancestor> {
    if all.len() > MOST {
        all.drain(MOST - 1..all.len() - 1);
    }
    all
}

/// The line as it is told, where it begins as the one that was found now: of an ancestor whose object is gone since nothing more can be
/// found.
pub(crate) fn settled(told: Option<&Provenance>, found: Provenance) -> Provenance {
    let Some(told) = told else { return found };
    let is_the_same = |(told, found): (&Ancestor, &Ancestor)| {
        let uids = told.uid.as_ref().zip(found.uid.as_ref());
        told.kind == found.kind
            && told.id.eq_ignore_ascii_case(&found.id)
            && uids.is_none_or(|(told, found)| told == found)
    };
    let begins =
        told.ancestors.len() > found.ancestors.len() && told.ancestors.iter().zip(&found.ancestors).all(is_the_same);
    if begins { told.clone() } else { found }
}
