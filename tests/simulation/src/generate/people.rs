//! What other people do, by seeds.

use super::{MISSPELT, moment};
use crate::{
    fault_rates::chance,
    plan::{Act, Event, World},
};

/// Their acts within so many hours, not in order.
pub(super) fn acts(seed: u64, world: &World, hours: u64) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &(what, number)) % limit.max(1);
    let small = |what: &str, number: u64, limit: u8| u8::try_from(below(what, number, limit.into())).unwrap_or(0);
    let at = |what: &str, number: u64| moment(seed, hours, what, number);
    let mut events = Vec::new();
    if below("people", 0, 2) == 0 {
        for number in 0..=below("acts", 0, 2) {
            let of = small("act of", number, world.versions);
            let when = at("act at", number);
            let act = match below("act", number, 14) {
                0 => Act::StartMachine(of),
                1 => Act::StopMachine(of),
                2 => Act::GeneralizeMachine(of),
                3 => Act::DeleteMachine(of),
                4 => Act::RetagMachine(of),
                5 => Act::AddRegion(of, "Brazil South".to_owned()),
                6 => Act::DeleteVersion(of),
                7 => {
                    events.push(Event { at: when + 1800, act: Act::Resume(of) });
                    Act::Suspend(of)
                }
                8 => Act::RemoveFinalizers(of),
                9 => Act::DeleteDefinition(of),
                10 => Act::AddTarget("France Central".to_owned()),
                11 => Act::AddTarget(MISSPELT.to_owned()),
                12 if !world.targets.is_empty() => Act::DeleteTarget(0),
                _ => Act::DeleteObject(of),
            };
            events.push(Event { at: when, act });
        }
    }
    if below("meddlers", 0, 5) == 0 {
        let of = small("meddled with", 0, world.versions);
        let act = match below("meddles", 0, 5) {
            0 => Act::ClaimMachine(of),
            1 => Act::TagMachine(of),
            2 => Act::BreakGuest(of),
            3 => Act::DisownVersion(of),
            _ => Act::DeleteTarget(small("target", 0, 4)),
        };
        events.push(Event { at: at("meddles at", 0), act });
    }
    if below("coincides", 0, 5) == 0 {
        events.extend(coincidence(seed, small("coincides with", 0, world.versions), 1200 + at("coincides at", 0)));
    }
    if below("used again", 0, 8) == 0 {
        events.extend(used_again(seed, small("used again of", 0, world.versions)));
    }
    if world.delete && below("retires", 0, 4) == 0 {
        // Late enough that there is a version to be deleted, if all goes well.
        let when = 2000 + at("retires at", 0);
        events.push(Event { at: when, act: Act::DeleteObject(small("retired", 0, world.versions)) });
    }
    if below("gallery", 0, 12) == 0 {
        // Azure deletes it only empty; a version that is made meanwhile keeps it.
        let when = at("gallery at", 0);
        let each =
            |after, act: fn(u8) -> Act| (0..world.versions).map(move |of| Event { at: when + after, act: act(of) });
        events.extend(each(0, Act::DeleteVersion).chain(each(1800, Act::DeleteDefinition)));
        events.push(Event { at: when + 2400, act: Act::DeleteGallery });
    }
    if below("namespace", 0, 10) == 0 {
        events.push(Event { at: at("namespace at", 0), act: Act::DeleteNamespace });
    }
    events
}

/// Somebody uses a machine whose guest is sealed, or about to be, while the controller hears nothing of Azure, and stops it
/// again.
fn used_again(seed: u64, of: u8) -> Vec<Event> {
    let below = |what: &str, limit: u64| chance(seed, &("used again", what)) % limit;
    let begin = 360 + below("begin", 900);
    let (start, used) = (5 + below("start", 120), 5 + below("used", 240));
    let acts = [
        (begin, Act::AzureAway { seconds: start + used + 60 }),
        (begin + start, Act::StartMachine(of)),
        (begin + start + used, Act::StopMachine(of)),
    ];
    acts.into_iter().map(|(at, act)| Event { at, act }).collect()
}

/// What people do just when it matters: around the claim, during the seal, before the regions are written again, or when
/// nobody hears of it.
fn coincidence(seed: u64, of: u8, late: u64) -> Vec<Event> {
    let below = |what: &str, limit: u64| chance(seed, &("coincidence", what)) % limit;
    let soon = below("soon", 900);
    let acts = match below("which", 4) {
        0 => vec![(20 + soon / 8, Act::TagMachine(of))],
        1 => vec![(40 + soon / 4, Act::StopMachine(of))],
        2 => vec![
            (late, Act::AddRegion(of, "Brazil South".to_owned())),
            (late + soon, Act::AddTarget("France Central".to_owned())),
        ],
        _ => vec![
            (late, Act::WatchesStall { replica: 0, seconds: 900 }),
            (late + 5, Act::DeleteTarget(0)),
            (late + soon, Act::DeleteTarget(1)),
        ],
    };
    acts.into_iter().map(|(at, act)| Event { at, act }).collect()
}
