//! Copies of machines, by seeds.

use azimage_simulator::scenario::Shortage;

use super::moment;
use crate::{
    fault_rates::chance,
    plan::{Action, CopiedMachine, Event, SoldOut, World},
    world::SIZE,
};

/// Sizes that copies may have besides the machines' own.
const SIZES: [&str; 3] = ["Standard_D4s_v5", "Standard_E2s_v5", "Standard_D2as_v5"];

/// In a third of the worlds no version is made of a copy, in a third all that are made from machines, else half of them.
pub(super) fn clones(seed: u64, versions: u8) -> Vec<CopiedMachine> {
    let below = |what: &str, of: u8, limit: u64| chance(seed, &("clone", what, of)) % limit;
    let share = below("share", 0, 3);
    let is_one = |of: &u8| share == 2 || share == 1 && below("is", *of, 2) == 0;
    let few = |what: &str, of: u8, limit: u64| usize::try_from(below(what, of, limit)).unwrap_or(0);
    let clone = |of: u8| {
        let own = (below("own", of, 2) == 0).then(|| SIZE.to_owned());
        let others = SIZES.iter().skip(few("first", of, 3)).take(few("sizes", of, 3));
        let sizes = if below("sized", of, 2) == 0 {
            Vec::new()
        } else {
            own.into_iter().chain(others.map(|size| (*size).to_owned())).collect()
        };
        CopiedMachine {
            of,
            data_disks: u8::try_from(below("disks", of, 4).saturating_sub(1)).unwrap_or(0),
            per_disk: below("per disk", of, 3) == 0,
            stopped: below("stopped", of, 3) == 0,
            sizes,
            keep_minutes: [None, Some(0), Some(20), Some(180)][few("keep", of, 4)],
        }
    };
    (0..versions).filter(is_one).map(clone).collect()
}

/// In one world of four some sizes aren't to be had, for a while or for ever.
pub(super) fn sold_out(seed: u64) -> Vec<SoldOut> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &("sold out", what, number)) % limit;
    if below("is", 0, 4) > 0 {
        return Vec::new();
    }
    let pick = |what: &str, number: u64, limit: u64| usize::try_from(below(what, number, limit)).unwrap_or(0);
    let codes = [
        Shortage::SkuNotAvailable,
        Shortage::QuotaExceeded,
        Shortage::AllocationFailed,
        Shortage::OverConstrainedAllocationRequest,
    ];
    let sold = |number: u64| SoldOut {
        size: [SIZE, SIZES[0], SIZES[1], SIZE][pick("size", number, 4)].to_owned(),
        code: codes[pick("code", number, 4)],
        seconds: [None, Some(1200), Some(4 * 3600)][pick("seconds", number, 3)],
    };
    let mut all: Vec<SoldOut> = (0..=below("how many", 0, 2)).map(sold).collect();
    all.sort_by(|one, other| one.size.cmp(&other.size));
    all.dedup_by(|one, other| one.size == other.size);
    all
}

/// Hands on copies within so many hours, not in order. Most are laid on in the first half hour, when copies are made.
pub(super) fn hands(seed: u64, world: &World, hours: u64) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &("hand", what, number)) % limit.max(1);
    if world.clones.is_empty() || below("is", 0, 3) > 0 {
        return Vec::new();
    }
    let hand = |number: u64| {
        let of = usize::try_from(below("of", number, u64::try_from(world.clones.len()).unwrap_or(1))).unwrap_or(0);
        let of = world.clones.get(of).map_or(0, |clone| clone.of);
        let action = match below("which", number, 14) {
            0 => Action::StartCopy(of),
            1 => Action::StopCopy(of),
            2 => Action::GeneralizeCopy(of),
            3 => Action::DeleteCopy(of),
            4 => Action::RetagCopy(of),
            5 => Action::DeleteSnapshot(of),
            6 => Action::DeleteCopiedDisk(of),
            7 | 8 => Action::OpenNetwork(of),
            9 => Action::TakeName(of),
            10 => Action::DeleteMachine(of),
            11 => Action::StopMachine(of),
            12 => Action::GeneralizeMachine(of),
            _ => Action::AskAgain(of),
        };
        let at = match below("when", number, 4) {
            0 => 5 + below("soon", number, 90),
            1 => 30 + below("early", number, 600),
            2 => 60 + below("then", number, 2400),
            _ => moment(seed, hours, "hand at", number),
        };
        Event { at, action }
    };
    let mut events: Vec<Event> = (0..=below("how many", 0, 3)).map(hand).collect();
    if below("again", 0, 2) == 0 {
        let of = world.clones.first().map_or(0, |clone| clone.of);
        events.push(Event { at: 1800 + moment(seed, hours, "again at", 0), action: Action::AskAgain(of) });
    }
    events
}
