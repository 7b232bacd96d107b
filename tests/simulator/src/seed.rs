//! Puts what scenarios say into resources.

use serde_json::json;

use crate::{
    compute::{
        disk::{self, DiskSpec},
        machine,
    },
    network, regions,
    resources::{
        Group, Subscription,
        disk::DiskEncryptionSet,
        gallery::{Definition, Gallery},
        governance::ManagementLock,
        image::ManagedImage,
        image_users::{Kind, Row},
        machine::VirtualMachine,
        roles::{RoleAssignment, RoleDefinition},
        version::ImageVersion,
    },
    scenario::{self, Scenario, ScenarioError},
    simulator::Simulator,
};

impl Simulator {
    /// Adds a scenario to what exists: settings given in it replace earlier ones, named things that exist already are refused.
    ///
    /// # Errors
    /// The scenario names something that cannot be; nothing before that place is taken back.
    pub fn add(&mut self, scenario: &Scenario) -> Result<(), ScenarioError> {
        if let Some(tenant) = scenario.tenant.as_ref().filter(|tenant| **tenant != self.entra.tenant) {
            return Err(ScenarioError(format!("tenant {tenant}: there is one tenant, {}", self.entra.tenant)));
        }
        if let Some(lifetime) = scenario.token_lifetime_seconds {
            self.entra.lifetime = lifetime;
        }
        if let Some(size) = scenario.page_size {
            self.resources.page_size = size.max(1);
        }
        if let Some(seconds) = scenario.retry_after_seconds {
            self.set_retry_after(seconds);
        }
        if let Some(throttling) = scenario.throttling {
            self.set_throttling(throttling).map_err(ScenarioError)?;
        }
        if let Some(durations) = &scenario.durations {
            self.resources.durations = durations.clone();
        }
        if let Some(unknowns) = scenario.unknowns {
            self.resources.unknowns = unknowns;
        }
        for issuer in &scenario.issuers {
            self.entra.trust(issuer)?;
        }
        for client in &scenario.clients {
            let object = self.resources.guid();
            self.entra.add(client.clone(), object)?;
        }
        self.add_roles(scenario)?;
        self.resources.shortages.extend(scenario.sold_out.iter().cloned());
        if let Some(locks) = &scenario.locks {
            let named = locks.iter().enumerate().map(|(index, lock)| ManagementLock::seeded(lock, index + 1));
            self.resources.governance.locks = named.collect();
        }
        if let Some(policies) = &scenario.policies {
            self.resources.governance.policies.clone_from(policies);
        }
        for subscription in &scenario.subscriptions {
            let id = subscription.id.clone().unwrap_or_else(|| self.resources.guid().to_string());
            if id.parse::<uuid::Uuid>().is_err() {
                return Err(ScenarioError(format!("subscription {id}: the id is not a GUID")));
            }
            let name = subscription.name.clone().unwrap_or_else(|| "Simulated subscription".to_owned());
            self.resources.subscriptions.entry(id.to_lowercase()).or_insert(Subscription { id: id.clone(), name });
            if let Some(missing) = &subscription.unregistered_providers {
                self.resources.governance.unregistered.insert(id.to_lowercase(), missing.clone());
            }
            for (region, cores) in &subscription.core_quotas {
                let region = known_region(&id, region)?;
                self.resources.core_quotas.insert((id.to_lowercase(), region), *cores);
            }
            for (region, disks) in &subscription.disk_quotas {
                let region = known_region(&id, region)?;
                self.resources.disk_quotas.insert((id.to_lowercase(), region), *disks);
            }
            for (region, snapshots) in &subscription.snapshot_quotas {
                let region = known_region(&id, region)?;
                self.resources.snapshot_quotas.insert((id.to_lowercase(), region), *snapshots);
            }
            for (region, versions) in &subscription.version_quotas {
                let region = known_region(&id, region)?;
                self.resources.version_quotas.insert((id.to_lowercase(), region), *versions);
            }
            for group in &subscription.resource_groups {
                self.add_group(&id, group)?;
            }
        }
        self.resources.graph_begins();
        Ok(())
    }

