//! What Azure would refuse later is asked before the first change: rights, locks, and whether the version number is free.

mod deletion;
pub(in super::super) mod words;

use azimage_crds::Prepare;
use azimage_names::SubnetId;
use words::Foreseen;

use super::{
    super::{
        CloneSpec, Doubt, KeepSpec, Read, Scope, ValidationSpec,
        context::{Answer, Cx, Presence, Source},
        facts,
        report::{Decision, Outcome, Report, Stop},
    },
    clone::{needs_restore_point, workspace_missing},
    validate::words::{Impossible, Words as Validating},
};
use crate::Failure;

const VERSION_ACTIONS: &[&str] = &["Microsoft.Compute/galleries/images/versions/write"];

/// What a machine needs that is generalized already by other means, but for Azure.
const MACHINE_ACTIONS: &[&str] = &[
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachines/deallocate/action",
    "Microsoft.Compute/virtualMachines/generalize/action",
];

/// What is needed besides to seal its guest.
const SEAL_ACTIONS: &[&str] = &[
    "Microsoft.Compute/virtualMachines/runCommands/read",
    "Microsoft.Compute/virtualMachines/runCommands/write",
    "Microsoft.Compute/virtualMachines/runCommands/delete",
    "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
];

/// What is needed to keep a snapshot of the machine's OS disk for a while, where it lies.
const KEEP_ACTIONS: &[&str] = &["Microsoft.Compute/snapshots/write", "Microsoft.Compute/snapshots/delete"];

/// What is needed on the disk itself.
const DISK_ACTIONS: &[&str] = &["Microsoft.Compute/disks/beginGetAccess/action"];

/// What is needed in the workspace to copy disks by snapshots.
const SNAPSHOT_ACTIONS: &[&str] = &[
    "Microsoft.Compute/snapshots/write",
    "Microsoft.Compute/snapshots/beginGetAccess/action",
    "Microsoft.Compute/snapshots/delete",
];

/// What is needed there to copy all disks by a restore point.
const RESTORE_POINT_ACTIONS: &[&str] = &[
    "Microsoft.Compute/restorePointCollections/read",
    "Microsoft.Compute/restorePointCollections/write",
    "Microsoft.Compute/restorePointCollections/restorePoints/write",
    "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action",
    "Microsoft.Compute/restorePointCollections/delete",
];

/// What is needed there besides to make the copy of a machine, to seal it and to delete it.
const WORKSPACE_ACTIONS: &[&str] = &[
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/disks/delete",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/networkInterfaces/delete",
    "Microsoft.Compute/virtualMachines/delete",
];

/// What is needed on a subnet to put the copy of a machine in it.
const SUBNET_ACTIONS: &[&str] = &["Microsoft.Network/virtualNetworks/subnets/join/action"];

/// All actions that are looked for to capture a machine.
pub fn actions() -> impl Iterator<Item = &'static str> {
    [VERSION_ACTIONS, MACHINE_ACTIONS, SEAL_ACTIONS, KEEP_ACTIONS, DISK_ACTIONS].into_iter().flatten().copied()
}

/// All actions that are looked for besides to delete it with what belongs to it.
pub fn deletion_actions() -> impl Iterator<Item = &'static str> {
    [deletion::MACHINE, deletion::INTERFACES, deletion::DISKS, deletion::ADDRESSES].into_iter().flatten().copied()
}

/// All actions that are looked for besides to capture a copy of it.
pub fn clone_actions() -> impl Iterator<Item = &'static str> {
    [SNAPSHOT_ACTIONS, RESTORE_POINT_ACTIONS, WORKSPACE_ACTIONS, SUBNET_ACTIONS].into_iter().flatten().copied()
}

/// What is needed in the workspace to prove a version and to delete what that takes.
const VALIDATION_ACTIONS: &[&str] = &[
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/networkInterfaces/delete",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/disks/delete",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachines/delete",
    "Microsoft.Compute/virtualMachines/runCommands/read",
    "Microsoft.Compute/virtualMachines/runCommands/write",
];

/// All actions that are looked for to prove a version.
pub fn validation_actions() -> impl Iterator<Item = &'static str> {
    [VALIDATION_ACTIONS, SUBNET_ACTIONS].into_iter().flatten().copied()
}

/// All that can refuse the machines that prove a version, or their deletion.
pub(in super::super) fn before_validation(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    subnet: &SubnetId,
    report: &mut Report,
) -> Decision {
    let workspace = Scope::Workspace(spec.workspace.group.clone());
    let subnets = Scope::Subnet(subnet.clone());
    for (scope, actions) in [(workspace, VALIDATION_ACTIONS), (subnets, SUBNET_ACTIONS)] {
        if let Some(list) = missing(cx, &scope)? {
            let doubt = Doubt::Absent(list);
            let believed = cx.history.believes(&doubt);
            report.doubts(doubt);
            return match (believed, &scope) {
                (false, _) => report.wait(&Validating::WorkspaceNotShown),
                (true, Scope::Subnet(subnet)) => report.stalled(&Impossible::SubnetMissing { subnet: subnet.clone() }),
                (true, other) => report.stalled(&Impossible::GroupMissing { group: other.to_string() }),
            };
        }
        if let Some(lock) = keeping(cx, &scope, report)? {
            return report.stalled(&Impossible::Locked { lock: lock.name.clone(), scope: lock.scope.clone() });
        }
        if let Some(action) = denied(cx, &scope, actions, report)? {
            return report.stalled(&Impossible::Denied { action, scope: scope.to_string() });
        }
    }
    Ok(Outcome::Done)
}

