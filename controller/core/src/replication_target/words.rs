//! What is said of a replication target.

use azimage_names::Region;
use jiff::Timestamp;

use crate::{
    merge::MOST_REGIONS,
    message::{Phrases, messages, phrases},
};

messages! {
    /// How it stands with a target.
    pub(crate) enum Words {
        Region { problem: String } => Available / InvalidSpec:
            "spec.region: {problem}",
        Contradicted { older: String, region: Region } => Available / ConflictingTarget:
            "spec.storageAccountType: the older target {older} asks for another storage type in {region}, and that one \
             is used; make them agree, or delete one of them",
        Refused { region: Region, versions: String, why: String } => Available / RegionRefused:
            "Azure refuses {region} as this target asks for it, for {versions}: {why}. Change this target or delete it; it is \
             asked for again at each resync",
        Unknown { versions: String, why: String } => Available / RegionUnknown:
            "spec.region: {why}. Azure isn't asked for it, for {versions}. Make another target for the region that is meant, and \
             delete this one, as a target keeps its region; the list is read again every hour",
        Fixed { region: Region, versions: String, is: String } => Available / StorageTypeFixed:
            "spec.storageAccountType: the replicas of {versions} in {region} are on {is}, and Azure can't change that. Set it to \
             {is} or leave it out; or delete each target of the region, and make them anew once the region is removed",
        Crowded { region: Region, versions: String } => Available / TooManyRegions:
            "{versions} can't have {region} too: older targets ask for {MOST_REGIONS} regions, and that is the most. Delete \
             targets that nobody needs",
        NoVersion { name: String } => Available / NothingSelected:
            "There is no ImageVersion {name} yet",
        NoneSelected => Available / NothingSelected:
            "No ImageVersion of this namespace has the labels that spec.imageSelector asks for",
        Failed { region: Region, versions: String, beside: Beside } => Available / RegionFailed:
            "Replication to {region} failed and is being repaired for {versions}{beside}",
        Waiting { versions: String, region: Region, beside: Beside } => Available / Replicating:
            "Waiting for {versions} to complete in {region}{beside}",
        VersionStalled { region: Region, held: String } => Available / VersionStalled:
            "Not known to be complete in {region}, and azimage can't go on before a person acts: {held}",
        Complete { region: Region } => Available / Succeeded:
            "1 version is complete in {region}",
        AllComplete { count: usize, region: Region } => Available / Succeeded:
            "{count} versions are complete in {region}",
        Removing { versions: String } => Available / Deleting:
            "Waiting for azimage to remove the replicas of {versions}",
        RemovalStalled { region: Region, held: String } => Available / VersionStalled:
            "The replicas in {region} can't be removed before a person acts: {held}; to let them stay, set \
             spec.deletionPolicy to Retain",
        Releasing { versions: String } => Available / Deleting:
            "Waiting for azimage to release the replicas of {versions}",
        NothingLeft => Available / Deleting:
            "Nothing is left of what this target asked for",
    }
}

phrases! {
    /// An image version that isn't worked on before a person acts.
    pub(crate) enum Held ["<held>"] {
        Stalled { name: String, reason: String, words: String } => "{name} is Stalled with {reason} ({words})",
        Suspended { name: String } => "{name} is suspended",
        InUse { name: String, users: String } => "scale sets there are made from {name}: {users}",
    }
}

phrases! {
    /// How many more there are than a message names.
    pub(crate) enum More ["<held>"] {
        None => "",
        Of { count: usize } => " and {count} more",
    }
}

phrases! {
    /// What waits for a person beside what is worked on.
    pub(crate) enum Beside ["<beside>"] {
        Nothing => "",
        Held { held: String } => "; before a person acts, azimage can't go on with: {held}",
    }
}

phrases! {
    /// What is taken away later, as the target no longer selects it.
    pub(crate) enum Leaves ["the message of `Ready`"] {
        Nothing => "",
        InUse { versions: String, region: Region } =>
            "; replicas of {versions} in {region} stay, though this target no longer selects them, as long as scale sets there are \
             made from them",
        After { versions: String, region: Region, after: Timestamp } =>
            "; replicas of {versions} in {region} are taken away after {after}, as this target no longer selects them: \
             put back the selector or the labels to keep them",
    }
}

phrases! {
    /// What a deletion does.
    pub(crate) enum Deletes ["an event of a target that is being deleted"] {
        Removes { versions: String, region: Region } =>
            "With this target its replicas of {versions} in {region} are removed, unless another target asks for them",
    }
}

phrases! {
    /// What a person has to know of a target that goes.
    pub(crate) enum Parting ["an event of a target that goes"] {
        NotOurs { region: Region, versions: String } =>
            "The replicas of {versions} in {region} stay: the gallery image version no longer carries the tag \
             azimage-owner of its object, so azimage may not change it; remove the region from it in Azure if nobody uses it",
    }
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![Held::phrases(), More::phrases(), Beside::phrases(), Leaves::phrases(), Deletes::phrases(), Parting::phrases()]
}
