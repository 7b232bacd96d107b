//! Answers of Azure become observations.

use std::collections::{BTreeMap, BTreeSet};

use azimage_azure as azure;
use azimage_core::belonging::BelongingId;
use azimage_core::condition::clip;
use azimage_core::guest::{console, output};
use azimage_core::image_version::{MarketplacePlan, Operation, facts};
use azimage_core::temporary::{DiskPlace, TemporaryId};
use azimage_crds::{ImageReference, SEAL_TAG, StepFailure};
use azimage_names::VersionNumber;
use azimage_names::values::{ExecutionState, OperationState, OsState, OsType, PowerState, ProvisioningState};
use bytes::Bytes;
use serde_json::{Map, Value};

/// Members of a target region that decisions know; all others are kept as they are.
pub(super) const KNOWN_OF_TARGET: [&str; 4] =
    ["name", "regionalReplicaCount", "storageAccountType", "excludeFromLatest"];

/// Where edge zones are kept in the preserved members of a version.
pub(super) const EXTENDED_LOCATIONS: &str = "targetExtendedLocations";

pub(super) fn machine(machine: azure::VirtualMachine) -> facts::Machine {
    let data = machine.data_disks.into_iter().filter(|disk| disk.managed);
    let data = data.map(|disk| attached(disk.id, u8::try_from(disk.lun).ok(), false, disk.host));
    let system = machine.os_disk.managed.then(|| attached(machine.os_disk.id, None, true, machine.os_disk.host));
    let disks = system.into_iter().chain(data).collect();
    facts::Machine {
        uid: machine.vm_id.unwrap_or_default(),
        location: machine.location,
        etag: machine.etag,
        tags: machine.tags,
        os_type: machine.os_type.unwrap_or_else(|| OsType::Other("an unknown system".to_owned())),
        generation: machine.hyper_v_generation.map(|generation| generation.to_string()),
        security_type: Some(machine.security_type.to_string()),
        secure_boot: machine.secure_boot,
        vtpm: machine.vtpm,
        disk_controller: machine.disk_controller.map(|controller| controller.to_string()),
        ephemeral_os_disk: machine.os_disk.ephemeral,
        unmanaged_os_disk: !machine.os_disk.managed,
        disks,
        interfaces: machine.interfaces,
        image: machine.image.map(image_reference),
        size: machine.size,
        allows_extensions: machine.allows_extensions,
        scale_set: machine.scale_set,
        plan: machine.plan.and_then(plan),
        provisioning: provisioning(machine.provisioning_state),
        power: match machine.power_state {
            None | Some(PowerState::Other(_)) => PowerState::Unknown,
            Some(known) => known,
        },
        generalized: machine.generalized,
        agent_ready: machine.agent.as_ref().is_some_and(|agent| agent.ready),
        agent_reported_at: machine.agent.as_ref().and_then(|agent| agent.reported_at),
        created_at: machine.time_created,
        agent_message: machine.agent.and_then(|agent| agent.message),
        read_at: machine.read_at,
        changed_at: machine.changed_at,
        boot_diagnostics: machine.boot_diagnostics,
    }
}

/// What a log says of the seal with this nonce; without one it says nothing.
pub(super) fn console(log: Option<Bytes>, nonce: Option<&str>) -> facts::Console {
    nonce.map_or(facts::Console::NoMark, |nonce| console::read(&log.unwrap_or_default(), nonce))
}

pub(super) fn console_end(record: azure::BootRecord) -> facts::ConsoleEnd {
    let (log, has_screenshot) = (console::end(&record.log.unwrap_or_default()), record.has_screenshot);
    facts::ConsoleEnd { log, has_screenshot }
}

/// The longest name, version and id of an image that are kept, in bytes.
const NAME: usize = 128;
const VERSION: usize = 64;
const ID: usize = 500;

fn image_reference(image: azure::ImageReference) -> ImageReference {
    let clipped = |text: Option<String>, limit: usize| text.map(|text| clip(&text, limit));
    ImageReference {
        publisher: clipped(image.publisher, NAME),
        offer: clipped(image.offer, NAME),
        sku: clipped(image.sku, NAME),
        version: clipped(image.version, VERSION),
        id: clipped(image.id, ID),
    }
}

