//! What a copy of a machine consists of: snapshots and disks in a resource group of their own, a closed network, a machine around
//! the disks.

use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, id, network_id};

/// The resource group of copies.
const WORK: &str = "
subscriptions:
- id: 11111111-1111-4111-8111-111111111111
  resourceGroups: [{name: work, location: westeurope}]
";

/// The usual scenario, an empty resource group `work`, and one more.
pub(crate) fn azure(more: &str) -> Azure {
    let mut azure = Azure::with(WORK);
    azure.simulator.add(&azimage_simulator::Scenario::parse(more).unwrap()).unwrap();
    azure
}

pub(crate) fn compute_id(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/work/providers/Microsoft.Compute/{rest}")
}

/// Address of something of Compute in `work`.
pub(crate) fn compute(rest: &str) -> String {
    let version = if rest.starts_with("virtualMachines") || rest.starts_with("restorePointCollections") {
        "2025-04-01"
    } else {
        "2025-01-02"
    };
    format!("{}?api-version={version}", compute_id(rest))
}

pub(crate) fn work_network_id(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/work/providers/Microsoft.Network/{rest}")
}

/// Address of something of Network in `work`.
pub(crate) fn work_network(rest: &str) -> String {
    format!("{}?api-version=2025-05-01", work_network_id(rest))
}

/// A disk or snapshot that is a copy.
pub(crate) fn copy_of(source: &str) -> Value {
    json!({"location": "westeurope", "tags": {"purpose": "copy"},
           "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": source}}})
}

/// A rule about everything in a direction.
pub(crate) fn rule(direction: &str, access: &str, priority: u32) -> Value {
    json!({"name": format!("{access}{direction}"), "properties": {
        "priority": priority, "direction": direction, "access": access, "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*",
    }})
}

/// A security group that lets nothing in or out.
pub(crate) fn closed_group() -> Value {
    json!({"location": "westeurope", "tags": {"purpose": "copy"},
           "properties": {"securityRules": [rule("Inbound", "Deny", 100), rule("Outbound", "Deny", 100)]}})
}

/// An interface in the subnet of the scenario, with a security group.
pub(crate) fn interface(group: &str) -> Value {
    json!({"location": "westeurope", "tags": {"purpose": "copy"}, "properties": {
        "networkSecurityGroup": {"id": work_network_id(&format!("networkSecurityGroups/{group}"))},
        "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": network_id("virtualNetworks/build/subnets/default")}}}],
    }})
}

/// A machine around the disk `os` and the interface `nic`.
pub(crate) fn machine_around(os: &str, nic: &str) -> Value {
    json!({"location": "westeurope", "tags": {"purpose": "copy"}, "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"osDisk": {
            "createOption": "Attach", "osType": "Linux", "deleteOption": "Delete", "managedDisk": {"id": compute_id(&format!("disks/{os}"))},
        }},
        "networkProfile": {"networkInterfaces": [
            {"id": work_network_id(&format!("networkInterfaces/{nic}")), "properties": {"primary": true, "deleteOption": "Delete"}},
        ]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
    }})
}

/// Copies a disk of the machines in `images` by a snapshot, under one name.
pub(crate) fn copy_disk(azure: &mut Azure, source: &str, name: &str) {
    let snapshot = azure.put(&compute(&format!("snapshots/{name}")), &copy_of(&id(&format!("disks/{source}"))));
    assert_eq!(snapshot.status, 202, "{snapshot:?}");
    azure.wait(4);
    let disk = azure.put(&compute(&format!("disks/{name}")), &copy_of(&compute_id(&format!("snapshots/{name}"))));
    assert_eq!(disk.status, 202, "{disk:?}");
    azure.wait(4);
}

/// A closed security group and an interface with it.
pub(crate) fn closed_network(azure: &mut Azure) {
    assert_eq!(azure.put(&work_network("networkSecurityGroups/closed"), &closed_group()).status, 201);
    azure.wait(4);
    let made = azure.put(&work_network("networkInterfaces/copy"), &interface("closed"));
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(1);
}

/// A copy of a machine in `images`, with its operating system's disk only.
pub(crate) fn copy_machine(azure: &mut Azure, source: &str) {
    copy_disk(azure, &format!("{source}_OsDisk_1"), "copy");
    closed_network(azure);
    let made = azure.put(&compute("virtualMachines/copy"), &machine_around("copy", "copy"));
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(41);
    assert_eq!(azure.operation(&made)["status"], "Succeeded");
}

/// The raw record of something of Compute in `work`.
pub(crate) fn truth(azure: &mut Azure, rest: &str) -> Value {
    azure.simulator.advance(azure.now);
    azure.simulator.state(&compute_id(rest)).unwrap()
}