    /// A role of a name that exists is replaced; an assignment is in force at once.
    fn add_roles(&mut self, scenario: &Scenario) -> Result<(), ScenarioError> {
        let now = self.resources.now;
        for seed in &scenario.role_definitions {
            let before = self.resources.roles.role(&seed.name).map(|role| role.name.clone());
            let name = before.unwrap_or_else(|| self.resources.guid().to_string());
            self.resources.roles.define(RoleDefinition::seeded(name, seed, now));
        }
        for seed in &scenario.role_assignments {
            let missing = |what: &str| ScenarioError(format!("role assignment on {}: there is no {what}", seed.scope));
            let principal = self.entra.application(&seed.client).map(|application| application.object.to_string());
            let principal = principal.ok_or_else(|| missing(&format!("client {}", seed.client)))?;
            let name = self.resources.guid().to_string();
            let role = self.resources.roles.role(&seed.role).ok_or_else(|| missing(&format!("role {}", seed.role)))?;
            let assignment = RoleAssignment {
                name,
                scope: seed.scope.clone(),
                role: role.name.to_lowercase(),
                role_id: role.id(),
                principal,
                created: now,
                since: now,
                until: None,
            };
            self.resources.roles.assign(assignment);
        }
        Ok(())
    }

    fn add_group(&mut self, subscription: &str, seed: &scenario::ResourceGroup) -> Result<(), ScenarioError> {
        let id = format!("/subscriptions/{subscription}/resourceGroups/{}", seed.name);
        let location = known_region(&id, seed.location.as_deref().unwrap_or("westeurope"))?;
        if seed.name.is_empty() {
            return Err(ScenarioError(format!("subscription {subscription}: a resource group has no name")));
        }
        let group = Group { id: id.clone(), name: seed.name.clone(), location, tags: json!(seed.tags) };
        let group = self.resources.groups.entry(id.to_lowercase()).or_insert(group).clone();
        for machine in &seed.virtual_machines {
            let key = format!("{id}/providers/microsoft.compute/virtualmachines/{}", machine.name).to_lowercase();
            named(&machine.name, &key)?;
            known_region(&key, machine.location.as_deref().unwrap_or(&group.location))?;
            if self.resources.machines.contains_key(&key) {
                return Err(ScenarioError(format!("{key}: exists already")));
            }
            let record = VirtualMachine::seeded(&mut self.resources, &group, machine);
            self.add_disks_of(&record, machine);
            self.resources.machines.insert(key, record);
        }
        self.add_networks(&group, seed)?;
        self.add_images(&group, seed)?;
        for set in &seed.disk_encryption_sets {
            let id = format!("{id}/providers/Microsoft.Compute/diskEncryptionSets/{}", set.name);
            named(&set.name, &id)?;
            let location = known_region(&id, set.location.as_deref().unwrap_or(&group.location))?;
            let record = DiskEncryptionSet::seeded(&id, &set.name, location);
            self.resources.encryption_sets.insert(id.to_lowercase(), record);
        }
        for scale_set in &seed.virtual_machine_scale_sets {
            let id = format!("{id}/providers/Microsoft.Compute/virtualMachineScaleSets/{}", scale_set.name);
            named(&scale_set.name, &id)?;
            let location = known_region(&id, scale_set.location.as_deref().unwrap_or(&group.location))?;
            let reference = json!({"id": scale_set.image, "exactVersion": scale_set.exact_version});
            let row = Row::new(Kind::ScaleSet, &id, &location, &reference)
                .ok_or_else(|| ScenarioError(format!("{id}: the id is not a resource id")))?;
            self.resources.scale_sets.insert(id.to_lowercase(), row);
        }
        for gallery in &seed.galleries {
            self.add_gallery(&group, gallery)?;
        }
        Ok(())
    }

