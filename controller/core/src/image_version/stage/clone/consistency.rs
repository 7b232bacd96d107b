//! How far the disks of the copy go together, which the status tells for as long as there is the object.

use azimage_crds::{Consistency, CopiedDisks, CopyStatus};
use azimage_names::values::takes_snapshots_at_once;

use super::{
    super::super::{CloneSpec, Power, facts},
    words::Apart,
};

/// What is told of a copy of which the moment is now. What Azure doesn't promise stands in its documentation ("Overview of Virtual
/// Machine restore points"); of a deallocated machine nothing is written, so all is of one moment.
pub(super) fn of(clone: &CloneSpec, machine: &facts::Machine) -> CopyStatus {
    let told = |consistency, apart: Option<Apart>| CopyStatus { consistency, detail: apart.map(|it| it.to_string()) };
    if machine.disks.len() < 2 {
        return told(CopiedDisks::OneDisk, None);
    }
    if clone.consistency == Consistency::PerDisk {
        return told(CopiedDisks::PerDisk, Some(Apart::OneAfterTheOther));
    }
    match apart(machine).filter(|_| machine.power != Power::Deallocated) {
        Some(apart) => told(CopiedDisks::NotPromised, Some(apart)),
        None => told(CopiedDisks::AcrossDisks, None),
    }
}

fn apart(machine: &facts::Machine) -> Option<Apart> {
    let several = machine.disks.iter().filter(|disk| !disk.is_os_disk).count() > 1;
    let size = machine.size.clone().filter(|size| several && !takes_snapshots_at_once(size));
    let cached = machine.disks.iter().filter(|disk| disk.caches_writes).map(name).collect::<Vec<_>>();
    match (cached.is_empty(), size) {
        (true, None) => None,
        (true, Some(size)) => Some(Apart::BySize { size }),
        (false, None) => Some(Apart::ByCaching { disks: cached.join(", ") }),
        (false, Some(size)) => Some(Apart::ByBoth { disks: cached.join(", "), size }),
    }
}

fn name(disk: &facts::AttachedDisk) -> String {
    disk.lun.map_or_else(|| "the OS disk".to_owned(), |lun| format!("LUN {lun}"))
}
