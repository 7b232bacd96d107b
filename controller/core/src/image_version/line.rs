//! From what the version is made, for its status and its tags.

use azimage_crds::Provenance;
use azimage_names::{ImageVersionId, VirtualMachineId};

use super::{CloneSpec, SourceSpec, context::Cx, report::Report};
use crate::{
    owner::Owner,
    provenance::{Origin, Parent, of_tags, settled},
};

/// Tells from what the version was made, and how it stands with that.
pub(super) fn tell(cx: &Cx<'_>, report: &mut Report) {
    if cx.validated.deleting || cx.validated.suspended {
        return;
    }
    let Some(line) = of(cx) else { return };
    let ancestry = &cx.validated.ancestry;
    let judged = ancestry.judged(line, cx.history.now);
    if let Some((truth, words)) = ancestry.words(&judged) {
        report.found(truth, &words);
    }
    report.provenance = Some(judged);
}

/// From what the version was made, or is to be, as far as this pass can tell.
pub(super) fn of(cx: &Cx<'_>) -> Option<Provenance> {
    let told = cx.history.status.provenance.as_ref();
    if let Ok(Some(version)) = cx.version() {
        // Where the status was lost the tags tell it. Those of somebody else's version say nothing of this object's.
        let tagged = || Some(&version.tags).filter(|tags| cx.validated.owns_tag(tags)).and_then(of_tags);
        return told.cloned().or_else(tagged);
    }
    if cx.history.was_published() {
        return told.cloned();
    }
    match origin(cx) {
        Some(origin) => Some(settled(told, origin.line(parent(cx, &origin)))),
        None => told.cloned(),
    }
}

/// The source, if this pass has seen it.
fn origin<'a>(cx: &Cx<'a>) -> Option<Origin<'a>> {
    match &cx.validated.source {
        SourceSpec::VirtualMachine { id, clone, .. } => machine(cx, id, clone.as_deref()),
        SourceSpec::ImageVersion { id } => cx.facts.versions.found(id).map(|_| Origin::Version { id }),
        SourceSpec::ManagedImage { id } => cx.facts.managed_images.found(id).map(|_| Origin::ManagedImage { id }),
        SourceSpec::Disks { os_disk, .. } => Some(Origin::Disk { id: os_disk }),
    }
}

/// Once there is a copy another machine may have the name of the one that it is of.
fn machine<'a>(cx: &Cx<'a>, id: &'a VirtualMachineId, clone: Option<&CloneSpec>) -> Option<Origin<'a>> {
    let copy = clone.and_then(|clone| cx.facts.machines.found(&clone.machine));
    if copy.is_some_and(|copy| cx.validated.owns_tag(&copy.tags)) {
        let known = cx.history.status.source.as_ref();
        let uid = known.and_then(|known| known.virtual_machine_uid.as_deref());
        return Some(Origin::Machine { id, uid, image: known.and_then(|known| known.image_reference.as_ref()) });
    }
    let machine = cx.facts.machines.found(id)?;
    Some(Origin::Machine { id, uid: Some(&machine.uid), image: machine.image.as_ref() })
}

/// What is known of the gallery image version that comes next in the line: its object tells more than its tags.
fn parent(cx: &Cx<'_>, origin: &Origin<'_>) -> Parent {
    let tagged = |id: &ImageVersionId| {
        let tags = &cx.facts.versions.found(id)?.tags;
        Some(Parent { uid: Owner::of(tags).map(|owner| owner.uid), provenance: of_tags(tags) })
    };
    let id = origin.version();
    let known = id.as_ref().and_then(|id| cx.validated.ancestry.parent(id).or_else(|| tagged(id)));
    known.unwrap_or_default()
}
