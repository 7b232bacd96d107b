//! The image definition exists.

use azimage_crds::{ConditionType, Reason};

use super::super::{
    Absent, Read,
    context::{Cx, Presence},
    report::{Decision, Outcome, Report},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (reason, what) = match cx.definition()? {
        Presence::Found(_) => return Ok(Outcome::Done),
        Presence::Missing(Absent::Parent) => {
            (Reason::GalleryNotFound, "spec.gallery: the gallery or its resource group doesn't exist")
        }
        Presence::Missing(Absent::Resource) => {
            (Reason::DefinitionNotFound, "spec.definition: the image definition doesn't exist in the gallery")
        }
    };
    let id = cx.validated.id.definition();
    let message = format!("{what} ({id}); create it, or correct the field");
    let thing = format!("the image definition {id}");
    report.absent(cx.memory, (Read::Definition(id.clone()), &thing), (ConditionType::Compatible, reason), message)
}
