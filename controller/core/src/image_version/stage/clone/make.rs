//! The parts of the copy are made, one after the other.

use std::collections::BTreeMap;

use azimage_crds::Consistency;
use azimage_names::{
    DiskId, DiskRestorePointId, InterfaceId, RestorePointCollectionId, SecurityGroupId, SnapshotId, SubnetId,
    VirtualMachineId, values::SecurityType,
};

use super::{
    super::super::{
        CloneSpec, DiskOrigin, DiskRequest, InterfaceRequest, MadeFrom, NewMachineRequest, Provisioning, Request,
        RestorePointsRequest, SecurityGroupRequest, SnapshotRequest, Step, StepKey, StepName, TrustedLaunch,
        context::{Answer, Cx, Presence},
        facts::{self, SecurityRule},
        report::{Decision, Outcome, Report, Stop},
        words::Detail,
    },
    consistency,
    words::{Failed, Words},
};
use crate::failure::late::{SNAPSHOTS_LIMIT, is_incurable};
use crate::temporary::{DiskPlace, LIFE_OF_A_COPY, Part, Purpose, TemporaryId, tags};

/// How often a part is asked for that Azure fails to make.
const MOST_ATTEMPTS: i32 = 5;

/// The storage of a disk of which Azure doesn't say it.
const USUAL_STORAGE: &str = "StandardSSD_LRS";

/// What the copy is made of.
pub(super) struct Making<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) clone: &'a CloneSpec,
    /// The id of the machine that is copied.
    pub(super) origin: &'a VirtualMachineId,
    /// That machine.
    pub(super) machine: &'a facts::Machine,
    pub(super) subnet: &'a SubnetId,
    /// The disks of its restore point, where the copy is made from one.
    pub(super) restored: Option<&'a BTreeMap<DiskPlace, DiskRestorePointId>>,
}

