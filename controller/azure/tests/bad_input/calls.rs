//! Every call of the client, with a real answer to each read.

use std::collections::BTreeMap;

use azimage_azure::{
    Accepted, Call, Client, Error, ImageDefinitionBody, ImageDefinitionSettings, ImageSource, ImageVersionBody,
    OperationUrl, Pages, ReplicationMode, RunCommandBody, SafetyProfile, VirtualMachineUpdate,
};
use uuid::Uuid;

const GROUP: &str =
    "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/build/providers/Microsoft.Compute";

/// A call, by its name in the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    VirtualMachine,
    RunCommand,
    Gallery,
    ImageDefinition,
    ImageVersion,
    ImageVersions,
    Operation,
    SerialConsoleLog,
    Disk,
    Snapshot,
    ManagedImage,
    SoftDeletedVersions,
    Permissions,
    Locks,
    Locations,
    ActivityLog,
    ScaleSets,
    ImageUsers,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Write {
    UpdateVirtualMachine,
    Deallocate,
    Generalize,
    PutRunCommand,
    DeleteRunCommand,
    PutImageVersion,
    DeleteImageVersion,
    PutImageDefinition,
}

pub(crate) const READS: [Read; 18] = [
    Read::VirtualMachine,
    Read::RunCommand,
    Read::Gallery,
    Read::ImageDefinition,
    Read::ImageVersion,
    Read::ImageVersions,
    Read::Operation,
    Read::SerialConsoleLog,
    Read::Disk,
    Read::Snapshot,
    Read::ManagedImage,
    Read::SoftDeletedVersions,
    Read::Permissions,
    Read::Locks,
    Read::Locations,
    Read::ActivityLog,
    Read::ScaleSets,
    Read::ImageUsers,
];

pub(crate) const WRITES: [Write; 8] = [
    Write::UpdateVirtualMachine,
    Write::Deallocate,
    Write::Generalize,
    Write::PutRunCommand,
    Write::DeleteRunCommand,
    Write::PutImageVersion,
    Write::DeleteImageVersion,
    Write::PutImageDefinition,
];

fn call() -> Call {
    Call::new(Uuid::nil())
}

fn machine<T: std::str::FromStr>(below: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("{GROUP}/{below}").parse().unwrap()
}

