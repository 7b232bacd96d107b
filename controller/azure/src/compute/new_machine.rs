//! Machines that are made: around disks, or from an image.

use std::collections::{BTreeMap, BTreeSet};

use azimage_names::{DiskId, ImageVersionId, InterfaceId, Region, VirtualMachineId};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Plan, Tags, VIRTUAL_MACHINES};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
};

/// A machine that is made. It has no identity, no extensions and no data for its start; disks and interface are deleted with it.
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
    /// What it is made from.
    pub storage: NewStorage,
    /// Its network interface.
    pub interface: InterfaceId,
    /// What a machine of the security type `TrustedLaunch` starts with; else it is `Standard`.
    pub trusted_launch: Option<TrustedLaunch>,
    /// `SCSI` or `NVMe`; Azure chooses if it isn't given.
    pub disk_controller: Option<String>,
    /// Marketplace plan.
    pub plan: Option<Plan>,
}

/// What a machine is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewStorage {
    /// Disks with a system on them: it is started as it is, not provisioned.
    Attached {
        /// The disk that the system is on.
        os_disk: DiskId,
        /// Data disks by logical unit number.
        data_disks: BTreeMap<u8, DiskId>,
    },
    /// A generalized image, whose system is provisioned.
    FromImage(FromImage),
}

/// A generalized Linux image, and what its system is provisioned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromImage {
    /// The image.
    pub image: ImageVersionId,
    /// Logical unit numbers of its data disks. Those that aren't named come along, too, and outlive the machine.
    pub data_disks: BTreeSet<u8>,
    /// How large the OS disk is, in GiB; as the image's, if nothing is given. It can't be smaller than that.
    pub os_disk_gib: Option<i64>,
    /// What the machine is called inside.
    pub computer_name: String,
    /// The account that it gets, which has no password.
    pub administrator: String,
    /// The key of the account, in the form of `authorized_keys`.
    pub key: String,
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
        let mut storage = match &self.storage {
            NewStorage::Attached { os_disk, data_disks } => {
                let data = data_disks.iter().map(|(lun, disk)| with(attached(disk), "lun", json!(lun)));
                json!({
                    "osDisk": with(attached(os_disk), "osType", json!(self.os_type)),
                    "dataDisks": data.collect::<Vec<Value>>(),
                })
            }
            NewStorage::FromImage(FromImage { image, data_disks, os_disk_gib, .. }) => {
                let made = || json!({"createOption": "FromImage", "deleteOption": "Delete"});
                let os_disk = match os_disk_gib {
                    Some(size) => with(made(), "diskSizeGB", json!(size)),
                    None => made(),
                };
                json!({
                    "imageReference": {"id": image},
                    "osDisk": os_disk,
                    "dataDisks": data_disks.iter().map(|lun| with(made(), "lun", json!(lun))).collect::<Vec<Value>>(),
                })
            }
        };
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
        if let NewStorage::FromImage(FromImage { computer_name, administrator, key, .. }) = &self.storage {
            let profile = json!({
                "computerName": computer_name,
                "adminUsername": administrator,
                "linuxConfiguration": {
                    "disablePasswordAuthentication": true,
                    "provisionVMAgent": true,
                    "ssh": {"publicKeys": [
                        {"path": format!("/home/{administrator}/.ssh/authorized_keys"), "keyData": key},
                    ]},
                },
            });
            properties = with(properties, "osProfile", profile);
        }
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
            storage: NewStorage::Attached { os_disk: disk("os"), data_disks: [(3, disk("data"))].into() },
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
    fn a_machine_of_an_image_has_an_account_and_takes_its_disks_with_it() {
        let image: ImageVersionId =
            format!("{GROUP}/Microsoft.Compute/galleries/g/images/i/versions/1.0.0").parse().unwrap();
        let from = FromImage {
            image: image.clone(),
            data_disks: [2].into(),
            os_disk_gib: Some(37),
            computer_name: "azimage-1".into(),
            administrator: "azimage".into(),
            key: "ssh-ed25519 AAAA azimage".into(),
        };
        let written = serde_json::to_value(NewMachineBody { storage: NewStorage::FromImage(from), ..body() }).unwrap();
        let expected = json!({
            "imageReference": {"id": image.to_string()},
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete", "diskSizeGB": 37},
            "dataDisks": [{"lun": 2, "createOption": "FromImage", "deleteOption": "Delete"}],
        });
        assert_eq!(written["properties"]["storageProfile"], expected);
        let expected = json!({
            "computerName": "azimage-1", "adminUsername": "azimage",
            "linuxConfiguration": {
                "disablePasswordAuthentication": true, "provisionVMAgent": true,
                "ssh": {"publicKeys": [
                    {"path": "/home/azimage/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA azimage"},
                ]},
            },
        });
        assert_eq!(written["properties"]["osProfile"], expected);
        for absent in ["/identity", "/extensions", "/properties/userData", "/properties/osProfile/customData"] {
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