/// Whether the version can be made: its life hasn't ended, and its number is free. A deleted version that its gallery keeps comes
/// back by a write under its number, with the image that it had.
pub(in super::super) fn version_may_be_made(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let end = cx.validated.publish.end_of_life_date.as_ref().map(|date| date.0);
    if let Some(date) = end.filter(|end| *end <= cx.history.now) {
        return report.stalled(&Foreseen::EndOfLifePassed { date });
    }
    let gallery = match cx.gallery()?.or_stop("read the gallery")? {
        Presence::Found(gallery) => gallery,
        Presence::Missing(_) => return Err(Stop::unseen("the gallery")),
    };
    if !gallery.soft_delete {
        return Ok(Outcome::Done);
    }
    let id = &cx.validated.id;
    let doing = "list the deleted versions that the gallery keeps";
    match cx.soft_deleted()?.or_stop(doing)? {
        Presence::Found(kept) if kept.contains(&id.version()) => report.stalled(&Foreseen::Kept { id: id.clone() }),
        Presence::Found(_) => Ok(Outcome::Done),
        Presence::Missing(_) => {
            believe_absent(cx, Read::SoftDeleted(id.definition().clone()), doing, report)?;
            Ok(Outcome::Done)
        }
    }
}

/// That there is no such list is believed only of an Azure that says so again and again: what it would tell can't be undone later.
fn believe_absent(cx: &Cx<'_>, list: Read, doing: &'static str, report: &mut Report) -> Result<(), Stop> {
    let doubt = Doubt::Absent(list);
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    let failure = || Failure::Unavailable("Azure says that there is nothing of the kind".to_owned());
    if believed { Ok(()) } else { Err(Stop::Failed(failure(), doing)) }
}

/// All that can refuse the capture of a machine that nobody has touched yet.
pub(in super::super) fn before_claim(cx: &Cx<'_>, source: Source<'_>, report: &mut Report) -> Decision {
    if let end @ Outcome::Ends(..) = version_may_be_made(cx, report)? {
        return Ok(end);
    }
    let (version, machine) =
        (Scope::Definition(cx.validated.id.definition().clone()), Scope::Machine(source.id.clone()));
    if let Some((lock, scope)) = locked(cx, &version, report)? {
        return report.stalled(&Foreseen::VersionLocked { lock, scope });
    }
    if let Some((lock, scope)) = locked(cx, &machine, report)? {
        return report.stalled(&Foreseen::MachineLocked { lock, scope });
    }
    if let Some(action) = denied(cx, &version, VERSION_ACTIONS, report)? {
        return report.stalled(&Foreseen::VersionDenied { action, scope: version });
    }
    let seal = if source.prepare == Prepare::Deprovision { SEAL_ACTIONS } else { &[] };
    let disk = if cx.keep_spec().is_some() && has_its_disk_beside_it(cx, source)? { DISK_ACTIONS } else { &[] };
    if let Some(action) = denied(cx, &machine, &[MACHINE_ACTIONS, seal, disk].concat(), report)? {
        return report.stalled(&Foreseen::MachineDenied { action, scope: machine });
    }
    if let end @ Outcome::Ends(..) = deletion::may_be_deleted(cx, source, report)? {
        return Ok(end);
    }
    cx.keep_spec().map_or(Ok(Outcome::Done), |keep| disk_may_be_kept(cx, keep, report))
}

/// Whether the OS disk lies in the machine's resource group, so that the rights there are those on the disk.
fn has_its_disk_beside_it(cx: &Cx<'_>, source: Source<'_>) -> Result<bool, Stop> {
    let (_, machine) = cx.origin_machine()?;
    let mut disks = machine.disks.iter().filter(|disk| disk.is_os_disk).filter_map(|disk| disk.id.as_ref());
    Ok(disks.any(|disk| disk.resource_group().eq_ignore_ascii_case(source.id.resource_group())))
}

/// Whether a snapshot of the machine's OS disk can be made, and deleted when it expired.
fn disk_may_be_kept(cx: &Cx<'_>, keep: &KeepSpec, report: &mut Report) -> Decision {
    let scope = Scope::Workspace(keep.group.clone());
    let (_, machine) = cx.origin_machine()?;
    if let Some(list) = missing(cx, &scope)? {
        return workspace_missing(cx, &scope, &machine.location, list, report);
    }
    if let Some(lock) = keeping(cx, &scope, report)? {
        return report.stalled(&Foreseen::KeepLocked { lock: lock.name.clone(), scope: lock.scope.clone() });
    }
    if let Some(action) = denied(cx, &scope, KEEP_ACTIONS, report)? {
        return report.stalled(&Foreseen::KeepDenied { action, scope });
    }
    Ok(Outcome::Done)
}

