//! A machine that was captured itself is deleted, where the object asks for that, and then what belonged to it alone: interfaces, disks,
//! public addresses. What that is is written down before the first of it is deleted, as nobody tells it of a machine that is gone. All this
//! holds up nothing else, and what isn't surely the machine's stays.

mod look;
mod record;
pub(in super::super) mod words;

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, Reason, SourceCleanupState, SourceCleanupStatus, ValidationOutcome};
use look::Left;
use words::{Kept, Words};

use super::{
    super::{
        DeletionRequest, Doubt, Provisioning, Read, Request, Requeue, Step, StepKey, StepName, Subject,
        context::{Answer, Cx, Source},
        facts,
        report::{Belongings, Decision, Fate, Outcome, Report, Stop},
    },
    clean,
};
use crate::{
    Failure, Finding, Progress, Truth,
    belonging::{BelongingId, BelongingPart},
};
pub(super) use record::parts;
use words::Parting;

/// How long after Azure refused to delete something it is asked again, in seconds.
const PAUSE_SECONDS: i64 = 600;

/// Nothing is left of the machine but what isn't its own.
pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(source) = cx.source().filter(|source| source.is_deleted) else { return Ok(Outcome::Done) };
    // What is kept of the machine is looked for before the machine goes.
    let cleaned = report.findings.get(&ConditionType::CleanedUp);
    if cleaned.is_some_and(|finding| finding.truth == Truth::Unknown) {
        return Ok(Outcome::Done);
    }
    let known = known(cx);
    if known.is_empty() {
        return begin(cx, source, report);
    }
    if known.iter().all(|(_, known)| known.state != SourceCleanupState::Pending) {
        conclude(&known, report);
        return Ok(Outcome::Done);
    }
    if !is_there_for_good(cx)? {
        return wait(report, &Words::Waiting);
    }
    go_on(cx, source, &known, report)
}

/// What the status says of the machine and of what belonged to it, in the order of their deletion.
fn known<'a>(cx: &Cx<'a>) -> Vec<(BelongingPart, &'a SourceCleanupStatus)> {
    let known = cx.history.status.source_cleanup.iter();
    let mut known: Vec<_> = known.filter_map(|known| Some((known.part.parse().ok()?, known))).collect();
    known.sort_by_key(|(part, _)| *part);
    known
}

/// Whether the version needs its source no more, and can't be made again without it, so that it has to be there: complete in its home
/// region, as that region itself says, and proven if it is to be.
fn is_there_for_good(cx: &Cx<'_>) -> Result<bool, Stop> {
    let is_settled = |version: &facts::Version| {
        let provisioning = &version.provisioning;
        !matches!(provisioning, Provisioning::Failed | Provisioning::Canceled | Provisioning::Deleting)
    };
    let outcome = cx.history.status.validation.as_ref().map(|told| told.outcome);
    let is_proven = cx.validated.validation.is_none() || outcome == Some(ValidationOutcome::Passed);
    Ok(is_proven && cx.version()?.is_some_and(|version| clean::is_complete_at_home(version) && is_settled(version)))
}

/// Nothing was written down yet: either nothing was deleted, or the status was lost.
fn begin(cx: &Cx<'_>, source: Source<'_>, report: &mut Report) -> Decision {
    // What was told once stays told: nobody can tell any more what belonged to the machine.
    let told = cx.history.condition(ConditionType::CleanedUp);
    if let Some(told) = told.filter(|told| told.reason == Reason::SourceKept.as_str()) {
        report.findings.insert(ConditionType::CleanedUp, Finding::no(Reason::SourceKept, told.message.clone()));
        return Ok(Outcome::Done);
    }
    if !is_there_for_good(cx)? {
        return wait(report, &Words::Waiting);
    }
    let id = source.id;
    let machine = match cx.machine(id)? {
        Answer::Found(machine) => machine,
        Answer::Missing(_) => {
            let doubt = Doubt::Absent(Read::Machine(id.clone()));
            let believed = cx.history.believes(&doubt);
            report.doubts(doubt);
            return if believed { keep(report, &Kept::Gone { id: id.clone() }) } else { wait(report, &Words::Looking) };
        }
        Answer::Failed(failure) => return unread(report, &BelongingId::Machine(id.clone()), failure),
    };
    if let Some(why) = is_not_ours(cx, source, machine) {
        return keep(report, &why);
    }
    match record::of(cx, id, machine, report)? {
        Ok(all) => {
            report.belongings = Belongings::Found(all);
            wait(report, &Words::Deleting)
        }
        Err(record::NotYet::Hidden) => wait(report, &Words::Looking),
        Err(record::NotYet::Unread(id, failure)) => unread(report, &id, &failure),
    }
}

