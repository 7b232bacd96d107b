//! Plans from seeds.

use std::collections::BTreeSet;

use crate::{
    flaws::Flaw,
    plan::{Act, Event, Plan, World},
    weather::{Weather, chance},
};

/// The regions that targets ask for.
const REGIONS: [&str; 6] = ["North Europe", "eastus2", "Sweden Central", "uksouth", "westus3", "Japan East"];

/// A region that Azure doesn't have.
pub const MISSPELT: &str = "westeurop";

/// What seeds may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Faults and crashes in a thousand calls, at most.
    pub in_a_thousand: u32,
    /// Outages, pauses, jumps of clocks.
    pub events: bool,
    /// Other people.
    pub people: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { in_a_thousand: 60, events: true, people: true }
    }
}

/// One to three flaws.
fn flaws(seed: u64) -> Vec<Flaw> {
    let all = u64::try_from(Flaw::ALL.len()).unwrap_or(1);
    let drawn = (0..=chance(seed, &"how many flaws") % 3).map(|number| chance(seed, &("flaw", number)) % all);
    drawn
        .filter_map(|index| usize::try_from(index).ok().and_then(|index| Flaw::ALL.get(index)).copied())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// The plan of a seed.
pub fn plan(seed: u64, options: Options) -> Plan {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &(what, number)) % limit.max(1);
    let small = |what: &str, number: u64, limit: u8| u8::try_from(below(what, number, limit.into())).unwrap_or(0);
    let replicas = if below("replicas", 0, 3) == 0 { 2 } else { 1 };
    let versions = 1 + small("versions", 0, 8);
    let targets = usize::from(small("targets", 0, 4));
    let first = usize::from(small("regions", 0, 6));
    let regions = (0..targets).map(|number| REGIONS[(first + number) % REGIONS.len()].to_owned());
    let world = World {
        replicas,
        versions,
        targets: regions.collect(),
        delete: below("delete", 0, 2) == 0,
        derived: below("derived", 0, 3) == 0,
        identity: below("identity", 0, 4) == 0,
        flaws: if options.people && below("flaws", 0, 4) == 0 { flaws(seed) } else { Vec::new() },
        ..World::default()
    };
    let hours = 1 + below("hours", 0, 6);
    let rate = u32::try_from(below("rate", 0, u64::from(options.in_a_thousand) + 1)).unwrap_or(0);
    let polls = if below("dropped", 0, 3) == 0 { 1 + u32::from(small("polls", 0, 200)) } else { 0 };
    let polls = polls.min(options.in_a_thousand * 4);
    let weather = Weather { in_a_thousand: rate, seconds: hours * 3600, polls };
    let weather = Some(weather).filter(|weather| weather.in_a_thousand > 0 || weather.polls > 0);
    let mut events = Vec::new();
    let at = |what: &str, number: u64| {
        5 + below(what, number, if below(what, number + 100, 2) == 0 { 900 } else { hours * 3600 })
    };
    if options.events {
        for number in 0..below("events", 0, 5) {
            let replica = small("event replica", number, replicas);
            let seconds = [4, 20, 45, 300, 7200][usize::from(small("lasts", number, 5))];
            let act = match below("event", number, 7) {
                0 => Act::Pause { replica, seconds },
                1 => Act::Partition { replica, seconds },
                2 => Act::AzureAway { seconds },
                3 => Act::KubernetesAway { seconds },
                4 => Act::ClockJump {
                    replica,
                    seconds: if seconds == 300 { -300 } else { i64::try_from(seconds).unwrap_or(0) },
                },
                5 => Act::ForgetChanges,
                _ => Act::Kill { replica },
            };
            events.push(Event { at: at("event at", number), act });
        }
    }
    if options.people && below("people", 0, 2) == 0 {
        for number in 0..=below("acts", 0, 2) {
            let of = small("act of", number, versions);
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
                12 if targets > 0 => Act::DeleteTarget(0),
                _ => Act::DeleteObject(of),
            };
            events.push(Event { at: when, act });
        }
    }
    if options.people && below("gallery", 0, 12) == 0 {
        // Azure deletes it only empty; a version that is made meanwhile keeps it.
        let when = at("gallery at", 0);
        let each = |after, act: fn(u8) -> Act| (0..versions).map(move |of| Event { at: when + after, act: act(of) });
        events.extend(each(0, Act::DeleteVersion).chain(each(1800, Act::DeleteDefinition)));
        events.push(Event { at: when + 2400, act: Act::DeleteGallery });
    }
    if options.people && below("namespace", 0, 10) == 0 {
        events.push(Event { at: at("namespace at", 0), act: Act::DeleteNamespace });
    }
    events.sort_by_key(|event| event.at);
    Plan { seed, world, weather, strikes: Vec::new(), events }
}
