//! How long things take, in simulated seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::regions;

/// Durations in simulated seconds (behaviour section 9); the defaults are what public recordings of Azure show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Durations {
    /// Deallocating a virtual machine.
    pub deallocate: f64,
    /// Starting a virtual machine, until `PowerState/running`.
    pub start: f64,
    /// Powering off without deallocating.
    pub power_off: f64,
    /// Restarting.
    pub restart: f64,
    /// What a run command costs besides its script.
    pub run_command: f64,
    /// How long a run command without `timeoutInSeconds` may run.
    pub run_command_timeout: f64,
    /// Creating a virtual machine.
    pub create_virtual_machine: f64,
    /// Updating a virtual machine's model or tags.
    pub update_virtual_machine: f64,
    /// Deleting a virtual machine.
    pub delete_virtual_machine: f64,
    /// From `PowerState/running` until the guest agent is ready.
    pub agent_boot: f64,
    /// How long a lost agent goes on being shown as ready.
    pub agent_heartbeat_lag: f64,
    /// Deprovisioning the guest.
    pub deprovision: f64,
    /// Shutting the guest down from inside.
    pub guest_shutdown: f64,
    /// Creating, updating or deleting a gallery.
    pub gallery: f64,
    /// Creating, updating or deleting an image definition.
    pub definition: f64,
    /// The copy of 30 GiB in a version's home region.
    pub create_version: f64,
    /// The same for `replicationMode: Shallow`.
    pub create_shallow_version: f64,
    /// Copying 30 GiB to one more region.
    pub add_region: f64,
    /// How fast what a version has beyond 30 GiB is copied, in GiB in a simulated minute; 0 copies it at once.
    pub gib_per_minute: f64,
    /// Updating a version without copying anything.
    pub update_version: f64,
    /// Deleting a version.
    pub delete_version: f64,
    /// How long a parent still refuses its deletion after its last child is gone.
    pub nested_delete_lag: f64,
    /// Until a new role assignment gives rights, and until a deleted one gives none.
    pub role_assignment: f64,
    /// Until the platform gives up on a system that does not provision itself.
    pub os_provisioning_timeout: f64,
    /// From when a guest writes to its serial port until that can be read.
    pub serial_log_lag: f64,
    /// Creating, changing or deleting a disk or snapshot.
    pub disk: f64,
    /// Until the data of a snapshot of an ultra disk or Premium SSD v2 is all there.
    pub snapshot_copy: f64,
    /// Creating, changing or deleting a managed image.
    pub image: f64,
    /// Creating or changing a virtual network or subnet, deleting a network interface.
    pub network: f64,
    /// How long a network interface is kept for a machine whose creation has failed.
    pub interface_reservation: f64,
    /// How late the activity log shows an entry.
    pub activity_log_lag: f64,
    /// How late the resource graph shows a change.
    pub resource_graph_lag: f64,
    /// How late a new resource is in the list of all resources.
    pub resource_list_lag: f64,
    /// Replication durations of single regions.
    pub regions: BTreeMap<String, RegionDurations>,
}

/// Durations of one region, in simulated seconds; what is absent is taken from [`Durations`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegionDurations {
    /// See [`Durations::create_version`].
    pub create_version: Option<f64>,
    /// See [`Durations::create_shallow_version`].
    pub create_shallow_version: Option<f64>,
    /// See [`Durations::add_region`].
    pub add_region: Option<f64>,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            deallocate: 45.0,
            start: 30.0,
            power_off: 5.0,
            restart: 40.0,
            run_command: 20.0,
            run_command_timeout: 5400.0,
            create_virtual_machine: 40.0,
            update_virtual_machine: 3.0,
            delete_virtual_machine: 30.0,
            agent_boot: 20.0,
            agent_heartbeat_lag: 120.0,
            deprovision: 15.0,
            guest_shutdown: 5.0,
            gallery: 0.4,
            definition: 0.4,
            create_version: 430.0,
            create_shallow_version: 46.0,
            add_region: 400.0,
            gib_per_minute: 4.5,
            update_version: 150.0,
            delete_version: 100.0,
            nested_delete_lag: 20.0,
            role_assignment: 300.0,
            os_provisioning_timeout: 2400.0,
            serial_log_lag: 180.0,
            disk: 3.0,
            snapshot_copy: 300.0,
            image: 11.0,
            network: 3.0,
            interface_reservation: 180.0,
            activity_log_lag: 300.0,
            resource_graph_lag: 30.0,
            resource_list_lag: 5.0,
            regions: BTreeMap::new(),
        }
    }
}

impl Durations {
    fn region(&self, region: &str) -> Option<&RegionDurations> {
        let wanted = regions::normal(region);
        self.regions.iter().find(|(name, _)| regions::normal(name) == wanted).map(|(_, durations)| durations)
    }

    /// How long the copy in the home region takes; one of `Shallow` copies nothing, whatever the size.
    pub(crate) fn home_copy(&self, region: &str, shallow: bool, load: Load) -> f64 {
        let own = self.region(region);
        if shallow {
            own.and_then(|own| own.create_shallow_version).unwrap_or(self.create_shallow_version)
        } else {
            self.loaded(own.and_then(|own| own.create_version).unwrap_or(self.create_version), load)
        }
    }

    /// How long the copy to a further region takes.
    pub(crate) fn region_copy(&self, region: &str, load: Load) -> f64 {
        self.loaded(self.region(region).and_then(|own| own.add_region).unwrap_or(self.add_region), load)
    }

    fn loaded(&self, seconds: f64, load: Load) -> f64 {
        let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let beyond = count(load.size_gib.saturating_sub(REFERENCE_GIB));
        let more = if self.gib_per_minute > 0.0 { beyond * 60.0 / self.gib_per_minute } else { 0.0 };
        (seconds + more) * (1.0 + EACH_REPLICA * count(load.replicas.saturating_sub(1)))
    }
}

/// The size in GiB for which the durations of copies are given.
const REFERENCE_GIB: u64 = 30;

/// The part of a copy's duration that each replica beyond the first adds.
const EACH_REPLICA: f64 = 0.05;

/// What is copied to a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Operating system disk and data disks together.
    pub(crate) size_gib: u64,
    pub(crate) replicas: u64,
}
