//! What is said while the version comes into its regions.

use azimage_names::Region;
use jiff::Timestamp;

use super::super::super::{Provisioning, words::Detail};
use crate::message::{TRY_AGAIN, messages, phrases};

/// What is left when a version can't be created.
const MAKE_ANOTHER: &str = "delete the version in Azure and make a new ImageVersion under another version number, for a \
                            machine that is generalized with guest.prepare: AlreadyGeneralized";

messages! {
    /// What Azure works on, or is asked for.
    pub(in crate::image_version) enum Words {
        Changing { differences: String } => Replicated / Replicating:
            "Updating the gallery image version: {differences}",
        OtherState { state: Provisioning, late: Late, then: Then } => Replicated / Replicating:
            "Azure says {state} of the gallery image version; waiting for another state{late}{then}",
        Updating { late: Late, then: Then } => Replicated / Replicating:
            "Azure is updating the gallery image version{late}{then}",
        Removing { removed: String, late: Late, then: Then } => Replicated / Replicating:
            "Waiting for Azure to remove {removed}{late}{then}",
        Completing { open: String, late: Late, then: Then } => Replicated / Replicating:
            "Waiting for {open} to complete{late}{then}",
        CompletingAndRemoving { open: String, removed: String, late: Late, then: Then } => Replicated / Replicating:
            "Waiting for {open} to complete and for Azure to remove {removed}{late}{then}",
    }
}

messages! {
    /// What Azure refuses, or undoes.
    pub(in crate::image_version) enum Unheeded {
        Refused { regions: String, why: String } => Replicated / RegionRefused:
            "Azure refuses what replication targets ask for: {regions}: {why}. Nothing else waits for that. Change or delete \
             the target; it is asked for again at each resync",
        Unknown { regions: String, why: String } => Replicated / RegionUnknown:
            "Replication targets ask for regions that aren't there: {regions}: {why}. Nothing else waits for that. Make another \
             target for the region that is meant, and delete this one; the list is read again every hour",
        Reverted { changes: String } => Ready / ChangeReverted:
            "Azure accepts a change and doesn't keep it: {changes}. A policy undoes it, or somebody. Make them leave it, or take \
             it out of spec.publish or of the replication targets; then {TRY_AGAIN}",
    }
}

messages! {
    /// What Azure failed to make.
    pub(in crate::image_version) enum Failed {
        CreatedAgain { detail: Detail } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}; trying again",
        Creation { detail: Detail, attempts: i32 } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}. {attempts} attempts failed: {TRY_AGAIN}, or \
             {MAKE_ANOTHER}",
        CreationForGood { detail: Detail } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}. The same request would fail again, so it isn't \
             repeated. Remove the cause: then {TRY_AGAIN}, or {MAKE_ANOTHER}",
        CreationWithoutCopy { detail: Detail } => Published / PublishFailed:
            "Azure failed to create the gallery image version{detail}. The copy that it was to be made from was kept for a while, \
             and is deleted now: delete the version in Azure and make a new ImageVersion under another version number",
        Repaired { regions: String, detail: Detail } => Replicated / RegionFailed:
            "Azure failed to replicate to {regions}{detail}; repairing",
        Regions { regions: String, detail: Detail, attempts: i32 } => Replicated / ReplicationFailed:
            "Azure failed to replicate to {regions}{detail}. {attempts} repairs failed; {TRY_AGAIN}, or delete the \
             replication target to give the region up",
        RegionsForGood { regions: String, detail: Detail } => Replicated / ReplicationFailed:
            "Azure failed to replicate to {regions}{detail}. The same request would fail again, so it isn't repeated. \
             Remove the cause: then {TRY_AGAIN}, or delete the replication target to give the region up",
        WrittenAgain { detail: Detail } => Replicated / RegionFailed:
            "Azure's last operation on the gallery image version failed{detail}; repairing",
        Version { detail: Detail, attempts: i32 } => Replicated / ReplicationFailed:
            "Azure left the gallery image version Failed{detail}. {attempts} repairs failed, though no region failed \
             that this object asks for; check the version's other regions in Azure, then {TRY_AGAIN}",
        VersionForGood { detail: Detail } => Replicated / ReplicationFailed:
            "Azure left the gallery image version Failed{detail}. The same request would fail again, so it isn't \
             repeated. Remove the cause, then {TRY_AGAIN}",
    }
}

phrases! {
    /// What is taken away later, as a target no longer selects the version.
    pub(in crate::image_version) enum Stay ["<stay>"] {
        Nothing => "",
        UseUnknown { region: Region, why: String } =>
            ". It stays in {region}, which no replication target asks for any more, until Azure says which scale sets use it: {why}",
        InUse { region: Region, users: String } =>
            ". It stays in {region}, which no replication target asks for any more, as scale sets there are made from it: {users}",
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
    /// What Azure is asked for when it is done with what it works on.
    pub(in crate::image_version) enum Then ["<then>"] {
        Nothing => "",
        Changes { differences: String } =>
            ". Azure isn't asked for another change of the version meanwhile; next: {differences}",
    }
}

phrases! {
    /// What is said of a region that the subscription doesn't have.
    pub(in crate::image_version) enum NoRegion ["<why>"] {
        None { region: Region, subscription: String } =>
            "the list of locations of the subscription {subscription} has no {region}",
        Like { region: Region, subscription: String, like: Region } =>
            "the list of locations of the subscription {subscription} has no {region}; is {like} meant?",
    }
}

phrases! {
    /// How the version differs from what it should be, separated by commas.
    pub(in crate::image_version) enum Difference ["<differences>"] {
        Latest => "keep it out of latest",
        DefaultReplicas => "default replicas",
        BlockDeletion => "deletion before end of life",
        EndOfLife => "end of life",
        Tag { name: String } => "tag {name}",
        Add { region: Region } => "add region {region}",
        Replicas { region: Region } => "replicas in {region}",
        LatestIn { region: Region } => "keep {region} out of latest",
        Include { region: Region } => "include {region} in latest",
        Remove { region: Region } => "remove region {region}",
    }
}

impl Difference {
    /// Whether its end takes the version out of latest.
    pub(super) fn keeps_out_of_latest(&self) -> bool {
        matches!(self, Self::Latest | Self::LatestIn { .. })
    }
}

phrases! {
    /// A change that doesn't last, of several.
    pub(in crate::image_version) enum Undone ["<changes>"] {
        Change { what: String, is: String, wanted: String } => "{what} (Azure has {is}, and {wanted} is asked for)",
    }
}