fn attached(id: Option<String>, lun: Option<u8>, is_os_disk: bool, host: azure::DiskOnHost) -> facts::AttachedDisk {
    facts::AttachedDisk {
        id: id.and_then(|id| id.parse().ok()),
        is_os_disk,
        lun,
        caches_writes: host.caches_writes,
        is_write_accelerated: host.accelerates_writes,
    }
}

/// The kind of a temporary resource, as the client knows it.
pub(crate) fn kind(id: &TemporaryId) -> azure::TemporaryKind<'_> {
    match id {
        TemporaryId::Machine(id) => azure::TemporaryKind::Machine(id),
        TemporaryId::Interface(id) => azure::TemporaryKind::Interface(id),
        TemporaryId::Disk(id) => azure::TemporaryKind::Disk(id),
        TemporaryId::SecurityGroup(id) => azure::TemporaryKind::SecurityGroup(id),
        TemporaryId::Snapshot(id) => azure::TemporaryKind::Snapshot(id),
        TemporaryId::RestorePoints(id) => azure::TemporaryKind::RestorePoints(id),
    }
}

/// The kind of what belongs to a machine, as the client knows it.
pub(super) fn kind_of_belonging(id: &BelongingId) -> azure::BelongingKind<'_> {
    match id {
        BelongingId::Machine(id) => azure::BelongingKind::Machine(id),
        BelongingId::Interface(id) => azure::BelongingKind::Interface(id),
        BelongingId::Disk(id) => azure::BelongingKind::Disk(id),
        BelongingId::Address(id) => azure::BelongingKind::Address(id),
    }
}

pub(super) fn belonging(belonging: azure::Belonging) -> facts::Belonging {
    facts::Belonging {
        uid: belonging.unique_id,
        provisioning: provisioning(belonging.provisioning_state),
        used_by: belonging.used_by,
        is_shared: belonging.max_shares.is_some_and(|shares| shares > 1),
        addresses: belonging.addresses,
    }
}

pub(super) fn temporary(resource: azure::TemporaryResource) -> facts::Temporary {
    let rule = |rule: azure::RuleOfGroup| facts::SecurityRule {
        name: rule.name,
        priority: rule.priority,
        is_outbound: rule.is_outbound,
        allows: rule.allows,
        is_for_all: rule.is_for_all,
    };
    let network = match (resource.rules, resource.security_group) {
        (Some(rules), _) => facts::Network::Rules(rules.into_iter().map(rule).collect()),
        (None, None) if !resource.is_public => facts::Network::None,
        (None, security_group) => facts::Network::Interface { security_group, is_public: resource.is_public },
    };
    facts::Temporary {
        location: resource.location,
        tags: resource.tags,
        provisioning: provisioning(resource.provisioning_state),
        network,
        restore_points: resource.restore_points.into_iter().map(restore_point).collect(),
    }
}

fn restore_point(point: azure::RestorePoint) -> facts::RestorePoint {
    let data = point.data_disks.into_iter().map(|(lun, disk)| Some((DiskPlace::Data(lun), disk?)));
    let system = point.os_disk.map(|disk| (DiskPlace::System, disk));
    // A copy that lacks a disk would be none.
    let disks: Option<BTreeMap<_, _>> = data.chain([system]).collect();
    facts::RestorePoint {
        name: point.name,
        provisioning: provisioning(point.provisioning_state),
        disks: disks.unwrap_or_default(),
    }
}

pub(super) fn disk(disk: azure::Disk) -> facts::Disk {
    let encryption = encryption(&disk);
    facts::Disk {
        location: disk.location,
        provisioning: provisioning(disk.provisioning_state),
        os_type: disk.os_type,
        plan: disk.purchase_plan.and_then(plan),
        state: disk.state,
        attached_to: disk.managed_by.into_iter().next(),
        is_complete: disk.completion_percent.is_none_or(|percent| percent >= 100),
        is_shared: disk.max_shares.is_some_and(|shares| shares > 1),
        storage: disk.storage,
        size_gib: disk.size_gib.map(i64::from),
        architecture: disk.architecture.map(|architecture| architecture.to_string()),
        generation: disk.hyper_v_generation.map(|generation| generation.to_string()),
        encryption,
    }
}

