//! What is in Azure for the work alone.

use azimage_crds::{ImageVersion, SourceCleanupState};

use super::{Detail, counted};
use crate::{
    line::{Line, Weight},
    mark::Mark,
    rows::{self, Row},
};

/// What can't be deleted or is kept, with the reason; where much is shown all of it.
pub(super) fn lines(version: &ImageVersion, detail: Detail, width: usize) -> Vec<Line> {
    let Some(status) = version.status.as_ref().filter(|_| detail > Detail::Brief) else { return Vec::new() };
    let mut rows = Vec::new();
    let mut quiet = 0;
    for temporary in &status.temporary {
        let until =
            temporary.expires_at.as_ref().map(|time| format!("kept until {}", time.0.strftime("%Y-%m-%dT%H:%MZ")));
        if temporary.problem.is_none() && until.is_none() && detail < Detail::Wide {
            quiet += 1;
            continue;
        }
        let mark = if temporary.problem.is_some() { Mark::No } else { Mark::Working };
        let words = temporary.problem.clone().or(until).unwrap_or_default();
        rows.push(Row::new(mark, &[], &format!("{}: {words}", temporary.resource_id)));
    }
    for part in &status.source_cleanup {
        let mark = match part.state {
            SourceCleanupState::Deleted => Mark::Yes,
            SourceCleanupState::Kept => Mark::No,
            SourceCleanupState::Pending => Mark::Working,
        };
        if mark == Mark::Yes && detail < Detail::Wide {
            continue;
        }
        let problem = part.problem.as_deref().unwrap_or_default();
        rows.push(Row::new(mark, &[&part.part, &part.state.to_string()], &format!("{} {problem}", part.resource_id)));
    }
    let mut lines = Vec::new();
    if quiet > 0 {
        let words = format!("{} in Azure for the work alone (-o wide lists them)", counted(quiet, "resource"));
        lines.extend(rows::lines(&[Row::new(Mark::Working, &[&words], "")], 2, width));
        lines = lines.into_iter().map(|line| line.weighing(Weight::Detail)).collect();
    }
    lines.extend(rows::lines(&rows, 2, width));
    lines
}
