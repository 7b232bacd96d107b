//! How and where a machine is cloned.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{CloneSettings, Consistency, ImageVersion};
use azimage_names::{Region, ResourceGroup, ResourceIdError, SubnetId, VirtualMachineId};
use kube::ResourceExt as _;

use super::{Violation, WorkspaceSpec, invalid::Invalid, report::Stop};
use crate::temporary::{Part, TemporaryId};

/// How and where a machine is cloned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneSpec {
    /// The copy.
    pub machine: VirtualMachineId,
    /// Where temporary resources are made.
    pub group: ResourceGroup,
    /// The subnet of each region.
    pub subnets: BTreeMap<Region, SubnetId>,
    /// The user's tags on temporary resources.
    pub tags: BTreeMap<String, String>,
    /// Sizes for the copy; without any it has the machine's own.
    pub sizes: Vec<String>,
    /// Units of its systemd that mustn't run in the copy.
    pub mask_units: Vec<String>,
    /// How well the disks of the copy go together.
    pub consistency: Consistency,
    /// How long what can't be captured is kept.
    pub keep_on_failure: Duration,
    /// The object's uid, from which names follow.
    pub uid: String,
}

impl CloneSpec {
    /// The id of a part.
    pub(super) fn id(&self, part: Part) -> Result<TemporaryId, Stop> {
        TemporaryId::of(&self.group, &self.uid, part).map_err(|_| Stop::untold("a uid that names can have"))
    }

    /// From the raw object.
    pub(super) fn of(object: &ImageVersion, origin: &VirtualMachineId) -> Result<Self, Violation> {
        let workspace = object.spec.workspace.as_ref().ok_or(Invalid::NoWorkspace)?;
        let machine = object.spec.source.virtual_machine.as_ref();
        let settings = machine.and_then(|machine| machine.clone.clone()).unwrap_or_default();
        let CloneSettings { vm_sizes: sizes, keep_on_failure, consistency, mask_units } = settings;
        let keep_on_failure = keep_on_failure
            .parse::<kube::core::Duration>()
            .map_err(|problem| Violation::field("spec.source.virtualMachine.clone.keepOnFailure", problem))?;
        let workspace = WorkspaceSpec::of(workspace, &object.uid().unwrap_or_default())?;
        // A disk's snapshot lies in the subscription of the disk.
        let is_elsewhere = |subnet: &&SubnetId| subnet.subscription() != origin.subscription();
        if let Some(subnet) = workspace.subnets.values().find(is_elsewhere) {
            return Err(Invalid::OtherSubscription { subnet: subnet.clone(), machine: origin.clone() }.into());
        }
        let WorkspaceSpec { group, subnets, tags, uid } = workspace;
        let named = |problem: ResourceIdError| Violation::field("metadata.uid", problem);
        let TemporaryId::Machine(machine) = TemporaryId::of(&group, &uid, Part::Machine).map_err(named)? else {
            return Err(Violation::field("metadata.uid", "it names no machine"));
        };
        let keep_on_failure = keep_on_failure.into();
        Ok(Self { machine, group, subnets, tags, sizes, mask_units, consistency, keep_on_failure, uid })
    }
}
