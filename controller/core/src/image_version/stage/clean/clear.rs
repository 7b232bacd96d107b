//! Temporary resources are deleted in order, each seen to be gone. Only what carries the object's own owner tag is deleted.

use azimage_crds::TemporaryStatus;

use super::{
    super::super::{
        Doubt, Provisioning, Read, Request, Step, StepKey, StepName,
        context::{Answer, Cx},
        report::{Report, Stop},
    },
    late,
};
use crate::temporary::{Part, TemporaryId};

/// What is to be done next.
pub(in super::super) enum Clearing {
    /// All are gone, but those that aren't surely the object's and what these use: they are left alone.
    Gone,
    /// This one is deleted.
    Deletes(Step),
    /// Azure is at work, or what it says isn't believed yet.
    Waits,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Of {
    /// What a copy is made of, and what is kept of a machine.
    Capture,
    /// What proves a version.
    Validation,
    /// Both.
    All,
}

impl Of {
    fn includes(self, part: Part) -> bool {
        match self {
            Self::Capture => !part.is_of_a_validation(),
            Self::Validation => part.is_of_a_validation(),
            Self::All => true,
        }
    }
}

/// How it stands with one of them.
enum Left {
    /// It is surely gone.
    Gone,
    /// It is somebody else's, or holds what is.
    Foreign(&'static str),
    /// Azure doesn't show it, which isn't believed yet.
    Hidden,
    /// It is there.
    There,
    /// Azure is deleting it, or was asked to.
    Going,
    /// Azure accepted its deletion, which failed later, in Azure's words.
    Stuck(String),
}

/// Looks at all of these that the status names, and deletes the first that can be. Those that `skip` says are left alone for now.
pub(in super::super) fn clear(
    cx: &Cx<'_>,
    report: &mut Report,
    of: Of,
    skip: impl Fn(&TemporaryId) -> bool,
) -> Result<Clearing, Stop> {
    let known = |known: &TemporaryStatus| {
        let id = known.resource_id.parse::<TemporaryId>().ok()?;
        Some((id.part(&cx.validated.owner.uid).filter(|part| of.includes(*part))?, id))
    };
    let mut all: Vec<(Part, TemporaryId)> = cx.history.status.temporary.iter().filter_map(known).collect();
    // What others hold comes after them.
    all.sort();
    let mut step = None;
    let mut holding: Vec<Part> = Vec::new();
    let mut foreign: Vec<Part> = Vec::new();
    let mut left = 0_usize;
    for (part, id) in all {
        if foreign.iter().any(|other| part.is_held_by(*other)) {
            foreign.push(part);
            continue;
        }
        let is_held = holding.iter().any(|other| part.is_held_by(*other));
        if is_held || skip(&id) {
            left += 1;
            holding.push(part);
            continue;
        }
        match look(cx, part, &id, report)? {
            Left::Gone => {
                report.finished.insert(StepKey::on_part(StepName::DeleteTemporary, part));
                report.gone.insert(id);
            }
            Left::Foreign(why) => {
                report.undeletable.insert(id, why.to_owned());
                foreign.push(part);
            }
            // What it doesn't show it may still have, and refuse to delete what that holds.
            Left::Hidden | Left::Going => {
                left += 1;
                holding.push(part);
            }
            Left::Stuck(why) => {
                left += 1;
                holding.push(part);
                report.undeletable.insert(id, why);
            }
            Left::There => {
                left += 1;
                holding.push(part);
                let delete = || Step::on_part(StepName::DeleteTemporary, part, Request::DeleteTemporary(id.clone()));
                step = step.or_else(|| Some(delete()));
            }
        }
    }
    Ok(match step {
        Some(step) => Clearing::Deletes(step),
        None if left == 0 => Clearing::Gone,
        None => Clearing::Waits,
    })
}

fn look(cx: &Cx<'_>, part: Part, id: &TemporaryId, report: &mut Report) -> Result<Left, Stop> {
    let (tags, provisioning, others) = match id {
        TemporaryId::Machine(machine) => match cx.machine(machine)? {
            Answer::Found(found) => (&found.tags, &found.provisioning, false),
            Answer::Missing(_) => return Ok(hidden(cx, part, id, report)),
            Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), READING)),
        },
        other => match cx.temporary(other)? {
            Answer::Found(found) => (&found.tags, &found.provisioning, found.holds_others()),
            Answer::Missing(_) => return Ok(hidden(cx, part, id, report)),
            Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), READING)),
        },
    };
    let key = StepKey::on_part(StepName::DeleteTemporary, part);
    let asked = cx.history.too_soon(&key, StepName::DeleteTemporary.grace_seconds());
    Ok(match provisioning {
        _ if !cx.validated.owns_tag(tags) => Left::Foreign(FOREIGN),
        Provisioning::Deleting => Left::Going,
        _ if others => Left::Foreign(HOLDS_OTHERS),
        _ if asked => Left::Going,
        _ => {
            let told = super::known(cx, id).and_then(|known| known.problem_at.as_ref()).map(|at| at.0);
            late::why_it_failed(cx, key, told, report)?.map_or(Left::There, Left::Stuck)
        }
    })
}

/// Why something isn't deleted.
const FOREIGN: &str = "its tag azimage-owner doesn't name this object, so it is left as it is";

/// The same, of a collection: its deletion deletes all restore points in it.
const HOLDS_OTHERS: &str =
    "it has a restore point that azimage didn't make, so it is left as it is: delete or move that one";

/// Whether something isn't deleted because it isn't surely the object's, which may change at any time.
pub(in super::super::super) fn is_left_alone(why: &str) -> bool {
    [FOREIGN, HOLDS_OTHERS].contains(&why)
}

/// Completes "Could not …".
const READING: &str = "read a temporary resource that is to be deleted";

/// What Azure doesn't show is gone when it says so again and again, and it can't turn up late.
fn hidden(cx: &Cx<'_>, part: Part, id: &TemporaryId, report: &mut Report) -> Left {
    let doubt = Doubt::Absent(Read::of_temporary(id));
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    let makes = |name: StepName| name.makes_a_part() || name.makes_a_validation();
    // What was deleted had turned up before.
    let was_there = cx.history.begun(StepKey::on_part(StepName::DeleteTemporary, part));
    let just_asked_for = !was_there
        && cx.history.status.steps.iter().any(|record| {
            let about = StepKey::of(record).filter(|key| makes(key.name) && *key == StepKey::on_part(key.name, part));
            about.is_some_and(|key| {
                record.finished_at.is_none() && cx.history.within(record.started_at.0, key.name.grace_seconds())
            })
        });
    if believed && !just_asked_for { Left::Gone } else { Left::Hidden }
}