pub(super) fn managed_image(image: azure::ManagedImage) -> facts::ManagedImage {
    let storage: BTreeSet<String> = image.disks.iter().filter_map(|disk| disk.storage.clone()).collect();
    facts::ManagedImage {
        location: image.location,
        provisioning: provisioning(image.provisioning_state),
        os_type: image.os_type,
        os_state: image.os_state.map(|state| state.to_string()),
        generation: image.hyper_v_generation.map(|generation| generation.to_string()),
        largest_gib: image.disks.iter().filter_map(|disk| disk.size_gib).max().map(i64::from),
        storage: storage.into_iter().collect(),
        disk_encryption_set: image.disks.into_iter().find_map(|disk| disk.disk_encryption_set),
    }
}

/// What encrypts a disk beside the platform's own key. What isn't known to be that key counts as another.
fn encryption(disk: &azure::Disk) -> Option<facts::Encryption> {
    let begins = |text: &str, with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    if let Some(kind) = disk.security_type.as_ref().filter(|kind| begins(kind, "ConfidentialVM")) {
        return Some(facts::Encryption::Confidential(kind.clone()));
    }
    if disk.encrypted_by_guest {
        return Some(facts::Encryption::Guest);
    }
    let other = disk.encryption.as_ref().filter(|kind| !kind.eq_ignore_ascii_case("EncryptionAtRestWithPlatformKey"));
    disk.disk_encryption_set.as_ref().or(other).cloned().map(facts::Encryption::CustomerKey)
}

pub(super) fn gallery(gallery: &azure::Gallery) -> facts::Gallery {
    facts::Gallery { soft_delete: gallery.soft_delete }
}

pub(super) fn soft_deleted(kept: Vec<azure::SoftDeletedVersion>) -> BTreeSet<VersionNumber> {
    kept.into_iter().filter_map(|version| version.name.parse().ok()).collect()
}

pub(super) fn permissions(permissions: Vec<azure::Permission>) -> facts::Permissions {
    let own = |of: azure::Permission| facts::Permission { actions: of.actions, not_actions: of.not_actions };
    permissions.into_iter().map(own).collect()
}

pub(super) fn locks(locks: Vec<azure::ManagementLock>) -> Vec<facts::Lock> {
    let own = |lock: azure::ManagementLock| facts::Lock {
        read_only: lock.level.eq_ignore_ascii_case("ReadOnly"),
        name: lock.name,
        scope: lock.scope,
    };
    locks.into_iter().map(own).collect()
}

pub(super) fn definition(definition: azure::ImageDefinition) -> facts::Definition {
    let controllers = definition.feature("DiskControllerTypes").or_else(|| definition.feature("DiskControllerType"));
    facts::Definition {
        disk_controllers: controllers.map(str::to_owned),
        security_type: definition.security_type().map(|kind| kind.to_string()),
        os_type: definition.os_type,
        specialized: definition.os_state != OsState::Generalized,
        generation: Some(definition.hyper_v_generation.to_string()),
        architecture: definition.architecture.to_string(),
        plan: definition.purchase_plan.and_then(plan),
    }
}

pub(super) fn run_command(command: azure::RunCommand) -> facts::RunCommand {
    let instance = command.instance;
    let nonce = command.tags.get(SEAL_TAG).filter(|nonce| !nonce.is_empty()).cloned();
    let word = |nonce: &String| instance.as_ref().map(|instance| console::read(instance.output.as_bytes(), nonce));
    let said = nonce.as_ref().and_then(word).unwrap_or(facts::Console::NoMark);
    let printed = instance.as_ref().map(|instance| output::read(&instance.output, &instance.error));
    let instance_output = instance.as_ref().map(|instance| instance.output.clone()).unwrap_or_default();
    facts::RunCommand {
        provisioning: provisioning(command.provisioning_state),
        execution: instance.as_ref().map_or(ExecutionState::Unknown, |instance| instance.execution_state.clone()),
        started: instance.as_ref().and_then(|instance| instance.started),
        ended: instance.as_ref().and_then(|instance| instance.ended),
        exit_code: instance.and_then(|instance| instance.exit_code).map(i64::from),
        output: instance_output,
        printed: printed.unwrap_or_default(),
        said,
        nonce,
    }
}

pub(super) fn operation(operation: azure::OperationStatus) -> Operation {
    match operation.state {
        OperationState::Succeeded => Operation::Succeeded,
        OperationState::Failed | OperationState::Canceled => {
            let failure = operation.failure;
            let (code, message) = failure.map(|failure| (failure.code, failure.message)).unwrap_or_default();
            Operation::failed(&code, &message)
        }
        _ => Operation::UnderWay,
    }
}

