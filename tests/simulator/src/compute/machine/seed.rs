//! Virtual machines that a scenario says exist.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::profile;
use crate::{
    guest::{linux, serial::Serial, system::System, windows},
    resources::{
        Resources,
        machine::{Guest, Power, VirtualMachine},
    },
    scenario::{self, AgentState},
};

/// The data disks of a scenario's machine, as its model lists them.
fn data_disks(group: &str, seed: &scenario::VirtualMachine) -> Value {
    seed.data_disks
        .iter()
        .map(|disk| {
            let name = format!("{}_disk{}", seed.name, disk.lun);
            json!({
                "lun": disk.lun, "name": name, "createOption": "Empty", "caching": "None", "deleteOption": seed.delete_option,
                "diskSizeGB": disk.size_gb,
                "managedDisk": {
                    "storageAccountType": disk.storage_account_type,
                    "id": format!("{group}/providers/Microsoft.Compute/disks/{name}"),
                },
            })
        })
        .collect()
}

/// The interfaces of a scenario's machine, as its model lists them.
fn interfaces(seed: &scenario::VirtualMachine) -> Value {
    let entry = |(place, id): (usize, &String)| json!({"id": id, "properties": {"primary": place == 0, "deleteOption": seed.delete_option}});
    seed.network_interfaces.iter().enumerate().map(entry).collect()
}

impl VirtualMachine {
    /// What is on a seeded machine's disk.
    fn lay_out(&mut self, seed: &scenario::VirtualMachine) {
        let identity = self.identity();
        let system = &mut self.guest.system;
        system.identity = identity;
        if system.identity.windows {
            system.contents = windows::disk(seed.deprovisioned);
            return;
        }
        system.contents = linux::pristine();
        if !seed.deprovisioned {
            system.contents.provision(&system.identity, seed.guest.cloud_init);
            system.contents.boot_state(&system.identity);
        }
        for user in &seed.users {
            linux::accounts::add(&mut system.contents, user, "$6$somebody$else");
        }
        system.set_up();
    }

    /// From a scenario.
    #[allow(clippy::too_many_lines, reason = "one record, field by field")]
    pub(crate) fn seeded(
        resources: &mut Resources,
        group: &crate::resources::Group,
        seed: &scenario::VirtualMachine,
    ) -> Self {
        let location = crate::regions::normal(seed.location.as_deref().unwrap_or(&group.location));
        let id = format!("{}/providers/Microsoft.Compute/virtualMachines/{}", group.id, seed.name);
        let disk = format!("{}_OsDisk_1", seed.name);
        let mut properties = json!({
            "hardwareProfile": {"vmSize": seed.vm_size},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
                "osDisk": {
                    "osType": seed.os_type, "name": disk, "createOption": "FromImage", "caching": "ReadWrite",
                    "deleteOption": seed.delete_option, "diskSizeGB": seed.os_disk_size_gb,
                    "managedDisk": {
                        "storageAccountType": seed.storage_account_type,
                        "id": format!("{}/providers/Microsoft.Compute/disks/{disk}", group.id),
                    },
                },
                "dataDisks": [],
            },
            "osProfile": {
                "computerName": seed.name, "adminUsername": "azureuser",
                "allowExtensionOperations": seed.allow_extension_operations,
            },
            "networkProfile": {"networkInterfaces": []},
        });
        profile::complete(&mut properties["osProfile"], &seed.os_type);
        if let Some(controller) = &seed.disk_controller_type {
            properties["storageProfile"]["diskControllerType"] = json!(controller);
        }
        if seed.ephemeral_os_disk {
            properties["storageProfile"]["osDisk"]["diffDiskSettings"] = json!({"option": "Local"});
        }
        if let Some(security) = &seed.security_type {
            properties["securityProfile"] = json!({"securityType": security});
        }
        properties["storageProfile"]["dataDisks"] = data_disks(&group.id, seed);
        properties["networkProfile"]["networkInterfaces"] = interfaces(seed);
        if seed.boot_diagnostics {
            properties["diagnosticsProfile"] = json!({"bootDiagnostics": {"enabled": true}});
        }
        if let Some(storage) = &seed.boot_diagnostics_storage {
            properties["diagnosticsProfile"] = json!({"bootDiagnostics": {"enabled": true, "storageUri": storage}});
        }
        if let Some(priority) = &seed.priority {
            properties["priority"] = json!(priority);
        }
        if let Some(set) = &seed.virtual_machine_scale_set {
            properties["virtualMachineScaleSet"] = json!({"id": set});
        }
        let mut extra = BTreeMap::new();
        if !seed.zones.is_empty() {
            extra.insert("zones".to_owned(), json!(seed.zones));
        }
        if let Some(plan) = &seed.plan {
            extra.insert("plan".to_owned(), json!(plan));
        }
        let power = match seed.power_state {
            scenario::PowerState::Running => Power::Running,
            scenario::PowerState::Stopped => Power::Stopped,
            scenario::PowerState::Deallocated => Power::Deallocated,
        };
        let vm_id = resources.guid();
        let lost = seed.agent == AgentState::Lost || power != Power::Running;
        let mut machine = Self {
            id,
            name: seed.name.clone(),
            subscription: crate::arm::address::Address::parse(&group.id).map_or_else(String::new, |a| a.subscription),
            location,
            tags: seed.tags.clone(),
            extra,
            properties,
            vm_id,
            hyper_v_generation: seed.hyper_v_generation.clone(),
            architecture: seed.architecture.clone(),
            change: 1,
            provisioning_state: "Succeeded",
            created: resources.now,
            provisioned_at: resources.now,
            power,
            stopped_by_platform: power != Power::Running,
            generalized: seed.generalized,
            marked_for_deletion: false,
            busy: None,
            captures: BTreeSet::new(),
            guest: Guest {
                agent: if lost { AgentState::Lost } else { AgentState::Ready },
                agent_lost_since: lost.then_some(Timestamp::UNIX_EPOCH),
                agent_last_ready: false,
                system: System {
                    setup: std::sync::Arc::new(seed.guest.clone()),
                    serial: std::sync::Arc::new(seed.serial.clone()),
                    seal: seed.seal,
                    ..System::default()
                },
                script_fails: seed.script_fails.clone(),
                off_since_sealed: seed.deprovisioned && power != Power::Running,
                boot: 1,
                units_started: 0,
                serial: Serial::default(),
            },
            creation_error: None,
            openings: Vec::new(),
            failed_with: None,
        };
        machine.lay_out(seed);
        if machine.power == Power::Running {
            machine.system_boots(resources.now);
            if seed.guest.logged_in {
                let admin = machine.admin().to_owned();
                machine.guest.system.sessions.push(admin);
            }
            if lost {
                machine.guest.system.agent_stops();
            }
        }
        if !lost {
            let text = format!("{}{}", machine.boot_text(), machine.ready_text());
            machine.writes_to_serial_port(resources.now, &text);
        }
        machine
    }
}
