//! The rights that the calls of this crate take, by the job that makes them.
//!
//! The names are Azure's (`docs/azure-behaviour.md`, section 14). A call that is added to this crate is added here too.

use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_json::{Value, json};

/// A part of the work whose rights are given apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// Sealing and generalizing a virtual machine, and making a version from it: on the machines.
    Capture,
    /// Deleting machines that were captured, whose objects say `sourceCleanup: Delete`, and what belongs to them: on them, or their
    /// resource groups.
    DeleteSource,
    /// Reading virtual machines that are cloned, and copying their disks: on the machines.
    Clone,
    /// Making the copies, capturing them and deleting them: on the workspace's resource group, and its subnets.
    Workspace,
    /// Making machines from versions to prove them, and deleting them: on the workspace's resource group, and its subnets.
    Validate,
    /// Reading versions and managed images that versions are made from: on them, or their gallery or resource group.
    Source,
    /// Making versions from disks and snapshots: on them, or their resource groups.
    SourceDisks,
    /// Making image definitions and keeping them: on the gallery.
    Definition,
    /// Making versions and replicating them: on the gallery.
    Publish,
    /// Deleting versions whose objects say `deletionPolicy: Delete`: on the gallery.
    CleanUp,
    /// Seeing who uses versions, and how writes ended: on subscriptions.
    Observe,
}

/// An action of Azure, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The job that takes it.
    pub job: Job,
    /// The action, as role definitions name it.
    pub action: &'static str,
    /// The call that takes it, in the names of Azure's REST reference.
    pub call: &'static str,
    /// Why that call is made.
    pub why: &'static str,
    /// Whether the work is done without it too: then something is found out later than it could be.
    pub optional: bool,
}