/// Why a write failed after Azure had accepted it.
pub(super) fn activity(failure: Option<azure::OperationFailure>) -> Option<StepFailure> {
    failure.map(|failure| facts::bounded(&failure.code, &failure.message))
}

pub(super) fn scale_sets(found: Vec<azure::ScaleSet>) -> Vec<facts::ScaleSet> {
    found.into_iter().map(|azure::ScaleSet { id, region }| facts::ScaleSet { id, region }).collect()
}

pub(super) fn version(version: azure::ImageVersion) -> facts::Version {
    let mut preserved = Map::new();
    if !version.target_extended_locations.is_empty() {
        let zones = serde_json::to_value(&version.target_extended_locations).unwrap_or_default();
        preserved.insert(EXTENDED_LOCATIONS.to_owned(), zones);
    }
    let count = |replicas: Option<u32>| replicas.map(|replicas| i32::try_from(replicas).unwrap_or(i32::MAX));
    let summary = version.replication.map(|status| status.summary).unwrap_or_default();
    let replication: BTreeMap<_, _> = summary
        .into_iter()
        .map(|says| {
            let progress = i32::from(says.progress);
            (says.region, facts::RegionCopy { state: says.state, progress, details: says.details })
        })
        .collect();
    let (source, data_sources) = match version.source {
        None => (None, BTreeMap::new()),
        Some(azure::ImageSource::VirtualMachine(id)) => (Some(id.to_string()), BTreeMap::new()),
        Some(azure::ImageSource::Resource(id) | azure::ImageSource::CommunityGalleryImage(id)) => {
            (Some(id), BTreeMap::new())
        }
        Some(azure::ImageSource::Disks { os_disk, data_disks }) => (Some(os_disk), data_disks),
    };
    facts::Version {
        location: version.location,
        tags: version.tags,
        provisioning: provisioning(version.provisioning_state),
        source,
        data_sources,
        data_disks: version.data_disk_luns.into_iter().filter_map(|lun| u8::try_from(lun).ok()).collect(),
        targets: version.target_regions.into_iter().map(target).collect(),
        default_replicas: count(version.replica_count).unwrap_or(1),
        exclude_from_latest: version.exclude_from_latest,
        end_of_life: version.end_of_life,
        storage_account_type: version.storage_account_type.unwrap_or_default().to_string(),
        replication_mode: version.replication_mode.to_string(),
        allow_deletion_of_regions: version.safety.allow_deletion_of_replicated_locations,
        block_deletion: version.safety.block_deletion_before_end_of_life.unwrap_or(false),
        replication,
        size_gib: version
            .os_disk_size_gib
            .map(|os| i64::from(os) + version.data_disk_sizes_gib.iter().map(|size| i64::from(*size)).sum::<i64>()),
        read_at: version.read_at,
        preserved,
    }
}

fn target(target: azure::TargetRegion) -> facts::TargetRegion {
    let Value::Object(mut preserved) = serde_json::to_value(&target).unwrap_or_default() else {
        return bare(target, Map::new());
    };
    preserved.retain(|key, _| !KNOWN_OF_TARGET.contains(&key.as_str()));
    bare(target, preserved)
}

fn bare(target: azure::TargetRegion, preserved: Map<String, Value>) -> facts::TargetRegion {
    facts::TargetRegion {
        region: target.name,
        replicas: target.regional_replica_count.map(|replicas| i32::try_from(replicas).unwrap_or(i32::MAX)),
        storage_account_type: target.storage_account_type.map(|kind| kind.to_string()),
        exclude_from_latest: target.exclude_from_latest,
        preserved,
    }
}

pub(super) fn provisioning(state: Option<ProvisioningState>) -> ProvisioningState {
    // A resource without the state counts as Succeeded (Azure documentation, "Asynchronous operations").
    state.unwrap_or(ProvisioningState::Succeeded)
}

/// A plan of which Azure names nothing is none.
pub(super) fn plan(plan: azure::Plan) -> Option<MarketplacePlan> {
    let none = plan.name.is_none() && plan.publisher.is_none() && plan.product.is_none();
    (!none).then(|| MarketplacePlan {
        name: plan.name.unwrap_or_default(),
        publisher: plan.publisher.unwrap_or_default(),
        product: plan.product.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
