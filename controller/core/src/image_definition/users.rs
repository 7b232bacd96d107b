//! Who uses an image definition.

use std::collections::BTreeMap;

use azimage_crds::{Followers, ImageUsers, VersionUsers};
use azimage_names::{Region, VersionNumber};

/// How many versions and regions a status shows.
const MOST_VERSIONS: usize = 64;
const MOST_REGIONS: usize = 128;

/// Machines, or scale sets, of one region that use the same image in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// They are scale sets; else virtual machines.
    pub scale_sets: bool,
    /// Their region, if it can be understood.
    pub region: Option<Region>,
    /// They name the image definition; else they name a version.
    pub follow_latest: bool,
    /// The version that they name, or that latest meant when they were made.
    pub version: Option<VersionNumber>,
    /// How many.
    pub count: u64,
}

/// What a status tells of them.
pub(super) fn told(users: &[Users]) -> ImageUsers {
    let mut versions: BTreeMap<VersionNumber, VersionUsers> = BTreeMap::new();
    let mut followers: BTreeMap<&Region, Followers> = BTreeMap::new();
    for it in users.iter().filter(|it| it.count > 0) {
        if let Some(number) = it.version {
            let of = versions.entry(number).or_insert_with(|| VersionUsers {
                version: number.to_string(),
                virtual_machines: 0,
                scale_sets: 0,
                latest_virtual_machines: 0,
                latest_scale_sets: 0,
            });
            add(
                it.count,
                match (it.follow_latest, it.scale_sets) {
                    (false, false) => &mut of.virtual_machines,
                    (false, true) => &mut of.scale_sets,
                    (true, false) => &mut of.latest_virtual_machines,
                    (true, true) => &mut of.latest_scale_sets,
                },
            );
        }
        if let Some(region) = it.region.as_ref().filter(|_| it.follow_latest) {
            let of = followers.entry(region).or_insert_with(|| Followers {
                region: region.to_string(),
                virtual_machines: 0,
                scale_sets: 0,
            });
            add(it.count, if it.scale_sets { &mut of.scale_sets } else { &mut of.virtual_machines });
        }
    }
    ImageUsers {
        versions: versions.into_values().rev().take(MOST_VERSIONS).collect(),
        followers: followers.into_values().take(MOST_REGIONS).collect(),
    }
}

fn add(count: u64, to: &mut i64) {
    *to = to.saturating_add_unsigned(count);
}
