//! What a write of a version that exists asks for, by who asks: the object itself, or a replication target. What Azure refuses is
//! narrowed down to one of them, so that nobody's wish holds up another's.

use std::collections::BTreeMap;

use azimage_crds::RefusalStatus;
use azimage_names::Region;

use crate::{condition::clip, target::TargetView};

/// The longest text of Azure's that is kept of a refusal, in bytes.
const WHY_LIMIT: usize = 500;

/// One wish: what is asked for. Targets that ask for the same have one wish, and Azure refuses or grants it once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// What the object itself asks for, in words that change with it.
    Settings(String),
    /// A region that replication targets ask for.
    Region {
        /// The region.
        region: Region,
        /// The replicas there.
        replicas: i32,
        /// The storage there, by Azure's name.
        storage: Option<String>,
    },
}

impl Wish {
    /// What a target asks for.
    pub fn of(target: &TargetView) -> Self {
        Self::Region {
            region: target.region.clone(),
            replicas: target.replicas,
            storage: target.storage_account_type.map(|storage| <&str>::from(storage).to_owned()),
        }
    }

    /// The region, of a target's wish.
    pub(super) fn region(&self) -> Option<&Region> {
        match self {
            Self::Settings(_) => None,
            Self::Region { region, .. } => Some(region),
        }
    }

    /// A refused wish as the status keeps it; the object's own are kept by the process alone.
    pub(super) fn kept(&self, why: &str, unknown: bool) -> Option<RefusalStatus> {
        let Self::Region { region, replicas, storage } = self else { return None };
        Some(RefusalStatus {
            region: region.to_string(),
            replicas: *replicas,
            storage_account_type: storage.clone(),
            message: clip(why, WHY_LIMIT),
            unknown,
        })
    }

    /// The wish that a status keeps, if its region can be understood.
    pub(crate) fn of_kept(kept: &RefusalStatus) -> Option<Self> {
        Some(Self::Region {
            region: Region::parse(&kept.region).ok()?,
            replicas: kept.replicas,
            storage: kept.storage_account_type.clone(),
        })
    }
}

/// A change that a write asks for: what of the version, as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// What of the version, in words.
    pub what: String,
    /// What is asked for.
    pub wanted: String,
    /// What Azure has instead.
    pub is: String,
    /// The change that takes it back, if there is one.
    pub opposite: Option<String>,
}

/// What a write asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Whose wishes it carries that Azure doesn't show yet.
    pub wishes: Vec<Wish>,
    /// What it changes.
    pub changes: Vec<Change>,
    /// A person has asked for it.
    pub requested: bool,
}

/// Azure's codes of refusals that are of every write, whatever it asks for.
const OF_EVERY_WRITE: &[&str] = &[
    "ScopeLocked",
    "MissingSubscriptionRegistration",
    "ReadOnlyDisabledSubscription",
    "LinkedAuthorizationFailed",
    "AuthorizationFailed",
];

/// Whether a refusal with these words may be of single wishes.
pub(super) fn may_be_of_a_wish(why: &str) -> bool {
    !OF_EVERY_WRITE.iter().any(|code| why.starts_with(code))
}

/// Of these wishes those whose region Azure's words name.
pub(super) fn named<'a>(wishes: &'a [Wish], why: &str) -> Vec<&'a Wish> {
    let words: Vec<Region> = why
        .split(|c: char| !c.is_ascii_alphanumeric() && c != ' ')
        .chain(why.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter_map(|word| Region::parse(word).ok())
        .collect();
    wishes.iter().filter(|wish| wish.region().is_some_and(|region| words.contains(region))).collect()
}

/// The regions of these targets, for messages: at most three, each with who asks first, and how many more there are.
pub(super) fn listed<'a>(targets: impl Iterator<Item = &'a TargetView>) -> String {
    let mut of: BTreeMap<&Region, Vec<&str>> = BTreeMap::new();
    for target in targets {
        of.entry(&target.region).or_default().push(&target.name);
    }
    let more = of.len().saturating_sub(3);
    let shown: Vec<String> = of
        .iter()
        .take(3)
        .map(|(region, targets)| match targets.as_slice() {
            [one] => format!("{region} (target {one})"),
            [one, rest @ ..] => format!("{region} (target {one} and {} more)", rest.len()),
            [] => region.to_string(),
        })
        .collect();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more regions") }
}
