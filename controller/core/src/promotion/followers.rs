//! Who would get no new machine in a region where no version is latest any more.

use azimage_crds::ImageUsers;
use azimage_names::Region;

use super::{definition::named, words::Following};

/// Who follows latest in these regions, as far as it is known. No numbers: they change, and stand in the status.
pub(super) fn in_regions(users: Option<&ImageUsers>, regions: &[&Region]) -> Following {
    let Some(users) = users else { return Following::Unknown };
    let follows = |region: &&Region| users.followers.iter().any(|it| it.region == region.as_str());
    let followed: Vec<&Region> = regions.iter().copied().filter(follows).collect();
    if followed.is_empty() {
        return Following::Nobody;
    }
    Following::There { followed: named(followed.into_iter()) }
}
