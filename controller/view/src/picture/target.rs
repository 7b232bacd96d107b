//! A target: its region, and the versions that it wants.

use azimage_crds::{LatestInRegion, ReplicationTarget};

use crate::{
    clock::{Clock, short},
    line::{Line, Weight},
    mark::Mark,
    rows::{self, Row},
};

pub(super) fn lines(target: &ReplicationTarget, clock: &Clock, width: usize) -> Vec<Line> {
    let spec = &target.spec;
    let mut words = format!("{} in {}", super::counted(spec.replicas.unsigned_abs() as usize, "replica"), spec.region);
    if spec.latest == LatestInRegion::Excluded {
        words.push_str(", never latest there");
    }
    let mut lines = rows::paragraph(&words, 2, width, Weight::Settled);
    let versions = target.status.as_ref().map(|status| status.versions.as_slice()).unwrap_or_default();
    let shown: Vec<Row> = versions
        .iter()
        .map(|version| {
            let leaves = version.remove_after.as_ref().map(|time| {
                format!("no longer selected: its replicas are taken away in {}", short(clock.until(time.0)))
            });
            let progress = format!("{}%", version.progress);
            let cells = [version.name.as_str(), &version.state.to_string(), &progress];
            Row::new(Mark::of_region(version.state), &cells, &leaves.unwrap_or_default())
        })
        .collect();
    lines.extend(rows::lines(&shown, 2, width));
    lines
}
