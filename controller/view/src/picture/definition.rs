//! An image definition: what is latest, its versions, and what was latest before.

use azimage_crds::{HistoryEntry, ImageDefinition, LineState, LineVersion};

use super::Detail;
use crate::{
    clock::{Clock, short},
    line::{Line, Weight},
    mark::Mark,
    rows::{self, Row},
};

/// Changes of what is latest that are shown, unless much is.
const CHANGES: usize = 3;

pub(super) fn lines(definition: &ImageDefinition, clock: &Clock, detail: Detail, width: usize) -> Vec<Vec<Line>> {
    let Some(status) = &definition.status else { return Vec::new() };
    let latest = match &status.latest {
        Some(latest) => {
            let regions = if latest.regions.is_empty() { "no region".to_owned() } else { latest.regions.join(", ") };
            let words = format!("for {} in {regions}", short(clock.since(latest.since.0)));
            rows::lines(&[Row::new(Mark::Yes, &["latest", &latest.version], &words)], 2, width)
        }
        None => rows::paragraph("No version is latest", 2, width, Weight::Settled),
    };
    let versions: Vec<Row> = status.versions.iter().map(|version| version_row(version, clock)).collect();
    let shown = if detail == Detail::Wide { usize::MAX } else { CHANGES };
    let history: Vec<Line> = status
        .history
        .iter()
        .take(shown)
        .flat_map(|entry| rows::paragraph(&change(entry, clock), 2, width, Weight::Detail))
        .collect();
    vec![latest, rows::lines(&versions, 2, width), history]
}

fn version_row(version: &LineVersion, clock: &Clock) -> Row {
    let mark = match version.state {
        LineState::Latest => Mark::Yes,
        LineState::Failed => Mark::No,
        LineState::Soaking | LineState::Promoting | LineState::Leaving => Mark::Working,
        LineState::NotValidated | LineState::Candidate | LineState::Superseded | LineState::Excluded => Mark::Waiting,
    };
    let soaks = version.soaks_until.as_ref().map(|time| format!("for {} more", short(clock.until(time.0))));
    let cells = [version.version.as_str(), &version.state.to_string(), &version.name];
    Row::new(mark, &cells, &soaks.unwrap_or_default())
}

fn change(entry: &HistoryEntry, clock: &Clock) -> String {
    let by = entry.manager.as_ref().map(|manager| format!(" by {manager}")).unwrap_or_default();
    let why = entry.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} ago: {} {}{by}{why}", short(clock.since(entry.time.0)), entry.version, entry.action)
}
