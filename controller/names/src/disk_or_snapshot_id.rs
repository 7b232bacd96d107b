//! The id of what holds a disk's data: the disk itself, or a snapshot of it.

use std::{fmt, str::FromStr};

use crate::{DiskId, ResourceIdError, SnapshotId};

/// The id of a managed disk or of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskOrSnapshotId {
    /// A managed disk.
    Disk(DiskId),
    /// A snapshot of one.
    Snapshot(SnapshotId),
}

impl DiskOrSnapshotId {
    /// Reads the id of a managed disk or of a snapshot.
    ///
    /// # Errors
    /// What is wrong with it, as the id of a disk where it isn't that of a snapshot.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let disk = DiskId::parse(text);
        disk.map(Self::Disk).or_else(|problem| SnapshotId::parse(text).map(Self::Snapshot).map_err(|_| problem))
    }
}

impl fmt::Display for DiskOrSnapshotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(id) => id.fmt(formatter),
            Self::Snapshot(id) => id.fmt(formatter),
        }
    }
}

impl FromStr for DiskOrSnapshotId {
    type Err = ResourceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_in_the_id_tells_a_disk_from_a_snapshot() {
        let group = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/r/providers/Microsoft.Compute";
        let parse = |kind: &str| DiskOrSnapshotId::parse(&format!("{group}/{kind}/os"));
        assert!(matches!(parse("disks"), Ok(DiskOrSnapshotId::Disk(_))));
        assert!(matches!(parse("SNAPSHOTS"), Ok(DiskOrSnapshotId::Snapshot(_))));
        assert_eq!(parse("disks").unwrap().to_string(), format!("{group}/disks/os"));
        let error = parse("images").unwrap_err().to_string();
        assert!(error.contains("/disks/{disk}"), "{error}");
    }
}
