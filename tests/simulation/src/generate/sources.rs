//! Hands on machines that are deleted and on what belonged to them, by seeds.

use crate::{
    fault_rates::chance,
    plan::{Action, Ban, Event, World},
};

/// The hands, most of them at the time at which machines are deleted.
pub(super) fn hands(seed: u64, world: &World) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &("source", what, number)) % limit.max(1);
    if !world.deletes_sources || below("is", 0, 2) > 0 {
        return Vec::new();
    }
    let hand = |number: u64| {
        let of = u8::try_from(below("of", number, world.versions.into())).unwrap_or(0);
        let action = match below("which", number, 4) {
            0 => Action::AttachDisk(of),
            1 => Action::ReplaceDisk(of),
            2 => Action::MakeMachine(of),
            _ => {
                let seconds = [300, 1800, 2 * 3600][usize::try_from(below("for", number, 3)).unwrap_or(0)];
                Action::Forbid { by: Ban::DiskKept(of), seconds }
            }
        };
        Event { at: 600 + below("at", number, 5400), action }
    };
    (0..=below("how many", 0, 6)).map(hand).collect()
}
