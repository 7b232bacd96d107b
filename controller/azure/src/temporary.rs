//! Temporary resources, whatever their kind: read for what decides about them, and deleted.

use azimage_names::{
    DiskId, InterfaceId, Region, RestorePointCollectionId, SecurityGroupId, SnapshotId, VirtualMachineId,
    values::ProvisioningState,
};
use http::Method;
use serde::Deserialize;

use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::null_as_default,
    compute::{DISKS, RestorePoint, Tags, VIRTUAL_MACHINES},
    network::NETWORK,
};

/// The kinds of temporary resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporaryKind<'a> {
    /// A virtual machine.
    Machine(&'a VirtualMachineId),
    /// A network interface.
    Interface(&'a InterfaceId),
    /// A managed disk.
    Disk(&'a DiskId),
    /// A network security group.
    SecurityGroup(&'a SecurityGroupId),
    /// A snapshot.
    Snapshot(&'a SnapshotId),
    /// A restore point collection.
    RestorePoints(&'a RestorePointCollectionId),
}

impl TemporaryKind<'_> {
    fn id(self) -> String {
        match self {
            Self::Machine(id) => id.to_string(),
            Self::Interface(id) => id.to_string(),
            Self::Disk(id) => id.to_string(),
            Self::SecurityGroup(id) => id.to_string(),
            Self::Snapshot(id) => id.to_string(),
            Self::RestorePoints(id) => id.to_string(),
        }
    }

    fn api_version(self) -> &'static str {
        match self {
            Self::Machine(_) | Self::RestorePoints(_) => VIRTUAL_MACHINES,
            Self::Disk(_) | Self::Snapshot(_) => DISKS,
            Self::Interface(_) | Self::SecurityGroup(_) => NETWORK,
        }
    }
}

impl TemporaryKind<'_> {
    /// What has to be asked for besides: a collection shows its restore points only then.
    fn query(self) -> &'static str {
        match self {
            Self::RestorePoints(_) => "$expand=restorePoints",
            Self::Machine(_) | Self::Interface(_) | Self::Disk(_) | Self::SecurityGroup(_) | Self::Snapshot(_) => "",
        }
    }
}

/// What decides about a temporary resource.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct TemporaryResource {
    /// Its region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// State of its last write; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// The rules of a security group.
    pub rules: Option<Vec<RuleOfGroup>>,
    /// The resource id of an interface's security group.
    pub security_group: Option<String>,
    /// Whether an interface has a public address.
    pub is_public: bool,
    /// The storage of a disk or a snapshot, for example `Premium_LRS`.
    pub storage: Option<String>,
    /// Its size in GiB; of a restore point collection, of all that it holds.
    pub size_gib: Option<u32>,
    /// The restore points in a collection.
    pub restore_points: Vec<RestorePoint>,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOfGroup {
    /// Its name.
    pub name: String,
    /// The lowest one that fits holds.
    pub priority: i32,
    /// Whether it is for what goes out.
    pub is_outbound: bool,
    /// Whether it lets through.
    pub allows: bool,
    /// Whether it is for every protocol, address and port.
    pub is_for_all: bool,
}

#[derive(Deserialize)]
struct Wire {
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    #[serde(default, deserialize_with = "null_as_default")]
    sku: Sku,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
struct Sku {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(rename = "diskSizeGB")]
    disk_size_gb: Option<u32>,
    provisioning_state: Option<ProvisioningState>,
    security_rules: Option<Vec<WireRule>>,
    network_security_group: Option<Reference>,
    #[serde(default, deserialize_with = "null_as_default")]
    ip_configurations: Vec<IpConfiguration>,
    restore_points: Option<Vec<RestorePoint>>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
struct IpConfiguration {
    #[serde(default, deserialize_with = "null_as_default")]
    properties: IpProperties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IpProperties {
    #[serde(rename = "publicIPAddress")]
    public_ip_address: Option<Reference>,
}

#[derive(Deserialize)]
struct WireRule {
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: RuleProperties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleProperties {
    priority: Option<i32>,
    direction: Option<String>,
    access: Option<String>,
    protocol: Option<String>,
    source_address_prefix: Option<String>,
    source_port_range: Option<String>,
    destination_address_prefix: Option<String>,
    destination_port_range: Option<String>,
}

impl From<WireRule> for RuleOfGroup {
    fn from(WireRule { name, properties }: WireRule) -> Self {
        let is =
            |text: &Option<String>, what: &str| text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(what));
        let all = [
            &properties.protocol,
            &properties.source_address_prefix,
            &properties.source_port_range,
            &properties.destination_address_prefix,
            &properties.destination_port_range,
        ];
        Self {
            name,
            priority: properties.priority.unwrap_or(i32::MAX),
            is_outbound: is(&properties.direction, "Outbound"),
            // What isn't known to deny counts as allowed.
            allows: !is(&properties.access, "Deny"),
            is_for_all: all.into_iter().all(|part| is(part, "*")),
        }
    }
}

impl From<Wire> for TemporaryResource {
    fn from(Wire { location, tags, sku, properties }: Wire) -> Self {
        let held = properties
            .restore_points
            .as_ref()
            .map(|points| points.iter().fold(0, |sum: u32, point| sum.saturating_add(point.size_gib)));
        let restore_points = properties.restore_points.unwrap_or_default();
        let public = |configuration: &IpConfiguration| configuration.properties.public_ip_address.is_some();
        Self {
            location,
            tags,
            provisioning_state: properties.provisioning_state,
            rules: properties.security_rules.map(|rules| rules.into_iter().map(RuleOfGroup::from).collect()),
            security_group: properties.network_security_group.and_then(|group| group.id),
            is_public: properties.ip_configurations.iter().any(public),
            storage: sku.name,
            size_gib: properties.disk_size_gb.or(held),
            restore_points,
        }
    }
}

impl Client {
    /// Reads a temporary resource (Azure REST: Disks, Snapshots, Restore Point Collections, Network Interfaces, Network
    /// Security Groups - Get).
    pub async fn temporary(&self, call: &Call, kind: TemporaryKind<'_>) -> Result<TemporaryResource, Error> {
        self.get(call, &kind.id(), kind.query(), kind.api_version()).await
    }

    /// Deletes a temporary resource (Azure REST: Virtual Machines, Disks, Snapshots, Restore Point Collections, Network
    /// Interfaces, Network Security Groups - Delete).
    pub async fn delete_temporary(&self, call: &Call, kind: TemporaryKind<'_>) -> Result<Accepted, Error> {
        self.write(call, Method::DELETE, &kind.id(), kind.api_version(), None::<&()>, None).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> TemporaryResource {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_rules_of_a_group_are_read_as_what_they_let_through() {
        let rule = |properties: Value| {
            let group = json!({"location": "westeurope", "properties": {
                "provisioningState": "Succeeded", "securityRules": [{"name": "r", "properties": properties}]}});
            let found = read(group).rules.unwrap().remove(0);
            (found.priority, found.is_outbound, found.allows, found.is_for_all)
        };
        let all = json!({
            "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*",
            "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*",
        });
        assert_eq!(rule(all.clone()), (100, true, false, true));
        for (member, value, expected) in [
            ("destinationPortRange", json!("22"), (100, true, false, false)),
            ("destinationAddressPrefix", Value::Null, (100, true, false, false)),
            ("access", json!("Allow"), (100, true, true, true)),
            ("access", Value::Null, (100, true, true, true)),
            ("direction", json!("Inbound"), (100, false, false, true)),
        ] {
            let mut other = all.clone();
            other[member] = value;
            assert_eq!(rule(other), expected, "{member}");
        }
        assert_eq!(rule(Value::Null), (i32::MAX, false, true, false));
    }

    #[test]
    fn an_interface_tells_its_group_and_whether_it_is_public() {
        let interface = |public: Value| {
            read(json!({"location": "westeurope", "tags": null, "properties": {
                "networkSecurityGroup": {"id": "/nsg"},
                "ipConfigurations": [{"name": "c", "properties": {"publicIPAddress": public}}]}}))
        };
        assert_eq!(
            (interface(Value::Null).security_group, interface(Value::Null).is_public),
            (Some("/nsg".into()), false)
        );
        assert!(interface(json!({"id": "/address"})).is_public);
        let disk =
            read(json!({"location": "westeurope", "sku": {"name": "Premium_LRS"}, "properties": {"diskSizeGB": 30}}));
        assert_eq!((disk.storage.as_deref(), disk.size_gib), (Some("Premium_LRS"), Some(30)));
        let collection =
            read(json!({"location": "westeurope", "properties": {"source": {"id": "/vm"}, "restorePoints": [
            {"name": "all", "properties": {"sourceMetadata": {"storageProfile": {"osDisk": {"diskSizeGB": 30}}}}}]}}));
        assert_eq!((collection.restore_points.len(), collection.size_gib), (1, Some(30)));
        let bare = read(json!({"location": "West Europe"}));
        assert_eq!((bare.rules, bare.security_group, bare.is_public), (None, None, false));
    }
}
