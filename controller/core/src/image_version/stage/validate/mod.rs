//! The version proves itself: two machines are made from it behind a closed network, and looked into. It goes on beside the
//! stages of the route, in passes in which these have nothing to write, as soon as the version is complete in its home region. Other
//! regions follow, where that is asked for.
//!
//! ```text
//! security group that denies all ──▶ interfaces ──▶ machines ──▶ their agents are ready ──▶ checks ──▶ outcome ──▶ all deleted
//! ```

mod elsewhere;
mod end;
mod evidence;
mod machine;
mod make;
mod outcome;
mod speed;
pub(in super::super) mod words;
pub(in super::super) use speed::Slow;

pub(in super::super) use end::clear;

use azimage_crds::{
    ConditionType, StepStatus, TemporaryStatus, ValidationMachine, ValidationOutcome, ValidationStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use words::Impossible;

use super::{
    super::{
        OsType, Requeue, StepKey, StepName, ValidationSpec,
        context::{Cx, Presence},
        facts,
        report::{Decision, Outcome, Report, Stop, ends},
    },
    clean::is_complete_at_home,
};
use crate::{
    Progress,
    temporary::{Part, TemporaryId, Twin},
};
use azimage_names::values::SecurityType;

/// The steps that it takes.
pub(in super::super) const STEPS: &[StepName] = &[
    StepName::CreateValidationNetwork,
    StepName::CreateValidationMachine,
    StepName::RunChecks,
    StepName::DeleteTemporary,
];

/// Both machines.
const TWINS: [Twin; 2] = [Twin::First, Twin::Second];

/// What a pass comes to, whose route came to this, with what goes on beside it.
pub(in super::super) fn beside(
    decide: fn(&Cx<'_>, &mut Report) -> Decision,
    cx: &Cx<'_>,
    outcome: Outcome,
    report: &mut Report,
) -> Decision {
    // Whoever asks for another attempt may do so while the route has something to write, and isn't heard twice.
    report.validation = heard(cx).or(report.validation.take());
    let (requeue, done) = match &outcome {
        Outcome::Ends(Some(_), _) => return Ok(outcome),
        Outcome::Ends(None, requeue) => (*requeue, false),
        Outcome::Done => (Requeue::Resync, true),
    };
    let before = report.progress.clone();
    let is_at_rest = done || matches!(before, Progress::Settled { .. } | Progress::Idle { .. });
    let (came_to, own) = match decide(cx, report) {
        Ok(came_to) => (came_to, report.progress.clone()),
        Err(Stop::Failed(failure, doing)) => (Outcome::Ends(None, failure.requeue()), failure.progress(doing)),
        Err(read @ Stop::Read(_)) => return Err(read),
    };
    // How it stands with the route is told first.
    report.progress = if is_at_rest && !matches!(came_to, Outcome::Done) { own } else { before };
    match came_to {
        Outcome::Done => Ok(outcome),
        Outcome::Ends(step @ Some(_), requeue) => ends(step, requeue),
        Outcome::Ends(None, own) if matches!(requeue, Requeue::Resync | Requeue::Never) => ends(None, own),
        Outcome::Ends(None, _) => ends(None, requeue),
    }
}

/// What is to be done for the validation; `Done` if nothing is, and all is well.
pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (Some(spec), Some(version)) = (cx.validated.validation.as_deref(), cx.version()?) else {
        return end::clear(cx, report);
    };
    match &cx.history.status.validation {
        Some(told) if told.outcome == ValidationOutcome::Passed => elsewhere::decide(cx, spec, version, told, report),
        _ => {
            let outcome = at(cx, spec, version, report)?;
            Ok(elsewhere::follows(cx, spec, version, outcome, report))
        }
    }
}

/// What is to be done in the region in which the version is seen here.
fn at(cx: &Cx<'_>, spec: &ValidationSpec, version: &facts::Version, report: &mut Report) -> Decision {
    let told = cx.history.status.validation.as_ref();
    if let Some(told) = wants_again(cx) {
        return end::again(cx, told, report);
    }
    match told.map(|told| (told.outcome, told)) {
        Some((ValidationOutcome::Passed, told)) => {
            outcome::passed(told, report);
            end::clear(cx, report)
        }
        Some((ValidationOutcome::Failed | ValidationOutcome::Impossible, told)) => end::failed(cx, spec, told, report),
        _ if is_complete_at_home(version) => run(cx, spec, version, report),
        _ => Ok(Outcome::Done),
    }
}

/// The validation with what is asked for again, if anything is.
fn heard(cx: &Cx<'_>) -> Option<ValidationStatus> {
    let told = cx.history.status.validation.as_ref()?;
    let mut heard = ValidationStatus { again: wants_again(cx).is_some(), ..told.clone() };
    for region in heard.regions.iter_mut().filter(|_| cx.validated.requested) {
        region.again |= matches!(region.outcome, ValidationOutcome::Failed | ValidationOutcome::Impossible);
    }
    (heard != *told).then_some(heard)
}

/// The attempt after which another one is asked for, if one is: of a version that didn't pass.
fn wants_again<'a>(cx: &Cx<'a>) -> Option<&'a ValidationStatus> {
    let told = cx.history.status.validation.as_ref()?;
    let ended = matches!(told.outcome, ValidationOutcome::Failed | ValidationOutcome::Impossible);
    let stalls = cx.history.condition(ConditionType::Validated).is_some_and(|said| said.status == "False");
    let is_over = ended || told.outcome == ValidationOutcome::Running && stalls;
    (told.again || cx.validated.requested && is_over).then_some(told)
}

