//! What is left of temporary resources whose objects are gone: found by their tags and names, and deleted when they expired.
//!
//! Nothing is deleted that lacks the tags or the name that azimage gives, whose kind it doesn't make, whose owner lives or is
//! of another cluster, or that hasn't expired.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::PURPOSE_TAG;
use jiff::Timestamp;

use crate::{
    Owner,
    condition::clip,
    events::{Event, NOTE_LIMIT},
    leftover_cost::{self, Cost},
    message::phrases,
    owner::find_tag,
    temporary::{Part, Purpose, RESTORE_POINT, TemporaryId, expires},
};

/// How long after Azure accepted the deletion of a leftover it may be shown as if nothing had been asked.
pub const GRACE: Duration = Duration::from_secs(60);

/// What is told of a deletion that Azure accepted and that had no effect: it failed later.
pub const WITHOUT_EFFECT: &str =
    "Azure accepted its deletion, and it is still there; a lock on something that it holds may be why";

/// A resource that looks temporary, as Azure shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: TemporaryId,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether Azure is deleting it.
    pub is_going: bool,
    /// Its storage, such as `Premium_LRS`, of a disk or a snapshot.
    pub storage: Option<String>,
    /// Its size in GiB, of the same.
    pub size_gib: Option<u32>,
    /// The names of the restore points in a collection.
    pub restore_points: Vec<String>,
}

impl Candidate {
    /// What it costs in a month, as far as that is estimated.
    pub fn cost(&self) -> Option<Cost> {
        leftover_cost::cost(&self.id, self.storage.as_deref(), self.size_gib)
    }
}

/// How it stands with a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its tags or its name aren't those of a temporary resource of this cluster.
    NotOurs,
    /// It is of an object that isn't looked after here.
    NotServed,
    /// Its object lives, and deletes it itself.
    OwnerLives,
    /// Its object is gone, and it hasn't expired yet.
    NotExpired,
    /// Nobody needs it.
    Leftover {
        /// The object that is gone.
        owner: Owner,
        /// Which part of what was made for it.
        part: Part,
    },
}

/// Which objects live, and which are looked after.
pub trait Objects {
    /// Whether the objects of a namespace are looked after here, with the rights that are at hand.
    fn serves(&self, namespace: &str) -> bool;
    /// Whether the object of this uid lives in a namespace that is looked after.
    fn lives(&self, namespace: &str, uid: &str) -> bool;
}

/// The uid in the name of a temporary resource, of whatever kind.
pub fn uid_in_name(id: &TemporaryId) -> Option<&str> {
    // Uids of Kubernetes have five groups.
    let rest = id.name().strip_prefix("azimage-")?;
    let end = rest.match_indices('-').nth(4)?.0;
    id.part(&rest[..end]).map(|_| &rest[..end])
}

/// How it stands with a candidate at this time.
pub fn standing(candidate: &Candidate, cluster: &str, objects: &impl Objects, now: Timestamp) -> Standing {
    let tag = |name: &str| find_tag(&candidate.tags, name);
    let owner = Owner::of(&candidate.tags).filter(|owner| owner.cluster == cluster);
    let is_known = tag(PURPOSE_TAG).is_some_and(|value| value.parse::<Purpose>().is_ok());
    let expires = expires(&candidate.tags);
    let (Some(owner), true, Some(expires)) = (owner, is_known, expires) else { return Standing::NotOurs };
    let Some(part) = candidate.id.part(&owner.uid) else { return Standing::NotOurs };
    // What somebody put into a collection would be deleted with it.
    if candidate.restore_points.iter().any(|name| !name.eq_ignore_ascii_case(RESTORE_POINT)) {
        return Standing::NotOurs;
    }
    if !objects.serves(&owner.namespace) {
        return Standing::NotServed;
    }
    if objects.lives(&owner.namespace, &owner.uid) {
        return Standing::OwnerLives;
    }
    if now < expires {
        return Standing::NotExpired;
    }
    Standing::Leftover { owner, part }
}

