//! Which wishes Azure refuses, and how that is found out: after a refusal of several, Azure's words may name the region, and what
//! is asked for in other regions goes first; else the next write asks for half of them, and so on. A wish that is refused is left
//! out of every write, and is asked for again, alone, once in each resync period.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use azimage_crds::{ImageVersionStatus, RefusalStatus};

use super::wish::{Asks, Wish, named};

/// The most refusals that a status keeps.
const KEPT: usize = 128;

/// The longest text of Azure's in a status's message, in bytes.
pub(super) const TOLD: usize = 500;

/// A wish that Azure refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Azure's words.
    pub why: String,
    /// When it was last asked for, or this process has heard of it.
    pub asked: Duration,
    /// A person's last request was answered with it.
    pub answered: bool,
    /// The subscription has no such region, so Azure isn't asked.
    pub unknown: bool,
}

/// Wishes of which Azure refuses one at least, and nobody knows which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspicion {
    wishes: Vec<Wish>,
    why: String,
}

/// What is known of refused wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    refused: BTreeMap<Wish, Refused>,
    suspicion: Suspicion,
    /// Those of regions that Azure's words have named beside other regions: they are asked for last.
    named: BTreeSet<Wish>,
}

impl Refusals {
    /// What a new process finds in a status. It counts from now: so a restart never asks sooner.
    pub(super) fn found(status: &ImageVersionStatus, now: Duration) -> Self {
        let refused = |kept: &RefusalStatus| {
            let refused = Refused { why: kept.message.clone(), asked: now, answered: false, unknown: kept.unknown };
            Some((Wish::of_kept(kept)?, refused))
        };
        Self { refused: status.refusals.iter().filter_map(refused).collect(), ..Self::default() }
    }

    /// Those of wishes that are still there.
    pub(super) fn of_living(&self, lives: impl Fn(&Wish) -> bool) -> Self {
        let refused = self.refused.iter().filter(|(wish, _)| lives(wish));
        let mut suspicion = self.suspicion.clone();
        suspicion.wishes.retain(&lives);
        let refused = refused.map(|(wish, refused)| (wish.clone(), refused.clone())).collect();
        let named = self.named.iter().filter(|wish| lives(wish)).cloned().collect();
        Self { refused, suspicion, named }
    }

    /// Azure refused a write, for what it asks for.
    pub(super) fn refused(&mut self, asks: &Asks, why: &str, now: Duration) {
        let all = &asks.wishes;
        let named: Vec<Wish> = named(all, why).into_iter().cloned().collect();
        for wish in all {
            // One of several may be to blame, and the others were only with it: each is asked for by itself.
            self.refused.remove(wish);
        }
        self.suspicion = Suspicion::default();
        match (named.as_slice(), all.as_slice()) {
            ([one], _) | ([], [one]) => self.blame(one.clone(), why, asks.requested, now),
            ([_, ..], _) if named.len() < all.len() => self.named.extend(named),
            _ => self.suspicion = Suspicion { wishes: all.clone(), why: why.to_owned() },
        }
    }

    /// Azure accepted a write. Of several suspects the last one that is left is to blame.
    pub(super) fn granted(&mut self, asks: &Asks, now: Duration) {
        for wish in &asks.wishes {
            self.refused.remove(wish);
            self.named.remove(wish);
        }
        self.suspicion.wishes.retain(|wish| !asks.wishes.contains(wish));
        if let [one] = self.suspicion.wishes.as_slice() {
            let (one, why) = (one.clone(), std::mem::take(&mut self.suspicion.why));
            self.suspicion = Suspicion::default();
            self.blame(one, &why, false, now);
        }
    }

    /// A person's request was answered.
    pub(super) fn answered(&mut self) {
        for refused in self.refused.values_mut() {
            refused.answered = false;
        }
    }

    fn blame(&mut self, wish: Wish, why: &str, answered: bool, asked: Duration) {
        self.named.remove(&wish);
        self.refused.insert(wish, Refused { why: why.to_owned(), asked, answered, unknown: false });
    }

    /// These wishes are for regions that the subscription doesn't have, each with what is said of it, and no others are.
    pub(super) fn know_unknown(&mut self, unknown: Vec<(Wish, String)>, now: Duration) {
        self.refused.retain(|_, refused| !refused.unknown);
        for (wish, why) in unknown {
            self.suspicion.wishes.retain(|suspect| *suspect != wish);
            self.named.remove(&wish);
            self.refused.insert(wish, Refused { why, asked: now, answered: true, unknown: true });
        }
    }

    /// Nobody knows which regions the subscription has: Azure is asked for all of them as it is for others.
    pub(super) fn know_nothing(&mut self) {
        self.refused.values_mut().for_each(|refused| refused.unknown = false);
    }

