//! What targets asked for that no longer select the version stays for a while: a label or a selector that was changed by a slip
//! takes no replicas away. Until when is written into the status first, and so told; whoever selects the version again before
//! that loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{Deletion, ImageVersionStatus, Leaving, RegionStatus};
use azimage_names::Region;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::{span::end_of, target::TargetView};

/// The targets as they count now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pauses {
    /// The targets, where one that no longer selects the version wants it until its pause is over.
    pub(super) targets: Vec<TargetView>,
    /// Those of each region that no longer select the version.
    pub(super) leaving: BTreeMap<Region, Vec<Leaving>>,
}

impl Pauses {
    /// `in_azure` are the regions that there is something to lose in.
    pub(super) fn of(
        targets: &[TargetView],
        status: &ImageVersionStatus,
        in_azure: &BTreeSet<Region>,
        now: Timestamp,
    ) -> Self {
        let mut pauses = Self::default();
        for target in targets {
            let mut target = target.clone();
            let shown = status.regions.iter().find(|shown| shown.name == target.region.as_str());
            let asked = shown.filter(|shown| shown.requested_by.contains(&target.name));
            if let (Some(shown), Some(delay), Deletion::Delete, false) =
                (asked, target.removal_delay, target.deletion, target.wants)
                && in_azure.contains(&target.region)
            {
                let after = recorded(shown, &target.name).unwrap_or_else(|| end_of(now, delay));
                target.wants = after > now;
                let leaving = Leaving { target: target.name.clone(), after: Time(after) };
                pauses.leaving.entry(target.region.clone()).or_default().push(leaving);
            }
            pauses.targets.push(target);
        }
        pauses
    }
}

/// Until when the status says that what a target asked for stays.
fn recorded(shown: &RegionStatus, target: &str) -> Option<Timestamp> {
    shown.leaving.iter().find(|leaving| leaving.target == target).map(|leaving| leaving.after.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn region() -> Region {
        Region::parse("northeurope").unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn target() -> TargetView {
        TargetView {
            name: "t".into(),
            region: region(),
            replicas: 3,
            storage_account_type: None,
            deletion: Deletion::Delete,
            wants: false,
            held: false,
            removal_delay: Some(Duration::from_secs(900)),
            created: None,
        }
    }

    fn status(requested_by: &[&str], leaving: &[(&str, i64)]) -> ImageVersionStatus {
        let leaving: Vec<_> =
            leaving.iter().map(|(target, after)| json!({"target": target, "after": at(*after)})).collect();
        let region =
            json!({"name": "northeurope", "state": "Completed", "requestedBy": requested_by, "leaving": leaving});
        serde_json::from_value(json!({"conditions": [], "regions": [region]})).unwrap()
    }

    #[test]
    fn what_a_target_asked_for_stays_until_its_pause_is_over() {
        let own = target();
        let cases = [
            ("it was deselected just now", own.clone(), status(&["t"], &[]), 100, Some(1000), true),
            ("its pause lasts", own.clone(), status(&["t"], &[("t", 1000)]), 999, Some(1000), true),
            ("its pause is over", own.clone(), status(&["t"], &[("t", 1000)]), 1000, Some(1000), false),
            ("another one's pause is over", own.clone(), status(&["t"], &[("u", 50)]), 100, Some(1000), true),
            (
                "it selects the version",
                TargetView { wants: true, ..own.clone() },
                status(&["t"], &[("t", 50)]),
                100,
                None,
                true,
            ),
            ("it goes", TargetView { removal_delay: None, ..own.clone() }, status(&["t"], &[]), 100, None, false),
            (
                "it leaves its replicas",
                TargetView { deletion: Deletion::Retain, ..own.clone() },
                status(&["t"], &[]),
                100,
                None,
                false,
            ),
            ("it never asked", own.clone(), status(&["u"], &[]), 100, None, false),
            (
                "it wants no pause",
                TargetView { removal_delay: Some(Duration::ZERO), ..own.clone() },
                status(&["t"], &[]),
                100,
                Some(100),
                false,
            ),
            (
                "it wants too long a pause",
                TargetView { removal_delay: Some(Duration::MAX), ..own.clone() },
                status(&["t"], &[]),
                100,
                Some(Timestamp::MAX.as_second()),
                true,
            ),
        ];
        let there = BTreeSet::from([region()]);
        for (case, target, status, now, after, wants) in cases {
            let pauses = Pauses::of(std::slice::from_ref(&target), &status, &there, at(now));
            let found = pauses.leaving.get(&region()).map(|leaving| leaving[0].after.0.as_second());
            assert_eq!((found, pauses.targets[0].wants), (after, wants), "{case}");
        }
        let nothing_there = Pauses::of(&[own], &status(&["t"], &[]), &BTreeSet::new(), at(100));
        assert!(!nothing_there.targets[0].wants, "a region that was never made is given up at once");
    }
}