impl Making<'_> {
    /// What ends the pass because a part isn't there, if it isn't.
    pub(super) fn ensure(&self, part: Part, words: &Words, report: &mut Report) -> Result<Option<Outcome>, Stop> {
        let id = self.clone.id(part)?;
        let key = StepKey::on_part(StepName::that_makes(part), part);
        let found = match self.cx.temporary(&id)?.or_stop("read what the copy of the machine is made of")? {
            Presence::Found(found) => found,
            Presence::Missing(_) => {
                if part == Part::Snapshot(DiskPlace::System) {
                    report.copy = Some(consistency::of(self.clone, self.machine));
                }
                return self.make(part, words, report).map(Some);
            }
        };
        if !self.cx.validated.owns_tag(&found.tags) {
            return report.stalled(&Failed::Taken { id: id.to_string() }).map(Some);
        }
        report.temporary.insert(id);
        let group = self.security_group()?.to_string();
        match &found.provisioning {
            Provisioning::Failed | Provisioning::Canceled => self.make_again(part, &key, report).map(Some),
            Provisioning::Succeeded if !is_closed(part, found, &group) => {
                self.make(part, &Words::NotClosed, report).map(Some)
            }
            Provisioning::Succeeded => {
                report.finished.insert(key);
                Ok(None)
            }
            _ => {
                report.running = Some(key);
                report.wait(words).map(Some)
            }
        }
    }

    fn make(&self, part: Part, words: &Words, report: &mut Report) -> Decision {
        report.act(words, Step::on_part(StepName::that_makes(part), part, self.request(part)?))
    }

    /// Azure failed to make the part.
    fn make_again(&self, part: Part, key: &StepKey, report: &mut Report) -> Decision {
        let failure = self.cx.why_failed(key.clone(), report)?;
        let (noun, incurable) = (part.noun(), failure.as_ref().is_some_and(is_incurable));
        let is_of_snapshots = failure.as_ref().is_some_and(|it| it.code.eq_ignore_ascii_case(SNAPSHOTS_LIMIT));
        let detail = Detail::of(failure, None);
        if is_of_snapshots {
            return report.stalled(&Failed::Snapshots { detail });
        }
        if incurable {
            return report.stalled(&Failed::PartForGood { part: noun, detail });
        }
        if self.cx.history.step(key.clone()).is_some_and(|record| record.attempts >= MOST_ATTEMPTS) {
            return report.stalled(&Failed::Part { part: noun, detail });
        }
        let step = Step::on_part(key.name, part, self.request(part)?);
        report.act_again(&Words::PartFailed { part: noun, detail }, step)
    }

    /// The machine itself, when all its parts are there.
    pub(super) fn machine(&self, report: &mut Report) -> Decision {
        let key = StepKey::on_part(StepName::CreateMachine, Part::Machine);
        let refusals = self.cx.history.memory.capacity_refusals();
        if refusals >= most_refusals(self.clone) {
            let failure = self.cx.history.memory.failure_of(&key).map(|failure| failure.words().to_owned());
            let detail = failure.map_or(Detail::Unknown, |words| Detail::Said { words });
            return report.stalled(&Failed::Machine { detail });
        }
        let step = Step::on_part(StepName::CreateMachine, Part::Machine, self.request(Part::Machine)?);
        if refusals > 0 || self.is_of_an_earlier_copy(&key) {
            return report.act_again(&Words::Machine, step);
        }
        report.act(&Words::Machine, step)
    }

    /// Whether what is on record of a step is of an earlier copy, which failed: this one is another attempt, also for a process
    /// that knows nothing of the last one.
    pub(super) fn is_of_an_earlier_copy(&self, step: &StepKey) -> bool {
        let begun = |key: StepKey| self.cx.history.step(key).map(|record| record.started_at.0);
        let first = |part: Part| begun(StepKey::on_part(StepName::that_makes(part), part));
        let copy = first(Part::RestorePoints).or_else(|| first(Part::Snapshot(DiskPlace::System)));
        begun(step.clone()).zip(copy).is_some_and(|(step, copy)| step < copy)
    }

    fn request(&self, part: Part) -> Result<Request, Stop> {
        let location = self.machine.location.clone();
        let (validated, history) = (self.cx.validated, self.cx.history);
        let tags = tags(&validated.owner.to_string(), Purpose::Clone, (history.now, LIFE_OF_A_COPY), &self.clone.tags);
        Ok(match part {
            Part::Snapshot(place) => Request::PutSnapshot(Box::new(SnapshotRequest {
                id: self.snapshot(place)?,
                location,
                tags,
                source: self.origin_disk(place)?.clone(),
            })),
            Part::RestorePoints => Request::PutRestorePoints(Box::new(RestorePointsRequest {
                id: self.restore_points()?,
                location,
                tags,
                source: self.origin.clone(),
            })),
            Part::Disk(place) => Request::PutDisk(Box::new(DiskRequest {
                id: self.disk(place)?,
                location,
                tags,
                source: self.disk_origin(place)?,
                storage: self.storage(place)?,
            })),
            Part::SecurityGroup => Request::PutSecurityGroup(Box::new(SecurityGroupRequest {
                id: self.security_group()?,
                location,
                tags,
                rules: SecurityRule::closed(),
            })),
            Part::Interface => Request::PutInterface(Box::new(InterfaceRequest {
                id: self.interface()?,
                location,
                tags,
                subnet: self.subnet.clone(),
                security_group: self.security_group()?,
            })),
            Part::ValidationMachine(_) | Part::ValidationInterface(_) | Part::ValidationSecurityGroup => {
                return Err(Stop::untold("a part of the copy of the machine"));
            }
            Part::Machine => Request::PutMachine(Box::new(NewMachineRequest {
                id: self.clone.machine.clone(),
                location,
                tags,
                size: size(self.cx, self.clone, self.machine)?,
                os_type: self.machine.os_type.to_string(),
                made_from: MadeFrom::Disks { os_disk: self.disk(DiskPlace::System)?, data_disks: self.data_disks()? },
                interface: self.interface()?,
                security_group: self.security_group()?,
                trusted_launch: self.trusted_launch(),
                disk_controller: self.machine.disk_controller.clone(),
                plan: self.machine.plan.clone(),
            })),
        })
    }

    fn origin_disk(&self, place: DiskPlace) -> Result<&DiskId, Stop> {
        let at = places_of(self.machine).position(|other| other == place);
        let disk = at.and_then(|at| self.machine.disks.get(at)?.id.as_ref());
        disk.ok_or_else(|| Stop::untold("the id of a disk of the machine"))
    }

    /// The copy's disk is on the same storage as the machine's.
    fn storage(&self, place: DiskPlace) -> Result<String, Stop> {
        // What a restore point holds may be detached by now.
        let Ok(disk) = self.origin_disk(place) else { return Ok(USUAL_STORAGE.to_owned()) };
        let storage = match self.cx.disk(disk)? {
            Answer::Found(disk) => disk.storage.clone(),
            Answer::Missing(_) | Answer::Failed(_) => None,
        };
        Ok(storage.unwrap_or_else(|| USUAL_STORAGE.to_owned()))
    }

    fn data_disks(&self) -> Result<BTreeMap<u8, DiskId>, Stop> {
        let luns = self.places().into_iter().filter_map(|place| match place {
            DiskPlace::Data(lun) => Some(lun),
            DiskPlace::System => None,
        });
        luns.map(|lun| Ok((lun, self.disk(DiskPlace::Data(lun))?))).collect()
    }

    fn trusted_launch(&self) -> Option<TrustedLaunch> {
        let kind = self.machine.security_type.as_deref().map(SecurityType::from);
        let (secure_boot, vtpm) = (self.machine.secure_boot, self.machine.vtpm);
        (kind == Some(SecurityType::TrustedLaunch)).then_some(TrustedLaunch { secure_boot, vtpm })
    }

    /// Where the copy has disks. A restore point has them as they were at its moment, whatever was attached since.
    fn places(&self) -> Vec<DiskPlace> {
        match self.restored {
            Some(disks) => disks.keys().copied().collect(),
            // A snapshot of a disk that was attached since would be of another moment.
            None if self.clone.consistency == Consistency::AcrossDisks => vec![DiskPlace::System],
            None => places_of(self.machine).collect(),
        }
    }

    /// What the copy is made of, in this order.
    pub(super) fn parts(&self) -> Vec<(Part, Words)> {
        let places = self.places();
        let of =
            |part: fn(DiskPlace) -> Part, words: Words| places.iter().map(move |place| (part(*place), words.clone()));
        let snapshots = of(Part::Snapshot, Words::Snapshots).filter(|_| self.restored.is_none());
        let network = [Part::SecurityGroup, Part::Interface].map(|part| (part, Words::Network));
        snapshots.chain(of(Part::Disk, Words::Disks)).chain(network).collect()
    }

    fn disk_origin(&self, place: DiskPlace) -> Result<DiskOrigin, Stop> {
        let Some(disks) = self.restored else { return self.snapshot(place).map(DiskOrigin::Snapshot) };
        let disk = disks.get(&place).ok_or_else(|| Stop::untold("a disk of the restore point"))?;
        Ok(DiskOrigin::RestorePoint(disk.clone()))
    }

    pub(super) fn restore_points(&self) -> Result<RestorePointCollectionId, Stop> {
        match self.clone.id(Part::RestorePoints)? {
            TemporaryId::RestorePoints(id) => Ok(id),
            other => Err(misnamed(&other)),
        }
    }

    fn snapshot(&self, place: DiskPlace) -> Result<SnapshotId, Stop> {
        match self.clone.id(Part::Snapshot(place))? {
            TemporaryId::Snapshot(id) => Ok(id),
            other => Err(misnamed(&other)),
        }
    }

    fn disk(&self, place: DiskPlace) -> Result<DiskId, Stop> {
        match self.clone.id(Part::Disk(place))? {
            TemporaryId::Disk(id) => Ok(id),
            other => Err(misnamed(&other)),
        }
    }

    fn security_group(&self) -> Result<SecurityGroupId, Stop> {
        match self.clone.id(Part::SecurityGroup)? {
            TemporaryId::SecurityGroup(id) => Ok(id),
            other => Err(misnamed(&other)),
        }
    }

    fn interface(&self) -> Result<InterfaceId, Stop> {
        match self.clone.id(Part::Interface)? {
            TemporaryId::Interface(id) => Ok(id),
            other => Err(misnamed(&other)),
        }
    }
}

