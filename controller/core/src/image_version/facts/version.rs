//! What Azure says of a gallery image version.

use std::collections::{BTreeMap, BTreeSet};

use azimage_names::Region;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Provisioning, RegionReplication};

/// A gallery image version.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its home region.
    pub location: Region,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// Resource id of the source, when Azure tells it; of several disks the one with the operating system.
    pub source: Option<String>,
    /// Resource ids of the disks with data that it was made from by name, by logical unit number.
    pub data_sources: BTreeMap<u8, String>,
    /// Logical unit numbers of the data disks that it has.
    pub data_disks: BTreeSet<u8>,
    /// Its target regions, in Azure's order.
    pub targets: Vec<TargetRegion>,
    /// Replicas of a region that gives none.
    pub default_replicas: i32,
    /// Kept out of latest everywhere.
    pub exclude_from_latest: bool,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Storage of a region that gives none.
    pub storage_account_type: String,
    /// `Full` or `Shallow`.
    pub replication_mode: String,
    /// Whether regions may be taken away, if Azure says so.
    pub allow_deletion_of_regions: Option<bool>,
    /// Whether it can't be deleted before the end of its life.
    pub block_deletion: bool,
    /// How it stands with each region.
    pub replication: BTreeMap<Region, RegionCopy>,
    /// Size in GiB.
    pub size_gib: Option<i64>,
    /// When Azure answered, on its own clock; a list doesn't say.
    pub read_at: Option<Timestamp>,
    /// Members of the resource that this release doesn't know, kept so that a write doesn't lose them.
    pub preserved: Map<String, Value>,
}

impl Version {
    /// How it stands with the copy in its own region, if Azure says so.
    pub fn home(&self) -> Option<&RegionReplication> {
        self.replication.get(&self.location).map(|region| &region.state)
    }

    /// Whether a list's entry shows this very state. A list has no replication status.
    pub fn is_listed_as(&self, entry: &Self) -> bool {
        let bare = |version: &Self| Self { replication: BTreeMap::new(), read_at: None, ..version.clone() };
        bare(self) == bare(entry)
    }
}

/// A target region of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRegion {
    /// The region.
    pub region: Region,
    /// Its replicas.
    pub replicas: Option<i32>,
    /// Its storage.
    pub storage_account_type: Option<String>,
    /// Kept out of latest in this region, or offered there. Absent: as the version says. Where both are there the region's own
    /// counts ([best practices](https://learn.microsoft.com/azure/virtual-machines/azure-compute-gallery#best-practices)).
    pub exclude_from_latest: Option<bool>,
    /// Members that this release doesn't know, kept so that a write doesn't lose them.
    pub preserved: Map<String, Value>,
}

/// What Azure says of a region's copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionCopy {
    /// Its state.
    pub state: RegionReplication,
    /// 0 to 100.
    pub progress: i32,
    /// Azure's text, empty when all is well.
    pub details: String,
}
