//! The regions of a version: who wants them, which are ours to take away, which are foreign.
//!
//! Azure keeps one list of target regions per version, without preconditions on its writes: whoever writes it writes
//! all of it. So the list is merged here from the home region, the replication targets and what stands in Azure, and
//! nobody else writes it. A region that nobody here asked for is foreign: it is kept, whoever put it there.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{Deletion, Leaving, StorageAccountType};
use azimage_names::Region;

use crate::target::TargetView;

/// Who asks for the home region.
pub const HOME: &str = "home";

/// The most regions that a version has here, as many as its status can show.
pub const MOST_REGIONS: usize = 128;

/// A region that somebody here wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Replicas: the most that anyone asks for; none where each wish is held back, and all stays as it is.
    pub replicas: Option<i32>,
    /// Somebody's wish is held back here: there are never fewer replicas than there are.
    pub keeps: bool,
    /// Storage, of a region that isn't in Azure yet: what the oldest target with a wish asks for.
    pub storage_account_type: Option<StorageAccountType>,
    /// `home`, then names of targets.
    pub requested_by: Vec<String>,
}

/// The regions of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What somebody here wants.
    pub wanted: BTreeMap<Region, Wanted>,
    /// What is wanted, isn't in Azure, and isn't asked for: each wish for it is held back. By whom.
    pub held: BTreeMap<Region, Vec<String>>,
    /// What we asked Azure for and nobody wants any more.
    pub removed: BTreeSet<Region>,
    /// What we asked Azure for, nobody wants any more, and Azure doesn't show.
    pub vanished: BTreeSet<Region>,
    /// What stands in Azure and nobody here asked for.
    pub foreign: BTreeSet<Region>,
    /// Of each region, the targets that no longer select the version: until when they have what they asked for.
    pub leaving: BTreeMap<Region, Vec<Leaving>>,
    /// What stays though nobody wants it any more, as it is in use: by whom. By nobody, where that couldn't be read.
    pub in_use: BTreeMap<Region, Vec<String>>,
}

/// Merges the wishes with what stands in Azure.
///
/// `remembered` is who asked for each region until now. A region is taken away only if one of those who asked for it
/// is still there to say so: a target that is being deleted, or no longer selects the version, and whose policy is
/// `Delete`. Of a requester that vanished without that word nothing is known, and unknown means keep.
pub fn merge(
    home: &Region,
    default_replicas: i32,
    targets: &[TargetView],
    remembered: &BTreeMap<Region, Vec<String>>,
    in_azure: &BTreeSet<Region>,
) -> Merged {
    let mut wanted = BTreeMap::from([(
        home.clone(),
        Wanted { replicas: Some(default_replicas), requested_by: vec![HOME.to_owned()], ..Wanted::nothing() },
    )]);
    let mut wishes: Vec<&TargetView> = targets.iter().filter(|target| target.wants).collect();
    wishes.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    let asked: BTreeSet<&Region> = wishes.iter().map(|target| &target.region).collect();
    let places = in_azure.iter().chain(remembered.keys().filter(|region| !asked.contains(region)));
    let mut room = MOST_REGIONS.saturating_sub(places.chain([home]).collect::<BTreeSet<_>>().len());
    let mut held: BTreeMap<Region, Vec<String>> = BTreeMap::new();
    let (granted, waiting): (Vec<&TargetView>, Vec<&TargetView>) = wishes.iter().partition(|target| !target.held);
    for target in granted {
        if !has_place(&target.region, wanted.contains_key(&target.region), in_azure, &mut room) {
            continue;
        }
        let entry = wanted.entry(target.region.clone()).or_insert_with(Wanted::nothing);
        // The home region's default is a floor for nobody but itself: a target there may ask for fewer.
        let floor = if entry.requested_by == [HOME] { None } else { entry.replicas };
        entry.replicas = floor.max(Some(target.replicas));
        entry.storage_account_type = entry.storage_account_type.or(target.storage_account_type);
        entry.requested_by.push(target.name.clone());
    }
    for target in waiting {
        let known = wanted.contains_key(&target.region) || held.contains_key(&target.region);
        if !has_place(&target.region, known, in_azure, &mut room) {
            continue;
        }
        // It still holds what is there, though it gets no more.
        if wanted.contains_key(&target.region) || in_azure.contains(&target.region) {
            let entry = wanted.entry(target.region.clone()).or_insert_with(Wanted::nothing);
            entry.keeps = true;
            entry.requested_by.push(target.name.clone());
        } else {
            held.entry(target.region.clone()).or_default().push(target.name.clone());
        }
    }
    let told_to_remove = |region: &Region| {
        let requesters = remembered.get(region).map(Vec::as_slice).unwrap_or_default();
        targets.iter().any(|target| {
            target.region == *region
                && !target.wants
                && target.deletion == Deletion::Delete
                && requesters.contains(&target.name)
        })
    };
    let unwanted = |region: &&Region| !wanted.contains_key(*region) && !asked.contains(*region);
    let gone = remembered.keys().filter(unwanted).filter(|region| !in_azure.contains(*region));
    let vanished = gone.filter(|region| told_to_remove(region)).cloned().collect();
    let mut removed = BTreeSet::new();
    let mut foreign = BTreeSet::new();
    for region in in_azure.iter().filter(unwanted) {
        if told_to_remove(region) { &mut removed } else { &mut foreign }.insert(region.clone());
    }
    Merged { wanted, held, removed, vanished, foreign, leaving: BTreeMap::new(), in_use: BTreeMap::new() }
}

