//! OS disks, as far as a machine's disk tells what its machine does not: architecture and size.

use serde_json::json;

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        dispatch::not_found,
    },
    world::World,
};

impl World {
    pub(crate) fn disk_get(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let machine = self
            .machines
            .values()
            .find(|machine| {
                machine.properties["storageProfile"]["osDisk"]["managedDisk"]["id"]
                    .as_str()
                    .is_some_and(|id| id.to_lowercase() == key)
            })
            .ok_or_else(|| not_found(call.address))?;
        let disk = &machine.properties["storageProfile"]["osDisk"];
        Ok(Reply::ok(json!({
            "id": disk["managedDisk"]["id"],
            "name": disk["name"],
            "type": "Microsoft.Compute/disks",
            "location": machine.location,
            "managedBy": machine.id,
            "sku": {"name": disk["managedDisk"]["storageAccountType"], "tier": "Premium"},
            "properties": {
                "osType": machine.os_type(),
                "hyperVGeneration": machine.hyper_v_generation,
                "supportedCapabilities": {"architecture": machine.architecture, "acceleratedNetwork": true},
                "creationData": {"createOption": "FromImage"},
                "diskSizeGB": disk["diskSizeGB"],
                "diskState": if machine.power == super::virtual_machine::Power::Deallocated { "Reserved" } else { "Attached" },
                "provisioningState": "Succeeded",
            },
        })))
    }
}
