//! Plans from seeds.

mod azure;
mod clones;
mod operators;
mod sources;

use std::collections::BTreeSet;

use azimage_simulator::scenario::{DeallocatedLog, RunCommandView, Unknowns};

use crate::{
    broken_objects::BrokenObject,
    fault_rates::{FaultRates, chance},
    oddities::{OddMachine, Oddity},
    plan::{Action, Event, Plan, PromotedVersion, Successor, World},
};

/// The regions that targets ask for.
const REGIONS: [&str; 6] = ["North Europe", "eastus2", "Sweden Central", "uksouth", "westus3", "Japan East"];

/// A region that Azure doesn't have.
pub const MISSPELT: &str = "westeurop";

/// What the plans of seeds may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct Options {
    /// The highest rate of faults and crashes: in a thousand calls.
    pub per_thousand: u32,
    /// Outages, pauses, jumps of clocks.
    pub events: bool,
    /// Operators' actions.
    pub operators: bool,
    /// Azure's own faults.
    pub azure: bool,
    /// Versions that are made of copies of their machines.
    pub copies: bool,
    /// Second versions of image definitions, and hands on what is latest.
    pub successors: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { per_thousand: 60, events: true, operators: true, azure: true, copies: true, successors: false }
    }
}

/// One to three broken objects.
fn broken_objects(seed: u64) -> Vec<BrokenObject> {
    let all = u64::try_from(BrokenObject::ALL.len()).unwrap_or(1);
    let drawn = (0..=chance(seed, &"how many flaws") % 3).map(|number| chance(seed, &("flaw", number)) % all);
    drawn
        .filter_map(|index| usize::try_from(index).ok().and_then(|index| BrokenObject::ALL.get(index)).copied())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// One machine in five is unusual, sometimes in two ways.
fn odd(seed: u64, versions: u8) -> Vec<OddMachine> {
    let below = |what: &str, of: u8, limit: u64| chance(seed, &("odd", what, of)) % limit;
    let ways = |of: u8| if below("is", of, 5) > 0 { 0 } else { 1 + u64::from(below("twice", of, 4) == 0) };
    let each = (0..versions).flat_map(|of| (0..ways(of)).map(move |number| (of, number)));
    each.map(|(of, number)| OddMachine { of, oddity: Oddity::drawn(seed, of, number) }).collect()
}

/// In some worlds, each unknown detail of Azure's behaviour differs from machine to machine.
fn unknowns(number: u64) -> Unknowns {
    let (run_command_view, deallocated_log) = (RunCommandView::BySeed, DeallocatedLog::BySeed);
    if number == 0 {
        Unknowns { run_command_view, deallocated_log, ..Unknowns::default() }
    } else {
        Unknowns::default()
    }
}

/// In half of the worlds no version is proven, in a quarter all are, else half of them.
fn proves(seed: u64, versions: u8) -> Vec<u8> {
    let below = |what: &str, of: u8, limit: u64| chance(seed, &("proves", what, of)) % limit;
    let share = below("share", 0, 4);
    (0..versions).filter(|of| share == 3 || share == 2 && below("is", *of, 2) == 0).collect()
}

/// In half of the worlds some image definitions have objects that promote their versions, now and then after a soak, or others than there are.
fn promotes(seed: u64, versions: u8) -> Vec<PromotedVersion> {
    let below = |what: &str, of: u8, limit: u64| chance(seed, &("promotes", what, of)) % limit;
    let some = below("some", 0, 2) == 0;
    let of = (0..versions).filter(|of| some && below("is", *of, 3) > 0);
    of.map(|of| PromotedVersion {
        of,
        soak_minutes: if below("soaks", of, 3) == 0 { 40 } else { 0 },
        another_pinned: below("pinned", of, 5) == 0,
    })
    .collect()
}

/// Half of the versions that are promoted have a successor, and a third of these fail their validation.
fn successors(seed: u64, promotes: &[PromotedVersion]) -> Vec<Successor> {
    let below = |what: &str, of: u8, limit: u64| chance(seed, &("successor", what, of)) % limit;
    let of = promotes.iter().map(|promoted| promoted.of).filter(|of| below("is", *of, 2) == 0);
    of.map(|of| Successor { of, bad: below("bad", of, 3) == 0 }).collect()
}

/// How long the lease lasts, if not as by default. Most writes of a short one are renewals.
fn lease(number: u64) -> Option<u32> {
    match number {
        0 => None,
        1 | 2 => Some(60),
        _ => Some(150),
    }
}

/// A second within so many hours, and often within the first minutes.
fn moment(seed: u64, hours: u64, what: &str, number: u64) -> u64 {
    let below = |number: u64, limit: u64| chance(seed, &(what, number)) % limit;
    5 + below(number, if below(number + 100, 2) == 0 { 900 } else { hours * 3600 })
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
    let promotes = promotes(seed, versions);
    let sold_out = if options.azure { clones::sold_out(seed) } else { Vec::new() };
    let world = World {
        replicas,
        versions,
        targets: regions.collect(),
        delete: below("delete", 0, 2) == 0,
        derived: below("derived", 0, 3) == 0,
        identity: below("identity", 0, 4) == 0,
        taken: options.operators && below("taken", 0, 20) == 0,
        linger_seconds: (replicas > 1 && below("lingers", 0, 4) == 0).then_some(900),
        lease_seconds: lease(below("lease", 0, 6)).filter(|_| replicas > 1),
        copy_seconds: (below("copies", 0, 8) == 0).then_some(8 * 3600),
        broken_objects: if options.operators && below("flaws", 0, 4) == 0 { broken_objects(seed) } else { Vec::new() },
        odd: if options.operators { odd(seed, versions) } else { Vec::new() },
        clones: if options.copies { clones::clones(seed, versions) } else { Vec::new() },
        keeps: below("keeps", 0, 3) == 0,
        proves: proves(seed, versions),
        deletes_sources: below("deletes sources", 0, 3) == 0,
        successors: if options.successors { successors(seed, &promotes) } else { Vec::new() },
        promotes,
        sold_out,
        unknowns: unknowns(below("unknowns", 0, 6)),
    };
    let hours = 1 + below("hours", 0, 6);
    let rate = u32::try_from(below("rate", 0, u64::from(options.per_thousand) + 1)).unwrap_or(0);
    let poll_crashes = if below("dropped", 0, 3) == 0 { 1 + u32::from(small("polls", 0, 200)) } else { 0 };
    let poll_crashes = poll_crashes.min(options.per_thousand * 4);
    let wrong_states = if below("states", 0, 4) == 0 { options.per_thousand } else { 0 };
    let fault_rates = FaultRates { per_thousand: rate, seconds: hours * 3600, poll_crashes, wrong_states };
    let fault_rates = Some(fault_rates)
        .filter(|it| [it.per_thousand, it.poll_crashes, it.wrong_states].iter().any(|wrong| *wrong > 0));
    let mut events = Vec::new();
    let at = |what: &str, number: u64| moment(seed, hours, what, number);
    if options.events {
        for number in 0..below("events", 0, 5) {
            let replica = small("event replica", number, replicas);
            let seconds = [4, 20, 45, 300, 7200][usize::from(small("lasts", number, 5))];
            let action = match below("event", number, 7) {
                0 => Action::Pause { replica, seconds },
                1 => Action::Partition { replica, seconds },
                2 => Action::AzureAway { seconds },
                3 => Action::KubernetesAway { seconds },
                4 => Action::ClockJump {
                    replica,
                    seconds: if seconds == 300 { -300 } else { i64::try_from(seconds).unwrap_or(0) },
                },
                5 => Action::ForgetChanges,
                _ => Action::Kill { replica },
            };
            events.push(Event { at: at("event at", number), action });
        }
        if below("slow end", 0, 5) == 0 {
            let replica = small("slow replica", 0, replicas);
            let seconds = [60, 900, 3600][usize::from(small("slow for", 0, 3))];
            let action = match below("slow what", 0, 2) {
                0 => Action::LeaseHangs { replica, seconds },
                _ => Action::WatchesStall { replica, seconds },
            };
            events.push(Event { at: at("slow at", 0), action });
        }
    }
    if options.operators {
        events.extend(operators::actions(seed, &world, hours));
    }
    if options.azure {
        events.extend(azure::faults(seed, &world, hours));
    }
    events.sort_by_key(|event| event.at);
    Plan { seed, world, fault_rates, faults: Vec::new(), events }
}
