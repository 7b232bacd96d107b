//! What the next write of a version asks for: of all that is wanted what Azure may grant. What it refused is left out, and what
//! it doesn't keep.

use std::collections::BTreeSet;

use azimage_crds::ConditionType;

use super::{
    super::super::{
        VersionRequest,
        context::Cx,
        facts,
        refusals::Refusals,
        wish::{Asks, Change, Wish},
    },
    compare,
    in_use::InUse,
    latest::Latest,
    merged_of, regions,
    words::Difference,
};
use crate::{merge::Merged, target::TargetView};

/// The next write of a version.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// What is asked for, as a whole.
    pub(super) request: VersionRequest,
    /// What of it isn't so yet; nothing, if no write is needed.
    pub(super) asks: Asks,
    /// Something of it was written before, and didn't last.
    pub(super) is_again: bool,
    /// What Azure refused and is asked for again now, once all else is done.
    pub(super) retry: Option<(VersionRequest, Asks)>,
    /// What isn't so, and isn't asked for any more, as it doesn't last.
    pub(super) reverted: Vec<Change>,
}

/// Which of the wishes that there are now, and that aren't fulfilled, Azure refuses.
pub(super) fn current_refusals(cx: &Cx<'_>, version: &facts::Version) -> Refusals {
    let known = cx.history.refusals();
    if known == Refusals::default() {
        return known;
    }
    let there = |target: &TargetView| {
        let is = version.targets.iter().find(|is| is.region == target.region);
        is.is_some_and(|is| is.replicas.unwrap_or(version.default_replicas) >= target.replicas)
    };
    let open = cx.validated.targets.iter().filter(|target| target.wants && !there(target));
    let wishes: BTreeSet<Wish> = open.map(Wish::of).chain([settings(cx)]).collect();
    known.of_living(|wish| wishes.contains(wish))
}

/// What the object itself asks for: another wish as soon as it asks for something else.
fn settings(cx: &Cx<'_>) -> Wish {
    Wish::Settings(format!("{:?}", cx.validated.publish))
}

impl Write {
    /// The write, and the regions that it rests on.
    pub(super) fn decide(
        cx: &Cx<'_>,
        version: &facts::Version,
        refusals: &Refusals,
        in_use: &InUse,
        latest: &Latest,
    ) -> (Merged, Self) {
        let mut held: BTreeSet<Wish> = refusals.wishes().cloned().collect();
        let (requested, now) = (cx.validated.requested, cx.history.memory.uptime);
        let due = refusals.due(requested, cx.history.resync, now);
        if requested {
            held.retain(|wish| !due.contains(wish));
        }
        let (merged, write) = Self::without(cx, version, &held, in_use, latest);
        let wishes = &write.asks.wishes;
        let next = refusals.next(wishes);
        if next.len() < wishes.len() {
            held.extend(wishes.iter().filter(|wish| !next.contains(wish)).cloned());
            return Self::without(cx, version, &held, in_use, latest);
        }
        if due.is_empty() {
            return (merged, write);
        }
        held.retain(|wish| !due.contains(wish));
        let (_, again) = Self::without(cx, version, &held, in_use, latest);
        let retry = (!again.asks.changes.is_empty()).then_some((again.request, again.asks));
        (merged, Self { retry, ..write })
    }

    /// Whether the version is as all wishes together want it.
    pub(super) fn has_nothing_left(cx: &Cx<'_>, version: &facts::Version, latest: &Latest) -> bool {
        let (_, all) = Self::without(cx, version, &BTreeSet::new(), &InUse::Nowhere, latest);
        all.asks.changes.is_empty() && all.reverted.is_empty()
    }