impl Read {
    /// An answer as Azure gives it.
    pub(crate) fn answer(self) -> String {
        let list = |text: &str| format!("{{\"value\":[{text}]}}");
        match self {
            Self::VirtualMachine => include_str!("answers/virtual_machine.json").to_owned(),
            Self::RunCommand => include_str!("answers/run_command.json").to_owned(),
            Self::Gallery => include_str!("answers/gallery.json").to_owned(),
            Self::ImageDefinition => include_str!("answers/image_definition.json").to_owned(),
            Self::ImageVersion => include_str!("answers/image_version.json").to_owned(),
            Self::ImageVersions => list(include_str!("answers/image_version.json")),
            Self::Operation => include_str!("answers/operation.json").to_owned(),
            Self::SerialConsoleLog => include_str!("answers/boot_diagnostics.json").to_owned(),
            Self::Disk | Self::Snapshot => include_str!("answers/disk.json").to_owned(),
            Self::ManagedImage => include_str!("answers/managed_image.json").to_owned(),
            Self::SoftDeletedVersions => list(include_str!("answers/soft_deleted_version.json")),
            Self::Permissions => list(r#"{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete"]}"#),
            Self::Locks => list(include_str!("answers/lock.json")),
            Self::Locations => list(include_str!("answers/location.json")),
            Self::ActivityLog => list(include_str!("answers/activity.json")),
            Self::ScaleSets => include_str!("answers/scale_sets.json").to_owned(),
            Self::ImageUsers => include_str!("answers/image_users.json").to_owned(),
        }
    }

    /// What was read, in words.
    pub(crate) async fn send(self, client: &Client) -> Result<String, Error> {
        let call = call();
        let said = match self {
            Self::VirtualMachine => {
                format!("{:?}", client.virtual_machine(&call, &machine("virtualMachines/builder-7")).await?)
            }
            Self::RunCommand => {
                format!(
                    "{:?}",
                    client.run_command(&call, &machine("virtualMachines/builder-7/runCommands/seal")).await?
                )
            }
            Self::Gallery => format!("{:?}", client.gallery(&call, &machine("galleries/corp")).await?),
            Self::ImageDefinition => {
                format!("{:?}", client.image_definition(&call, &machine("galleries/corp/images/web")).await?)
            }
            Self::ImageVersion => {
                format!(
                    "{:?}",
                    client.image_version(&call, &machine("galleries/corp/images/web/versions/1.4.0")).await?
                )
            }
            Self::ImageVersions => {
                let mut pages = Pages::default();
                client.image_versions_on(&call, &machine("galleries/corp/images/web"), &mut pages).await?;
                format!("{:?}", pages.into_values())
            }
            Self::Operation => {
                let url = "https://management.azure.com/subscriptions/s/operations/1?t=1&s=signed";
                format!("{:?}", client.operation(&call, &OperationUrl::parse(url).unwrap()).await?)
            }
            Self::SerialConsoleLog => {
                let log = client.serial_console_log(&call, &machine("virtualMachines/builder-7")).await?;
                format!("{} bytes", log.unwrap_or_default().len())
            }
            Self::Disk => format!("{:?}", client.disk(&call, &machine("disks/os")).await?),
            Self::Snapshot => format!("{:?}", client.snapshot(&call, &machine("snapshots/os")).await?),
            Self::ManagedImage => format!("{:?}", client.managed_image(&call, &machine("images/golden")).await?),
            Self::SoftDeletedVersions => {
                let kept = client.soft_deleted_versions(&call, &machine("galleries/corp/images/web")).await?;
                format!("{kept:?}")
            }
            Self::Permissions => format!("{:?}", client.permissions(&call, &format!("{GROUP}/galleries/corp")).await?),
            Self::Locations => {
                let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
                format!("{:?}", client.locations(&call, &subscription).await?)
            }
            Self::ActivityLog => {
                let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
                let at = jiff::Timestamp::UNIX_EPOCH;
                format!("{:?}", client.failure_in_activity_log(&call, &subscription, Uuid::nil(), at).await?)
            }
            Self::ScaleSets => {
                let version = machine("galleries/corp/images/web/versions/1.4.0");
                format!("{:?}", client.scale_sets_of(&call, &version).await?)
            }
            Self::ImageUsers => {
                format!("{:?}", client.users_of(&call, &machine("galleries/corp/images/web")).await?)
            }
            Self::Locks => format!("{:?}", client.locks(&call, &format!("{GROUP}/galleries/corp")).await?),
        };
        Ok(said)
    }
}

impl Write {
    pub(crate) async fn send(self, client: &Client) -> Result<Accepted, Error> {
        let call = call();
        let (id, command) =
            (machine("virtualMachines/builder-7"), machine("virtualMachines/builder-7/runCommands/seal"));
        let version = machine("galleries/corp/images/web/versions/1.4.0");
        match self {
            Self::UpdateVirtualMachine => {
                let update = VirtualMachineUpdate { tags: BTreeMap::new(), switch_boot_diagnostics_on: true };
                client.update_virtual_machine(&call, &id, &update, "\"7\"").await
            }
            Self::Deallocate => client.deallocate(&call, &id).await,
            Self::Generalize => client.generalize(&call, &id).await,
            Self::PutRunCommand => {
                let body = RunCommandBody {
                    location: "westeurope".parse().unwrap(),
                    script: "true".to_owned(),
                    tags: BTreeMap::new(),
                    timeout_seconds: 60,
                    async_execution: false,
                };
                client.put_run_command(&call, &command, &body).await
            }
            Self::DeleteRunCommand => client.delete_run_command(&call, &command).await,
            Self::PutImageVersion => client.put_image_version(&call, &version, &body(id)).await,
            Self::DeleteImageVersion => client.delete_image_version(&call, &version).await,
            Self::PutImageDefinition => {
                let body = ImageDefinitionBody {
                    location: "westeurope".parse().unwrap(),
                    tags: BTreeMap::new(),
                    properties: serde_json::Map::new(),
                    new: None,
                    settings: ImageDefinitionSettings::default(),
                };
                client.put_image_definition(&call, &machine("galleries/corp/images/web"), &body).await
            }
        }
    }
}

fn body(machine: azimage_names::VirtualMachineId) -> ImageVersionBody {
    ImageVersionBody {
        location: "westeurope".parse().unwrap(),
        tags: BTreeMap::new(),
        source: Some(ImageSource::VirtualMachine(machine)),
        target_regions: Vec::new(),
        target_extended_locations: Vec::new(),
        replica_count: Some(1),
        exclude_from_latest: true,
        end_of_life: None,
        storage_account_type: None,
        replication_mode: Some(ReplicationMode::Full),
        safety: SafetyProfile { allow_deletion_of_replicated_locations: None, block_deletion_before_end_of_life: None },
    }
}
