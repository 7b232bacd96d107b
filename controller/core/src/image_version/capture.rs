//! What to do next for a version that doesn't exist yet.
//!
//! ```text
//! running ──ClaimSource──▶ claimed ──Seal──▶ (detached unit says so and powers off) ──▶ stopped
//!         ──MarkSealed──▶ marked ──Deallocate──▶ deallocated ──Generalize──▶ generalized ──Publish──▶
//! ```
//! Each arrow is taken only on what Azure says now: tags for the claim and the mark, the run command's end, the power
//! state and the guest's own word on its serial console for the seal, the instance view for generalized. So a process that knows nothing but the object and
//! Azure goes on where another one died.

use azimage_crds::{ConditionType, Prepare, Reason, SourceStatus};
use azimage_deliberate_bugs::bug;
use azimage_names::{ImageVersionId, VirtualMachineId};

use super::{
    Absent, DefinitionObserved, Memory, Observed, Plan, Power, Provisioning, Read, Reading, RegionReplication, Report,
    SourceSpec, SourceVersionObserved, Step, StepName, Validated, VirtualMachineObserved,
    checks::{self, Traits},
    compare,
    readiness::may_begin,
    sealing::{Sealing, newer_claim},
    tags,
    validate::Violation,
};
use crate::Finding;

const NO_SOURCE: (ConditionType, Reason) = (ConditionType::SourceReady, Reason::SourceNotFound);

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
            let id = validated.id.definition();
            let message = format!("{what} ({id}); create it, or correct the field");
            let thing = format!("the image definition {id}");
            return report.absent(memory, (Read::Definition, &thing), (ConditionType::Compatible, reason), message);
        }
        Reading::Failed(failure) => return report.failed(failure, "read the image definition"),
        Reading::NotRead => return report.failed_unread("the image definition"),
    };
    match &validated.source {
        SourceSpec::ImageVersion { id } => match &observed.source_version {
            Reading::Found(source) => copy_plan(validated, id, source, definition, report),
            Reading::Missing(_) => {
                if let Some(maker) = &validated.source_maker {
                    let message = format!("Waiting for the ImageVersion {maker} to make the source version {id}");
                    return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
                }
                let message = format!(
                    "spec.source.imageVersion.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from another source"
                );
                let thing = format!("the source version {id}");
                report.absent(memory, (Read::SourceVersion, &thing), NO_SOURCE, message)
            }
            Reading::Failed(failure) => report.failed(failure, "read the source version"),
            Reading::NotRead => report.failed_unread("the source version"),
        },
        SourceSpec::VirtualMachine { id, .. } => match &observed.virtual_machine {
            Reading::Found(machine) => {
                report.source = Some(source_status(machine));
                if let Err(mut violation) = checks::source(validated, machine) {
                    if validated.owns_tag(&machine.tags) && memory.unfinished(StepName::Seal) {
                        violation.message.push_str(
                            ". A seal was begun in its guest, which nothing stops: the machine powers itself off when it is done",
                        );
                    }
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
                let message = format!(
                    "spec.source.virtualMachine.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from another machine"
                );
                let thing = format!("the source virtual machine {id}");
                report.absent(memory, (Read::VirtualMachine, &thing), NO_SOURCE, message)
            }
            Reading::Failed(failure) => report.failed(failure, "read the source virtual machine"),
            Reading::NotRead => report.failed_unread("the source virtual machine"),
        },
    }
}

