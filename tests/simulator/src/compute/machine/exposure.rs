//! Takes down which machines ran while their network was open (docs/simulator.md, "The control interface").

use crate::{
    network,
    resources::{
        Resources,
        exposure::Exposure,
        machine::{Power, VirtualMachine},
    },
};

/// A machine gets its power.
pub(super) fn starts(resources: &mut Resources, key: &str) {
    if let Some(machine) = resources.machines.get_mut(key) {
        machine.openings.clear();
    }
    look(resources, key, true);
}

/// Somebody has written to the network.
pub(crate) fn network_changed(resources: &mut Resources) {
    let running: Vec<String> = resources
        .machines
        .iter()
        .filter(|(_, machine)| machine.power == Power::Running)
        .map(|(key, _)| key.clone())
        .collect();
    for key in running {
        look(resources, &key, false);
    }
}

/// Takes down what is open that wasn't before.
fn look(resources: &mut Resources, key: &str, at_start: bool) {
    let Some(machine) = resources.machines.get(key) else { return };
    let openings = network::exposure::openings(resources, machine);
    let new = openings.iter().any(|opening| !machine.openings.contains(opening));
    if new {
        let exposure = Exposure {
            at: resources.now,
            machine: machine.id.clone(),
            tags: machine.tags.clone(),
            copy_of: copy_of(resources, machine),
            openings: openings.clone(),
            at_start,
        };
        resources.exposures.push(exposure);
    }
    if let Some(machine) = resources.machines.get_mut(key) {
        machine.openings = openings;
    }
}

/// The disk that a machine's OS disk is a copy of, across snapshots as long as they are there.
fn copy_of(resources: &Resources, machine: &VirtualMachine) -> Option<String> {
    let mut found = None;
    let mut key = machine.os_disk_id()?.to_lowercase();
    for _ in 0..10 {
        let Some(source) = resources
            .disks
            .get(&key)
            .and_then(|disk| disk.properties["creationData"]["sourceResourceId"].as_str().map(str::to_owned))
        else {
            break;
        };
        key = source.to_lowercase();
        found = Some(source);
    }
    found
}