/// The leftovers that can be deleted now, of all that is there under names of temporary resources: what holds others comes
/// first, whosever it is.
pub fn deletable<'a>(
    leftovers: &'a [(Owner, Part, Candidate)],
    present: &[TemporaryId],
) -> Vec<&'a (Owner, Part, Candidate)> {
    let is_held = |owner: &Owner, part: Part| {
        present.iter().filter_map(|id| id.part(&owner.uid)).any(|other| part.is_held_by(other))
    };
    let is_free = |(owner, part, candidate): &&(Owner, Part, Candidate)| !candidate.is_going && !is_held(owner, *part);
    leftovers.iter().filter(is_free).collect()
}

phrases! {
    /// What became of leftovers.
    pub(crate) enum Reaped ["an event of an image version that is gone"] {
        Deleted { noun: &'static str, id: String } =>
            "Deleting the {noun} {id}, which was made for the work on this object alone and expired",
        NotDeleted { noun: &'static str, id: String, why: String } =>
            "The {noun} {id}, which was made for the work on this object alone and expired, can't be deleted and goes on \
             costing: {why}",
    }
}

/// Azure took the deletion of a leftover.
pub fn deleted(part: Part, id: &TemporaryId) -> Event {
    let words = Reaped::Deleted { noun: part.noun(), id: id.to_string() };
    let note = clip(&words.to_string(), NOTE_LIMIT);
    Event { warning: false, reason: "LeftoverDeleted".to_owned(), action: "Reap", note }
}

/// A leftover can't be deleted.
pub fn not_deleted(part: Part, id: &TemporaryId, why: &str) -> Event {
    let words = Reaped::NotDeleted { noun: part.noun(), id: id.to_string(), why: why.to_owned() };
    let note = clip(&words.to_string(), NOTE_LIMIT);
    Event { warning: true, reason: "LeftoverNotDeleted".to_owned(), action: "Reap", note }
}

#[cfg(test)]
mod tests {
    use azimage_crds::{EXPIRES_TAG, OWNER_TAG};
    use azimage_names::{ResourceGroup, SnapshotId};

    use super::*;
    use crate::temporary::{DiskPlace, LIFE_OF_A_COPY, tags};

    const UID: &str = "0a1b2c3d-0000-4000-8000-00000000abcd";
    const ALIVE: &str = "0a1b2c3d-0000-4000-8000-00000000aaaa";

    struct Served;

    impl Objects for Served {
        fn serves(&self, namespace: &str) -> bool {
            namespace == "images"
        }

        fn lives(&self, _namespace: &str, uid: &str) -> bool {
            uid == ALIVE
        }
    }

    fn group() -> ResourceGroup {
        let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
        ResourceGroup::new(subscription, "image-work").unwrap()
    }

    fn made() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn candidate(uid: &str, part: Part) -> Candidate {
        let owner = Owner { cluster: "c1".into(), namespace: "images".into(), name: "web".into(), uid: uid.into() };
        let tags = tags(&owner.to_string(), Purpose::Clone, (made(), LIFE_OF_A_COPY), &BTreeMap::new());
        Candidate {
            id: TemporaryId::of(&group(), uid, part).unwrap(),
            tags,
            is_going: false,
            storage: None,
            size_gib: None,
            restore_points: Vec::new(),
        }
    }

    fn retagged(name: &str, value: Option<&str>) -> Candidate {
        let mut candidate = candidate(UID, Part::Machine);
        candidate.tags.remove(name);
        candidate.tags.extend(value.map(|value| (name.to_uppercase(), value.to_owned())));
        candidate
    }

    #[test]
    fn only_what_expired_and_whose_object_is_gone_is_left_over() {
        let day = jiff::SignedDuration::from_hours(24);
        let (early, late) = (made() + day - jiff::SignedDuration::from_secs(1), made() + day);
        let owner = |text: &str| retagged(OWNER_TAG, Some(text));
        let named = |name: &str| {
            let id = TemporaryId::Snapshot(SnapshotId::within(group(), name).unwrap());
            Candidate { id, ..candidate(UID, Part::Machine) }
        };
        let is_left =
            Standing::Leftover { owner: format!("c1/images/web/{UID}").parse().unwrap(), part: Part::Machine };
        for (case, candidate, now, expected) in [
            ("expired", candidate(UID, Part::Machine), late, is_left.clone()),
            ("a second before", candidate(UID, Part::Machine), early, Standing::NotExpired),
            ("its object lives", candidate(ALIVE, Part::Machine), late, Standing::OwnerLives),
            ("letter case of tags", owner(&format!("c1/images/web/{UID}")), late, is_left),
            ("no owner", retagged(OWNER_TAG, None), late, Standing::NotOurs),
            ("another cluster's", owner(&format!("c2/images/web/{UID}")), late, Standing::NotOurs),
            ("another namespace's", owner(&format!("c1/other/web/{UID}")), late, Standing::NotServed),
            ("a name of another object's", owner(&format!("c1/images/web/{ALIVE}")), late, Standing::NotOurs),
            ("no owner at all", owner("somebody"), late, Standing::NotOurs),
            ("no purpose", retagged(PURPOSE_TAG, None), late, Standing::NotOurs),
            ("an unknown purpose", retagged(PURPOSE_TAG, Some("of-tomorrow")), late, Standing::NotOurs),
            ("no end", retagged(EXPIRES_TAG, None), late, Standing::NotOurs),
            ("an end that is no time", retagged(EXPIRES_TAG, Some("soon")), late, Standing::NotOurs),
            ("a name that azimage doesn't give", named("backup"), late, Standing::NotOurs),
            ("the name of a part of another kind", named(&format!("azimage-{UID}-machine")), late, Standing::NotOurs),
        ] {
            assert_eq!(standing(&candidate, "c1", &Served, now), expected, "{case}");
        }
    }

    #[test]
    fn what_holds_others_goes_first() {
        let parts = [
            Part::Machine,
            Part::Interface,
            Part::Disk(DiskPlace::System),
            Part::SecurityGroup,
            Part::Snapshot(DiskPlace::System),
        ];
        let all: Vec<_> = parts
            .map(|part| (format!("c1/images/web/{UID}").parse::<Owner>().unwrap(), part, candidate(UID, part)))
            .to_vec();
        let free = |left: &[(Owner, Part, Candidate)], present: &[Part]| {
            let present: Vec<_> = present.iter().map(|part| candidate(UID, *part).id).collect();
            deletable(left, &present).into_iter().map(|(_, part, _)| *part).collect::<Vec<_>>()
        };
        assert_eq!(free(&all, &parts), [Part::Machine, Part::Snapshot(DiskPlace::System)]);
        assert_eq!(free(&all[1..4], &parts[1..4]), [Part::Interface, Part::Disk(DiskPlace::System)]);
        assert_eq!(free(&all[3..4], &parts[3..4]), [Part::SecurityGroup]);
        assert_eq!(free(&all[1..4], &parts[..4]), [], "somebody else's machine holds them");
        let mut going = all.clone();
        going[0].2.is_going = true;
        assert_eq!(free(&going[..4], &parts[..4]), []);
    }

    #[test]
    fn a_name_tells_the_uid() {
        for part in [Part::Machine, Part::Snapshot(DiskPlace::Data(3))] {
            assert_eq!(uid_in_name(&candidate(UID, part).id), Some(UID));
        }
        for name in ["azimage-", "azimage-a-b-c-d-e", "backup", "azimage-a-b-c-d-e-os-disk"] {
            let id = TemporaryId::Snapshot(SnapshotId::within(group(), name).unwrap());
            assert_eq!(uid_in_name(&id), None, "{name}");
        }
    }
}