/// A version that is made from another one.
fn copy_plan(
    validated: &Validated,
    id: &ImageVersionId,
    source: &SourceVersionObserved,
    definition: &DefinitionObserved,
    mut report: Report,
) -> Plan {
    report.source = Some(SourceStatus {
        location: Some(source.location.to_string()),
        os_type: Some(source.definition.os_type.to_string()),
        hyper_v_generation: source.definition.generation.clone(),
        ..SourceStatus::default()
    });
    match (&source.provisioning, source.home) {
        // Failed with a complete copy: another region failed, or a change, and what was made before is there.
        (Provisioning::Succeeded, _) | (Provisioning::Failed, Some(RegionReplication::Completed)) => {}
        (Provisioning::Failed, _) => {
            let message = format!(
                "spec.source.imageVersion.resourceId: Azure failed to create {id}; have it created again, or make a new ImageVersion from another source"
            );
            return report.stalled(ConditionType::SourceReady, Reason::SourceFailed, message);
        }
        _ => {
            let message = format!("The source version {id} isn't complete yet");
            return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
        }
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
    let security_agnostic = DefinitionObserved { security_type: None, ..definition.clone() };
    if let Err(violation) = checks::compatible(&traits, &security_agnostic) {
        return report.violated(ConditionType::Compatible, violation);
    }
    report.done(ConditionType::Compatible, "The source fits the image definition");
    report.not_needed(ConditionType::GuestPrepared);
    report.not_needed(ConditionType::Generalized);
    let request = compare::creation(validated, &source.location);
    report.publish(Step::Publish(Box::new(request)))
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
    let SourceSpec::VirtualMachine { id, prepare, guest, seal } = &validated.source else {
        return report.failed_unread("the source virtual machine");
    };
    let ours = validated.owns_tag(&machine.tags);
    let marked = ours && tags::sealed(machine);
    let known = memory.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref());
    if ours && memory.begun(StepName::ClaimSource) && known.is_some_and(|known| *known != machine.uid) {
        // The status keeps the machine that was claimed: with the new one's uid the next pass would trust the tags,
        // which came with a copy.
        report.source = None;
        let message = format!(
            "The machine {id} was made anew since it was claimed, and nothing is known of the new one; make a new ImageVersion for it"
        );
        return report.stalled(ConditionType::SourceReady, Reason::GuestPreparationUnknown, message);
    }
    report.finished_if(ours && !newer_claim(validated, memory, machine), StepName::ClaimSource);
    report.finished_if(marked, StepName::MarkSealed);
    if let Provisioning::Other(state) = &machine.provisioning {
        let message = format!(
            "Azure says {state} of the machine, by which azimage knows no more than that something goes on; waiting for another state"
        );
        return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
    }
    if machine.generalized {
        return generalized_plan(validated, machine, *prepare, marked, report);
    }
    if matches!(machine.provisioning, Provisioning::Creating | Provisioning::Updating | Provisioning::Deleting) {
        return report.being_changed(ours, *prepare, marked);
    }
    if !ours {
        if let Some(obstacle) = may_begin(*prepare, machine) {
            return obstacle.plan(report);
        }
        return match tags::claim_request(validated, id, *prepare, machine, memory.now) {
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
    let sealing = || Sealing { validated, memory, machine, id, seal, guest };
    match prepare {
        Prepare::AlreadyGeneralized => {
            report.not_needed(ConditionType::GuestPrepared);
            sealed_plan(id, machine, report)
        }
        Prepare::Deprovision if bug!(GeneralizeUnsealed) => sealed_plan(id, machine, report),
        Prepare::Deprovision if marked => {
            sealing().proven(&observed.console, report, |report| sealed_plan(id, machine, report))
        }
        Prepare::Deprovision => sealing().plan(&observed.seal, &observed.console, report),
    }
}

fn generalized_plan(
    validated: &Validated,
    machine: &VirtualMachineObserved,
    prepare: Prepare,
    marked: bool,
    mut report: Report,
) -> Plan {
    if prepare == Prepare::Deprovision && !marked && !bug!(GeneralizeUnsealed) {
        if let Some(claim) = validated.foreign_claim(&machine.tags) {
            // This object may have generalized it, before somebody else wrote the tag.
            let message = format!(
                "The machine is generalized, and claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): if its guest was sealed, say so with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a new object"
            );
            return report.stalled(ConditionType::SourceReady, Reason::SourceClaimed, message);
        }
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
fn sealed_plan(id: &VirtualMachineId, machine: &VirtualMachineObserved, mut report: Report) -> Plan {
    match machine.power {
        Power::Stopped if !bug!(SkipDeallocate) => report.act(
            ConditionType::Generalized,
            Reason::Deallocating,
            "The guest is sealed and off; deallocating the machine".to_owned(),
            Step::Deallocate(id.clone()),
        ),
        Power::Stopped | Power::Deallocated => {
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
            let message = "The machine was started though its guest is said to be sealed, so it is sealed no more: delete this object and make a new one, which seals the guest anew".to_owned();
            report.stalled(ConditionType::GuestPrepared, Reason::SourceRunning, message)
        }
    }
}

impl Report {
    /// Azure works on the machine, mostly for this very object: what was found before stays.
    fn being_changed(mut self, ours: bool, prepare: Prepare, marked: bool) -> Plan {
        let mut condition = ConditionType::SourceReady;
        if ours {
            self.done(condition, "The machine exists, consents and is claimed");
            condition = ConditionType::GuestPrepared;
            match prepare {
                Prepare::AlreadyGeneralized => self.not_needed(condition),
                Prepare::Deprovision if marked => self.done(condition, "The guest was sealed"),
                Prepare::Deprovision => {
                    let message = "Azure is working on the machine; waiting for it to finish".to_owned();
                    return self.wait(condition, Reason::SourceBusy, message);
                }
            }
            condition = ConditionType::Generalized;
        }
        let message = "The machine is being changed; waiting for Azure to finish".to_owned();
        self.wait(condition, Reason::SourceBusy, message)
    }

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
}