/// Whether a version can have the region: what is in Azure always, others while there is room. The oldest targets come first.
fn has_place(region: &Region, known: bool, in_azure: &BTreeSet<Region>, room: &mut usize) -> bool {
    if known || in_azure.contains(region) {
        return true;
    }
    let has_room = *room > 0;
    *room = room.saturating_sub(1);
    has_room
}

impl Wanted {
    fn nothing() -> Self {
        Self { replicas: None, keeps: false, storage_account_type: None, requested_by: Vec::new() }
    }
}

/// The target whose storage holds in a region instead of this one's, if they contradict each other.
pub fn contradicting<'a>(target: &TargetView, siblings: &'a [TargetView]) -> Option<&'a TargetView> {
    let own = target.storage_account_type?;
    siblings
        .iter()
        .filter(|other| other.wants && other.region == target.region && other.name != target.name)
        .filter(|other| (other.created, &other.name) < (target.created, &target.name))
        .filter(|other| other.storage_account_type.is_some_and(|theirs| theirs != own))
        .min_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn region(name: &str) -> Region {
        Region::parse(name).unwrap()
    }

    fn target(name: &str, at: &str, replicas: i32) -> TargetView {
        TargetView {
            name: name.into(),
            region: region(at),
            replicas,
            storage_account_type: None,
            deletion: Deletion::Delete,
            wants: true,
            held: false,
            removal_delay: None,
            created: None,
        }
    }

    fn regions(names: &[&str]) -> BTreeSet<Region> {
        names.iter().map(|name| region(name)).collect()
    }

    fn remembered(pairs: &[(&str, &[&str])]) -> BTreeMap<Region, Vec<String>> {
        pairs.iter().map(|(at, who)| (region(at), who.iter().map(ToString::to_string).collect())).collect()
    }

    #[test]
    fn wishes_are_united_whatever_the_spelling_of_the_region() {
        let targets = [target("a", "North Europe", 2), target("b", "northeurope", 5), target("c", "eastus2", 1)];
        let merged = merge(&region("West Europe"), 1, &targets, &BTreeMap::new(), &BTreeSet::new());
        let summary: Vec<_> = merged
            .wanted
            .iter()
            .map(|(at, wanted)| (at.as_str(), wanted.replicas.unwrap(), wanted.requested_by.join("+")))
            .collect();
        assert_eq!(
            summary,
            [
                ("eastus2", 1, "c".to_owned()),
                ("northeurope", 5, "a+b".to_owned()),
                ("westeurope", 1, "home".to_owned()),
            ]
        );
    }

    #[test]
    fn the_most_that_anyone_asks_for_holds_but_the_default_at_home_holds_nobody_up() {
        for (case, targets, expected) in [
            ("nobody asks at home", vec![target("a", "northeurope", 7)], 5),
            ("a target asks for fewer at home", vec![target("a", "westeurope", 2)], 2),
            (
                "the second target at home asks for fewer",
                vec![target("a", "westeurope", 3), target("b", "westeurope", 2)],
                3,
            ),
            (
                "the second target at home asks for more",
                vec![target("a", "westeurope", 2), target("b", "westeurope", 3)],
                3,
            ),
        ] {
            let merged = merge(&region("westeurope"), 5, &targets, &BTreeMap::new(), &BTreeSet::new());
            assert_eq!(merged.wanted[&region("westeurope")].replicas, Some(expected), "{case}");
        }
        let targets = [target("a", "northeurope", 4), target("b", "northeurope", 2)];
        let merged = merge(&region("westeurope"), 5, &targets, &BTreeMap::new(), &BTreeSet::new());
        assert_eq!(merged.wanted[&region("northeurope")].replicas, Some(4), "elsewhere the default counts for nothing");
    }

    #[test]
    fn a_target_is_contradicted_only_by_an_older_one_that_wants_the_same_region() {
        let zrs = Some(StorageAccountType::StandardZrs);
        let own =
            TargetView { storage_account_type: Some(StorageAccountType::PremiumLrs), ..target("m", "northeurope", 1) };
        let older = TargetView { storage_account_type: zrs, ..target("a", "northeurope", 1) };
        for (case, sibling, expected) in [
            ("an older one of the same region", older.clone(), Some("a")),
            ("itself, seen before", TargetView { storage_account_type: zrs, ..own.clone() }, None),
            ("a younger one", TargetView { name: "z".into(), ..older.clone() }, None),
            ("one of another region", TargetView { region: region("eastus2"), ..older.clone() }, None),
            ("one that goes", TargetView { wants: false, ..older.clone() }, None),
            ("one without a wish", TargetView { storage_account_type: None, ..older.clone() }, None),
            (
                "one of the same mind",
                TargetView { storage_account_type: own.storage_account_type, ..older.clone() },
                None,
            ),
        ] {
            let siblings = [sibling];
            assert_eq!(contradicting(&own, &siblings).map(|other| other.name.as_str()), expected, "{case}");
        }
    }

    #[test]
    fn a_region_is_taken_away_only_on_the_word_of_one_who_asked_for_it() {
        let gone = |deletion| TargetView { wants: false, deletion, ..target("t", "northeurope", 1) };
        let cases = [
            (
                "a target that goes and says Delete",
                vec![gone(Deletion::Delete)],
                remembered(&[("northeurope", &["t"])]),
                true,
            ),
            (
                "a target that goes and says Retain",
                vec![gone(Deletion::Retain)],
                remembered(&[("northeurope", &["t"])]),
                false,
            ),
            ("a target that vanished", vec![], remembered(&[("northeurope", &["t"])]), false),
            ("a region nobody here asked for", vec![gone(Deletion::Delete)], remembered(&[]), false),
            ("another one asked for it", vec![gone(Deletion::Delete)], remembered(&[("northeurope", &["u"])]), false),
            (
                "somebody else still wants it",
                vec![gone(Deletion::Delete), target("u", "northeurope", 1)],
                remembered(&[("northeurope", &["t", "u"])]),
                false,
            ),
        ];
        for (case, targets, remembered, expected) in cases {
            let merged =
                merge(&region("westeurope"), 1, &targets, &remembered, &regions(&["westeurope", "northeurope"]));
            assert_eq!(merged.removed.contains(&region("northeurope")), expected, "{case}");
        }
    }

    #[test]
    fn of_two_storage_types_in_one_region_the_older_target_holds() {
        let at = |seconds| Some(jiff::Timestamp::from_second(seconds).unwrap());
        let old = TargetView {
            storage_account_type: Some(StorageAccountType::StandardZrs),
            created: at(1),
            ..target("z-old", "northeurope", 1)
        };
        let young = TargetView {
            storage_account_type: Some(StorageAccountType::PremiumLrs),
            created: at(2),
            ..target("a-young", "northeurope", 1)
        };
        let both = [young.clone(), old.clone()];
        let merged = merge(&region("westeurope"), 1, &both, &BTreeMap::new(), &BTreeSet::new());
        assert_eq!(merged.wanted[&region("northeurope")].storage_account_type, Some(StorageAccountType::StandardZrs));
        assert_eq!(contradicting(&young, &both).map(|t| t.name.as_str()), Some("z-old"));
        assert_eq!(contradicting(&old, &both), None);
    }

    proptest! {
        #[test]
        fn every_region_in_azure_is_wanted_removed_or_foreign_and_none_is_lost(
            in_azure in proptest::collection::btree_set("[a-e]", 0..5),
            wishes in proptest::collection::vec(("[a-e]", "[t-w]", any::<bool>(), any::<bool>(), 1..5i32), 0..6),
            memory in proptest::collection::btree_map("[a-e]", proptest::collection::vec("[t-w]", 0..3), 0..5),
        ) {
            let in_azure: BTreeSet<Region> = in_azure.iter().map(|name| region(name)).collect();
            let targets: Vec<TargetView> = wishes.iter().map(|(at, name, wants, delete, replicas)| TargetView {
                wants: *wants,
                deletion: if *delete { Deletion::Delete } else { Deletion::Retain },
                ..target(name, at, *replicas)
            }).collect();
            let memory = memory.into_iter().map(|(at, who)| (region(&at), who)).collect();
            let home = region("a");
            let merged = merge(&home, 1, &targets, &memory, &in_azure);
            prop_assert!(merged.wanted.contains_key(&home), "the home region can't be dropped");
            prop_assert!(merged.removed.is_disjoint(&merged.foreign));
            for at in &in_azure {
                let places = usize::from(merged.wanted.contains_key(at))
                    + usize::from(merged.removed.contains(at))
                    + usize::from(merged.foreign.contains(at));
                prop_assert_eq!(places, 1, "{} has to be in one place", at);
            }
            for at in &merged.removed {
                prop_assert!(memory.contains_key(at), "what nobody asked for is never removed");
            }
        }
    }
}