/// All rights, each job's in the order of the work.
pub const RIGHTS: &[Right] = &[
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/read",
        "Virtual Machines - Get",
        "state, power and owner of the machine",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/disks/read",
        "Disks - Get",
        "architecture, storage, size and encryption of the machine's disks, which decide whether an image can be made from it",
    ),
    optional(
        Job::Capture,
        "Microsoft.Authorization/permissions/read",
        "Permissions - List For Resource",
        "whether the rights on the machine are complete, before it is touched",
    ),
    optional(
        Job::Capture,
        "Microsoft.Authorization/locks/read",
        "Management Locks - List By Scope",
        "whether a lock forbids to change the machine, before it is touched",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/write",
        "Virtual Machines - Update; Gallery Image Versions - Create Or Update",
        "the claim on the machine and the proof of the seal are its tags, and a version is made only from a machine that the caller may write",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/disks/beginGetAccess/action",
        "Snapshots - Create Or Update",
        "the snapshot of the machine's OS disk that is kept for a while: who makes one has to be allowed to export the disk",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/snapshots/read",
        "Snapshots - Get",
        "whether that snapshot is there, is gone, and whose it is; on spec.workspace's resource group, where there is one",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/snapshots/write",
        "Snapshots - Create Or Update",
        "making it, before anything is changed in the guest",
    ),
    right(Job::Capture, "Microsoft.Compute/snapshots/delete", "Snapshots - Delete", "deleting it when it expired"),
    optional(
        Job::Capture,
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
        "Resources - List By Resource Group",
        "what is left of such snapshots whose objects are gone; without it nobody looks for that",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/runCommands/read",
        "Virtual Machine Run Commands - Get By Virtual Machine",
        "how the seal went",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/runCommands/write",
        "Virtual Machine Run Commands - Create Or Update",
        "the seal of the guest",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/runCommands/delete",
        "Virtual Machine Run Commands - Delete",
        "the seal's run command goes as soon as it has done its work, so that no later start of the machine runs it again",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
        "Virtual Machines - Retrieve Boot Diagnostics Data",
        "whether the guest said on its serial console that it is sealed",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Virtual Machines - Deallocate",
        "only a deallocated machine is generalized",
    ),
    right(
        Job::Capture,
        "Microsoft.Compute/virtualMachines/generalize/action",
        "Virtual Machines - Generalize",
        "only a generalized machine becomes a version",
    ),
    optional(
        Job::Capture,
        "Microsoft.Compute/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "why a write of a machine that Azure had accepted failed; without it the message doesn't say",
    ),
    optional(
        Job::Capture,
        "Microsoft.Compute/locations/diskOperations/read",
        "the URL of an operation, as Azure gave it",
        "why a snapshot that Azure had accepted failed; without it the message doesn't say",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Compute/virtualMachines/delete",
        "Virtual Machines - Delete",
        "deleting the machine when the version made from it is complete in its home region",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Network/networkInterfaces/read",
        "Network Interfaces - Get",
        "whether an interface is the machine's alone, which public addresses are on it, and that it is gone",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Network/networkInterfaces/delete",
        "Network Interfaces - Delete",
        "deleting it after the machine",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Compute/disks/delete",
        "Disks - Delete",
        "deleting the machine's disks, those with data too",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Network/publicIPAddresses/read",
        "Public IP Addresses - Get",
        "whether a public address is on nothing else, and that it is gone",
    ),
    right(
        Job::DeleteSource,
        "Microsoft.Network/publicIPAddresses/delete",
        "Public IP Addresses - Delete",
        "deleting it after the interfaces",
    ),
    optional(
        Job::DeleteSource,
        "Microsoft.Compute/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "why a deletion of the machine that Azure had accepted failed; without it the message doesn't say",
    ),
    optional(
        Job::DeleteSource,
        "Microsoft.Compute/locations/diskOperations/read",
        "the URL of an operation, as Azure gave it",
        "the same, of a disk",
    ),
    optional(
        Job::DeleteSource,
        "Microsoft.Network/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "the same, of a network interface or public address",
    ),
    right(
        Job::Clone,
        "Microsoft.Compute/virtualMachines/read",
        "Virtual Machines - Get",
        "what the machine is, whose copy is captured; nothing of it is changed",
    ),
    right(
        Job::Clone,
        "Microsoft.Compute/disks/read",
        "Disks - Get",
        "what the machine's disks are, which decides whether an image can be made from them",
    ),
    right(
        Job::Clone,
        "Microsoft.Compute/disks/beginGetAccess/action",
        "Snapshots - Create Or Update",
        "snapshots of the machine's disks: who makes one has to be allowed to export the disk",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Authorization/permissions/read",
        "Permissions - List For Resource Group",
        "whether the rights on the workspace are complete, before anything is made",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Authorization/locks/read",
        "Management Locks - List By Scope",
        "whether a lock would keep the copy from being made or deleted, before anything is made",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
        "Resources - List By Resource Group",
        "what is left of copies whose objects are gone; without it nobody looks for that",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/snapshots/read",
        "Snapshots - Get; Disks - Create Or Update",
        "whether a snapshot is there, is gone, and whose it is; also for the disk that is made from it",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/snapshots/write",
        "Snapshots - Create Or Update",
        "snapshots of the disks of the machine that is cloned",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/snapshots/beginGetAccess/action",
        "Disks - Create Or Update",
        "disks from the snapshots: who makes one has to be allowed to export the snapshot",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/snapshots/delete",
        "Snapshots - Delete",
        "deleting them when the version is made, or the copy can't be captured",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/restorePointCollections/read",
        "Restore Point Collections - Get",
        "whether a restore point is there, is gone, and whose it is, and what it holds of each disk",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/restorePointCollections/write",
        "Restore Point Collections - Create Or Update",
        "the collection for the restore point of a machine with data disks, whose copy has to have all disks as they are at one moment",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/restorePointCollections/restorePoints/write",
        "Restore Points - Create",
        "the restore point of that machine",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action",
        "Disks - Create Or Update",
        "disks from the restore point: who makes one has to be allowed to export what it holds",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/restorePointCollections/delete",
        "Restore Point Collections - Delete",
        "deleting it, and the restore point with it",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/disks/read",
        "Disks - Get",
        "whether a disk of the copy is there, is gone, and whose it is",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/disks/write",
        "Disks - Create Or Update; Virtual Machines - Create Or Update",
        "the disks of the copy",
    ),
    right(Job::Workspace, "Microsoft.Compute/disks/delete", "Disks - Delete", "deleting them"),
    right(
        Job::Workspace,
        "Microsoft.Network/networkSecurityGroups/read",
        "Network Security Groups - Get",
        "whether the network of the copy is closed",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkSecurityGroups/write",
        "Network Security Groups - Create Or Update",
        "closing the network of the copy before the copy is there",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkSecurityGroups/join/action",
        "Network Interfaces - Create Or Update",
        "putting the copy behind it",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkSecurityGroups/delete",
        "Network Security Groups - Delete",
        "deleting it",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkInterfaces/read",
        "Network Interfaces - Get",
        "whether the network interface of the copy is there, and closed",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkInterfaces/write",
        "Network Interfaces - Create Or Update",
        "the network interface of the copy, without which Azure makes no machine",
    ),
    right(
        Job::Workspace,
        "Microsoft.Network/networkInterfaces/join/action",
        "Virtual Machines - Create Or Update",
        "giving it to the copy",
    ),
    right(Job::Workspace, "Microsoft.Network/networkInterfaces/delete", "Network Interfaces - Delete", "deleting it"),
    right(
        Job::Workspace,
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Network Interfaces - Create Or Update",
        "putting it in the subnet; needed on the subnet alone",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/read",
        "Virtual Machines - Get",
        "state and power of the copy, and that it is gone",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/write",
        "Virtual Machines - Create Or Update; Virtual Machines - Update",
        "the copy, and the proof of its seal in its tags",
    ),
    right(Job::Workspace, "Microsoft.Compute/virtualMachines/delete", "Virtual Machines - Delete", "deleting the copy"),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/runCommands/read",
        "Virtual Machine Run Commands - Get By Virtual Machine",
        "how the seal of the copy went",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/runCommands/write",
        "Virtual Machine Run Commands - Create Or Update",
        "the seal in the guest of the copy",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/runCommands/delete",
        "Virtual Machine Run Commands - Delete",
        "removing it when it has done its work",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
        "Virtual Machines - Retrieve Boot Diagnostics Data",
        "whether the guest of the copy said on its serial console that it is sealed",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Virtual Machines - Deallocate",
        "only a deallocated machine is generalized",
    ),
    right(
        Job::Workspace,
        "Microsoft.Compute/virtualMachines/generalize/action",
        "Virtual Machines - Generalize",
        "only a generalized machine becomes a version",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Compute/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "why a write in the workspace that Azure had accepted failed; without it the message doesn't say",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Compute/locations/diskOperations/read",
        "the URL of an operation, as Azure gave it",
        "the same, of a disk or snapshot",
    ),
    optional(
        Job::Workspace,
        "Microsoft.Network/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "the same, of a security group or network interface",
    ),
    optional(
        Job::Validate,
        "Microsoft.Authorization/permissions/read",
        "Permissions - List For Resource Group",
        "whether the rights on the workspace are complete, before a machine is made from the version",
    ),
    optional(
        Job::Validate,
        "Microsoft.Authorization/locks/read",
        "Management Locks - List By Scope",
        "whether a lock would keep the machines from being deleted, before they are made",
    ),
    optional(
        Job::Validate,
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
        "Resources - List By Resource Group",
        "what is left of validations whose objects are gone; without it nobody looks for that",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkSecurityGroups/read",
        "Network Security Groups - Get",
        "whether the network of the machines is closed",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkSecurityGroups/write",
        "Network Security Groups - Create Or Update",
        "closing the network of the machines before they are there",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkSecurityGroups/join/action",
        "Network Interfaces - Create Or Update",
        "putting the machines behind it",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkSecurityGroups/delete",
        "Network Security Groups - Delete",
        "deleting it",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkInterfaces/read",
        "Network Interfaces - Get",
        "whether the network interfaces of the machines are there, and closed",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkInterfaces/write",
        "Network Interfaces - Create Or Update",
        "the network interfaces of the machines",
    ),
    right(
        Job::Validate,
        "Microsoft.Network/networkInterfaces/join/action",
        "Virtual Machines - Create Or Update",
        "giving them to the machines",
    ),
    right(Job::Validate, "Microsoft.Network/networkInterfaces/delete", "Network Interfaces - Delete", "deleting them"),
    right(
        Job::Validate,
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Network Interfaces - Create Or Update",
        "putting them in the subnet; needed on the subnet alone",
    ),
    right(
        Job::Validate,
        "Microsoft.Compute/disks/write",
        "Virtual Machines - Create Or Update",
        "the disks that Azure makes with the machines",
    ),
    right(
        Job::Validate,
        "Microsoft.Compute/disks/delete",
        "Virtual Machines - Delete",
        "the disks that Azure deletes with them",
    ),
    right(
        Job::Validate,
        "Microsoft.Compute/virtualMachines/read",
        "Virtual Machines - Get",
        "whether the machines come up, and that they are gone",
    ),
    right(
        Job::Validate,
        "Microsoft.Compute/virtualMachines/write",
        "Virtual Machines - Create Or Update",
        "the machines that prove the version",
    ),
    right(Job::Validate, "Microsoft.Compute/virtualMachines/delete", "Virtual Machines - Delete", "deleting them"),
    right(
        Job::Validate,
        "Microsoft.Compute/virtualMachines/runCommands/read",
        "Virtual Machine Run Commands - Get By Virtual Machine",
        "what the checks found",
    ),
    right(
        Job::Validate,
        "Microsoft.Compute/virtualMachines/runCommands/write",
        "Virtual Machine Run Commands - Create Or Update",
        "the checks in the machines",
    ),
    optional(
        Job::Validate,
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
        "Virtual Machines - Retrieve Boot Diagnostics Data",
        "the end of the serial console log of a machine of a version that failed; without it the status has none",
    ),
    optional(
        Job::Validate,
        "Microsoft.Compute/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "why a machine that Azure had accepted didn't come up; without it the message doesn't say",
    ),
    optional(
        Job::Validate,
        "Microsoft.Network/locations/operations/read",
        "the URL of an operation, as Azure gave it",
        "why a security group or network interface that Azure had accepted failed; without it the message doesn't say",
    ),
    optional(
        Job::Validate,
        "Microsoft.Compute/locations/diskOperations/read",
        "the URL of an operation, as Azure gave it",
        "why the deletion of a disk that Azure had accepted failed; without it the message doesn't say",
    ),
    right(
        Job::Source,
        "Microsoft.Compute/galleries/images/read",
        "Gallery Images - Get",
        "what the image in the version is that is copied, which decides whether it fits the image definition",
    ),
    right(
        Job::Source,
        "Microsoft.Compute/galleries/images/versions/read",
        "Gallery Image Versions - Get; Gallery Image Versions - Create Or Update",
        "whether the version that is copied is complete; Azure asks for it of who copies one",
    ),
    right(
        Job::Source,
        "Microsoft.Compute/images/read",
        "Images - Get; Gallery Image Versions - Create Or Update",
        "what the managed image is; Azure asks for it of who makes a version from one",
    ),
    right(
        Job::SourceDisks,
        "Microsoft.Compute/disks/read",
        "Disks - Get",
        "what the disk is, and whether a machine has it",
    ),
    right(
        Job::SourceDisks,
        "Microsoft.Compute/disks/write",
        "Gallery Image Versions - Create Or Update",
        "a version from a disk: Azure makes one only for who may write the disk; azimage writes nothing to it",
    ),
    right(
        Job::SourceDisks,
        "Microsoft.Compute/snapshots/read",
        "Snapshots - Get",
        "what the snapshot is, and whether its data is all there",
    ),
    right(
        Job::SourceDisks,
        "Microsoft.Compute/snapshots/write",
        "Gallery Image Versions - Create Or Update",
        "a version from a snapshot: Azure makes one only for who may write the snapshot; azimage writes nothing to it",
    ),
    right(
        Job::Definition,
        "Microsoft.Compute/galleries/images/read",
        "Gallery Images - Get",
        "what the image definition is, and whose",
    ),
    right(
        Job::Definition,
        "Microsoft.Compute/galleries/read",
        "Galleries - Get",
        "whether there is the gallery of an image definition that isn't there, and its region",
    ),
    right(
        Job::Definition,
        "Microsoft.Compute/galleries/images/write",
        "Gallery Images - Create Or Update",
        "making the image definition, and keeping what may change of it; not for objects with management: Observe",
    ),
    right(
        Job::Publish,
        "Microsoft.Compute/galleries/images/read",
        "Gallery Images - Get",
        "whether the source fits the image definition",
    ),
    right(
        Job::Publish,
        "Microsoft.Compute/galleries/read",
        "Galleries - Get",
        "whether the gallery keeps deleted versions, whose numbers can't be used",
    ),
    optional(
        Job::Publish,
        "Microsoft.Authorization/permissions/read",
        "Permissions - List For Resource",
        "whether a version may be made, before a machine is touched",
    ),
    optional(
        Job::Publish,
        "Microsoft.Authorization/locks/read",
        "Management Locks - List By Scope",
        "whether a lock forbids to make a version, before a machine is touched",
    ),
    right(
        Job::Publish,
        "Microsoft.Compute/galleries/images/versions/read",
        "Gallery Image Versions - Get",
        "the state of the version and of each of its regions; also on a version that is copied",
    ),
    right(
        Job::Publish,
        "Microsoft.Compute/galleries/images/versions/write",
        "Gallery Image Versions - Create Or Update",
        "making the version, and adding and removing its regions",
    ),
    optional(
        Job::Publish,
        "Microsoft.Resources/subscriptions/locations/read",
        "Subscriptions - List Locations",
        "whether there is a region that a target asks for, before Azure is asked for it; on the subscription of the gallery",
    ),
    optional(
        Job::Publish,
        "Microsoft.Compute/locations/capsOperations/read",
        "the URL of an operation, as Azure gave it",
        "why a write of a version that Azure had accepted failed; without it the message doesn't say",
    ),
    right(
        Job::CleanUp,
        "Microsoft.Compute/galleries/images/versions/read",
        "Gallery Image Versions - Get",
        "whose the version is, and that it is gone",
    ),
    right(
        Job::CleanUp,
        "Microsoft.Compute/galleries/images/versions/delete",
        "Gallery Image Versions - Delete",
        "deleting the version",
    ),
    optional(
        Job::CleanUp,
        "Microsoft.Compute/locations/capsOperations/read",
        "the URL of an operation, as Azure gave it",
        "why a deletion that Azure had accepted failed; without it the message doesn't say",
    ),
    optional(
        Job::Observe,
        "Microsoft.Compute/virtualMachineScaleSets/read",
        "Resources - Resources (Resource Graph)",
        "which scale sets are made from a version, before it or one of its regions is taken away, and how many use an image definition; \
         those that may not be read keep nothing, and aren't counted",
    ),
    optional(
        Job::Observe,
        "Microsoft.Compute/virtualMachines/read",
        "Resources - Resources (Resource Graph)",
        "how many machines use an image definition; those that may not be read aren't counted",
    ),
    optional(
        Job::Observe,
        "Microsoft.Insights/eventtypes/values/read",
        "Activity Logs - List",
        "why a write failed that Azure had accepted from a process which is gone; without it the message doesn't say",
    ),
];

