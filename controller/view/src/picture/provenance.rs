//! From what a version was made.

use azimage_crds::ImageVersion;

use super::{Detail, counted};
use crate::{
    line::Line,
    mark::Mark,
    rows::{self, Row},
};

/// The machines and images of the line, the nearest first; where not all is shown those alone that were withdrawn.
pub(super) fn lines(version: &ImageVersion, detail: Detail, width: usize) -> Vec<Line> {
    let Some(line) = version.status.as_ref().and_then(|status| status.provenance.as_ref()) else { return Vec::new() };
    let shown = line.ancestors.iter().filter(|it| detail == Detail::Wide || it.withdrawn.is_some());
    let shown: Vec<Row> = shown
        .map(|it| {
            let (mark, why) = match it.withdrawn {
                Some(why) => (Mark::No, why.to_string()),
                None => (Mark::Yes, it.uid.clone().unwrap_or_default()),
            };
            Row::new(mark, &[&it.kind.to_string(), &it.id], &why)
        })
        .collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let steps = counted(usize::try_from(line.steps).unwrap_or_default(), "version");
    let mut lines =
        rows::lines(&[Row::new(Mark::Waiting, &["made from", &format!("in {steps}, itself included")], "")], 2, width);
    lines.extend(rows::lines(&shown, 4, width));
    lines
}
