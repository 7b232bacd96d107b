//! What to do next for a version that doesn't exist yet.
//!
//! ```text
//! running ──ClaimSource──▶ claimed ──Seal──▶ (detached unit powers off) ──▶ stopped
//!         ──MarkSealed──▶ marked ──Deallocate──▶ deallocated ──Generalize──▶ generalized ──Publish──▶
//! ```
//! Each arrow is taken only on what Azure says now: tags for the claim and the mark, the run command's end and the
//! power state for the seal, the instance view for generalized. So a process that knows nothing but the object and
//! Azure goes on where another one died.

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, OWNER_TAG, Prepare, Reason, STEP_TAG, SourceStatus};
use azimage_names::{RunCommandId, VirtualMachineId};

use super::{
    Absent, Execution, Memory, Observed, Plan, Power, Provisioning, Reading, Report, SealObserved, SourceSpec, Step,
    StepName, Validated, VirtualMachineObserved, Wake,
    checks::{self, Traits},
    compare,
    step::TagsRequest,
    validate::{Violation, find_tag},
};
use crate::{Finding, Progress, seal};

/// The value of [`STEP_TAG`] on a machine whose seal was proven.
const SEALED: &str = "sealed";

pub(super) fn plan(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    let mut report = Report::default();
    let definition = match &observed.definition {
        Reading::Found(definition) => definition,
        Reading::Missing(absent) => {
            let (reason, what) = match absent {
                Absent::Parent => {
                    (Reason::GalleryNotFound, "spec.gallery: the gallery or its resource group doesn't exist")
                }
                Absent::Resource => {
                    (Reason::DefinitionNotFound, "spec.definition: the image definition doesn't exist in the gallery")
                }
            };
            let message = format!("{what} ({}); create it, or correct the field", validated.id.definition());
            return report.stalled(ConditionType::Compatible, reason, message);
        }
        Reading::Failed(failure) => return report.failed(failure, "read the image definition"),
        Reading::NotRead => return report.failed_unread("the image definition"),
    };
    match &validated.source {
        SourceSpec::ImageVersion { id } => match &observed.source_version {
            Reading::Found(source) => {
                report.source = Some(SourceStatus {
                    location: Some(source.location.to_string()),
                    os_type: Some(source.definition.os_type.to_string()),
                    hyper_v_generation: source.definition.generation.clone(),
                    ..SourceStatus::default()
                });
                if source.provisioning != Provisioning::Succeeded {
                    let message = format!("The source version {id} isn't complete yet");
                    return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
                }
                report.done(ConditionType::SourceReady, "The source version exists");
                let of = &source.definition;
                let traits = Traits {
                    os_type: &of.os_type,
                    generation: of.generation.as_deref(),
                    security_type: None,
                    disk_controller: None,
                    plan: of.plan.as_ref(),
                    is_machine: false,
                };
                let security_agnostic = super::DefinitionObserved { security_type: None, ..definition.clone() };
                if let Err(violation) = checks::compatible(&traits, &security_agnostic) {
                    return report.violated(ConditionType::Compatible, violation);
                }
                report.done(ConditionType::Compatible, "The source fits the image definition");
                report.not_needed(ConditionType::GuestPrepared);
                report.not_needed(ConditionType::Generalized);
                let request = compare::creation(validated, &source.location);
                report.publish(Step::Publish(Box::new(request)))
            }
            Reading::Missing(_) => {
                let message = format!("spec.source.imageVersion.resourceId: {id} doesn't exist");
                report.stalled(ConditionType::SourceReady, Reason::SourceNotFound, message)
            }
            Reading::Failed(failure) => report.failed(failure, "read the source version"),
            Reading::NotRead => report.failed_unread("the source version"),
        },
        SourceSpec::VirtualMachine { id, .. } => match &observed.virtual_machine {
            Reading::Found(machine) => {
                report.source = Some(source_status(machine));
                if let Err(violation) = checks::source(validated, machine) {
                    return report.violated(ConditionType::SourceReady, violation);
                }
                let traits = Traits {
                    os_type: &machine.os_type,
                    generation: machine.generation.as_deref(),
                    security_type: machine.security_type.as_deref(),
                    disk_controller: machine.disk_controller.as_deref(),
                    plan: machine.plan.as_ref(),
                    is_machine: true,
                };
                if let Err(violation) = checks::compatible(&traits, definition) {
                    return report.violated(ConditionType::Compatible, violation);
                }
                report.done(ConditionType::Compatible, "The source fits the image definition");
                machine_plan(validated, memory, observed, machine, report)
            }
            Reading::Missing(_) => {
                let message = format!("spec.source.virtualMachine.resourceId: {id} doesn't exist");
                report.stalled(ConditionType::SourceReady, Reason::SourceNotFound, message)
            }
            Reading::Failed(failure) => report.failed(failure, "read the source virtual machine"),
            Reading::NotRead => report.failed_unread("the source virtual machine"),
        },
    }
}

