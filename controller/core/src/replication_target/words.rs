//! What is said of a replication target.

use azimage_names::Region;

use crate::message::messages;

messages! {
    /// How it stands with a target.
    pub(crate) enum Words {
        Region { problem: String } => Available / InvalidSpec:
            "spec.region: {problem}",
        Contradicted { older: String, region: Region } => Available / ConflictingTarget:
            "spec.storageAccountType: the older target {older} asks for another storage type in {region}, and that one \
             is used; make them agree, or delete one of them",
        NoVersion { name: String } => Available / NothingSelected:
            "There is no ImageVersion {name} yet",
        NoneSelected => Available / Succeeded:
            "No ImageVersion is selected yet",
        Failed { region: Region, versions: String } => Available / RegionFailed:
            "Replication to {region} failed for {versions}",
        Waiting { versions: String, region: Region } => Available / Replicating:
            "Waiting for {versions} to complete in {region}",
        Complete { region: Region } => Available / Succeeded:
            "1 version is complete in {region}",
        AllComplete { count: usize, region: Region } => Available / Succeeded:
            "{count} versions are complete in {region}",
        Removing { versions: String } => Available / Deleting:
            "Waiting for azimage to remove the replicas of {versions}",
        Releasing { versions: String } => Available / Deleting:
            "Waiting for azimage to release the replicas of {versions}",
        NothingLeft => Available / Deleting:
            "Nothing is left of what this target asked for",
    }
}
