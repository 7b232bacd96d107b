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
    let (not_shown, missing) = match cx.definition()? {
        Presence::Found(_) => return Ok(Outcome::Done),
        Presence::Missing(Absent::Parent) => {
            (NotShown::Gallery { definition: definition() }, Missing::Gallery { definition: definition() })
        }
        // Azure doesn't always say of which of the two it speaks.
        Presence::Missing(Absent::Resource) if matches!(cx.gallery()?, Answer::Missing(_)) => {
            (NotShown::Gallery { definition: definition() }, Missing::Gallery { definition: definition() })
        }
        Presence::Missing(Absent::Resource) => {
            (NotShown::Definition { definition: definition() }, Missing::Definition { definition: definition() })
        }
    };
    report.absent(cx.history, (Read::Definition(cx.validated.id.definition().clone()), &not_shown), &missing)
}