/// What the status says of an attempt that goes on, or of one that begins now.
fn attempt(cx: &Cx<'_>, version: &facts::Version) -> ValidationStatus {
    cx.history.status.validation.clone().unwrap_or_else(|| ValidationStatus {
        outcome: ValidationOutcome::Running,
        region: version.location.to_string(),
        started_at: Time(cx.history.now),
        finished_at: None,
        azure_time: None,
        attempts: 1,
        again: false,
        machines: Vec::new(),
        regions: Vec::new(),
    })
}

/// The attempt goes on.
fn run(cx: &Cx<'_>, spec: &ValidationSpec, version: &facts::Version, report: &mut Report) -> Decision {
    let mut attempt = attempt(cx, version);
    let decision = machines(cx, spec, version, &mut attempt, report);
    if !matches!(decision, Err(Stop::Read(_))) {
        report.validation = Some(attempt);
    }
    decision
}

fn machines(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    version: &facts::Version,
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let definition = cx.definition_found()?;
    if let Some(why) = impossible(definition) {
        return report.stalled(&why);
    }
    let mut found = Vec::new();
    for twin in TWINS {
        match cx.machine(spec.machine(twin))?.or_stop("read a machine that was made from the version")? {
            Presence::Found(machine) => found.push((twin, machine)),
            Presence::Missing(_) => {}
        }
    }
    for (twin, machine) in &found {
        if !cx.validated.owns_tag(&machine.tags) {
            let id = spec.machine(*twin).to_string();
            return end::gives_up(cx, attempt, &Impossible::Taken { id }, report);
        }
        // Its network is there as well, whether the status still knows that or was lost.
        for part in [Part::ValidationMachine(*twin), Part::ValidationInterface(*twin), Part::ValidationSecurityGroup] {
            report.temporary.insert(spec.workspace.id(part)?);
        }
    }
    let [first, second] = found.as_slice() else {
        if let Some(twin) =
            TWINS.into_iter().find(|twin| machine::was_made(cx, *twin, attempt) && !is_among(&found, *twin))
        {
            return machine::vanished(cx, spec, twin, attempt, report);
        }
        return make::make(cx, spec, (version, definition), &found, attempt, report);
    };
    let mut ready = Vec::new();
    for (twin, machine) in [first, second] {
        match machine::started(cx, spec, *twin, machine, attempt, report)? {
            Outcome::Done => ready.push(machine),
            end @ Outcome::Ends(Some(_), _) => return Ok(end),
            // What the other one comes to may be told already.
            end @ Outcome::Ends(None, _) if attempt.outcome != ValidationOutcome::Running => return Ok(end),
            Outcome::Ends(None, _) => {}
        }
    }
    if ready.len() < TWINS.len() {
        return ends(None, Requeue::Poll);
    }
    let now = ready.iter().filter_map(|machine| machine.read_at).max();
    let all_ready = ready.iter().all(|machine| machine.agent_ready && !machine.is_being_changed());
    outcome::checks(cx, spec, (&version.location, now, all_ready), attempt, report)
}

fn is_among(found: &[(Twin, &facts::Machine)], twin: Twin) -> bool {
    found.iter().any(|(known, _)| *known == twin)
}

/// Why no machine that can be looked into is made of such an image.
fn impossible(definition: &facts::Definition) -> Option<Impossible> {
    if definition.os_type == OsType::Windows {
        return Some(Impossible::Windows);
    }
    let kind = definition.security_type.as_deref().map(SecurityType::from);
    (kind == Some(SecurityType::ConfidentialVm)).then_some(Impossible::Confidential)
}

/// The record of a step about one of the machines, if it was begun in this attempt.
fn begun<'a>(cx: &Cx<'a>, name: StepName, twin: Twin, attempt: &ValidationStatus) -> Option<&'a StepStatus> {
    let record = cx.history.step(StepKey::on_part(name, Part::ValidationMachine(twin)));
    record.filter(|record| record.started_at.0 >= attempt.started_at.0)
}

/// The record of a machine in the status.
fn record(attempt: &mut ValidationStatus, twin: Twin) -> Option<&mut ValidationMachine> {
    let name = twin.to_string();
    if !attempt.machines.iter().any(|machine| machine.name == name) {
        attempt.machines.push(ValidationMachine {
            name: name.clone(),
            vm_size: None,
            failures: 0,
            failed_virtual_machine_uid: None,
            timings: None,
            agent_version: None,
            checks: Vec::new(),
            console: None,
        });
        attempt.machines.sort_by(|a, b| a.name.cmp(&b.name));
    }
    attempt.machines.iter_mut().find(|machine| machine.name == name)
}

/// What is left of a validation, as the status knows it.
fn left<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (TemporaryId, &'a TemporaryStatus)> {
    let uid = &cx.validated.owner.uid;
    cx.history.status.temporary.iter().filter_map(move |known| {
        let id: TemporaryId = known.resource_id.parse().ok()?;
        id.is_of_a_validation(uid).then_some((id, known))
    })
}

/// Whether anything of a validation stands in the status as there.
pub(in super::super) fn is_anything_left(cx: &Cx<'_>) -> bool {
    left(cx).next().is_some()
}

/// Whether the version's validation holds up what a suspended object says of itself.
pub(in super::super) fn is_open(cx: &Cx<'_>) -> bool {
    let validated = cx.history.condition(ConditionType::Validated);
    cx.validated.validation.is_some() && validated.is_none_or(|condition| condition.status != "True")
}