    /// Whether it is for a region that the subscription doesn't have.
    pub(super) fn is_unknown(&self, wish: &Wish) -> bool {
        self.refused.get(wish).is_some_and(|refused| refused.unknown)
    }

    /// Whether it is refused.
    pub(super) fn has(&self, wish: &Wish) -> bool {
        self.refused.contains_key(wish)
    }

    /// Azure's words.
    pub(super) fn why(&self, wish: &Wish) -> Option<&str> {
        self.refused.get(wish).map(|refused| refused.why.as_str())
    }

    /// All refused wishes.
    pub(super) fn wishes(&self) -> impl Iterator<Item = &Wish> {
        self.refused.keys()
    }

    /// Which refused ones are asked for again now: of a person's request all, of the resync the one that waits longest.
    pub(super) fn due(&self, requested: bool, resync: Duration, now: Duration) -> Vec<Wish> {
        let asked_for = || self.refused.iter().filter(|(_, refused)| !refused.unknown);
        if requested {
            let open = asked_for().filter(|(_, refused)| !refused.answered);
            return open.map(|(wish, _)| wish.clone()).collect();
        }
        let old = asked_for().filter(|(_, refused)| now.saturating_sub(refused.asked) >= resync);
        old.min_by_key(|(_, refused)| refused.asked).map(|(wish, _)| wish.clone()).into_iter().collect()
    }

    /// Of these wishes those that the next write asks for: half of the suspects, if there are any among them; else all that Azure's
    /// words never named; else those of one region.
    pub(super) fn next(&self, open: &[Wish]) -> Vec<Wish> {
        let suspects: Vec<Wish> = open.iter().filter(|wish| self.suspicion.wishes.contains(wish)).cloned().collect();
        if !suspects.is_empty() {
            let half = suspects.len().div_ceil(2);
            return suspects.into_iter().take(half).collect();
        }
        let (named, free): (Vec<Wish>, Vec<Wish>) = open.iter().cloned().partition(|wish| self.named.contains(wish));
        if !free.is_empty() {
            return free;
        }
        let first = named.first().and_then(Wish::region).cloned();
        named.into_iter().filter(|wish| wish.region() == first.as_ref()).collect()
    }

