//! Operators' actions, by seeds.

use super::{MISSPELT, clones, moment, sources};
use crate::{
    fault_rates::chance,
    plan::{Action, Ban, Event, Latest, SUCCESSOR, World},
};

/// The actions within so many hours, not in order.
pub(super) fn actions(seed: u64, world: &World, hours: u64) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &(what, number)) % limit.max(1);
    let small = |what: &str, number: u64, limit: u8| u8::try_from(below(what, number, limit.into())).unwrap_or(0);
    let at = |what: &str, number: u64| moment(seed, hours, what, number);
    let mut events = Vec::new();
    if below("people", 0, 2) == 0 {
        for number in 0..=below("acts", 0, 2) {
            let of = small("act of", number, world.versions);
            let when = at("act at", number);
            let action = match below("act", number, 14) {
                0 => Action::StartMachine(of),
                1 => Action::StopMachine(of),
                2 => Action::GeneralizeMachine(of),
                3 => Action::DeleteMachine(of),
                4 => Action::RetagMachine(of),
                5 => Action::AddRegion(of, "Brazil South".to_owned()),
                6 => Action::DeleteVersion(of),
                7 => {
                    events.push(Event { at: when + 1800, action: Action::Resume(of) });
                    Action::Suspend(of)
                }
                8 => Action::RemoveFinalizers(of),
                9 => Action::DeleteDefinition(of),
                10 => Action::AddTarget("France Central".to_owned()),
                11 => Action::AddTarget(MISSPELT.to_owned()),
                12 if !world.targets.is_empty() => Action::DeleteTarget(0),
                _ => Action::DeleteObject(of),
            };
            events.push(Event { at: when, action });
        }
    }
    if below("meddlers", 0, 5) == 0 {
        let of = small("meddled with", 0, world.versions);
        let action = match below("meddles", 0, 5) {
            0 => Action::ClaimMachine(of),
            1 => Action::TagMachine(of),
            2 => Action::BreakGuest(of),
            3 => Action::DisownVersion(of),
            _ => Action::DeleteTarget(small("target", 0, 4)),
        };
        events.push(Event { at: at("meddles at", 0), action });
    }
    events.extend(clones::hands(seed, world, hours));
    events.extend(sources::hands(seed, world));
    if !world.clones.is_empty() && below("locks workspace", 0, 8) == 0 {
        let by = if below("keeps", 0, 2) == 0 { Ban::WorkspaceLock } else { Ban::WorkspaceKept };
        let seconds = [120, 900, 3600, 4 * 3600][usize::from(small("workspace for", 0, 4))];
        let at = if below("workspace at once", 0, 4) == 0 { 0 } else { at("workspace at", 0) };
        events.push(Event { at, action: Action::Forbid { by, seconds } });
    }
    events.extend(releases(seed, world, hours));
    if below("coincides", 0, 5) == 0 {
        events.extend(coincidence(seed, small("coincides with", 0, world.versions), 1200 + at("coincides at", 0)));
    }
    if below("forbids", 0, 6) == 0 {
        let of = small("forbidden of", 0, world.versions);
        let by = [Ban::MachineLock(of), Ban::GalleryLock, Ban::TagPolicy][usize::from(small("forbids by", 0, 3))];
        let seconds = [120, 900, 3600, 4 * 3600][usize::from(small("forbids for", 0, 4))];
        let at = if below("forbids at once", 0, 3) == 0 { 0 } else { at("forbids at", 0) };
        events.push(Event { at, action: Action::Forbid { by, seconds } });
    }
    if below("used again", 0, 8) == 0 {
        events.extend(used_again(seed, small("used again of", 0, world.versions)));
    }
    if world.delete && below("retires", 0, 4) == 0 {
        // Late enough that there is a version to be deleted, if all goes well.
        let when = 2000 + at("retires at", 0);
        events.push(Event { at: when, action: Action::DeleteObject(small("retired", 0, world.versions)) });
    }
    if below("gallery", 0, 12) == 0 {
        // Azure deletes it only empty; a version that is made meanwhile keeps it.
        let when = at("gallery at", 0);
        let each = |after, action: fn(u8) -> Action| {
            (0..world.versions).map(move |of| Event { at: when + after, action: action(of) })
        };
        events.extend(each(0, Action::DeleteVersion).chain(each(1800, Action::DeleteDefinition)));
        events.push(Event { at: when + 2400, action: Action::DeleteGallery });
    }
    if below("namespace", 0, 10) == 0 {
        events.push(Event { at: at("namespace at", 0), action: Action::DeleteNamespace });
    }
    events
}

/// Release managers change their mind, and somebody includes a version by hand.
fn releases(seed: u64, world: &World, hours: u64) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &("releases", what, number)) % limit.max(1);
    let mut events = Vec::new();
    for (of, number) in world.successors().map(|successor| successor.of).zip(0_u64..) {
        // Most of them when there is something to be decided: after the proofs.
        let at = |what: &str, nth: u64| 1800 + below(what, number * 8 + nth, hours * 3600 + 7200);
        for nth in 0..below("how many", number, 4) {
            let latest = [Latest::Newest, Latest::First, Latest::Successor, Latest::None];
            let which = usize::try_from(below("which", number * 8 + nth, 4)).unwrap_or(0);
            events.push(Event { at: at("at", nth), action: Action::SetLatest(of, latest[which]) });
        }
        if below("includes", number, 3) == 0 {
            let which = if below("first", number, 2) == 0 { of } else { of + SUCCESSOR };
            events.push(Event { at: at("includes at", 0), action: Action::Include(which) });
        }
    }
    events
}

/// An operator starts a machine whose guest is sealed or about to be, and stops it again, while the controller can't reach
/// Azure.
fn used_again(seed: u64, of: u8) -> Vec<Event> {
    let below = |what: &str, limit: u64| chance(seed, &("used again", what)) % limit;
    let begin = 360 + below("begin", 900);
    let (start, used) = (5 + below("start", 120), 5 + below("used", 240));
    let actions = [
        (begin, Action::AzureAway { seconds: start + used + 60 }),
        (begin + start, Action::StartMachine(of)),
        (begin + start + used, Action::StopMachine(of)),
    ];
    actions.into_iter().map(|(at, action)| Event { at, action }).collect()
}

/// Actions at critical times: around the claim, during the seal, before the regions are written again, or while watches
/// stall.
fn coincidence(seed: u64, of: u8, late: u64) -> Vec<Event> {
    let below = |what: &str, limit: u64| chance(seed, &("coincidence", what)) % limit;
    let soon = below("soon", 900);
    let actions = match below("which", 4) {
        0 => vec![(20 + soon / 8, Action::TagMachine(of))],
        1 => vec![(40 + soon / 4, Action::StopMachine(of))],
        2 => vec![
            (late, Action::AddRegion(of, "Brazil South".to_owned())),
            (late + soon, Action::AddTarget("France Central".to_owned())),
        ],
        _ => vec![
            (late, Action::WatchesStall { replica: 0, seconds: 900 }),
            (late + 5, Action::DeleteTarget(0)),
            (late + soon, Action::DeleteTarget(1)),
        ],
    };
    actions.into_iter().map(|(at, action)| Event { at, action }).collect()
}
