//! Regions that the gallery's subscription doesn't have: told to whoever asks for them at once, and never asked of Azure.

use std::collections::BTreeSet;

use azimage_names::Region;

use super::{
    super::super::{
        context::{Answer, Cx},
        refusals::Refusals,
        report::Stop,
        wish::Wish,
    },
    words::NoRegion,
};
use crate::Failure;

/// By how many letters a name may differ from the one that was meant.
const SLIPS: usize = 2;

/// What is known of refused wishes, with those for regions that aren't there. Azure is asked only where somebody asks for a region
/// that the version doesn't have yet; where it doesn't tell, its refusal of a write does.
pub(in super::super::super) fn noted(
    cx: &Cx<'_>,
    home: &Region,
    in_azure: &BTreeSet<Region>,
    refusals: &mut Refusals,
) -> Result<(), Stop> {
    let new = |region: &Region| region != home && !in_azure.contains(region);
    let wanted = || cx.validated.targets.iter().filter(|target| target.wants && new(&target.region));
    if wanted().next().is_none() {
        refusals.know_unknown(Vec::new(), cx.history.memory.uptime);
        return Ok(());
    }
    match cx.regions()? {
        // A list without the region in which the version is can't be the whole one.
        Answer::Found(regions) if regions.contains(home) => {
            let missing = wanted().filter(|target| !regions.contains(&target.region));
            let unknown = missing.map(|target| (Wish::of(target), said(cx, &target.region, regions))).collect();
            refusals.know_unknown(unknown, cx.history.memory.uptime);
        }
        // It will say so, and until then what was known holds.
        Answer::Failed(Failure::Throttled | Failure::Busy(_) | Failure::Unavailable(_) | Failure::Identity(_)) => {}
        Answer::Found(_) | Answer::Missing(_) | Answer::Failed(_) => refusals.know_nothing(),
    }
    Ok(())
}

fn said(cx: &Cx<'_>, region: &Region, regions: &BTreeSet<Region>) -> String {
    let subscription = cx.validated.id.definition().gallery().subscription().to_string();
    let region = region.clone();
    match alike(&region, regions) {
        Some(like) => NoRegion::Like { region, subscription, like: like.clone() },
        None => NoRegion::None { region, subscription },
    }
    .to_string()
}

/// The region that was meant, if it is one by a slip or two.
fn alike<'a>(region: &Region, regions: &'a BTreeSet<Region>) -> Option<&'a Region> {
    let slips = regions.iter().map(|other| (distance(region.as_str(), other.as_str()), other));
    slips.filter(|(slips, _)| *slips <= SLIPS).min_by_key(|(slips, _)| *slips).map(|(_, other)| other)
}

/// How many letters have to be put in, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, against) in row.iter_mut().skip(1).zip(other.bytes()) {
            let changed = before + usize::from(letter != against);
            before = *cell;
            left = changed.min(before + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_known_by_the_region_that_was_meant() {
        let region = |name: &str| Region::parse(name).unwrap();
        let regions: BTreeSet<Region> =
            ["westeurope", "northeurope", "eastus", "eastus2", "westus"].into_iter().map(region).collect();
        for (name, expected) in [
            ("westeurop", Some("westeurope")),
            ("westerneurope", None),
            ("nortehurope", Some("northeurope")),
            ("eastus3", Some("eastus")),
            ("atlantis", None),
        ] {
            assert_eq!(alike(&region(name), &regions).map(Region::as_str), expected, "{name}");
        }
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("abc", "abc")), (3, 3, 0));
    }
}
