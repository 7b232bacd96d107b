//! What a stage decides by: the object, what is remembered, and what was read. Whatever wasn't read stops the walk.

use std::collections::BTreeSet;

use azimage_crds::{Prepare, StepFailure};
use azimage_names::{
    DiskId, DiskOrSnapshotId, ImageVersionId, ManagedImageId, Region, RunCommandId, VersionNumber, VirtualMachineId,
};

use super::{
    Absent, ActivityOf, CloneSpec, Facts, GuestSpec, History, KeepSpec, Operation, Read, Reading, Report, Scope,
    SealOf, SourceSpec, StepKey, StepName, Subject, Validated, facts, report::Stop, stage::guest::nonce,
};
use crate::{Failure, belonging::BelongingId, temporary::TemporaryId};

/// What a stage decides by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cx<'a> {
    pub(super) validated: &'a Validated,
    pub(super) history: &'a History<'a>,
    pub(super) facts: &'a Facts,
}

/// What Azure said of something.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<'a, T> {
    Found(&'a T),
    Missing(Absent),
    Failed(&'a Failure),
}

/// What Azure said of something, where a failure stops the walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Presence<'a, T> {
    Found(&'a T),
    Missing(Absent),
}

/// The answer, if it was asked for.
fn answer<T>(reading: Option<&Reading<T>>, read: impl FnOnce() -> Read) -> Result<Answer<'_, T>, Stop> {
    match reading {
        None => Err(Stop::Read(read())),
        Some(Reading::Found(found)) => Ok(Answer::Found(found)),
        Some(Reading::Missing(absent)) => Ok(Answer::Missing(*absent)),
        Some(Reading::Failed(failure)) => Ok(Answer::Failed(failure)),
    }
}

impl<T> Clone for Answer<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Answer<'_, T> {}

impl<'a, T> Answer<'a, T> {
    /// The answer, if Azure gave one; `doing` completes "Could not …".
    pub(super) fn or_stop(self, doing: &'static str) -> Result<Presence<'a, T>, Stop> {
        match self {
            Self::Found(found) => Ok(Presence::Found(found)),
            Self::Missing(absent) => Ok(Presence::Missing(absent)),
            Self::Failed(failure) => Err(Stop::Failed(failure.clone(), doing)),
        }
    }
}

/// A virtual machine as the source, with what the object says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// The machine that is captured: the source itself, or its copy.
    pub(super) id: &'a VirtualMachineId,
    /// The machine that the object names.
    pub(super) origin: &'a VirtualMachineId,
    /// How its copy is made, if it is one that is captured.
    pub(super) clone: Option<&'a CloneSpec>,
    /// What is kept of it, if anything is.
    pub(super) keep: Option<&'a KeepSpec>,
    /// Whether it is deleted with what belongs to it, when the version is made.
    pub(super) is_deleted: bool,
    pub(super) prepare: Prepare,
    pub(super) seal: &'a RunCommandId,
    pub(super) guest: &'a GuestSpec,
}

/// A gallery image version as the source, and its definition.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceVersion<'a> {
    pub(super) version: &'a facts::Version,
    pub(super) definition: &'a facts::Definition,
}