fn source_status(machine: &VirtualMachineObserved) -> SourceStatus {
    SourceStatus {
        location: Some(machine.location.to_string()),
        virtual_machine_uid: Some(machine.uid.clone()),
        os_type: Some(machine.os_type.to_string()),
        hyper_v_generation: machine.generation.clone(),
        security_type: Some(machine.security_type.clone().unwrap_or_else(|| "Standard".to_owned())),
    }
}

fn machine_plan(
    validated: &Validated,
    memory: &Memory<'_>,
    observed: &Observed,
    machine: &VirtualMachineObserved,
    mut report: Report,
) -> Plan {
    let SourceSpec::VirtualMachine { id, prepare, timeout, seal } = &validated.source else {
        return report.failed_unread("the source virtual machine");
    };
    let ours = validated.owns_tag(&machine.tags);
    let marked = ours && find_tag(&machine.tags, STEP_TAG).is_some_and(|value| value == SEALED);
    report.finished_if(ours, StepName::ClaimSource);
    report.finished_if(marked, StepName::MarkSealed);
    if machine.generalized {
        return generalized_plan(validated, machine, *prepare, marked, report);
    }
    if let Some(known) = memory.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref()) {
        if ours && *known != machine.uid && memory.begun(StepName::ClaimSource) {
            let message = format!(
                "The machine {id} was made anew since it was claimed, and nothing is known of the new one; make a new ImageVersion for it"
            );
            return report.stalled(ConditionType::SourceReady, Reason::GuestPreparationUnknown, message);
        }
    }
    if matches!(machine.provisioning, Provisioning::Creating | Provisioning::Updating | Provisioning::Deleting) {
        let message = "The machine is being changed; waiting for Azure to finish".to_owned();
        return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
    }
    if !ours {
        if let Err(plan) = may_begin(*prepare, machine, &mut report) {
            return plan;
        }
        return match claim_request(validated, id, machine) {
            Some(request) => report.act(
                ConditionType::SourceReady,
                Reason::Progressing,
                "Claiming the machine".to_owned(),
                Step::ClaimSource(request),
            ),
            None => report.failed_unread("the machine's etag"),
        };
    }
    report.done(ConditionType::SourceReady, "The machine exists, consents and is claimed");
    match prepare {
        Prepare::AlreadyGeneralized => sealed_plan(id, machine, report, true),
        Prepare::Deprovision if marked => sealed_plan(id, machine, report, false),
        Prepare::Deprovision => {
            let sealing = Sealing { validated, memory, machine, id, seal, timeout_seconds: timeout.as_secs() };
            sealing.plan(&observed.seal, report)
        }
    }
}

/// Whether a machine that isn't claimed yet is in a state from which the work can begin.
fn may_begin(prepare: Prepare, machine: &VirtualMachineObserved, report: &mut Report) -> Result<(), Plan> {
    let mut take = || std::mem::take(report);
    match (prepare, machine.power) {
        (Prepare::Deprovision, Power::Running) if machine.agent_ready => Ok(()),
        (Prepare::Deprovision, Power::Running) => {
            let detail = machine.agent_message.as_deref().unwrap_or("no report");
            let message = format!(
                "The machine runs, but its guest agent isn't ready ({detail}), so nothing can be run in the guest"
            );
            Err(take().retry(ConditionType::SourceReady, Reason::AgentNotReady, message))
        }
        (Prepare::Deprovision, Power::Stopped | Power::Deallocated) => {
            let message = format!(
                "The machine is {}, and its guest was not sealed: start it, or set spec.source.virtualMachine.guest.prepare to AlreadyGeneralized in a new object if it was sealed by other means",
                machine.power
            );
            Err(take().stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message))
        }
        (Prepare::AlreadyGeneralized, Power::Stopped | Power::Deallocated) => Ok(()),
        (Prepare::AlreadyGeneralized, Power::Running | Power::Starting) => {
            let message = "spec.source.virtualMachine.guest.prepare says AlreadyGeneralized, but the machine runs: a sealed guest that was started is sealed no more. Seal it again, or use Deprovision in a new object".to_owned();
            Err(take().stalled(ConditionType::GuestPrepared, Reason::SourceRunning, message))
        }
        (_, Power::Starting | Power::Stopping | Power::Deallocating | Power::Unknown) => {
            let message = format!("The machine's power state is {}; waiting for it to settle", machine.power);
            Err(take().wait(ConditionType::SourceReady, Reason::SourceBusy, message))
        }
    }
}

