//! The Compute provider: virtual machines, their run commands and restore points, disks, images, galleries, definitions, versions.

pub(crate) mod disk;
pub(crate) mod gallery;
pub(crate) mod image;
pub(crate) mod machine;
pub(crate) mod restore_point;
pub(crate) mod run_command;
pub(crate) mod version;

use http::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call},
        lists::{self, below},
        operation,
        provider::Provider,
        records,
        refusals::not_supported,
    },
    resources::{
        Resources,
        disk::DiskEncryptionSet,
        event::Event,
        gallery::{Definition, Gallery},
        image::ManagedImage,
        machine::VirtualMachine,
        operation::{PowerChange, Work},
        record::RecordKind,
    },
};

/// `Microsoft.Compute`.
pub(crate) struct Compute;

impl Provider for Compute {
    fn call(&self, resources: &mut Resources, call: &Call<'_>) -> Answer {
        let kind = call.address.kind();
        if kind == "galleries/softdeletedartifacttypes/artifacts/versions" {
            return version::soft_delete::call(resources, call);
        }
        if kind.starts_with("locations/") {
            return operation::get(resources, call, &kind);
        }
        if call.address.is_collection() {
            return collection_or_action(resources, call, &kind);
        }
        match (kind.as_str(), call.method) {
            ("virtualmachines", &Method::GET) => machine::get(resources, call),
            ("virtualmachines", &Method::PUT) => machine::write::put(resources, call),
            ("virtualmachines", &Method::PATCH) => machine::write::patch(resources, call),
            ("virtualmachines", &Method::DELETE) => Ok(machine::delete::delete(resources, call)),
            ("virtualmachines/runcommands", &Method::GET) => run_command::get(resources, call),
            ("virtualmachines/runcommands", &Method::PUT) => run_command::put::put(resources, call),
            ("virtualmachines/runcommands", &Method::PATCH) => run_command::put::patch(resources, call),
            ("virtualmachines/runcommands", &Method::DELETE) => run_command::put::delete(resources, call),
            ("disks" | "snapshots", _) => disk::call(resources, call),
            ("restorepointcollections", _) => restore_point::collection::call(resources, call),
            ("restorepointcollections/restorepoints", _) => restore_point::call(resources, call),
            ("restorepointcollections/restorepoints/diskrestorepoints", _) => {
                restore_point::disk::call(resources, call)
            }
            ("images", _) => image::managed::call(resources, call),
            ("diskencryptionsets", _) => disk::encryption_set::call(resources, call),
            ("galleries", &Method::GET) => gallery::get(resources, call),
            ("galleries", &Method::PUT) => gallery::put(resources, call),
            ("galleries", &Method::PATCH) => gallery::patch(resources, call),
            ("galleries", &Method::DELETE) => gallery::delete(resources, call),
            ("galleries/images", &Method::GET) => gallery::definition::get(resources, call),
            ("galleries/images", &Method::PUT) => gallery::definition::put(resources, call),
            ("galleries/images", &Method::PATCH) => gallery::definition::patch(resources, call),
            ("galleries/images", &Method::DELETE) => gallery::definition::delete(resources, call),
            ("galleries/images/versions", &Method::GET) => version::get(resources, call),
            ("galleries/images/versions", &Method::PUT) => version::put::put(resources, call),
            ("galleries/images/versions", &Method::PATCH) => version::update::patch(resources, call),
            ("galleries/images/versions", &Method::DELETE) => version::delete(resources, call),
            _ => Err(not_supported(call)),
        }
    }

    fn operation_ends(&self, resources: &mut Resources, id: Uuid, work: Work) {
        match work {
            Work::Power { machine, change, before } => machine::power::changed(resources, id, &machine, change, before),
            Work::MachineCreated { machine } => machine::write::created(resources, id, &machine),
            Work::MachineUpdated { machine } => machine::write::updated(resources, id, &machine),
            Work::MachineDeleted { machine } => machine::delete::deleted(resources, id, &machine),
            Work::RunCommandDeleted { command } => run_command::put::deleted(resources, id, &command),
            Work::Written { kind, resource: key } => {
                records::written(resources, id, kind, &key, |resources| output(resources, kind, &key));
            }
            Work::Deleted { kind, resource: key } => {
                records::deleted(resources, id, kind, &key, |resources| gone(resources, kind, &key));
            }
            Work::GalleryShared { gallery } => gallery::sharing::shared(resources, id, &gallery),
            Work::DisksAttached { machine } => machine::data_disks::attached(resources, id, &machine),
            Work::VersionDeleted { version, for_good } => version::deleted(resources, id, &version, for_good),
            Work::Script { .. } | Work::VersionWritten { .. } => {}
        }
    }

