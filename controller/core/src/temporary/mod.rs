//! What is made in Azure for the work alone, and deleted after it: what it is called, whose it is, and when it expires.
//!
//! Names follow from the object's uid, so whoever comes after a crash finds what was made before. A resource of such a name
//! whose owner tag isn't the object's own is somebody else's: it is neither used nor deleted.

mod id;
mod part;

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{EXPIRES_TAG, OWNER_TAG, PURPOSE_TAG};
use jiff::Timestamp;

use crate::owner::find_tag;
pub use id::TemporaryId;
pub use part::{DiskPlace, NotAPart, Part, Twin};

/// The name of the one restore point in its collection. A restore point has no tags: it is whose its collection is.
pub const RESTORE_POINT: &str = "all-disks";

/// How long what a copy is made of is of use at most. Its object deletes it much sooner; later it is a leftover.
pub const LIFE_OF_A_COPY: Duration = Duration::from_secs(24 * 3600);

/// How long the machines that prove a version are of use at most, without the time for which they are kept when it fails.
pub const LIFE_OF_A_VALIDATION: Duration = Duration::from_secs(24 * 3600);

/// What temporary resources are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Purpose {
    /// The copy of a machine that is captured instead of it.
    Clone,
    /// The snapshot of a machine's OS disk that is kept for a while, so that the machine can be had back.
    KeptDisk,
    /// Machines that are made from a version to prove it.
    Validation,
}

/// The tags of a temporary resource that lives so long: whose it is, what for, and until when. The user's own come with them.
pub fn tags(
    owner: &str,
    purpose: Purpose,
    (now, life): (Timestamp, Duration),
    users: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let expires = now.checked_add(life).unwrap_or(now);
    let mut tags = users.clone();
    tags.insert(OWNER_TAG.to_owned(), owner.to_owned());
    tags.insert(PURPOSE_TAG.to_owned(), purpose.to_string());
    tags.insert(EXPIRES_TAG.to_owned(), expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    tags
}

/// When a temporary resource expires, by its tags.
pub fn expires(tags: &BTreeMap<String, String>) -> Option<Timestamp> {
    find_tag(tags, EXPIRES_TAG)?.parse().ok()
}