/// Why the machine isn't the one that was captured for this object, if it isn't surely.
fn is_not_ours(cx: &Cx<'_>, source: Source<'_>, machine: &facts::Machine) -> Option<Kept> {
    let id = source.id.clone();
    let captured = cx.history.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref());
    match captured {
        None => Some(Kept::Unknown { id }),
        Some(uid) if *uid != machine.uid || uid.is_empty() => Some(Kept::Another { id }),
        Some(_) if !cx.validated.owns_tag(&machine.tags) => Some(Kept::Foreign { id }),
        Some(_) if !machine.generalized => Some(Kept::NotGeneralized { id }),
        Some(_) => None,
    }
}

fn go_on(
    cx: &Cx<'_>,
    source: Source<'_>,
    known: &[(BelongingPart, &SourceCleanupStatus)],
    report: &mut Report,
) -> Decision {
    let mut step = None;
    let mut fates = BTreeMap::new();
    let mut holding: Vec<BelongingPart> = Vec::new();
    let mut stuck: Option<(String, String)> = None;
    let named = named_now(cx, source, known)?;
    let mut is_less = false;
    for (part, known) in known {
        // Whoever took it off the machine after it was written down keeps it, whatever becomes of the machine.
        let is_there = |named: &Vec<String>| named.iter().any(|id| id.eq_ignore_ascii_case(&known.resource_id));
        if known.state == SourceCleanupState::Pending
            && matches!(part, BelongingPart::Interface(_) | BelongingPart::Disk(_))
            && named.as_ref().is_some_and(|named| !is_there(named))
        {
            fates.insert(*part, Fate::Kept(words::Why::TakenOff.to_string()));
            holding.push(*part);
            is_less = true;
            continue;
        }
        let is_held = holding.iter().any(|other| part.is_held_by(*other));
        match known.state {
            SourceCleanupState::Kept if *part == BelongingPart::Machine => return keep_the_rest(cx, known, report),
            SourceCleanupState::Deleted | SourceCleanupState::Kept => continue,
            SourceCleanupState::Pending if is_held => {
                holding.push(*part);
                continue;
            }
            SourceCleanupState::Pending => {}
        }
        if let Some(problem) = problem(cx, known) {
            stuck = stuck.or_else(|| Some((known.resource_id.clone(), problem.to_owned())));
            holding.push(*part);
            continue;
        }
        let Ok(id) = BelongingId::parse(*part, &known.resource_id) else { continue };
        match look::look(cx, source.id, *part, &id, known, report)? {
            Left::Gone => {
                report.finished.insert(StepKey { name: StepName::DeleteSource, subject: Subject::Belonging(*part) });
                fates.insert(*part, Fate::Deleted);
            }
            Left::Foreign(why) => {
                fates.insert(*part, Fate::Kept(why.to_string()));
                // What it holds is decided upon in the next pass.
                holding.push(*part);
            }
            Left::Stuck(why) => {
                stuck = stuck.or_else(|| Some((known.resource_id.clone(), why.clone())));
                fates.insert(*part, Fate::Stuck(why));
                holding.push(*part);
            }
            Left::Going => holding.push(*part),
            Left::There => {
                holding.push(*part);
                let request =
                    Request::DeleteBelonging(Box::new(DeletionRequest { id, version: cx.validated.id.clone() }));
                step = step.or_else(|| Some(Step::on_belonging(*part, request)));
            }
        }
    }
    report.belongings = Belongings::Became(fates);
    // That something stays is written down before the machine goes, which alone tells it.
    match (step.filter(|_| !is_less), stuck) {
        (Some(step), _) => report.act(&Words::Deleting, step),
        (None, Some((id, why))) => {
            report.found(Truth::False, &Words::Stuck { id, why });
            Ok(Outcome::Done)
        }
        (None, None) => wait(report, &Words::Deleting),
    }
}

/// The ids of what the machine names now, as long as it is there.
fn named_now(
    cx: &Cx<'_>,
    source: Source<'_>,
    known: &[(BelongingPart, &SourceCleanupStatus)],
) -> Result<Option<Vec<String>>, Stop> {
    let is_pending = |(part, known): &(BelongingPart, &SourceCleanupStatus)| {
        *part == BelongingPart::Machine && known.state == SourceCleanupState::Pending
    };
    if !known.iter().any(is_pending) {
        return Ok(None);
    }
    Ok(match cx.machine(source.id)? {
        Answer::Found(machine) => Some(parts(machine).into_iter().map(|(_, id)| id.to_string()).collect()),
        Answer::Missing(_) | Answer::Failed(_) => None,
    })
}