    fn happens(&self, resources: &mut Resources, event: Event) {
        match event {
            Event::VersionMoves(version) => version::replication::moves(resources, &version),
            Event::Script { command, run, point } => run_command::script_reaches(resources, &command, run, point),
            Event::Process(id) => machine::guest_runs::process_goes_on(resources, id),
            Event::Guest { machine, boot, change } => machine::power::guest_changes(resources, &machine, boot, change),
            Event::OperationEnds(_) => {}
        }
    }
}

fn collection_or_action(resources: &mut Resources, call: &Call<'_>, kind: &str) -> Answer {
    match (kind, call.method) {
        ("virtualmachines/instanceview", &Method::GET) => machine::get_instance_view(resources, call),
        ("virtualmachines/start", &Method::POST) => machine::power::change(resources, call, PowerChange::Start),
        ("virtualmachines/restart", &Method::POST) => machine::power::change(resources, call, PowerChange::Restart),
        ("virtualmachines/poweroff", &Method::POST) => machine::power::change(resources, call, PowerChange::PowerOff),
        ("virtualmachines/deallocate", &Method::POST) => {
            machine::power::change(resources, call, PowerChange::Deallocate)
        }
        ("virtualmachines/generalize", &Method::POST) => machine::power::generalize(resources, call),
        ("virtualmachines/attachdetachdatadisks", &Method::POST) => machine::data_disks::action(resources, call),
        ("galleries/share", &Method::POST) => gallery::sharing::share(resources, call),
        ("virtualmachines/runcommand", &Method::POST) => run_command::put::action(resources, call),
        ("virtualmachines/retrievebootdiagnosticsdata", &Method::POST) => {
            machine::boot_diagnostics::retrieve(resources, call)
        }
        _ => list(resources, call, kind),
    }
}

/// The resources of one type below the address: in a resource group, in a subscription, or inside a parent.
fn list(resources: &Resources, call: &Call<'_>, kind: &str) -> Answer {
    lists::check(resources, call)?;
    let entries: Vec<Value> = match kind {
        "virtualmachines" => below(call, &resources.machines).map(VirtualMachine::view).collect(),
        "virtualmachines/runcommands" => below(call, &resources.run_commands)
            .filter(|command| !command.action)
            .map(|command| command.view(call.expands("instanceView")))
            .collect(),
        "galleries" => below(call, &resources.galleries).map(Gallery::view).collect(),
        "galleries/images" => below(call, &resources.definitions).map(Definition::view).collect(),
        "galleries/images/versions" => {
            below(call, &resources.versions).map(|version| version.view(resources.now, false)).collect()
        }
        "disks" | "snapshots" => below(call, &resources.disks).map(|disk| disk::view(resources, disk)).collect(),
        "diskencryptionsets" => below(call, &resources.encryption_sets).map(DiskEncryptionSet::view).collect(),
        "restorepointcollections" => below(call, &resources.restore_point_collections)
            .map(|collection| restore_point::collection::view(resources, collection, false))
            .collect(),
        "restorepointcollections/restorepoints/diskrestorepoints" => restore_point::disk::list(resources, call),
        "images" => below(call, &resources.images).map(ManagedImage::view).collect(),
        _ => return Err(not_supported(call)),
    };
    Ok(lists::page(resources, call, entries))
}

/// What the `Location` address of a write answers in the end; only disks and their like have one.
fn output(resources: &Resources, kind: RecordKind, key: &str) -> Option<Value> {
    match kind {
        RecordKind::Disk => resources.disks.get(key).map(|disk| disk::view(resources, disk)),
        RecordKind::EncryptionSet => resources.encryption_sets.get(key).map(DiskEncryptionSet::view),
        _ => None,
    }
}

fn gone(resources: &mut Resources, kind: RecordKind, key: &str) {
    match kind {
        RecordKind::Gallery => gallery::gone(resources, key),
        RecordKind::Definition => gallery::definition::gone(resources, key),
        RecordKind::Disk => {
            resources.disks.remove(key);
            records::remember_deletion(resources, key);
        }
        RecordKind::EncryptionSet => drop(resources.encryption_sets.remove(key)),
        RecordKind::RestorePointCollection => restore_point::collection::gone(resources, key),
        RecordKind::RestorePoint => drop(resources.restore_points.remove(key)),
        RecordKind::Image => drop(resources.images.remove(key)),
        RecordKind::Network => {}
    }
}
