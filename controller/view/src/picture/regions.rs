//! The regions of a version.

use azimage_crds::{ImageVersion, RegionState, RegionStatus};

use super::Detail;
use crate::{
    clock::{Clock, short},
    line::{Line, Style, Weight},
    mark::Mark,
    rows, text,
};

/// Widths of a progress bar, in columns.
const BARS: std::ops::RangeInclusive<usize> = 6..=28;
/// Who asked gets at least that many columns beside the rest, or else a line.
const NARROWEST: usize = 16;
/// Before that much of a copy is done nobody can tell how long the rest takes.
const TELLING: i32 = 10;

struct Widths {
    name: usize,
    bar: usize,
    state: usize,
    replicas: usize,
    asked: usize,
}

/// One line for each region, and what there is to say of it below.
pub(super) fn lines(version: &ImageVersion, clock: &Clock, detail: Detail, width: usize) -> Vec<Line> {
    let regions = version.status.as_ref().map(|status| status.regions.as_slice()).unwrap_or_default();
    let of = |cell: &dyn Fn(&RegionStatus) -> String| {
        regions.iter().map(|region| text::width(&text::inert(&cell(region)))).max().unwrap_or_default()
    };
    let mut widths = Widths {
        name: of(&|region| region.name.clone()),
        bar: *BARS.start(),
        state: of(&|region| region.state.to_string()),
        replicas: of(&replicas),
        asked: of(&asked),
    };
    // Indent, percentage and what stands between the columns.
    let rest = 2 + widths.name + 1 + 5 + 2 + widths.state + 2 + widths.replicas + 2;
    widths.bar = width.saturating_sub(rest + widths.asked).clamp(*BARS.start(), *BARS.end());
    regions.iter().flat_map(|region| region_lines(region, &widths, clock, detail, width)).collect()
}

fn region_lines(region: &RegionStatus, widths: &Widths, clock: &Clock, detail: Detail, width: usize) -> Vec<Line> {
    let mark = Mark::of_region(region.state);
    let state = if mark.is_settled() { Style::Plain } else { mark.style() };
    let line = Line::of("  ")
        .and(&text::padded(&text::inert(&region.name), widths.name), Style::Plain)
        .and(" ", Style::Plain)
        .and(&bar(region.progress, widths.bar), Style::Bar)
        .and(&format!(" {:>3}%", region.progress), Style::Plain)
        .and("  ", Style::Plain)
        .and(&text::padded(&region.state.to_string(), widths.state), state)
        .and(&format!("  {}", text::padded(&replicas(region), widths.replicas)), Style::Plain);
    let begin = line.width() + 2;
    let beside = begin + widths.asked.min(NARROWEST) <= width;
    let mut parts = Vec::new();
    let mut first = line;
    if beside {
        let mut wrapped = text::wrapped(&text::inert(&asked(region)), width.saturating_sub(begin)).into_iter();
        if let Some(part) = wrapped.next() {
            first = first.and("  ", Style::Plain).and(&part, Style::Plain);
        }
        parts.extend(wrapped.map(|part| Line::of(&" ".repeat(begin)).and(&part, Style::Plain)));
    } else if !region.requested_by.is_empty() {
        parts = rows::paragraph(&format!("asked for by {}", asked(region)), 6, width, Weight::Detail);
    }
    let mut lines = vec![first];
    lines.extend(parts);
    for (remark, weight) in remarks(region, clock, detail) {
        lines.extend(rows::paragraph(&remark, 6, width, weight));
    }
    lines.into_iter().map(|line| if mark.is_settled() { line.weighing(Weight::Settled) } else { line }).collect()
}

fn asked(region: &RegionStatus) -> String {
    let named = region.requested_by.join(", ");
    match region.requesters.and_then(|all| usize::try_from(all).ok()) {
        Some(all) if all > region.requested_by.len() => {
            format!("{named} and {} more", all - region.requested_by.len())
        }
        _ => named,
    }
}

fn replicas(region: &RegionStatus) -> String {
    let Some(asked) = region.replicas else { return String::new() };
    let plural = if asked == 1 { "" } else { "s" };
    match region.ready_replicas {
        Some(ready) if ready != asked => format!("{ready} of {asked} replica{plural}"),
        _ => format!("{asked} replica{plural}"),
    }
}

fn remarks(region: &RegionStatus, clock: &Clock, detail: Detail) -> Vec<(String, Weight)> {
    let mut remarks = Vec::new();
    if detail > Detail::Brief
        && let Some(told) = pace(region, clock)
    {
        remarks.push((told, Weight::Detail));
    }
    let fails = matches!(region.state, RegionState::Failed | RegionState::Refused);
    if let Some(words) = region.detail.as_ref().filter(|_| fails || detail == Detail::Wide) {
        remarks.push((format!("Azure says: {words}"), Weight::Matters));
    }
    if !region.in_use_by.is_empty() {
        remarks.push((format!("stays as long as it is used by {}", region.in_use_by.join(", ")), Weight::Matters));
    }
    for leaving in &region.leaving {
        let left = short(clock.until(leaving.after.0));
        remarks
            .push((format!("{} no longer selects the version: given up in {left}", leaving.target), Weight::Matters));
    }
    if let Some(latest) = region.latest.filter(|_| detail > Detail::Brief) {
        remarks.push((format!("latest: {latest}"), Weight::Detail));
    }
    remarks
}

/// Since when a copy is on its way, and about how long it still takes if it goes on as it did.
fn pace(region: &RegionStatus, clock: &Clock) -> Option<String> {
    if matches!(region.state, RegionState::Completed) {
        return None;
    }
    let lasted = clock.since(region.since.as_ref()?.0);
    let since = format!("{} for {}", region.state, short(lasted));
    let done = region.progress.clamp(0, 100);
    if region.state != RegionState::Replicating || !(TELLING..100).contains(&done) {
        return Some(since);
    }
    Some(format!("{since}, about {} left at this pace", short(lasted * (100 - done) / done)))
}

fn bar(percent: i32, width: usize) -> String {
    let percent = usize::try_from(percent.clamp(0, 100)).unwrap_or_default();
    let full = percent * width / 100;
    "█".repeat(full) + &"░".repeat(width - full)
}
