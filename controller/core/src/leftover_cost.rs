//! What leftovers cost in a month: an estimate, from their sizes and public list prices. Nobody is billed by it.

use std::fmt;

use crate::temporary::TemporaryId;

/// US dollars for a thousand GiB in a month, by the beginning of the storage type.
///
/// List prices of the public cloud without any discount, as Infracost recorded them from the Azure Retail Prices API
/// (`managed_disk_test.golden` at `243cadf8`: P4, 32 GiB, 5.28 $; E30, 1,024 GiB, 76.80 $; S4, 32 GiB, 1.54 $;
/// `snapshot_test.golden` at `03ed8916`: 0.05 $ for a GiB), read in November 2026.
const DISKS: [(&str, u64); 3] = [("Premium", 165), ("StandardSSD", 75), ("Standard", 48)];

/// The same of snapshots. An incremental one is billed for what differs from the one before: this is the most that it costs.
const SNAPSHOTS: u64 = 50;

/// How much more storage in several zones costs than in one, in percent.
const ZONES: u64 = 150;

/// A sum of money, in a thousandth of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(u64);

impl Cost {
    /// In US dollars.
    #[allow(clippy::cast_precision_loss, reason = "it is an estimate")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.div_ceil(10);
        write!(formatter, "{}.{:02}", cents / 100, cents % 100)
    }
}

/// What disks and snapshots cost in a month; all else costs nothing by itself, or what a machine costs that runs, which isn't estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Of disks.
    pub disks: Cost,
    /// Of snapshots.
    pub snapshots: Cost,
}

impl Costs {
    /// With another resource, if it has a cost of its own.
    #[must_use]
    pub fn and(self, id: &TemporaryId, storage: Option<&str>, size_gib: Option<u32>) -> Self {
        let Some(cost) = cost(id, storage, size_gib) else { return self };
        match id {
            TemporaryId::Snapshot(_) | TemporaryId::RestorePoints(_) => {
                Self { snapshots: self.snapshots + cost, ..self }
            }
            _ => Self { disks: self.disks + cost, ..self },
        }
    }

    /// With those of others.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self { disks: self.disks + others.disks, snapshots: self.snapshots + others.snapshots }
    }
}

/// What a resource costs in a month, if its kind and its storage have a price here.
pub fn cost(id: &TemporaryId, storage: Option<&str>, size_gib: Option<u32>) -> Option<Cost> {
    let (storage, size) = (storage.unwrap_or_default(), u64::from(size_gib?));
    let price = match id {
        TemporaryId::Snapshot(_) | TemporaryId::RestorePoints(_) => SNAPSHOTS,
        TemporaryId::Disk(_) => DISKS.iter().find(|(kind, _)| begins(storage, kind)).map(|(_, price)| *price)?,
        TemporaryId::Machine(_) | TemporaryId::Interface(_) | TemporaryId::SecurityGroup(_) => return None,
    };
    let is_zonal = storage.to_ascii_uppercase().ends_with("_ZRS");
    let percent = if is_zonal { ZONES } else { 100 };
    Some(Cost(size * price * percent / 100))
}

/// Whether a storage type is of a kind: `PremiumV2_LRS` isn't `Premium`.
fn begins(storage: &str, kind: &str) -> bool {
    storage.split('_').next().is_some_and(|first| first.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use azimage_names::ResourceGroup;

    use super::*;
    use crate::temporary::{DiskPlace, Part};

    fn id(part: Part) -> TemporaryId {
        let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
        let group = ResourceGroup::new(subscription, "image-work").unwrap();
        TemporaryId::of(&group, "0a1b2c3d-0000-4000-8000-00000000abcd", part).unwrap()
    }

    #[test]
    fn the_estimate_follows_size_and_storage() {
        let (disk, snapshot) = (Part::Disk(DiskPlace::System), Part::Snapshot(DiskPlace::System));
        for (part, storage, size, expected) in [
            (disk, Some("Premium_LRS"), Some(32), Some("5.28")),
            (disk, Some("StandardSSD_LRS"), Some(1024), Some("76.80")),
            (disk, Some("standard_lrs"), Some(32), Some("1.54")),
            (disk, Some("Premium_ZRS"), Some(32), Some("7.92")),
            (disk, Some("PremiumV2_LRS"), Some(32), None),
            (disk, None, Some(32), None),
            (disk, Some("Premium_LRS"), None, None),
            (snapshot, Some("Standard_LRS"), Some(30), Some("1.50")),
            (snapshot, None, Some(30), Some("1.50")),
            (Part::Machine, None, Some(30), None),
            (Part::Interface, None, None, None),
        ] {
            let found = cost(&id(part), storage, size).map(|cost| cost.to_string());
            assert_eq!(found.as_deref(), expected, "{part} {storage:?} {size:?}");
        }
    }

    #[test]
    fn costs_are_added_by_kind() {
        let (disk, snapshot) = (id(Part::Disk(DiskPlace::System)), id(Part::Snapshot(DiskPlace::Data(1))));
        let one = Costs::default().and(&disk, Some("Premium_LRS"), Some(32)).and(&snapshot, None, Some(10));
        let all = one.with(one).and(&id(Part::Machine), None, None);
        assert_eq!((all.disks.to_string(), all.snapshots.to_string()), ("10.56".to_owned(), "1.00".to_owned()));
        assert!((all.disks.dollars() - 10.56).abs() < 1e-9);
    }
}