/// What Azure can't tell of a scope because there is no such thing.
fn missing(cx: &Cx<'_>, scope: &Scope) -> Result<Option<Read>, Stop> {
    if matches!(cx.locks(scope)?, Answer::Missing(_)) {
        return Ok(Some(Read::Locks(scope.clone())));
    }
    let absent = matches!(cx.permissions(scope)?, Answer::Missing(_));
    Ok(absent.then(|| Read::Permissions(scope.clone())))
}

/// All that can refuse the copy of a machine, its capture, or its deletion.
pub(in super::super) fn before_clone(
    cx: &Cx<'_>,
    clone: &CloneSpec,
    subnet: &SubnetId,
    report: &mut Report,
) -> Decision {
    if let end @ Outcome::Ends(..) = version_may_be_made(cx, report)? {
        return Ok(end);
    }
    let version = Scope::Definition(cx.validated.id.definition().clone());
    if let Some((lock, scope)) = locked(cx, &version, report)? {
        return report.stalled(&Foreseen::VersionLocked { lock, scope });
    }
    if let Some(action) = denied(cx, &version, VERSION_ACTIONS, report)? {
        return report.stalled(&Foreseen::VersionDenied { action, scope: version });
    }
    let (_, machine) = cx.origin_machine()?;
    let workspace = Scope::Workspace(clone.group.clone());
    let is_restored = needs_restore_point(cx, clone, machine);
    let copying = if is_restored { RESTORE_POINT_ACTIONS } else { SNAPSHOT_ACTIONS };
    let inside = [copying, WORKSPACE_ACTIONS, MACHINE_ACTIONS, SEAL_ACTIONS].concat();
    for (scope, actions) in [(workspace, inside), (Scope::Subnet(subnet.clone()), SUBNET_ACTIONS.to_vec())] {
        if let Some(list) = missing(cx, &scope)? {
            return workspace_missing(cx, &scope, &machine.location, list, report);
        }
        if let Some(lock) = keeping(cx, &scope, report)? {
            return report.stalled(&Foreseen::WorkspaceLocked { lock: lock.name.clone(), scope: lock.scope.clone() });
        }
        if let Some(action) = denied(cx, &scope, &actions, report)? {
            return report.stalled(&Foreseen::WorkspaceDenied { action, scope });
        }
    }
    Ok(Outcome::Done)
}

/// A lock on the workspace itself: each forbids to delete what was made for the work alone.
fn keeping<'a>(cx: &Cx<'a>, scope: &Scope, report: &mut Report) -> Result<Option<&'a facts::Lock>, Stop> {
    let Scope::Workspace(_) = scope else { return Ok(None) };
    let locks = told(cx, cx.locks(scope)?, || Read::Locks(scope.clone()), "read the locks on the workspace", report)?;
    Ok(locks.into_iter().flatten().find(|lock| lock.covers(&scope.to_string())))
}

/// A lock that forbids writes, by its name and scope.
fn locked(cx: &Cx<'_>, scope: &Scope, report: &mut Report) -> Result<Option<(String, String)>, Stop> {
    let doing = "read the locks on the gallery and the machine";
    let locks = told(cx, cx.locks(scope)?, || Read::Locks(scope.clone()), doing, report)?;
    let found = locks.into_iter().flatten().find(|lock| lock.forbids_writes_of(&scope.to_string()));
    Ok(found.map(|lock| (lock.name.clone(), lock.scope.clone())))
}

/// What Azure tells to those who may ask. Who may not can do without: what is forbidden is met later.
fn told<'a, T>(
    cx: &Cx<'_>,
    answer: Answer<'a, T>,
    list: impl Fn() -> Read,
    doing: &'static str,
    report: &mut Report,
) -> Result<Option<&'a T>, Stop> {
    match answer {
        Answer::Found(found) => Ok(Some(found)),
        Answer::Missing(_) => believe_absent(cx, list(), doing, report).map(|()| None),
        Answer::Failed(Failure::Denied { .. } | Failure::Refused(_)) => Ok(None),
        Answer::Failed(failure) => Err(Stop::Failed(failure.clone(), doing)),
    }
}

/// An action that no role gives.
fn denied(
    cx: &Cx<'_>,
    scope: &Scope,
    actions: &[&'static str],
    report: &mut Report,
) -> Result<Option<&'static str>, Stop> {
    let doing = "read the rights on the gallery and the machine";
    let permissions = told(cx, cx.permissions(scope)?, || Read::Permissions(scope.clone()), doing, report)?;
    let missing = |permissions: &facts::Permissions| {
        actions.iter().copied().find(|action| !permissions.iter().any(|permission| permission.allows(action)))
    };
    Ok(permissions.and_then(missing))
}
