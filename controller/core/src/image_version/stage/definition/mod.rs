//! The image definition exists.

pub(in super::super) mod words;

use words::Missing;

use super::super::{
    Absent, Read,
    context::{Answer, Cx, Presence},
    report::{Decision, Outcome, Report},
    words::NotShown,
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let definition = || cx.validated.id.definition().clone();
    let Presence::Missing(absent) = cx.definition()? else { return Ok(Outcome::Done) };
    // Azure doesn't always say of which of the two it speaks.
    let gallery_is_missing = absent == Absent::Parent || matches!(cx.gallery()?, Answer::Missing(_));
    let (not_shown, missing) = if gallery_is_missing {
        (NotShown::Gallery { definition: definition() }, Missing::Gallery { definition: definition() })
    } else {
        (NotShown::Definition { definition: definition() }, Missing::Definition { definition: definition() })
    };
    report.absent(cx.history, (Read::Definition(cx.validated.id.definition().clone()), &not_shown), &missing)
}
