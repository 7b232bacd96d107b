//! Answers of Azure become observations.

use std::collections::BTreeMap;

use azimage_azure as azure;
use azimage_core::guest::{console, output};
use azimage_core::image_version::{
    BootDiagnostics, ConsoleObserved, DefinitionObserved, Execution, MarketplacePlan, OsType, Power, Provisioning,
    RegionObserved, RegionReplication, SealObserved, SourceVersionObserved, TargetRegionObserved, VersionObserved,
    VirtualMachineObserved,
};
use azimage_crds::SEAL_TAG;
use serde_json::{Map, Value};

/// Members of a target region that decisions know; all others are kept as they are.
pub(super) const KNOWN_OF_TARGET: [&str; 4] =
    ["name", "regionalReplicaCount", "storageAccountType", "excludeFromLatest"];

/// Where edge zones are kept in the preserved members of a version.
pub(super) const EXTENDED_LOCATIONS: &str = "targetExtendedLocations";

/// Storage types that a gallery image can't be made from.
const UNSUPPORTED_STORAGE: [&str; 2] = ["UltraSSD_LRS", "PremiumV2_LRS"];

pub(super) fn machine(machine: azure::VirtualMachine) -> VirtualMachineObserved {
    let storage = std::iter::once(machine.os_disk.storage_account_type.as_ref())
        .chain(machine.data_disks.iter().map(|disk| disk.storage_account_type.as_ref()))
        .flatten();
    let unsupported_disk =
        storage.clone().find(|kind| UNSUPPORTED_STORAGE.iter().any(|no| kind.eq_ignore_ascii_case(no))).cloned();
    let sizes = std::iter::once(machine.os_disk.size_gib).chain(machine.data_disks.iter().map(|disk| disk.size_gib));
    VirtualMachineObserved {
        uid: machine.vm_id.unwrap_or_default(),
        location: machine.location,
        etag: machine.etag,
        tags: machine.tags,
        os_type: machine.os_type.map_or_else(|| OsType::Other("an unknown system".to_owned()), os_type),
        generation: machine.hyper_v_generation.map(|generation| generation.to_string()),
        security_type: Some(machine.security_type.to_string()),
        disk_controller: machine.disk_controller.map(|controller| controller.to_string()),
        ephemeral_os_disk: machine.os_disk.ephemeral,
        unmanaged_os_disk: !machine.os_disk.managed,
        unsupported_disk,
        largest_disk_gib: sizes.flatten().max().map(i64::from),
        scale_set: machine.scale_set,
        plan: machine.plan.and_then(plan),
        provisioning: provisioning(machine.provisioning_state),
        power: match machine.power_state {
            Some(azure::PowerState::Starting) => Power::Starting,
            Some(azure::PowerState::Running) => Power::Running,
            Some(azure::PowerState::Stopping) => Power::Stopping,
            Some(azure::PowerState::Stopped) => Power::Stopped,
            Some(azure::PowerState::Deallocating) => Power::Deallocating,
            Some(azure::PowerState::Deallocated) => Power::Deallocated,
            Some(azure::PowerState::Unknown | azure::PowerState::Other(_)) | None => Power::Unknown,
        },
        generalized: machine.generalized,
        agent_ready: machine.agent.as_ref().is_some_and(|agent| agent.ready),
        agent_message: machine.agent.and_then(|agent| agent.message),
        read_at: machine.read_at,
        changed_at: machine.changed_at,
        boot_diagnostics: match machine.boot_diagnostics {
            azure::BootDiagnostics::Off => BootDiagnostics::Off,
            azure::BootDiagnostics::Managed => BootDiagnostics::Managed,
            azure::BootDiagnostics::StorageAccount(account) => BootDiagnostics::StorageAccount(account),
        },
    }
}

pub(super) fn definition(definition: azure::ImageDefinition) -> DefinitionObserved {
    let controllers = definition.feature("DiskControllerTypes").or_else(|| definition.feature("DiskControllerType"));
    DefinitionObserved {
        disk_controllers: controllers.map(str::to_owned),
        security_type: definition.security_type().map(|kind| kind.to_string()),
        os_type: os_type(definition.os_type),
        specialized: definition.os_state != azure::OsState::Generalized,
        generation: Some(definition.hyper_v_generation.to_string()),
        plan: definition.purchase_plan.and_then(plan),
    }
}

pub(super) fn source_version((version, of): (azure::ImageVersion, azure::ImageDefinition)) -> SourceVersionObserved {
    let summary = version.replication.iter().flat_map(|status| &status.summary);
    SourceVersionObserved {
        home: summary
            .filter(|region| region.region == version.location)
            .map(|region| region_state(&region.state))
            .next(),
        location: version.location,
        provisioning: provisioning(version.provisioning_state),
        definition: definition(of),
    }
}

