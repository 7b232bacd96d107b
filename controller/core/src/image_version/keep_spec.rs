//! What is kept of a machine that is captured itself.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{Capture, ImageVersion, Prepare, VirtualMachineSource};
use azimage_names::{ResourceGroup, SnapshotId, VirtualMachineId};
use kube::ResourceExt as _;

use super::Violation;
use crate::temporary::{DiskPlace, Part, TemporaryId};

/// The snapshot of a machine's OS disk, made while the machine is still itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepSpec {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// Where it lies: in the workspace, or else beside the machine.
    pub group: ResourceGroup,
    /// The user's tags on it.
    pub tags: BTreeMap<String, String>,
    /// How long it is kept.
    pub keep_for: Duration,
}

impl KeepSpec {
    /// The id of the snapshot among all that is temporary.
    pub(super) fn id(&self) -> TemporaryId {
        TemporaryId::Snapshot(self.snapshot.clone())
    }

    /// From the raw object. Of a guest that was sealed before nothing can be had back.
    ///
    /// # Errors
    /// When a field can't be used, which the definition of the kind rules out.
    pub fn of(
        object: &ImageVersion,
        machine: &VirtualMachineSource,
        id: &VirtualMachineId,
    ) -> Result<Option<Self>, Violation> {
        if machine.capture != Capture::InPlace || machine.guest.prepare == Prepare::AlreadyGeneralized {
            return Ok(None);
        }
        let settings = machine.in_place.clone().unwrap_or_default();
        let keep_for = settings
            .keep_disk_snapshot_for
            .parse::<kube::core::Duration>()
            .map_err(|problem| Violation::field("spec.source.virtualMachine.inPlace.keepDiskSnapshotFor", problem))?;
        let keep_for = Duration::from(keep_for);
        if keep_for.is_zero() {
            return Ok(None);
        }
        let workspace = object.spec.workspace.as_ref();
        let group = workspace.map_or(id.resource_group(), |workspace| &workspace.resource_group);
        let group = ResourceGroup::new(id.subscription().clone(), group)
            .map_err(|problem| Violation::field("spec.workspace.resourceGroup", problem))?;
        let uid = object.uid().unwrap_or_default();
        match TemporaryId::of(&group, &uid, Part::Snapshot(DiskPlace::System)) {
            Ok(TemporaryId::Snapshot(snapshot)) => {
                let tags = workspace.map(|workspace| workspace.tags.clone()).unwrap_or_default();
                Ok(Some(Self { snapshot, group, tags, keep_for }))
            }
            Ok(_) => Err(Violation::field("metadata.uid", "it names no snapshot")),
            Err(problem) => Err(Violation::field("metadata.uid", problem)),
        }
    }
}