/// Whether a part of the network of a temporary machine still closes it, with this security group.
pub(in super::super) fn is_closed(part: Part, found: &facts::Temporary, group: &str) -> bool {
    match part {
        Part::SecurityGroup | Part::ValidationSecurityGroup => found.network.is_closed(),
        Part::Interface | Part::ValidationInterface(_) => found.network.is_behind(group),
        Part::Machine | Part::Disk(_) | Part::Snapshot(_) | Part::RestorePoints | Part::ValidationMachine(_) => true,
    }
}

/// Where the disks of a machine are.
fn places_of(machine: &facts::Machine) -> impl Iterator<Item = DiskPlace> {
    machine.disks.iter().map(|disk| match disk.lun {
        Some(lun) if !disk.is_os_disk => DiskPlace::Data(lun),
        _ => DiskPlace::System,
    })
}

fn misnamed(id: &TemporaryId) -> Stop {
    Stop::untold(&format!("another kind of {id}"))
}

/// The size of the copy: the next one after those that weren't to be had.
pub(super) fn size(cx: &Cx<'_>, clone: &CloneSpec, machine: &facts::Machine) -> Result<String, Stop> {
    let Some(last) = clone.sizes.len().checked_sub(1) else {
        return machine.size.clone().ok_or_else(|| Stop::untold("the machine's size"));
    };
    let record = cx.history.step(StepKey::on_part(StepName::CreateMachine, Part::Machine));
    let accepted = record.map_or(0, |record| usize::try_from(record.attempts - 1).unwrap_or(0));
    let refused = usize::try_from(cx.history.memory.capacity_refusals()).unwrap_or(usize::MAX);
    let at = accepted.saturating_add(refused) % (last + 1);
    clone.sizes.get(at).cloned().ok_or_else(|| Stop::untold("a size"))
}

/// How often Azure may refuse a machine for want of capacity or quota, until a person is told.
fn most_refusals(clone: &CloneSpec) -> u32 {
    u32::try_from(clone.sizes.len()).unwrap_or(1).max(1).saturating_mul(3)
}
