//! The source is one disk with the operating system, and those with data: each exists, is complete and free, in one region, and
//! of a kind that an image can be made from.
//!
//! Azure checks the right to write a disk or snapshot that a version is made from (Azure documentation, "Azure Compute Gallery":
//! linked access). Nothing of it is changed, so nothing is lost where Azure refuses it later.

pub(in super::super) mod words;

use azimage_crds::SourceStatus;
use azimage_names::{DiskOrSnapshotId, values::DiskState};
use words::{Unfit, Words};

use super::{
    super::{
        OsType, Provisioning, Read, SourceSpec,
        context::{Cx, Presence},
        facts::{self, Encryption},
        report::{Decision, Outcome, Report},
        words::{Done, NotShown},
    },
    disks::{LARGEST_DISK_GIB, is_unsupported},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let SourceSpec::Disks { os_disk, data_disks } = &cx.validated.source else { return Ok(Outcome::Done) };
    let mut home = None;
    for id in std::iter::once(os_disk).chain(data_disks.values()) {
        let Presence::Found(disk) = cx.source_disk(id)? else {
            let (not_shown, missing) = (NotShown::SourceDisk { id: id.clone() }, Words::Missing { id: id.clone() });
            return report.absent(cx.history, (Read::of_disk(id), &not_shown), &missing);
        };
        let home = home.get_or_insert_with(|| {
            report.source = Some(status(disk));
            disk.location.clone()
        });
        match waits(id, disk) {
            Some(Wait::ForAzure(words)) => return report.wait(&words),
            Some(Wait::ForAPerson(words)) => return report.stalled(&words),
            None => {}
        }
        if disk.location != *home {
            let (region, home) = (disk.location.clone(), home.clone());
            return report.stalled(&Unfit::OtherRegion { disk: id.clone(), region, home });
        }
        if let Some(unfit) = unfit(id, disk) {
            return report.stalled(&unfit);
        }
        if id == os_disk && disk.os_type.is_none() {
            return report.stalled(&Unfit::NoSystem { disk: id.clone() });
        }
    }
    report.done(&Done::DisksExist);
    Ok(Outcome::Done)
}

/// What the status tells of the disk with the operating system.
fn status(disk: &facts::Disk) -> SourceStatus {
    SourceStatus {
        location: Some(disk.location.to_string()),
        os_type: disk.os_type.as_ref().map(OsType::to_string),
        hyper_v_generation: disk.generation.clone(),
        ..SourceStatus::default()
    }
}

/// For what a disk isn't ready.
#[derive(Debug)]
enum Wait {
    ForAzure(Words),
    ForAPerson(Words),
}

/// Why a disk isn't ready, if it isn't: what is written to while it is copied would give an image of no moment.
fn waits(id: &DiskOrSnapshotId, disk: &facts::Disk) -> Option<Wait> {
    let id = || id.clone();
    match &disk.provisioning {
        Provisioning::Succeeded => {}
        state if state.has_failed() => {
            return Some(Wait::ForAPerson(Words::Failed { id: id(), state: state.clone() }));
        }
        state => return Some(Wait::ForAzure(Words::Busy { id: id(), state: state.to_string() })),
    }
    if let Some(machine) = disk.attached_to.clone() {
        return Some(Wait::ForAPerson(Words::Attached { id: id(), machine }));
    }
    match &disk.state {
        Some(state @ (DiskState::Attached | DiskState::Reserved | DiskState::Frozen | DiskState::ActiveSasFrozen)) => {
            Some(Wait::ForAPerson(Words::InUse { id: id(), state: state.clone() }))
        }
        Some(state @ (DiskState::ReadyToUpload | DiskState::ActiveUpload | DiskState::ActiveSas)) => {
            Some(Wait::ForAzure(Words::Busy { id: id(), state: state.to_string() }))
        }
        Some(DiskState::Unattached | DiskState::Other(_)) | None => {
            (!disk.is_complete).then(|| Wait::ForAzure(Words::Incomplete { id: id() }))
        }
    }
}

/// Why an image can't be made from a disk, if it can't.
fn unfit(id: &DiskOrSnapshotId, disk: &facts::Disk) -> Option<Unfit> {
    let id = || id.clone();
    if let Some(storage) = disk.storage.as_ref().filter(|storage| is_unsupported(storage)) {
        return Some(Unfit::Storage { disk: id(), storage: storage.clone() });
    }
    if let Some(size) = disk.size_gib.filter(|size| *size > LARGEST_DISK_GIB) {
        return Some(Unfit::Size { disk: id(), size });
    }
    Some(match disk.encryption.as_ref()? {
        Encryption::CustomerKey(key) => Unfit::CustomerKey { disk: id(), key: key.clone() },
        Encryption::Guest => Unfit::Guest { disk: id() },
        Encryption::Confidential(kind) => Unfit::Confidential { disk: id(), kind: kind.clone() },
    })
}