impl<'a> Cx<'a> {
    /// The version, if it exists: as it was read, or as the list shows that it still is.
    pub(super) fn version(&self) -> Result<Option<&'a facts::Version>, Stop> {
        let (facts, id) = (self.facts, &self.validated.id);
        match facts.versions.get(id) {
            Some(Reading::Found(version)) => Ok(Some(version)),
            Some(Reading::Missing(_)) => Ok(None),
            Some(Reading::Failed(failure)) => Err(Stop::Failed(failure.clone(), "read the gallery image version")),
            None => match (&facts.at_rest, facts.listed.get(id)) {
                (Some(_), None) => Err(Stop::Read(Read::ListedVersion(id.clone()))),
                // A list that can't be had otherwise, such as for an entry that can't be understood, is done without.
                (Some(_), Some(Reading::Failed(failure @ Failure::Throttled))) => {
                    Err(Stop::Failed(failure.clone(), "list the gallery image versions"))
                }
                _ => facts.still_at_rest(id).map(Some).ok_or_else(|| Stop::Read(Read::Version(id.clone()))),
            },
        }
    }

    /// The version as it was read by itself, not as a list shows it.
    pub(super) fn version_alone(&self) -> Result<Presence<'a, facts::Version>, Stop> {
        let id = &self.validated.id;
        self.any_version(id)?.or_stop("read the gallery image version before deleting it")
    }

    fn any_version(&self, id: &ImageVersionId) -> Result<Answer<'a, facts::Version>, Stop> {
        answer(self.facts.versions.get(id), || Read::Version(id.clone()))
    }

    fn any_definition(&self, of: &ImageVersionId) -> Result<Answer<'a, facts::Definition>, Stop> {
        let id = of.definition();
        answer(self.facts.definitions.get(id), || Read::Definition(id.clone()))
    }

    /// The image definition.
    pub(super) fn definition(&self) -> Result<Presence<'a, facts::Definition>, Stop> {
        self.any_definition(&self.validated.id)?.or_stop("read the image definition")
    }

    /// The gallery image version of this id as the source, with its definition; nothing if either is missing.
    pub(super) fn source_version(&self, id: &ImageVersionId) -> Result<Option<SourceVersion<'a>>, Stop> {
        let Presence::Found(version) = self.any_version(id)?.or_stop("read the source version")? else {
            return Ok(None);
        };
        match self.any_definition(id)?.or_stop("read the source version")? {
            Presence::Found(definition) => Ok(Some(SourceVersion { version, definition })),
            Presence::Missing(_) => Ok(None),
        }
    }

    /// What the object says of its source, when that is a virtual machine.
    pub(super) fn source(&self) -> Option<Source<'a>> {
        match &self.validated.source {
            SourceSpec::VirtualMachine { id: origin, prepare, guest, seal, clone, keep, is_deleted } => {
                let (clone, keep) = (clone.as_deref(), keep.as_deref());
                let id = clone.map_or(origin, |clone| &clone.machine);
                Some(Source { id, origin, clone, keep, is_deleted: *is_deleted, prepare: *prepare, seal, guest })
            }
            SourceSpec::ImageVersion { .. } | SourceSpec::ManagedImage { .. } | SourceSpec::Disks { .. } => None,
        }
    }

    /// A virtual machine.
    pub(super) fn machine(&self, id: &VirtualMachineId) -> Result<Answer<'a, facts::Machine>, Stop> {
        answer(self.facts.machines.get(id), || Read::Machine(id.clone()))
    }

    /// How the source is cloned, if it is.
    pub(super) fn clone_spec(&self) -> Option<&'a CloneSpec> {
        self.source()?.clone
    }

    /// What is kept of a machine that is captured itself, if anything is.
    pub(super) fn keep_spec(&self) -> Option<&'a KeepSpec> {
        self.source()?.keep
    }

    /// Whether the copy of the source machine exists, so that the source itself matters no more.
    pub(super) fn is_cloned(&self) -> Result<bool, Stop> {
        let Some(clone) = self.clone_spec() else { return Ok(false) };
        match self.machine(&clone.machine)?.or_stop("read the copy of the machine")? {
            Presence::Found(machine) => Ok(self.validated.owns_tag(&machine.tags)),
            Presence::Missing(_) => Ok(false),
        }
    }

    /// The machine that the object names, of which an earlier stage has seen that it exists.
    pub(super) fn origin_machine(&self) -> Result<(Source<'a>, &'a facts::Machine), Stop> {
        let Some(source) = self.source() else { return Err(Stop::unseen("the source virtual machine")) };
        match self.machine(source.origin)?.or_stop("read the source virtual machine")? {
            Presence::Found(machine) => Ok((source, machine)),
            Presence::Missing(_) => Err(Stop::unseen("the source virtual machine")),
        }
    }

    /// The machine that is captured, of which an earlier stage has seen that it exists.
    pub(super) fn source_machine(&self) -> Result<(Source<'a>, &'a facts::Machine), Stop> {
        let Some(source) = self.source() else { return Err(Stop::unseen("the source virtual machine")) };
        match self.machine(source.id)?.or_stop("read the virtual machine that is captured")? {
            Presence::Found(machine) => Ok((source, machine)),
            Presence::Missing(_) => Err(Stop::unseen("the virtual machine that is captured")),
        }
    }

    /// The image definition, of which an earlier stage has seen that it exists.
    pub(super) fn definition_found(&self) -> Result<&'a facts::Definition, Stop> {
        match self.definition()? {
            Presence::Found(definition) => Ok(definition),
            Presence::Missing(_) => Err(Stop::unseen("the image definition")),
        }
    }

    /// The source version, of which an earlier stage has seen that it exists.
    pub(super) fn source_version_found(&self) -> Result<SourceVersion<'a>, Stop> {
        let unseen = || Stop::unseen("the source version");
        match &self.validated.source {
            SourceSpec::ImageVersion { id } => self.source_version(id)?.ok_or_else(unseen),
            SourceSpec::VirtualMachine { .. } | SourceSpec::ManagedImage { .. } | SourceSpec::Disks { .. } => {
                Err(unseen())
            }
        }
    }

    /// A managed image.
    pub(super) fn managed_image(&self, id: &ManagedImageId) -> Result<Presence<'a, facts::ManagedImage>, Stop> {
        let image = answer(self.facts.managed_images.get(id), || Read::ManagedImage(id.clone()))?;
        image.or_stop("read the managed image")
    }

    /// The managed image, of which an earlier stage has seen that it exists.
    pub(super) fn managed_image_found(&self) -> Result<&'a facts::ManagedImage, Stop> {
        let unseen = || Stop::unseen("the managed image");
        let SourceSpec::ManagedImage { id } = &self.validated.source else { return Err(unseen()) };
        match self.managed_image(id)? {
            Presence::Found(image) => Ok(image),
            Presence::Missing(_) => Err(unseen()),
        }
    }

    /// A disk or a snapshot as the source.
    pub(super) fn source_disk(&self, id: &DiskOrSnapshotId) -> Result<Presence<'a, facts::Disk>, Stop> {
        let disk = match id {
            DiskOrSnapshotId::Disk(id) => self.disk(id)?,
            DiskOrSnapshotId::Snapshot(id) => answer(self.facts.snapshots.get(id), || Read::Snapshot(id.clone()))?,
        };
        disk.or_stop("read the source disks")
    }

    /// The disk with the operating system, of which an earlier stage has seen that it exists.
    pub(super) fn os_disk_found(&self) -> Result<&'a facts::Disk, Stop> {
        let unseen = || Stop::unseen("the disk with the operating system");
        let SourceSpec::Disks { os_disk, .. } = &self.validated.source else { return Err(unseen()) };
        match self.source_disk(os_disk)? {
            Presence::Found(disk) => Ok(disk),
            Presence::Missing(_) => Err(unseen()),
        }
    }

    /// The run command that seals the guest.
    pub(super) fn run_command(&self, id: &RunCommandId) -> Result<Answer<'a, facts::RunCommand>, Stop> {
        answer(self.facts.run_commands.get(id), || Read::RunCommand(id.clone()))
    }

    /// Why the last attempt at a step failed after Azure had accepted it, if anybody knows: the status, which has it from
    /// whoever read it; the operation itself, as long as the process lives that began it; later the activity log.
    pub(super) fn why_failed(
        &self,
        step: impl Into<StepKey>,
        report: &mut Report,
    ) -> Result<Option<StepFailure>, Stop> {
        let key = step.into();
        if let Some(known) = self.history.step(key.clone()).and_then(|record| record.failure.clone()) {
            return Ok(Some(known));
        }
        let failure = match self.operation(key.clone())? {
            Some(Operation::Failed(failure)) => failure,
            Some(_) => return Ok(None),
            None => match self.activity(&key)? {
                Some(failure) => failure,
                None => return Ok(None),
            },
        };
        report.failures.insert(key, failure.clone());
        Ok(Some(failure.clone()))
    }

    /// Why the last attempt at a step failed after Azure had accepted it, as the activity log has it, if another process sent it.
    fn activity(&self, key: &StepKey) -> Result<Option<&'a StepFailure>, Stop> {
        let Some(record) = self.history.step(key.clone()).filter(|record| record.finished_at.is_none()) else {
            return Ok(None);
        };
        let Some(id) = record.correlation_id.clone().filter(|id| self.history.memory.knows_nothing_of(key, id)) else {
            return Ok(None);
        };
        let of_validation = || Some(self.validated.validation.as_ref()?.workspace.group.subscription());
        let is_of_validation = matches!(key.subject, Subject::Part(part) if part.is_of_a_validation());
        let subscription = match self.source() {
            _ if is_of_validation => {
                of_validation().unwrap_or_else(|| self.validated.id.definition().gallery().subscription())
            }
            Some(source)
                if key.name.is_about_a_machine()
                    || key.name.is_about_a_part()
                    || key.name == StepName::DeleteSource =>
            {
                source.id.subscription()
            }
            _ => self.validated.id.definition().gallery().subscription(),
        };
        let of = ActivityOf { step: key.clone(), id, at: record.started_at.0, subscription: subscription.clone() };
        match answer(self.facts.activities.get(&of), || Read::Activity(of.clone()))? {
            Answer::Found(failure) => Ok(failure.as_ref()),
            // That it can't be read holds up nothing.
            Answer::Missing(_) | Answer::Failed(_) => Ok(None),
        }
    }

    /// The end of the serial console log of a machine.
    pub(super) fn console_end(&self, id: &VirtualMachineId) -> Result<Answer<'a, facts::ConsoleEnd>, Stop> {
        answer(self.facts.console_ends.get(id), || Read::ConsoleEnd(id.clone()))
    }

    /// The scale sets that name the version.
    pub(super) fn scale_sets(&self) -> Result<Answer<'a, Vec<facts::ScaleSet>>, Stop> {
        let id = &self.validated.id;
        answer(self.facts.scale_sets.get(id), || Read::ScaleSets(id.clone()))
    }

    /// How the operation of the last attempt at a step stands, if this process began it and Azure says so.
    pub(super) fn operation(&self, step: impl Into<StepKey>) -> Result<Option<&'a Operation>, Stop> {
        let Some(of) = self.history.memory.operation(&step.into()) else { return Ok(None) };
        match answer(self.facts.operations.get(&of), || Read::Operation(of.clone()))? {
            Answer::Found(operation) => Ok(Some(operation)),
            Answer::Failed(failure @ Failure::Throttled) => {
                Err(Stop::Failed(failure.clone(), "read why Azure's operation failed"))
            }
            // That it can't be read holds up nothing.
            Answer::Missing(_) | Answer::Failed(_) => Ok(None),
        }
    }

    /// A managed disk.
    pub(super) fn disk(&self, id: &DiskId) -> Result<Answer<'a, facts::Disk>, Stop> {
        answer(self.facts.disks.get(id), || Read::Disk(id.clone()))
    }

    /// A temporary resource, other than a machine.
    pub(super) fn temporary(&self, id: &TemporaryId) -> Result<Answer<'a, facts::Temporary>, Stop> {
        answer(self.facts.temporaries.get(id), || Read::Temporary(id.clone()))
    }

    /// Something that belongs to a machine, other than the machine.
    pub(super) fn belonging(&self, id: &BelongingId) -> Result<Answer<'a, facts::Belonging>, Stop> {
        answer(self.facts.belongings.get(id), || Read::Belonging(id.clone()))
    }

    /// The gallery of the version.
    pub(super) fn gallery(&self) -> Result<Answer<'a, facts::Gallery>, Stop> {
        let id = self.validated.id.definition().gallery();
        answer(self.facts.galleries.get(id), || Read::Gallery(id.clone()))
    }

    /// The deleted versions of the image definition that its gallery keeps.
    pub(super) fn soft_deleted(&self) -> Result<Answer<'a, BTreeSet<VersionNumber>>, Stop> {
        let id = self.validated.id.definition();
        answer(self.facts.soft_deleted.get(id), || Read::SoftDeleted(id.clone()))
    }

    /// What the object's identity may do on something.
    pub(super) fn permissions(&self, scope: &Scope) -> Result<Answer<'a, facts::Permissions>, Stop> {
        answer(self.facts.permissions.get(scope), || Read::Permissions(scope.clone()))
    }

    /// The locks on something.
    pub(super) fn locks(&self, scope: &Scope) -> Result<Answer<'a, Vec<facts::Lock>>, Stop> {
        answer(self.facts.locks.get(scope), || Read::Locks(scope.clone()))
    }

    /// The regions that the subscription of the gallery has.
    pub(super) fn regions(&self) -> Result<Answer<'a, BTreeSet<Region>>, Stop> {
        let id = self.validated.id.definition().gallery().subscription();
        answer(self.facts.regions.get(id), || Read::Regions(id.clone()))
    }

    /// Whether the object's namespace is being deleted, as far as may be known.
    pub(super) fn namespace_goes(&self) -> Result<bool, Stop> {
        let name = &self.validated.owner.namespace;
        match answer(self.facts.namespaces.get(name), || Read::Namespace(name.clone()))? {
            Answer::Found(namespace) => Ok(namespace.is_going),
            Answer::Missing(_) => Ok(false),
            Answer::Failed(failure) => Err(Stop::Failed(failure.clone(), "read the namespace")),
        }
    }

    /// What the serial console log of a machine says of the seal that its tags name.
    pub(super) fn console(
        &self,
        id: &VirtualMachineId,
        machine: &facts::Machine,
    ) -> Result<Answer<'a, facts::Console>, Stop> {
        let of = console_of(self.validated, id, machine);
        answer(self.facts.consoles.get(&of), || Read::Console(of.clone()))
    }
}

/// The attempt at a seal that the machine's tags name.
pub(super) fn console_of(validated: &Validated, id: &VirtualMachineId, machine: &facts::Machine) -> SealOf {
    SealOf { machine: id.clone(), nonce: nonce(validated, machine).map(str::to_owned) }
}