const fn right(job: Job, action: &'static str, call: &'static str, why: &'static str) -> Right {
    Right { job, action, call, why, optional: false }
}

const fn optional(job: Job, action: &'static str, call: &'static str, why: &'static str) -> Right {
    Right { job, action, call, why, optional: true }
}

/// A text that names no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no job '{0}'; there are capture, delete-source, clone, workspace, validate, source, source-disks, definition, publish, clean-up and observe"
)]
pub struct UnknownJob(String);

impl Job {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Capture,
        Self::DeleteSource,
        Self::Clone,
        Self::Workspace,
        Self::Validate,
        Self::Source,
        Self::SourceDisks,
        Self::Definition,
        Self::Publish,
        Self::CleanUp,
        Self::Observe,
    ];

    /// The rights that it takes.
    pub fn rights(self) -> impl Iterator<Item = &'static Right> {
        RIGHTS.iter().filter(move |right| right.job == self)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::DeleteSource => "delete-source",
            Self::Clone => "clone",
            Self::Workspace => "workspace",
            Self::Validate => "validate",
            Self::Source => "source",
            Self::SourceDisks => "source-disks",
            Self::Definition => "definition",
            Self::Publish => "publish",
            Self::CleanUp => "clean-up",
            Self::Observe => "observe",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Capture => {
                "Seal and generalize virtual machines, and make image versions from them. Assign it on resource groups that \
                 hold nothing but machines to be captured: it can change any machine there."
            }
            Self::DeleteSource => {
                "Delete machines that were captured, with their network interfaces, disks and public addresses. Assign it, besides \
                 the role of capture, on resource groups that hold nothing but machines to be captured and what belongs to them."
            }
            Self::Clone => {
                "Read virtual machines and copy their disks. Assign it on machines that are cloned, or their resource groups: it \
                 can change nothing there."
            }
            Self::Workspace => {
                "Make copies of virtual machines without a network, capture and delete them. Assign it on a resource group that \
                 holds nothing else, and on the subnets that the copies are put in."
            }
            Self::Validate => {
                "Make machines from image versions without a network to prove them, and delete them. Assign it on a resource group that \
                 holds nothing else, and on the subnets that the machines are put in."
            }
            Self::Source => {
                "Read image versions and managed images that versions are made from. Assign it on them, or on their galleries or \
                 resource groups: it can change nothing there."
            }
            Self::SourceDisks => {
                "Make versions from disks and snapshots. Assign it on resource groups that hold nothing but those: Azure demands \
                 the right to write them."
            }
            Self::Definition => {
                "Make image definitions and change what may be changed of them. Assign it on galleries whose image definitions \
                 azimage makes."
            }
            Self::Publish => {
                "Make, replicate and read image versions. Assign it on galleries or their resource groups."
            }
            Self::CleanUp => "Delete image versions. Assign it on galleries in which versions may be deleted.",
            Self::Observe => {
                "See which scale sets use image versions, and how writes ended. Assign it on subscriptions: it can change nothing \
                 there."
            }
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Job {
    type Err = UnknownJob;

    fn from_str(text: &str) -> Result<Self, UnknownJob> {
        Self::ALL.into_iter().find(|job| job.as_str() == text).ok_or_else(|| UnknownJob(text.to_owned()))
    }
}