fn generalized_plan(
    validated: &Validated,
    machine: &VirtualMachineObserved,
    prepare: Prepare,
    marked: bool,
    mut report: Report,
) -> Plan {
    if prepare == Prepare::Deprovision && !marked {
        let message = "The machine is generalized already, but not by this object: if its guest was sealed, say so with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a new object".to_owned();
        return report.stalled(ConditionType::SourceReady, Reason::AlreadyGeneralized, message);
    }
    report.done(ConditionType::SourceReady, "The machine exists");
    match prepare {
        Prepare::Deprovision => report.done(ConditionType::GuestPrepared, "The guest was sealed"),
        Prepare::AlreadyGeneralized => report.not_needed(ConditionType::GuestPrepared),
    }
    report.done(ConditionType::Generalized, "Azure marks the machine as generalized");
    for step in [StepName::Seal, StepName::MarkSealed, StepName::Deallocate, StepName::Generalize] {
        report.finished_if(true, step);
    }
    let request = compare::creation(validated, &machine.location);
    report.publish(Step::Publish(Box::new(request)))
}

/// A machine whose guest is sealed, by our own proof or by the user's word.
fn sealed_plan(id: &VirtualMachineId, machine: &VirtualMachineObserved, mut report: Report, by_word: bool) -> Plan {
    if by_word {
        report.not_needed(ConditionType::GuestPrepared);
    } else {
        report.done(ConditionType::GuestPrepared, "The guest was sealed");
        report.finished_if(true, StepName::Seal);
    }
    match machine.power {
        Power::Stopped => report.act(
            ConditionType::Generalized,
            Reason::Deallocating,
            "The guest is sealed and off; deallocating the machine".to_owned(),
            Step::Deallocate(id.clone()),
        ),
        Power::Deallocated => {
            report.finished_if(true, StepName::Deallocate);
            report.act(
                ConditionType::Generalized,
                Reason::Progressing,
                "Marking the machine as generalized".to_owned(),
                Step::Generalize(id.clone()),
            )
        }
        Power::Deallocating | Power::Stopping | Power::Unknown => {
            let message = format!("The machine's power state is {}; waiting until it is deallocated", machine.power);
            report.wait(ConditionType::Generalized, Reason::Deallocating, message)
        }
        Power::Running | Power::Starting => {
            let (reason, what) = if by_word {
                (Reason::SourceRunning, "though its guest is said to be sealed")
            } else {
                (Reason::GuestPreparationUnknown, "after its guest was sealed")
            };
            let message = format!(
                "The machine was started {what}, so it is sealed no more: delete this object and make a new one, which seals the guest anew"
            );
            report.stalled(ConditionType::GuestPrepared, reason, message)
        }
    }
}

/// A claimed machine whose guest isn't proven to be sealed.
struct Sealing<'a> {
    validated: &'a Validated,
    memory: &'a Memory<'a>,
    machine: &'a VirtualMachineObserved,
    id: &'a VirtualMachineId,
    seal: &'a RunCommandId,
    timeout_seconds: u64,
}

