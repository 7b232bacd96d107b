//! A step: a write to Azure with its name, and what it is about.

use azimage_crds::StepStatus;
use azimage_names::{Region, RunCommandId};
use jiff::Timestamp;

use super::{MachineRequest, Read, Request, StepName, VersionRequest};
use crate::{
    belonging::BelongingPart,
    temporary::{Part, TemporaryId, expires},
};

/// One write to Azure, complete: carrying it out leaves no choice open.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is for.
    pub name: StepName,
    /// Of several things that steps of this name are about, which one.
    pub subject: Subject,
    /// What is asked of Azure.
    pub request: Request,
}

/// Of several things that steps of one name are about, which one: as it stands in `status.steps`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// There is only one.
    #[default]
    Whole,
    /// A region.
    Region(Region),
    /// A part of a temporary machine.
    Part(Part),
    /// The machine that was captured itself, or something that belonged to it.
    Belonging(BelongingPart),
}

/// A step by its name and what it is about, under which it stands in `status.steps`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// Its name.
    pub name: StepName,
    /// What it is about.
    pub subject: Subject,
}

impl StepKey {
    /// The step of a name that is about one part of a temporary machine.
    pub(super) fn on_part(name: StepName, part: Part) -> Self {
        Self { name, subject: Subject::Part(part) }
    }

    /// The key of a record, if this release knows such a step.
    pub(super) fn of(record: &StepStatus) -> Option<Self> {
        let name: StepName = record.name.parse().ok()?;
        let subject = match record.subject.as_str() {
            "" => Subject::Whole,
            part if name.is_about_a_part() => Subject::Part(part.parse().ok()?),
            part if name == StepName::DeleteSource => Subject::Belonging(part.parse().ok()?),
            region => Subject::Region(Region::parse(region).ok()?),
        };
        Some(Self { name, subject })
    }
}

impl From<StepName> for StepKey {
    /// The step of a name that is about one thing alone.
    fn from(name: StepName) -> Self {
        Self { name, subject: Subject::Whole }
    }
}

impl Step {
    /// By what it stands in `status.steps`.
    pub fn key(&self) -> StepKey {
        StepKey { name: self.name, subject: self.subject.clone() }
    }

    /// A step of a name that is about one thing alone.
    pub(super) fn whole(name: StepName, request: Request) -> Self {
        Self { name, subject: Subject::Whole, request }
    }

    /// A write of a part of a temporary machine.
    pub(super) fn on_part(name: StepName, part: Part, request: Request) -> Self {
        Self { name, subject: Subject::Part(part), request }
    }

    /// A write of something that belonged to a machine.
    pub(super) fn on_belonging(part: BelongingPart, request: Request) -> Self {
        Self { name: StepName::DeleteSource, subject: Subject::Belonging(part), request }
    }

    /// A write of the machine's tags.
    pub(super) fn on_machine(name: StepName, request: MachineRequest) -> Self {
        Self::whole(name, Request::PatchMachine(request))
    }

    /// A write of the version.
    pub(super) fn on_version(name: StepName, request: VersionRequest) -> Self {
        Self::whole(name, Request::PutVersion(Box::new(request)))
    }

    /// The temporary resource that it makes, if it makes one.
    pub(super) fn makes(&self) -> Option<TemporaryId> {
        match &self.request {
            Request::PutSnapshot(request) => Some(TemporaryId::Snapshot(request.id.clone())),
            Request::PutRestorePoints(request) => Some(TemporaryId::RestorePoints(request.id.clone())),
            Request::PutDisk(request) => Some(TemporaryId::Disk(request.id.clone())),
            Request::PutSecurityGroup(request) => Some(TemporaryId::SecurityGroup(request.id.clone())),
            Request::PutInterface(request) => Some(TemporaryId::Interface(request.id.clone())),
            Request::PutMachine(request) => Some(TemporaryId::Machine(request.id.clone())),
            _ => None,
        }
    }

    /// When what it makes expires, if that is kept for a while.
    pub(super) fn expiry(&self) -> Option<Timestamp> {
        match &self.request {
            Request::PutSnapshot(request) if self.name == StepName::KeepDisk => expires(&request.tags),
            _ => None,
        }
    }

    /// What the step changes, or makes. It is carried out only on readings of these of the same pass; whatever else the pass
    /// rests on may have been read by earlier ones that had to stop midway.
    pub fn changes(&self) -> Vec<Read> {
        match &self.request {
            // Whether a region may be taken away is said by who uses the version.
            Request::PutVersion(request) if request.allow_deletion_of_regions => {
                vec![Read::Version(request.id.clone()), Read::ScaleSets(request.id.clone())]
            }
            Request::PutVersion(request) => vec![Read::Version(request.id.clone())],
            Request::DeleteVersion(id) => vec![Read::Version(id.clone()), Read::ScaleSets(id.clone())],
            Request::PatchMachine(request) => vec![Read::Machine(request.id.clone())],
            Request::Deallocate(id) | Request::Generalize(id) => vec![Read::Machine(id.clone())],
            Request::PutRunCommand(request) => with_its_machine(&request.id),
            Request::PutRestorePoint(id) => {
                vec![Read::Temporary(TemporaryId::RestorePoints(id.parent().clone()))]
            }
            Request::PutSnapshot(_)
            | Request::PutRestorePoints(_)
            | Request::PutDisk(_)
            | Request::PutSecurityGroup(_)
            | Request::PutInterface(_) => self.makes().iter().map(Read::of_temporary).collect(),
            // Its network is closed by what it is made with.
            Request::PutMachine(request) => vec![
                Read::Machine(request.id.clone()),
                Read::Temporary(TemporaryId::Interface(request.interface.clone())),
                Read::Temporary(TemporaryId::SecurityGroup(request.security_group.clone())),
            ],
            Request::DeleteTemporary(id) => vec![Read::of_temporary(id)],
            // It can't be had again, so the version has to be there.
            Request::DeleteBelonging(request) => {
                vec![Read::of_belonging(&request.id), Read::Version(request.version.clone())]
            }
            // Whether there is an agent that can remove it is said by its machine.
            Request::DeleteRunCommand(id) => with_its_machine(id),
        }
    }
}

fn with_its_machine(id: &RunCommandId) -> Vec<Read> {
    vec![Read::Machine(id.virtual_machine().clone()), Read::RunCommand(id.clone())]
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Region(region) => formatter.write_str(region.as_str()),
            Self::Part(part) => part.fmt(formatter),
            Self::Belonging(part) => part.fmt(formatter),
        }
    }
}