    fn add_gallery(&mut self, group: &Group, seed: &scenario::Gallery) -> Result<(), ScenarioError> {
        let id = format!("{}/providers/Microsoft.Compute/galleries/{}", group.id, seed.name);
        named(&seed.name, &id)?;
        let location = known_region(&id, seed.location.as_deref().unwrap_or(&group.location))?;
        let record = Gallery {
            id: id.clone(),
            name: seed.name.clone(),
            location: location.clone(),
            tags: seed.tags.clone(),
            tagged: false,
            properties: if seed.soft_delete {
                json!({"softDeletePolicy": {"isSoftDeleteEnabled": true}})
            } else {
                json!({})
            },
            provisioning_state: "Succeeded",
            operation: uuid::Uuid::nil(),
        };
        self.resources.galleries.entry(id.to_lowercase()).or_insert(record);
        for definition in &seed.definitions {
            let id = format!("{id}/images/{}", definition.name);
            named(&definition.name, &id)?;
            let location = known_region(&id, definition.location.as_deref().unwrap_or(&location))?;
            let identifier = definition.identifier.clone().unwrap_or_else(|| scenario::Identifier {
                publisher: "contoso".to_owned(),
                offer: definition.name.clone(),
                sku: "default".to_owned(),
            });
            let mut properties = json!({
                "osType": definition.os_type,
                "osState": definition.os_state,
                "hyperVGeneration": definition.hyper_v_generation,
                "architecture": definition.architecture,
                "identifier": identifier,
            });
            if !definition.features.is_empty() {
                properties["features"] = json!(definition.features);
            }
            if let Some(plan) = &definition.purchase_plan {
                properties["purchasePlan"] = json!(plan);
            }
            let record = Definition {
                id: id.clone(),
                name: definition.name.clone(),
                location,
                tags: definition.tags.clone(),
                tagged: false,
                properties,
                provisioning_state: "Succeeded",
                operation: uuid::Uuid::nil(),
            };
            let record = self.resources.definitions.entry(id.to_lowercase()).or_insert(record).clone();
            for version in &definition.versions {
                for region in version.regions.iter().chain(&version.location) {
                    known_region(&id, region)?;
                }
                let version = ImageVersion::seeded(&self.resources, &record, version);
                self.resources.versions.insert(version.id.to_lowercase(), version);
            }
            for version in &definition.soft_deleted {
                let version = ImageVersion::seeded(&self.resources, &record, version);
                crate::compute::version::soft_delete::keep(&mut self.resources, &version.id.to_lowercase(), version);
            }
        }
        Ok(())
    }
}

impl Simulator {
    /// The managed disks of a machine.
    fn add_disks_of(&mut self, machine: &VirtualMachine, seed: &scenario::VirtualMachine) {
        let storage = &machine.properties["storageProfile"];
        if let (Some(id), false) = (machine.os_disk_id(), seed.ephemeral_os_disk) {
            let mut properties = json!({
                "osType": seed.os_type,
                "hyperVGeneration": seed.hyper_v_generation,
                "supportedCapabilities": {"architecture": seed.architecture, "acceleratedNetwork": true},
                "creationData": {"createOption": "FromImage"},
                "diskSizeGB": seed.os_disk_size_gb,
            });
            if let Some(security) = seed.security_type.as_ref().filter(|security| *security != "Standard") {
                let of_disk = match security.as_str() {
                    "ConfidentialVM" => "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey",
                    other => other,
                };
                properties["securityProfile"] = json!({"securityType": of_disk});
            }
            if machine::size::is_nvme_only(&seed.vm_size) || seed.disk_controller_type.as_deref() == Some("NVMe") {
                properties["supportedCapabilities"]["diskControllerTypes"] = json!("SCSI, NVMe");
            }
            if seed.old_disk {
                properties["supportedCapabilities"] = json!({"acceleratedNetwork": true});
            }
            if let Some(set) = &seed.disk_encryption_set {
                properties["encryption"] =
                    json!({"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": set});
            }
            if let Some(plan) = &seed.plan {
                properties["purchasePlan"] = json!(plan);
            }
            if seed.disk_encryption {
                properties["encryptionSettingsCollection"] =
                    json!({"enabled": true, "encryptionSettingsVersion": "1.1"});
            }
            let contents = Some(machine.guest.system.disk());
            let spec = DiskSpec { sku: seed.storage_account_type.clone(), properties, contents, habits: None };
            disk::appears(&mut self.resources, id, &machine.location, seed.tags.clone(), spec);
        }
        for disk in storage["dataDisks"].as_array().into_iter().flatten() {
            let Some(id) = disk["managedDisk"]["id"].as_str() else { continue };
            let properties = json!({"creationData": {"createOption": "Empty"}, "diskSizeGB": disk["diskSizeGB"]});
            let sku = disk["managedDisk"]["storageAccountType"].as_str().unwrap_or_default().to_owned();
            let spec = DiskSpec { sku, properties, contents: None, habits: None };
            disk::appears(&mut self.resources, id, &machine.location, std::collections::BTreeMap::new(), spec);
        }
    }

