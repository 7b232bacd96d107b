//! The line of a version in its tags: there it survives the object.

use std::collections::BTreeMap;

use azimage_crds::{Ancestor, AncestorKind, MADE_FROM_TAG, Provenance, ROOT_TAG, STEPS_TAG};
use azimage_names::{DiskOrSnapshotId, ImageVersionId, ManagedImageId, VirtualMachineId};

use crate::owner::{TAG_VALUE_LIMIT, find_tag};

/// How many ancestors have a tag beside the first of all. With this, 40 tags of the user and those for owner and validation a version stays
/// below the 50 tags that Azure allows.
const MOST: usize = 3;

/// The tags that tell a line. An id that is too long for a tag is left out.
pub(crate) fn tags(line: &Provenance) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::from([(STEPS_TAG.to_owned(), line.steps.to_string())]);
    let Some((root, nearer)) = line.ancestors.split_last() else { return tags };
    let near = nearer.iter().take(MOST).zip(1..).map(|(it, place)| (format!("{MADE_FROM_TAG}{place}"), it));
    let all = near.chain([(ROOT_TAG.to_owned(), root)]);
    tags.extend(all.filter_map(|(name, ancestor)| Some((name, value(ancestor)?))));
    tags
}

fn value(ancestor: &Ancestor) -> Option<String> {
    let fits = |text: &String| text.chars().count() <= TAG_VALUE_LIMIT;
    let whole = ancestor.uid.as_ref().map(|uid| format!("{} {uid}", ancestor.id));
    whole.filter(fits).or_else(|| Some(ancestor.id.clone()).filter(fits))
}

/// The line that tags tell, if they tell one.
pub(crate) fn of_tags(tags: &BTreeMap<String, String>) -> Option<Provenance> {
    let steps: i32 = find_tag(tags, STEPS_TAG)?.parse().ok().filter(|steps| *steps > 0)?;
    let names = (1..=MOST).map(|place| format!("{MADE_FROM_TAG}{place}")).chain([ROOT_TAG.to_owned()]);
    let ancestors = names.filter_map(|name| ancestor(find_tag(tags, &name)?)).collect();
    Some(Provenance { steps, ancestors })
}

fn ancestor(value: &str) -> Option<Ancestor> {
    let (id, uid) = value.split_once(' ').map_or((value, None), |(id, uid)| (id, Some(uid)));
    (!id.is_empty()).then(|| super::ancestor(kind(id), id, uid))
}

fn kind(id: &str) -> AncestorKind {
    if !id.starts_with('/') {
        AncestorKind::MarketplaceImage
    } else if VirtualMachineId::parse(id).is_ok() {
        AncestorKind::VirtualMachine
    } else if ImageVersionId::parse(id).is_ok() {
        AncestorKind::ImageVersion
    } else if ManagedImageId::parse(id).is_ok() {
        AncestorKind::ManagedImage
    } else if DiskOrSnapshotId::parse(id).is_ok() {
        AncestorKind::Disk
    } else {
        AncestorKind::Image
    }
}