    fn without(
        cx: &Cx<'_>,
        version: &facts::Version,
        held: &BTreeSet<Wish>,
        in_use: &InUse,
        latest: &Latest,
    ) -> (Merged, Self) {
        let (validated, history) = (cx.validated, cx.history);
        let as_held = |target: TargetView| TargetView { held: held.contains(&Wish::of(&target)), ..target };
        let in_azure = regions::in_azure(version);
        let (merged, targets) = merged_of(validated, history, &version.location, &in_azure, in_use, as_held);
        let mut request = compare::update(validated, version, &merged, None, latest, history.now);
        let own = settings(cx);
        if held.contains(&own) {
            let at_home = merged.wanted.get(&version.location).is_some_and(|home| home.requested_by.len() == 1);
            request = compare::without_settings(version, request, at_home, history.now);
        }
        let (request, asks, reverted) = Self::lasting(cx, version, request, latest);
        let (request, asks) = if let Some(first) = compare::removal(version, &request, history.now) {
            let changes = compare::differences(version, &first).iter().map(compare::Differs::change).collect();
            (first, Asks { changes, ..asks })
        } else {
            let changes = compare::differences(version, &request);
            let nothing = asks.changes.is_empty();
            let mut wishes = if nothing { Vec::new() } else { wishes_of(&changes, version, &targets, &own) };
            // What takes a version out of latest is never held back. Once Azure has refused what the object asks for it is asked for as
            // nobody's wish, so that another refusal is a failure like any other: told in Azure's words, and with a pause.
            wishes.retain(|wish| !held.contains(wish));
            (request, Asks { wishes, ..asks })
        };
        let is_again = asks.changes.iter().any(|change| history.memory.reverts.is_again(change));
        (merged, Self { request, asks, is_again, retry: None, reverted })
    }

    /// A request without what didn't last before.
    fn lasting(
        cx: &Cx<'_>,
        version: &facts::Version,
        request: VersionRequest,
        latest: &Latest,
    ) -> (VersionRequest, Asks, Vec<Change>) {
        let (memory, requested) = (&cx.history.memory, cx.validated.requested);
        let told = cx.history.condition(ConditionType::Stalled);
        let gives_up = |change: &Change| {
            let mut reverts = memory.reverts.clone();
            let says = told.is_some_and(|told| {
                told.reason == azimage_crds::Reason::ChangeReverted.as_str() && told.message.contains(&change.what)
            });
            if says && !requested {
                reverts.believe(change, memory.uptime);
            }
            reverts.gives_up(change, requested, memory.uptime)
        };
        // Whoever includes it again and again: a version that isn't to be latest is taken out each time.
        let (left, open): (Vec<_>, Vec<_>) = compare::differences(version, &request)
            .into_iter()
            .map(|differs| (differs.change(), differs.what))
            .partition(|(change, what)| !what.keeps_out_of_latest() && gives_up(change));
        let (reverted, what): (Vec<Change>, Vec<Difference>) = left.into_iter().unzip();
        let changes = open.into_iter().map(|(change, _)| change).collect();
        let request = compare::without(version, request, &what, latest);
        (request, Asks { wishes: Vec::new(), changes, requested }, reverted)
    }
}

/// Whose wishes the differences come from, the object's own first, then those of the oldest target.
fn wishes_of(
    differences: &[compare::Differs],
    version: &facts::Version,
    targets: &[TargetView],
    own: &Wish,
) -> Vec<Wish> {
    let mut by_age: Vec<&TargetView> = targets.iter().filter(|target| target.wants && !target.held).collect();
    by_age.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    let found: BTreeSet<Wish> =
        differences.iter().flat_map(|differs| of(&differs.what, version, &by_age, own)).collect();
    let in_order = std::iter::once(own.clone()).chain(by_age.iter().map(|target| Wish::of(target)));
    let mut seen = BTreeSet::new();
    in_order.filter(|wish| found.contains(wish) && seen.insert(wish.clone())).collect()
}

/// Whose wishes one difference comes from: of more replicas those who ask for more than there are.
fn of(difference: &Difference, version: &facts::Version, targets: &[&TargetView], own: &Wish) -> Vec<Wish> {
    let region = match difference {
        Difference::Add { region } | Difference::Replicas { region } => region,
        Difference::Remove { .. } => return Vec::new(),
        _ => return vec![own.clone()],
    };
    let is = version.targets.iter().find(|is| is.region == *region);
    let there = is.map_or(0, |is| is.replicas.unwrap_or(version.default_replicas));
    let at: Vec<&TargetView> = targets.iter().copied().filter(|target| target.region == *region).collect();
    let more: Vec<&TargetView> = at.iter().copied().filter(|target| target.replicas > there).collect();
    let found: Vec<Wish> = if more.is_empty() { at } else { more }.into_iter().map(Wish::of).collect();
    if found.is_empty() { vec![own.clone()] } else { found }
}
