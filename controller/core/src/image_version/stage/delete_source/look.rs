//! How it stands with something that is to be deleted with its machine.

use azimage_crds::{SourceCleanupState, SourceCleanupStatus};
use azimage_names::VirtualMachineId;

use super::{
    super::super::{
        Doubt, Provisioning, Read, StepKey, StepName, Subject,
        context::{Answer, Cx},
        report::{Report, Stop},
    },
    super::clean::late,
    known,
    record::lies_in,
    words::Why,
};
use crate::{
    Failure,
    belonging::{BelongingId, BelongingPart},
};

/// How it stands with one of them.
pub(super) enum Left {
    /// It is surely gone.
    Gone,
    /// It stays, for good.
    Foreign(Why),
    /// Azure doesn't delete it, or doesn't tell of it, in its words.
    Stuck(String),
    /// Azure is deleting it, or was asked to, or what it says isn't believed yet.
    Going,
    /// It is there, and is to be deleted.
    There,
}

/// For how long something may be shown as used by what is gone, in seconds.
const LINGERS_SECONDS: i64 = 900;

pub(super) fn look(
    cx: &Cx<'_>,
    machine: &VirtualMachineId,
    part: BelongingPart,
    id: &BelongingId,
    known: &SourceCleanupStatus,
    report: &mut Report,
) -> Result<Left, Stop> {
    let provisioning = match id {
        BelongingId::Machine(id) => match cx.machine(id)? {
            // A new machine of the same name: the old one is gone.
            Answer::Found(found) if found.uid != known.unique_id => return Ok(Left::Gone),
            Answer::Found(found) if !cx.validated.owns_tag(&found.tags) => return Ok(Left::Foreign(Why::NotOurs)),
            Answer::Found(found) => &found.provisioning,
            Answer::Missing(_) => return Ok(hidden(cx, &BelongingId::Machine(id.clone()), report)),
            Answer::Failed(failure) => return Ok(unread(failure)),
        },
        other => match cx.belonging(other)? {
            Answer::Found(found) if found.uid.as_ref() != Some(&known.unique_id) => return Ok(Left::Gone),
            Answer::Found(found) => {
                if let Some(user) = found.used_by.first() {
                    return Ok(used(cx, machine, user));
                }
                if found.is_shared {
                    return Ok(Left::Foreign(Why::Shared));
                }
                &found.provisioning
            }
            Answer::Missing(_) => return Ok(hidden(cx, other, report)),
            Answer::Failed(failure) => return Ok(unread(failure)),
        },
    };
    let key = StepKey { name: StepName::DeleteSource, subject: Subject::Belonging(part) };
    let asked = cx.history.too_soon(&key, StepName::DeleteSource.grace_seconds());
    if *provisioning == Provisioning::Deleting || asked {
        return Ok(Left::Going);
    }
    let told = known.problem_at.as_ref().map(|at| at.0);
    Ok(late::why_it_failed(cx, key, told, report)?.map_or(Left::There, Left::Stuck))
}

/// Something uses it: the machine or the interface that is just gone, which Azure may show for a while, or somebody else.
fn used(cx: &Cx<'_>, machine: &VirtualMachineId, user: &str) -> Left {
    let lingers = known(cx).into_iter().any(|(_, gone)| {
        let is_it = lies_in(user, &gone.resource_id) && gone.state == SourceCleanupState::Deleted;
        is_it && cx.history.within(gone.since.0, LINGERS_SECONDS)
    });
    if lingers {
        return Left::Going;
    }
    let is_a_new_one = lies_in(user, &machine.to_string());
    let other = user.to_owned();
    Left::Foreign(if is_a_new_one { Why::UsedByNewMachine { other } } else { Why::UsedBy { other } })
}

/// What can't be read just now is read by the next pass; what may not be is told.
fn unread(failure: &Failure) -> Left {
    match failure {
        Failure::Throttled => Left::Going,
        other => Left::Stuck(other.words().to_owned()),
    }
}

/// What Azure doesn't show is gone when it says so again and again.
fn hidden(cx: &Cx<'_>, id: &BelongingId, report: &mut Report) -> Left {
    let doubt = Doubt::Absent(Read::of_belonging(id));
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    if believed { Left::Gone } else { Left::Going }
}