    /// Disks, snapshots and managed images that stand alone.
    fn add_images(&mut self, group: &Group, seed: &scenario::ResourceGroup) -> Result<(), ScenarioError> {
        let kinds = [("disks", "Premium_LRS", &seed.disks), ("snapshots", "Standard_LRS", &seed.snapshots)];
        for (kind, storage, disk) in
            kinds.into_iter().flat_map(|(kind, storage, disks)| disks.iter().map(move |disk| (kind, storage, disk)))
        {
            let id = format!("{}/providers/Microsoft.Compute/{kind}/{}", group.id, disk.name);
            named(&disk.name, &id)?;
            let location = known_region(&id, disk.location.as_deref().unwrap_or(&group.location))?;
            let mut properties = json!({"creationData": {"createOption": "Empty"}, "diskSizeGB": disk.size_gb});
            if let Some(os_type) = &disk.os_type {
                properties["osType"] = json!(os_type);
                properties["hyperVGeneration"] = json!(disk.hyper_v_generation);
                properties["supportedCapabilities"] = json!({"architecture": disk.architecture});
            }
            let sku = disk.storage_account_type.clone().unwrap_or_else(|| storage.to_owned());
            let contents = disk.os_type.as_ref().map(|_| crate::guest::linux::pristine());
            let spec = DiskSpec { sku, properties, contents, habits: None };
            disk::appears(&mut self.resources, &id, &location, disk.tags.clone(), spec);
        }
        for image in &seed.images {
            let id = format!("{}/providers/Microsoft.Compute/images/{}", group.id, image.name);
            named(&image.name, &id)?;
            let location = known_region(&id, image.location.as_deref().unwrap_or(&group.location))?;
            let record = ManagedImage::seeded(&id, location, image);
            self.resources.images.insert(id.to_lowercase(), record);
        }
        Ok(())
    }

    fn add_networks(&mut self, group: &Group, seed: &scenario::ResourceGroup) -> Result<(), ScenarioError> {
        for security in &seed.network_security_groups {
            let id = format!("{}/providers/Microsoft.Network/networkSecurityGroups/{}", group.id, security.name);
            named(&security.name, &id)?;
            let location = known_region(&id, security.location.as_deref().unwrap_or(&group.location))?;
            let given = json!(security.security_rules);
            network::security_group::put::appears(&mut self.resources, &id, &location, security.tags.clone(), &given)
                .map_err(|error| ScenarioError(format!("{id}: {}", error.message)))?;
        }
        for network in &seed.virtual_networks {
            let id = format!("{}/providers/Microsoft.Network/virtualNetworks/{}", group.id, network.name);
            named(&network.name, &id)?;
            let location = known_region(&id, network.location.as_deref().unwrap_or(&group.location))?;
            let properties = json!({"addressSpace": {"addressPrefixes": [network.address_prefix]}});
            network::appears(&mut self.resources, &id, &location, network.tags.clone(), properties);
            for subnet in &network.subnets {
                let id = format!("{id}/subnets/{}", subnet.name);
                named(&subnet.name, &id)?;
                let mut properties = json!({"addressPrefix": subnet.address_prefix, "delegations": []});
                if let Some(security) = &subnet.network_security_group {
                    properties["networkSecurityGroup"] = json!({"id": security});
                }
                network::appears(&mut self.resources, &id, &location, std::collections::BTreeMap::new(), properties);
            }
        }
        for address in &seed.public_addresses {
            let id = format!("{}/providers/Microsoft.Network/publicIPAddresses/{}", group.id, address.name);
            named(&address.name, &id)?;
            let location = known_region(&id, address.location.as_deref().unwrap_or(&group.location))?;
            let properties = json!({"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"});
            network::appears(&mut self.resources, &id, &location, address.tags.clone(), properties);
        }
        for interface in &seed.network_interfaces {
            let id = format!("{}/providers/Microsoft.Network/networkInterfaces/{}", group.id, interface.name);
            named(&interface.name, &id)?;
            let mut given = json!({"ipConfigurations": [{"name": "ipconfig1", "properties": {"subnet": {"id": interface.subnet}}}]});
            if let Some(address) = &interface.public_address {
                given["ipConfigurations"][0]["properties"]["publicIPAddress"] = json!({"id": address});
            }
            if let Some(security) = &interface.network_security_group {
                given["networkSecurityGroup"] = json!({"id": security});
            }
            network::interface::put::appears(&mut self.resources, &id, interface.tags.clone(), &given)
                .map_err(|error| ScenarioError(format!("{id}: {}", error.message)))?;
        }
        Ok(())
    }
}

fn named(name: &str, place: &str) -> Result<(), ScenarioError> {
    if name.is_empty() || name.contains('/') {
        Err(ScenarioError(format!("{place}: a name is missing or holds a slash")))
    } else {
        Ok(())
    }
}

fn known_region(place: &str, region: &str) -> Result<String, ScenarioError> {
    match regions::display(region) {
        Some(_) => Ok(regions::normal(region)),
        None => Err(ScenarioError(format!("{place}: there is no region '{region}'"))),
    }
}
