//! What is said of a replication target.

use azimage_names::Region;

use crate::{merge::MOST_REGIONS, message::messages};

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
        Fixed { region: Region, versions: String, is: String } => Available / StorageTypeFixed:
            "spec.storageAccountType: the replicas of {versions} in {region} are on {is}, and Azure can't change that. Set it to \
             {is} or leave it out; or delete each target of the region, and make them anew once the region is removed",
        Crowded { region: Region, versions: String } => Available / TooManyRegions:
            "{versions} can't have {region} too: older targets ask for {MOST_REGIONS} regions, and that is the most. Delete \
             targets that nobody needs",
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