/// The machine stays, and so does all that it holds.
#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a stage, which is a decision")]
fn keep_the_rest(cx: &Cx<'_>, machine: &SourceCleanupStatus, report: &mut Report) -> Decision {
    let why = words::Why::MachineStays { id: machine.resource_id.clone() }.to_string();
    let pending = known(cx).into_iter().filter(|(_, known)| known.state == SourceCleanupState::Pending);
    report.belongings = Belongings::Became(pending.map(|(part, _)| (part, Fate::Kept(why.clone()))).collect());
    wait(report, &Words::Deleting)
}

/// Nothing is left to be done: it is told what stays.
fn conclude(known: &[(BelongingPart, &SourceCleanupStatus)], report: &mut Report) {
    let kept: Vec<_> = known.iter().filter(|(_, known)| known.state == SourceCleanupState::Kept).collect();
    if let Some((_, first)) = kept.first() {
        let (id, why) = (first.resource_id.clone(), first.problem.clone().unwrap_or_default());
        report.found(Truth::False, &Kept::Remain { id, why, count: kept.len() });
        return;
    }
    let cleaned = report.findings.get(&ConditionType::CleanedUp);
    // What is said of the snapshot that is kept stays said.
    if cleaned.is_none_or(|finding| finding.reason == Reason::NotNeeded) {
        report.done(&Words::Gone);
    }
}

/// Why something couldn't be deleted, if Azure said so just now.
fn problem<'a>(cx: &Cx<'_>, known: &'a SourceCleanupStatus) -> Option<&'a str> {
    let recent = known.problem_at.as_ref().is_some_and(|at| cx.history.within(at.0, PAUSE_SECONDS));
    known.problem.as_deref().filter(|_| recent)
}

/// Nothing of it is deleted, for good.
#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a stage, which is a decision")]
fn keep(report: &mut Report, why: &Kept) -> Decision {
    report.found(Truth::False, why);
    Ok(Outcome::Done)
}

/// It goes on later, and holds up nothing meanwhile.
#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a stage, which is a decision")]
fn wait(report: &mut Report, message: &Words) -> Decision {
    report.found(Truth::Unknown, message);
    Ok(Outcome::Done)
}

/// What can't be read is told, and holds up nothing either.
#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a stage, which is a decision")]
fn unread(report: &mut Report, id: &BelongingId, failure: &Failure) -> Decision {
    if *failure == Failure::Throttled {
        return wait(report, &Words::Looking);
    }
    report.found(Truth::False, &Words::Unread { id: id.to_string(), why: failure.words().to_owned() });
    Ok(Outcome::Done)
}

/// What goes on counts in how it stands as a whole: the object isn't ready while its machine is being deleted, or what is kept of it
/// looked for. What can't be deleted makes it no less ready.
pub(in super::super) fn tell(cx: &Cx<'_>, outcome: Outcome, report: &mut Report) -> Outcome {
    let Outcome::Ends(step, requeue) = outcome else { return outcome };
    let Some(source) = cx.source().filter(|source| source.clone.is_none()) else {
        return Outcome::Ends(step, requeue);
    };
    let told = report.findings.get(&ConditionType::CleanedUp);
    let is_open = |told: &&Finding| told.truth == Truth::Unknown || source.is_deleted && told.truth == Truth::False;
    let Some(told) = told.filter(is_open) else { return Outcome::Ends(step, requeue) };
    let (goes_on, is_over) = (told.truth == Truth::Unknown, told.reason == Reason::SourceKept);
    let is_ready = matches!(report.progress, Progress::Settled { .. } | Progress::Idle { .. });
    if is_ready && goes_on {
        report.progress = Progress::reconciling(told.reason, told.message.clone());
    }
    let is_stalled = report.is_stalled();
    let requeue = if requeue == Requeue::Resync && !is_over && !is_stalled { Requeue::Poll } else { requeue };
    Outcome::Ends(step, requeue)
}

/// What a person has to know as the object goes: what is still there of the machine isn't deleted any more.
pub(in super::super) fn parting(cx: &Cx<'_>) -> Option<String> {
    let known = known(cx);
    let left = known.iter().filter(|(_, known)| known.state == SourceCleanupState::Pending);
    let left: Vec<&str> = left.map(|(_, known)| known.resource_id.as_str()).collect();
    let first = (*left.first()?).to_owned();
    Some(Parting::Left { first, count: left.len() }.to_string())
}