pub(super) fn seal(command: azure::RunCommand) -> SealObserved {
    let instance = command.instance;
    let nonce = command.tags.get(SEAL_TAG).filter(|nonce| !nonce.is_empty()).cloned();
    let execution = match instance.as_ref().map(|instance| &instance.execution_state) {
        Some(azure::ExecutionState::Succeeded) => Execution::Succeeded,
        Some(azure::ExecutionState::Failed | azure::ExecutionState::TimedOut | azure::ExecutionState::Canceled) => {
            Execution::Failed
        }
        Some(azure::ExecutionState::Pending | azure::ExecutionState::Running) => Execution::Running,
        Some(azure::ExecutionState::Unknown | azure::ExecutionState::Other(_)) | None => Execution::Unknown,
    };
    let word = |nonce: &String| instance.as_ref().map(|instance| console::read(instance.output.as_bytes(), nonce));
    let said = nonce.as_ref().and_then(word).unwrap_or(ConsoleObserved::NoMark);
    let printed = instance.as_ref().map(|instance| output::read(&instance.output, &instance.error));
    SealObserved {
        provisioning: provisioning(command.provisioning_state),
        execution,
        started: instance.as_ref().and_then(|instance| instance.started),
        ended: instance.as_ref().and_then(|instance| instance.ended),
        exit_code: instance.and_then(|instance| instance.exit_code).map(i64::from),
        printed: printed.unwrap_or_default(),
        said,
        nonce,
    }
}

fn region_state(state: &azure::RegionState) -> RegionReplication {
    match state {
        azure::RegionState::Replicating | azure::RegionState::InProgress => RegionReplication::Replicating,
        azure::RegionState::Completed => RegionReplication::Completed,
        azure::RegionState::Failed => RegionReplication::Failed,
        azure::RegionState::Unknown | azure::RegionState::Other(_) => RegionReplication::Unknown,
    }
}

pub(super) fn version(version: azure::ImageVersion) -> VersionObserved {
    let mut preserved = Map::new();
    if !version.target_extended_locations.is_empty() {
        let zones = serde_json::to_value(&version.target_extended_locations).unwrap_or_default();
        preserved.insert(EXTENDED_LOCATIONS.to_owned(), zones);
    }
    let count = |replicas: Option<u32>| replicas.map(|replicas| i32::try_from(replicas).unwrap_or(i32::MAX));
    let summary = version.replication.map(|status| status.summary).unwrap_or_default();
    let replication: BTreeMap<_, _> = summary
        .into_iter()
        .map(|region| {
            (
                region.region,
                RegionObserved {
                    state: region_state(&region.state),
                    progress: i32::from(region.progress),
                    details: region.details,
                },
            )
        })
        .collect();
    VersionObserved {
        location: version.location,
        tags: version.tags,
        provisioning: provisioning(version.provisioning_state),
        source: version.source.map(|source| match source {
            azure::ImageSource::VirtualMachine(id) => id.to_string(),
            azure::ImageSource::Resource(id) | azure::ImageSource::CommunityGalleryImage(id) => id,
        }),
        targets: version.target_regions.into_iter().map(target).collect(),
        default_replicas: count(version.replica_count).unwrap_or(1),
        exclude_from_latest: version.exclude_from_latest,
        end_of_life: version.end_of_life,
        storage_account_type: version
            .storage_account_type
            .map_or_else(|| "Standard_LRS".to_owned(), |kind| kind.to_string()),
        replication_mode: version.replication_mode.to_string(),
        allow_deletion_of_regions: version.safety.allow_deletion_of_replicated_locations.unwrap_or(false),
        block_deletion: version.safety.block_deletion_before_end_of_life.unwrap_or(false),
        replication,
        size_gib: version
            .os_disk_size_gib
            .map(|os| i64::from(os) + version.data_disk_sizes_gib.iter().map(|size| i64::from(*size)).sum::<i64>()),
        preserved,
    }
}

fn target(target: azure::TargetRegion) -> TargetRegionObserved {
    let Value::Object(mut preserved) = serde_json::to_value(&target).unwrap_or_default() else {
        return bare(target, Map::new());
    };
    preserved.retain(|key, _| !KNOWN_OF_TARGET.contains(&key.as_str()));
    bare(target, preserved)
}

fn bare(target: azure::TargetRegion, preserved: Map<String, Value>) -> TargetRegionObserved {
    TargetRegionObserved {
        region: target.name,
        replicas: target.regional_replica_count.map(|replicas| i32::try_from(replicas).unwrap_or(i32::MAX)),
        storage_account_type: target.storage_account_type.map(|kind| kind.to_string()),
        exclude_from_latest: target.exclude_from_latest.unwrap_or(false),
        preserved,
    }
}

fn provisioning(state: Option<azure::ProvisioningState>) -> Provisioning {
    match state {
        // A resource without the state counts as Succeeded (Azure documentation, "Asynchronous operations").
        None | Some(azure::ProvisioningState::Succeeded) => Provisioning::Succeeded,
        Some(azure::ProvisioningState::Creating) => Provisioning::Creating,
        Some(azure::ProvisioningState::Updating) => Provisioning::Updating,
        Some(azure::ProvisioningState::Failed | azure::ProvisioningState::Canceled) => Provisioning::Failed,
        Some(azure::ProvisioningState::Deleting) => Provisioning::Deleting,
        Some(azure::ProvisioningState::Migrating) => Provisioning::Other("Migrating".to_owned()),
        Some(azure::ProvisioningState::Other(name)) => Provisioning::Other(name),
    }
}

fn os_type(os: azure::OsType) -> OsType {
    match os {
        azure::OsType::Linux => OsType::Linux,
        azure::OsType::Windows => OsType::Windows,
        azure::OsType::Other(name) => OsType::Other(name),
    }
}

/// A plan of which Azure names nothing is none.
fn plan(plan: azure::Plan) -> Option<MarketplacePlan> {
    let none = plan.name.is_none() && plan.publisher.is_none() && plan.product.is_none();
    (!none).then(|| MarketplacePlan {
        name: plan.name.unwrap_or_default(),
        publisher: plan.publisher.unwrap_or_default(),
        product: plan.product.unwrap_or_default(),
    })
}