impl Sealing<'_> {
    fn plan(&self, seal: &Reading<SealObserved>, mut report: Report) -> Plan {
        match seal {
            Reading::Failed(failure) => report.failed(failure, "read the run command of the seal"),
            Reading::NotRead => report.failed_unread("the run command of the seal"),
            Reading::Missing(_) => self.not_begun(report),
            Reading::Found(seal) if seal.provisioning == Provisioning::Deleting => {
                let message = "Waiting for Azure to remove the run command of the last seal".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
            Reading::Found(seal) => {
                report.running = Some(StepName::Seal);
                self.begun(seal, report)
            }
        }
    }

    fn not_begun(&self, mut report: Report) -> Plan {
        report.finished_if(true, StepName::ForgetSeal);
        if let Err(plan) = may_begin(Prepare::Deprovision, self.machine, &mut report) {
            return plan;
        }
        let step = Step::Seal {
            id: self.seal.clone(),
            location: self.machine.location.clone(),
            script: seal::linux_script(),
            timeout_seconds: seal::SCRIPT_TIMEOUT_SECONDS,
            tags: BTreeMap::from([
                (OWNER_TAG.to_owned(), self.validated.owner.to_string()),
                (STEP_TAG.to_owned(), StepName::Seal.to_string()),
            ]),
        };
        report.act(ConditionType::GuestPrepared, Reason::Sealing, "Sealing the guest".to_owned(), step)
    }

    fn begun(&self, seal: &SealObserved, report: Report) -> Plan {
        let failed = seal.execution == Execution::Failed
            || seal.exit_code.is_some_and(|code| code != 0)
            || (seal.provisioning == Provisioning::Failed && seal.execution != Execution::Succeeded);
        if failed {
            return self.failed(seal, report);
        }
        let late = self.memory.step(StepName::Seal).is_some_and(|step| {
            let elapsed = self.memory.now.as_second() - step.started_at.0.as_second();
            elapsed > i64::try_from(self.timeout_seconds).unwrap_or(i64::MAX)
        });
        let proven = seal.execution == Execution::Succeeded && seal.exit_code.unwrap_or(0) == 0;
        match self.machine.power {
            Power::Stopped if proven => match mark_request(self.id, self.machine) {
                Some(request) => {
                    let mut report = report;
                    report.finished_if(true, StepName::Seal);
                    let message = "The guest powered itself off after the seal; recording it".to_owned();
                    report.act(ConditionType::GuestPrepared, Reason::Sealing, message, Step::MarkSealed(request))
                }
                None => report.failed_unread("the machine's etag"),
            },
            Power::Stopped | Power::Deallocated | Power::Deallocating => {
                let message = format!(
                    "The machine is {} without proof that its guest was sealed, so somebody else may have stopped it; it is not generalized. Delete this object, start the machine and make a new object",
                    self.machine.power
                );
                report.stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message)
            }
            _ if late => {
                let message = format!(
                    "The machine didn't power off within spec.source.virtualMachine.guest.timeout, so its guest is not proven to be sealed; it is not generalized. Look into the guest (journalctl -u azimage-seal); the annotation {} tries again",
                    azimage_crds::RECONCILE_REQUESTED_AT
                );
                self.again(report, Reason::SealTimedOut, message)
            }
            _ => {
                let message = "The guest is being sealed; waiting for it to power itself off".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
        }
    }

    fn failed(&self, seal: &SealObserved, report: Report) -> Plan {
        let output = seal.output.trim();
        let said = if output.is_empty() { "it printed nothing".to_owned() } else { format!("it printed: {output}") };
        let code = seal.exit_code.map_or_else(String::new, |code| format!(" with exit code {code}"));
        let message = format!(
            "The seal failed{code}; {said}. Mend the guest; the annotation {} tries again",
            azimage_crds::RECONCILE_REQUESTED_AT
        );
        self.again(report, Reason::SealFailed, message)
    }

    /// A seal that ended badly is begun anew only when somebody asks for it, on a machine that runs.
    fn again(&self, report: Report, reason: Reason, message: String) -> Plan {
        if self.validated.requested && self.machine.power == Power::Running {
            let doing = "Another try of the seal was asked for; removing the last one".to_owned();
            return report.act(
                ConditionType::GuestPrepared,
                Reason::Sealing,
                doing,
                Step::ForgetSeal(self.seal.clone()),
            );
        }
        report.stalled(ConditionType::GuestPrepared, reason, message)
    }
}

fn tags_request(
    id: &VirtualMachineId,
    machine: &VirtualMachineObserved,
    set: &[(&str, String)],
    remove: &[&str],
) -> Option<TagsRequest> {
    let touched = |key: &str| {
        set.iter().any(|(name, _)| name.eq_ignore_ascii_case(key))
            || remove.iter().any(|name| name.eq_ignore_ascii_case(key))
    };
    let mut tags: BTreeMap<String, String> =
        machine.tags.iter().filter(|(key, _)| !touched(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    tags.extend(set.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Some(TagsRequest { id: id.clone(), tags, etag: machine.etag.clone()? })
}

fn claim_request(
    validated: &Validated,
    id: &VirtualMachineId,
    machine: &VirtualMachineObserved,
) -> Option<TagsRequest> {
    // A mark that an earlier owner left says nothing about the guest as it is now.
    tags_request(id, machine, &[(OWNER_TAG, validated.owner.to_string())], &[STEP_TAG])
}

fn mark_request(id: &VirtualMachineId, machine: &VirtualMachineObserved) -> Option<TagsRequest> {
    tags_request(id, machine, &[(STEP_TAG, SEALED.to_owned())], &[])
}

/// Takes our tags from a machine.
pub(super) fn release_request(id: &VirtualMachineId, machine: &VirtualMachineObserved) -> Option<TagsRequest> {
    tags_request(id, machine, &[], &[OWNER_TAG, STEP_TAG])
}

impl Report {
    fn violated(self, condition: ConditionType, violation: Violation) -> Plan {
        self.stalled(condition, violation.reason, violation.message)
    }

    fn publish(self, step: Step) -> Plan {
        self.act(ConditionType::Published, Reason::Publishing, "Creating the gallery image version".to_owned(), step)
    }

    fn not_needed(&mut self, condition: ConditionType) {
        let finding = Finding { reason: Reason::NotNeeded, ..Finding::yes("The source needs no such step") };
        self.findings.insert(condition, finding);
    }

    fn retry(mut self, condition: ConditionType, reason: Reason, message: String) -> Plan {
        self.findings.insert(condition, Finding::no(reason, &message));
        self.progress = Progress::retrying(reason, message);
        Plan { step: None, report: self, wake: Wake::Poll }
    }
}
