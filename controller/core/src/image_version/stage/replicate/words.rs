//! What is said while the version comes into its regions.

use azimage_names::Region;
use jiff::Timestamp;

use super::{super::super::Provisioning, repair::MOST_ATTEMPTS};
use crate::message::{TRY_AGAIN, messages, phrases};

messages! {
    /// What Azure works on, or is asked for.
    pub(in crate::image_version) enum Words {
        Changing { differences: String } => Replicated / Replicating:
            "Updating the gallery image version: {differences}",
        OtherState { state: Provisioning, late: Late } => Replicated / Replicating:
            "Azure says {state} of the gallery image version; waiting for another state{late}",
        Updating { late: Late } => Replicated / Replicating:
            "Azure is updating the gallery image version{late}",
        Removing { removed: String, late: Late } => Replicated / Replicating:
            "Waiting for Azure to remove {removed}{late}",
        Completing { open: String, late: Late } => Replicated / Replicating:
            "Waiting for {open} to complete{late}",
        CompletingAndRemoving { open: String, removed: String, late: Late } => Replicated / Replicating:
            "Waiting for {open} to complete and for Azure to remove {removed}{late}",
    }
}

messages! {
    /// What Azure failed to make.
    pub(in crate::image_version) enum Failed {
        CreatedAgain { detail: Detail } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}; trying again",
        Creation { detail: Detail } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}, and all {MOST_ATTEMPTS} attempts are used up. \
             Delete this object and the version in Azure, and make a new object under another version number, of a machine \
             with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized, as it is generalized now; or {TRY_AGAIN}",
        Repaired { regions: String, detail: Detail } => Replicated / RegionFailed:
            "Azure failed to replicate to {regions}{detail}; repairing",
        Regions { regions: String, detail: Detail } => Replicated / ReplicationFailed:
            "Azure failed to replicate to {regions}{detail}, and all {MOST_ATTEMPTS} repairs are used up; \
             {TRY_AGAIN}, or delete the replication target to give the region up",
        WrittenAgain => Replicated / RegionFailed:
            "Azure's last operation on the gallery image version failed; repairing",
        Version => Replicated / ReplicationFailed:
            "Azure left the gallery image version Failed after {MOST_ATTEMPTS} repairs, though no region failed that \
             this object asks for; check the version's other regions in Azure, then {TRY_AGAIN}",
    }
}

phrases! {
    /// What is taken away later, as a target no longer selects the version.
    pub(in crate::image_version) enum Stay ["<stay>"] {
        Nothing => "",
        Until { region: Region, target: String, after: Timestamp } =>
            ". What the target {target} asked for in {region} is taken away after {after}, as it no longer selects this \
             object: put back the labels or the target's selector to keep it",
    }
}

phrases! {
    /// Whether Azure takes longer than usual.
    pub(in crate::image_version) enum Late ["<late>"] {
        No => "",
        Yes => "; it takes longer than expected, and is waited for",
    }
}

phrases! {
    /// What Azure says of a region that failed.
    pub(in crate::image_version) enum Detail ["<detail>"] {
        None => "",
        Said { words: String } => ": {words}",
    }
}

phrases! {
    /// How the version differs from what it should be, separated by commas.
    pub(in crate::image_version) enum Difference ["<differences>"] {
        Latest => "keep it out of latest",
        RegionDeletion => "allow regions to be removed",
        DefaultReplicas => "default replicas",
        BlockDeletion => "deletion before end of life",
        EndOfLife => "end of life",
        Tag { name: String } => "tag {name}",
        Add { region: Region } => "add region {region}",
        Replicas { region: Region } => "replicas in {region}",
        Storage { region: Region } => "storage in {region}",
        LatestIn { region: Region } => "keep {region} out of latest",
        Remove { region: Region } => "remove region {region}",
    }
}
