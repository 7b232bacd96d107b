//! Machines that are made from disks.

use std::collections::BTreeMap;

use azimage_names::{DiskId, InterfaceId, Region, VirtualMachineId};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Plan, Tags, VIRTUAL_MACHINES};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
};

/// A machine that is made from disks with a system on them: it is started as it is, not provisioned. It has no identity, no
/// extensions and no data for its start; disks and interface are deleted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMachineBody {
    /// The disks' region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// Size, for example `Standard_D2s_v5`.
    pub size: String,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// The disk that the system is on.
    pub os_disk: DiskId,
    /// Data disks by logical unit number.
    pub data_disks: BTreeMap<u8, DiskId>,
    /// Its network interface.
    pub interface: InterfaceId,
    /// What a machine of the security type `TrustedLaunch` starts with; else it is `Standard`.
    pub trusted_launch: Option<TrustedLaunch>,
    /// `SCSI` or `NVMe`; Azure chooses if it isn't given.
    pub disk_controller: Option<String>,
    /// Marketplace plan.
    pub plan: Option<Plan>,
}

/// What a Trusted Launch machine starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedLaunch {
    /// Secure boot.
    pub secure_boot: bool,
    /// The virtual trusted platform module.
    pub vtpm: bool,
}

fn attached(disk: &DiskId) -> Value {
    json!({"createOption": "Attach", "deleteOption": "Delete", "managedDisk": {"id": disk}})
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.insert(name.to_owned(), member);
    }
    value
}

impl Serialize for NewMachineBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data: Vec<Value> =
            self.data_disks.iter().map(|(lun, disk)| with(attached(disk), "lun", json!(lun))).collect();
        let mut storage = json!({
            "osDisk": with(attached(&self.os_disk), "osType", json!(self.os_type)),
            "dataDisks": data,
        });
        if let Some(controller) = &self.disk_controller {
            storage = with(storage, "diskControllerType", json!(controller));
        }
        let mut properties = json!({
            "hardwareProfile": {"vmSize": self.size},
            "storageProfile": storage,
            "networkProfile": {"networkInterfaces": [
                {"id": self.interface, "properties": {"primary": true, "deleteOption": "Delete"}},
            ]},
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
        });
        if let Some(TrustedLaunch { secure_boot, vtpm }) = self.trusted_launch {
            let security = json!({
                "securityType": "TrustedLaunch",
                "uefiSettings": {"secureBootEnabled": secure_boot, "vTpmEnabled": vtpm},
            });
            properties = with(properties, "securityProfile", security);
        }
        let mut machine = json!({"location": self.location, "tags": self.tags, "properties": properties});
        if let Some(Plan { name, publisher, product }) = &self.plan {
            machine = with(machine, "plan", json!({"name": name, "publisher": publisher, "product": product}));
        }
        machine.serialize(serializer)
    }
}

impl Client {
    /// Makes a machine (Azure REST: Virtual Machines - Create Or Update).
    pub async fn put_virtual_machine(
        &self,
        call: &Call,
        id: &VirtualMachineId,
        body: &NewMachineBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), VIRTUAL_MACHINES, Some(body), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/w/providers";

    fn disk(name: &str) -> DiskId {
        format!("{GROUP}/Microsoft.Compute/disks/{name}").parse().unwrap()
    }

    fn body() -> NewMachineBody {
        NewMachineBody {
            location: "westeurope".parse().unwrap(),
            tags: [("a".to_owned(), "b".to_owned())].into(),
            size: "Standard_D2s_v5".into(),
            os_type: "Linux".into(),
            os_disk: disk("os"),
            data_disks: [(3, disk("data"))].into(),
            interface: format!("{GROUP}/Microsoft.Network/networkInterfaces/nic").parse().unwrap(),
            trusted_launch: None,
            disk_controller: None,
            plan: None,
        }
    }

    #[test]
    fn a_machine_of_disks_has_nothing_that_a_copy_must_not_have() {
        let written = serde_json::to_value(body()).unwrap();
        let expected = json!({
            "location": "westeurope", "tags": {"a": "b"},
            "properties": {
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "storageProfile": {
                    "osDisk": {
                        "osType": "Linux", "createOption": "Attach", "deleteOption": "Delete",
                        "managedDisk": {"id": disk("os").to_string()},
                    },
                    "dataDisks": [{
                        "lun": 3, "createOption": "Attach", "deleteOption": "Delete",
                        "managedDisk": {"id": disk("data").to_string()},
                    }],
                },
                "networkProfile": {"networkInterfaces": [{
                    "id": format!("{GROUP}/Microsoft.Network/networkInterfaces/nic"),
                    "properties": {"primary": true, "deleteOption": "Delete"},
                }]},
                "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
            },
        });
        assert_eq!(written, expected);
        for absent in ["/identity", "/extensions", "/properties/osProfile", "/properties/userData"] {
            assert_eq!(written.pointer(absent), None, "{absent}");
        }
    }

    #[test]
    fn what_the_machine_needs_of_its_kind_comes_with_it() {
        let plan = Plan { name: Some("n".into()), publisher: Some("p".into()), product: Some("o".into()) };
        let launch = TrustedLaunch { secure_boot: true, vtpm: false };
        let controller = Some("NVMe".to_owned());
        let whole =
            NewMachineBody { plan: Some(plan), trusted_launch: Some(launch), disk_controller: controller, ..body() };
        let written = serde_json::to_value(whole).unwrap();
        for (place, expected) in [
            ("/plan", json!({"name": "n", "publisher": "p", "product": "o"})),
            ("/properties/storageProfile/diskControllerType", json!("NVMe")),
            ("/properties/securityProfile/securityType", json!("TrustedLaunch")),
            ("/properties/securityProfile/uefiSettings", json!({"secureBootEnabled": true, "vTpmEnabled": false})),
        ] {
            assert_eq!(written.pointer(place), Some(&expected), "{place}");
        }
    }
}