/// A custom role, in the form that `az role definition create` reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomRole {
    /// Its name.
    pub name: String,
    /// Always.
    pub is_custom: bool,
    /// What it is for, and where to assign it.
    pub description: String,
    /// What it allows.
    pub actions: Vec<String>,
    /// Nothing is left out.
    pub not_actions: Vec<String>,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
}

impl CustomRole {
    /// The role of one job, or of several in one.
    pub fn of(jobs: &[Job], scopes: &[String]) -> Self {
        let (name, description) = if let [job] = jobs {
            (format!("azimage {job}"), job.description())
        } else {
            (
                "azimage".to_owned(),
                "All that azimage does. Prefer the roles of single jobs, each where its job is done.",
            )
        };
        let description = description.to_owned();
        let mut actions: Vec<String> = Vec::new();
        for right in RIGHTS.iter().filter(|right| jobs.contains(&right.job)) {
            if !actions.iter().any(|action| action == right.action) {
                actions.push(right.action.to_owned());
            }
        }
        Self {
            name,
            is_custom: true,
            description,
            actions,
            not_actions: Vec::new(),
            assignable_scopes: scopes.to_vec(),
        }
    }

    /// The body of `PUT {scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}`.
    pub fn body(&self) -> Value {
        json!({"properties": {
            "roleName": self.name,
            "type": "CustomRole",
            "description": self.description,
            "permissions": [{"actions": self.actions, "notActions": self.not_actions}],
            "assignableScopes": self.assignable_scopes,
        }})
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_job_has_its_own_actions_once() {
        for job in Job::ALL {
            let actions: Vec<_> = job.rights().map(|right| right.action).collect();
            assert!(!actions.is_empty(), "{job}");
            assert_eq!(actions.len(), actions.iter().collect::<BTreeSet<_>>().len(), "{job}");
            assert!(actions.iter().all(|action| !action.contains('*')), "{job}");
            assert_eq!(job.to_string().parse(), Ok(job));
        }
        assert!("validation".parse::<Job>().unwrap_err().to_string().contains("capture"));
    }

    /// Azure keeps the operations of galleries, of disks, of the rest of Compute and of networks apart.
    #[test]
    fn who_writes_may_read_how_it_ended() {
        let operations = |action: &str| {
            let kind = action.rsplit_once('/')?.0;
            Some(match kind.strip_prefix("Microsoft.Compute/") {
                _ if kind.starts_with("Microsoft.Network/virtualNetworks") => return None,
                _ if kind.starts_with("Microsoft.Network/") => "Microsoft.Network/locations/operations/read",
                Some("disks" | "snapshots") => "Microsoft.Compute/locations/diskOperations/read",
                Some(kind) if kind.starts_with("galleries/images/versions") => {
                    "Microsoft.Compute/locations/capsOperations/read"
                }
                Some(kind) if kind.starts_with("virtualMachines") || kind.starts_with("restorePointCollections") => {
                    "Microsoft.Compute/locations/operations/read"
                }
                _ => return None,
            })
        };
        let mut seen = BTreeSet::new();
        // Azure wants the right to write a disk of who makes a version from it, though nothing of it is written.
        for job in Job::ALL.into_iter().filter(|job| *job != Job::SourceDisks) {
            let actions: BTreeSet<_> = job.rights().map(|right| right.action).collect();
            let writes = actions.iter().filter(|action| action.ends_with("/write") || action.ends_with("/delete"));
            for needed in writes.filter_map(|write| operations(write)) {
                assert!(actions.contains(needed), "{job} needs {needed}");
                seen.insert(needed);
            }
        }
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn the_page_for_operators_has_exactly_these_rows() {
        let page = include_str!("../../../docs/azure-rights.md");
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<_> = RIGHTS.iter().map(|right| format!("| `{}` | {} |", right.action, right.why)).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_role_of_all_jobs_names_each_action_once() {
        let role = CustomRole::of(&Job::ALL, &["/subscriptions/s".to_owned()]);
        let every: BTreeSet<_> = RIGHTS.iter().map(|right| right.action).collect();
        assert_eq!(role.actions.len(), every.len());
        assert_eq!(role.body()["properties"]["permissions"][0]["actions"], json!(role.actions));
    }
}