    /// As a status keeps them.
    pub fn kept(&self) -> Vec<RefusalStatus> {
        let mut kept: Vec<RefusalStatus> =
            self.refused.iter().filter_map(|(wish, refused)| wish.kept(&refused.why, refused.unknown)).collect();
        kept.truncate(KEPT);
        kept
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use azimage_names::Region;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(600);

    fn wish(region: &str) -> Wish {
        replicas(region, 1)
    }

    fn replicas(region: &str, replicas: i32) -> Wish {
        Wish::Region { region: Region::parse(region).unwrap(), replicas, storage: None }
    }

    fn asks(wishes: &[Wish]) -> Asks {
        Asks { wishes: wishes.to_vec(), ..Asks::default() }
    }

    /// What Azure answers to all that is asked for, until nothing is left; how many writes it refuses.
    fn narrowed(all: &[Wish], bad: &[Wish], why: &str) -> (Vec<Wish>, usize) {
        let (mut refusals, mut granted, mut refused) = (Refusals::default(), Vec::new(), 0);
        for _ in 0..100 {
            let open: Vec<Wish> =
                all.iter().filter(|wish| !granted.contains(*wish) && !refusals.has(wish)).cloned().collect();
            let next = refusals.next(&open);
            if next.is_empty() {
                return (refusals.wishes().cloned().collect(), refused);
            }
            if next.iter().any(|wish| bad.contains(wish)) {
                refused += 1;
                refusals.refused(&asks(&next), why, Duration::ZERO);
            } else {
                refusals.granted(&asks(&next), Duration::ZERO);
                granted.extend(next);
            }
        }
        panic!("no end: {refusals:?}");
    }

    #[test]
    fn a_refusal_is_narrowed_down_to_the_wishes_that_are_to_blame() {
        let (a, b, c, d) = (wish("northeurope"), wish("northeurop"), wish("westus"), wish("westus2"));
        let all = [a.clone(), b.clone(), c.clone(), d.clone()];
        for (case, all, bad, why, most) in [
            ("one alone", &all[1..2], vec![&b], "no", 1),
            ("of two the younger one", &all[..2], vec![&b], "no", 1),
            ("of two the older one", &all[1..3], vec![&b], "no", 2),
            ("both of two", &all[..2], vec![&a, &b], "no", 3),
            ("one of four", &all[..], vec![&b], "no", 2),
            ("all of four", &all[..], vec![&a, &b, &c, &d], "no", 9),
            ("Azure names the region", &all[..], vec![&b], "The region 'North Europ' is not available", 1),
            ("a region whose name another's begins with", &all[..], vec![&d], "[westus2] is closed", 1),
        ] {
            let bad: Vec<Wish> = bad.into_iter().cloned().collect();
            let (mut found, refused) = narrowed(all, &bad, why);
            found.sort();
            let mut expected = bad.clone();
            expected.sort();
            assert_eq!(found, expected, "{case}");
            assert!(refused <= most, "{case}: {refused} refused writes");
        }
    }

    #[test]
    fn a_region_that_azures_words_name_holds_up_no_other_however_often_it_is_asked_for() {
        let bad: Vec<Wish> = (1..=5).map(|count| replicas("northeurop", count)).collect();
        let good = [wish("westus"), wish("westus2"), replicas("westus2", 3)];
        let all = [&bad[..], &good[..]].concat();
        let why = "The region 'northeurop' is not available";
        let mut refusals = Refusals::default();
        assert_eq!(refusals.next(&all), all);
        refusals.refused(&asks(&all), why, Duration::ZERO);
        assert_eq!(refusals.next(&all), good, "they go on at once");
        let (found, refused) = narrowed(&all, &bad, why);
        assert_eq!(found.len(), 5);
        assert!(refused <= 16, "{refused}");
        let other: Vec<Wish> = (1..=5).map(|count| replicas("southeurop", count)).collect();
        let both = [&bad[..], &other[..], &good[..]].concat();
        let (found, refused) = narrowed(&both, &[&bad[..], &other[..]].concat(), "northeurop and southeurop are none");
        assert_eq!(found.len(), 10);
        assert!(refused <= 40, "{refused}");
    }

    #[test]
    fn a_refused_wish_is_asked_for_again_alone_in_each_period_or_when_somebody_asks() {
        let (a, b) = (wish("northeurop"), wish("westu"));
        let mut refusals = Refusals::default();
        refusals.refused(&asks(from_ref(&a)), "no", Duration::ZERO);
        refusals.refused(&asks(from_ref(&b)), "no", Duration::from_secs(1));
        let due = |refusals: &Refusals, requested, at| refusals.due(requested, PERIOD, Duration::from_secs(at));
        assert_eq!(due(&refusals, false, 599), []);
        assert_eq!(due(&refusals, false, 601), from_ref(&a), "the one that waits longest");
        assert_eq!(due(&refusals, true, 2), [a.clone(), b.clone()], "somebody asks");
        let requested = Asks { requested: true, ..asks(from_ref(&a)) };
        refusals.refused(&requested, "no", Duration::from_secs(2));
        assert_eq!(due(&refusals, true, 3), from_ref(&b), "it was asked for");
        refusals.answered();
        assert_eq!(due(&refusals, true, 4), [a.clone(), b.clone()], "by another request");
        refusals.granted(&asks(from_ref(&a)), Duration::from_secs(9));
        assert!(!refusals.has(&a) && refusals.has(&b));
    }

    #[test]
    fn what_is_for_a_region_that_is_none_is_never_asked_for_while_that_is_known() {
        let (a, b) = (wish("northeurop"), wish("westus"));
        let mut refusals = Refusals::default();
        refusals.know_unknown(vec![(a.clone(), "there is none".to_owned())], Duration::ZERO);
        assert_eq!((refusals.is_unknown(&a), refusals.is_unknown(&b), refusals.has(&a)), (true, false, true));
        let late = 10 * PERIOD;
        refusals.answered();
        assert_eq!((refusals.due(false, PERIOD, late), refusals.due(true, PERIOD, late)), (vec![], vec![]));
        let status = ImageVersionStatus { refusals: refusals.kept(), ..ImageVersionStatus::default() };
        assert!(Refusals::found(&status, late).is_unknown(&a), "{status:?}");
        let mut nobody_knows = refusals.clone();
        nobody_knows.know_nothing();
        assert_eq!(nobody_knows.due(false, PERIOD, late), from_ref(&a), "it is asked for again");
        refusals.know_unknown(Vec::new(), late);
        assert!(!refusals.has(&a), "the subscription has it now");
    }

    #[test]
    fn what_a_status_keeps_a_new_process_knows_and_waits_a_period() {
        let (a, own) = (wish("northeurop"), Wish::Settings("tags".into()));
        let mut refusals = Refusals::default();
        for one in [&a, &own] {
            refusals.refused(&asks(from_ref(one)), "no", Duration::ZERO);
        }
        let status = ImageVersionStatus { refusals: refusals.kept(), ..ImageVersionStatus::default() };
        let found = Refusals::found(&status, Duration::from_secs(5));
        assert!(found.has(&a) && !found.has(&own), "{status:?}");
        assert_eq!(found.why(&a), Some("no"));
        assert_eq!(found.due(false, PERIOD, Duration::from_secs(604)), []);
        assert_eq!(found.due(false, PERIOD, Duration::from_secs(605)), from_ref(&a));
        assert!(!found.of_living(|wish| *wish != a).has(&a), "it asks for something else now");
    }
}
