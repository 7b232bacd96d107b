//! The machine's disks: an image can be made from each, and the system on the OS disk fits the image definition.
//!
//! Each is read by itself: of a deallocated machine Azure shows neither size nor storage of its disks, and of no machine the
//! architecture and how its disks are encrypted.

pub(in super::super) mod problem;

use azimage_names::{DiskId, values::Architecture};
use problem::DiskProblem;

use super::{
    super::{
        context::{Cx, Presence},
        facts::{self, Encryption},
        report::{Decision, Outcome, Report, Stop},
        tags,
    },
    compatible,
};

/// Storage types that a gallery image can't be made from.
const UNSUPPORTED_STORAGE: [&str; 2] = ["UltraSSD_LRS", "PremiumV2_LRS"];

/// The largest disk of a full gallery image, in GiB.
pub(super) const LARGEST_DISK_GIB: i64 = 2048;

/// Whether no gallery image can be made from disks with this storage.
pub(super) fn is_unsupported(storage: &str) -> bool {
    UNSUPPORTED_STORAGE.iter().any(|no| storage.eq_ignore_ascii_case(no))
}

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if cx.is_cloned()? {
        return Ok(Outcome::Done);
    }
    let (source, machine) = cx.origin_machine()?;
    // Before the first change and again before the machine is generalized, not at each look at a guest that is being sealed.
    if source.clone.is_none() && cx.validated.owns_tag(&machine.tags) && !tags::sealed(machine) && !machine.generalized
    {
        return Ok(Outcome::Done);
    }
    let mut system = None;
    for attached in &machine.disks {
        let id = attached.id.as_ref().ok_or_else(|| Stop::untold("the id of a disk of the machine"))?;
        let disk = match cx.disk(id)?.or_stop("read the disks of the machine")? {
            Presence::Found(disk) => disk,
            Presence::Missing(_) => return Err(Stop::unseen(&format!("the disk {id} of the machine"))),
        };
        if let Some(problem) = problem(id, disk).or_else(|| shared(id, disk).filter(|_| source.clone.is_some())) {
            return report.stalled(&problem);
        }
        if attached.is_os_disk {
            system = Some(disk);
        }
    }
    let architecture = architecture(machine, system);
    let generation = machine.generation.as_ref().or_else(|| system?.generation.as_ref());
    compatible::system(architecture, generation.map(String::as_str), cx.definition_found()?, report)
}

/// The architecture: Azure leaves it out of disks that were made before there were others than x64, and then the machine's
/// size tells.
fn architecture(machine: &facts::Machine, system: Option<&facts::Disk>) -> Option<Architecture> {
    let told = system.and_then(|disk| disk.architecture.as_deref()).map(Architecture::from);
    told.or_else(|| Architecture::of_size(machine.size.as_deref()?))
}

/// Other machines may write to it while it is copied.
fn shared(id: &DiskId, disk: &facts::Disk) -> Option<DiskProblem> {
    disk.is_shared.then(|| DiskProblem::Shared { disk: id.clone() })
}

/// Why an image can't be made from a disk, if it can't.
fn problem(id: &DiskId, disk: &facts::Disk) -> Option<DiskProblem> {
    let id = || id.clone();
    if let Some(storage) = disk.storage.as_ref().filter(|storage| is_unsupported(storage)) {
        return Some(DiskProblem::Storage { disk: id(), storage: storage.clone() });
    }
    if let Some(size) = disk.size_gib.filter(|size| *size > LARGEST_DISK_GIB) {
        return Some(DiskProblem::Size { disk: id(), size });
    }
    Some(match disk.encryption.as_ref()? {
        Encryption::CustomerKey(key) => DiskProblem::CustomerKey { disk: id(), key: key.clone() },
        Encryption::Guest => DiskProblem::Guest { disk: id() },
        Encryption::Confidential(kind) => DiskProblem::Confidential { disk: id(), kind: kind.clone() },
    })
}
