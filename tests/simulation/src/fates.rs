//! What strikes which call.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::Notify, time::Instant};
use uuid::Uuid;

use crate::{
    flaws::FLAWED,
    history::History,
    plan::{Fault, Place, Plan, Strike},
    weather::{Kind, Weather},
    world::ADDED,
};

/// A call that a process sent, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it left the process.
    pub time: Timestamp,
    /// The process.
    pub replica: u8,
    /// Which of its starts, from 1.
    pub life: u32,
    /// What was called, as plans name it.
    pub call: String,
    /// Whether it was to change something.
    pub write: bool,
    /// `x-ms-client-request-id`, of a call to Azure.
    pub id: Option<String>,
    /// The status that Azure answered, if the process got to know it.
    pub answer: Option<u16>,
}

impl Sent {
    /// Whether the same start of the same process sent both.
    pub fn is_of_the_process_of(&self, other: &Self) -> bool {
        (self.replica, self.life) == (other.replica, other.life)
    }

    /// Whether it goes to Kubernetes, and not only keeps or seeks the lease.
    pub fn is_to_kubernetes(&self) -> bool {
        self.call.starts_with("kubernetes ") && !self.is_of_the_lease()
    }

    /// Whether it keeps or seeks the lease.
    pub fn is_of_the_lease(&self) -> bool {
        self.call.contains(" leases")
    }
}

#[derive(Default)]
struct Counted {
    /// Calls of each name, of each replica.
    calls: BTreeMap<u8, BTreeMap<String, Calls>>,
    struck: Vec<Strike>,
    /// What struck and changed nothing.
    vain: BTreeSet<Place>,
    sent: Vec<Sent>,
}

/// The calls of one name.
#[derive(Default)]
struct Calls {
    count: u32,
    /// How often each fault met them; `none` for no fault.
    met: BTreeMap<(Kind, &'static str), u64>,
}

/// The faults of a run. Clones are the same.
#[derive(Clone)]
pub struct Fates {
    seed: u64,
    weather: Option<(Weather, Instant)>,
    strikes: Arc<BTreeMap<Place, Fault>>,
    counted: Arc<Mutex<Counted>>,
    /// The history of the run.
    pub history: History,
}

impl Fates {
    /// Those of a plan, from now.
    pub fn new(plan: &Plan, history: History) -> Self {
        Self {
            seed: plan.seed,
            weather: plan.weather.map(|weather| (weather, Instant::now() + Duration::from_secs(weather.seconds))),
            strikes: Arc::new(plan.strikes.iter().map(|strike| (strike.place.clone(), strike.fault)).collect()),
            counted: Arc::default(),
            history,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process sends a call, that may be held up before it meets its fault.
    pub(crate) fn sends(&self, (replica, life): (u8, u32), call: &str, write: bool, id: Option<&str>) {
        let (time, call, id) = (self.history.now(), call.to_owned(), id.map(str::to_owned));
        self.lock().sent.push(Sent { time, replica, life, call, write, id, answer: None });
    }

    /// A process gets to know what Azure answered.
    pub(crate) fn hears(&self, id: Option<&str>, status: u16) {
        let mut counted = self.lock();
        let of = |sent: &&mut Sent| id.is_some() && sent.id.as_deref() == id;
        if let Some(sent) = counted.sent.iter_mut().rev().find(of) {
            sent.answer = Some(status);
        }
    }

    /// The fault of a process's next call of this name, if any.
    pub fn of(&self, replica: u8, kind: Kind, call: &str) -> Option<Strike> {
        self.next(replica, kind, call, true)
    }

    /// Whether this poll of a part of a process is the last of the process, which it can be only while it `lives`.
    pub(crate) fn poll(&self, replica: u8, part: &str, lives: bool) -> bool {
        self.next(replica, Kind::Poll, part, lives).is_some()
    }

    fn next(&self, replica: u8, kind: Kind, call: &str, lives: bool) -> Option<Strike> {
        let counted = &mut *self.lock();
        let calls = counted.calls.entry(replica).or_default();
        if !calls.contains_key(call) {
            calls.insert(call.to_owned(), Calls::default());
        }
        let calls = calls.get_mut(call)?;
        calls.count += 1;
        let place = Place { replica, call: call.to_owned(), nth: calls.count };
        let by_chance = || {
            let (weather, end) = self.weather.as_ref()?;
            (Instant::now() < *end).then(|| weather.fault(self.seed, kind, &place))?
        };
        let fault = if lives { self.strikes.get(&place).copied().or_else(by_chance) } else { None };
        *calls.met.entry((kind, fault.map_or("none", Fault::kind))).or_default() += 1;
        let fault = fault?;
        self.history.tell(format!("replica {replica}: FAULT {fault:?} at {call} #{}", place.nth));
        let strike = Strike { place, fault };
        counted.struck.push(strike.clone());
        Some(strike)
    }

    /// What struck changed nothing, as there was nothing for it to change.
    pub(crate) fn was_in_vain(&self, strike: Option<&Strike>) {
        self.lock().vain.extend(strike.map(|strike| strike.place.clone()));
    }

    /// Which of a plan's strikes never struck, or in vain, as text.
    pub(crate) fn inert(&self, strikes: &[Strike]) -> Vec<String> {
        let counted = self.lock();
        let took = |strike: &Strike| counted.struck.contains(strike) && !counted.vain.contains(&strike.place);
        let text = |strike: &Strike| {
            let Place { replica, call, nth } = &strike.place;
            let times = counted.calls.get(replica).and_then(|calls| calls.get(call)).map_or(0, |calls| calls.count);
            format!(
                "{:?} at {call} #{nth} of replica {replica} took no effect; it called so {times} times",
                strike.fault
            )
        };
        strikes.iter().filter(|strike| !took(strike)).map(text).collect()
    }

    /// What was sent so far, in its order.
    pub fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// What struck so far.
    pub fn struck(&self) -> Vec<Strike> {
        self.lock().struck.clone()
    }

    /// Which sorts of calls there were, and how often each fault met them.
    pub fn met(&self) -> BTreeMap<(Kind, String), BTreeMap<&'static str, u64>> {
        let counted = self.lock();
        let mut all: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (call, calls) in counted.calls.values().flatten() {
            let sort = sort(call);
            for ((kind, fault), count) in &calls.met {
                *all.entry((*kind, sort.clone())).or_default().entry(*fault).or_default() += count;
            }
        }
        all
    }
}

/// A call without what tells its objects apart: numbers, versions, and ids at the end of names.
fn sort(call: &str) -> String {
    let part = |part: &str| {
        let id = part.len().checked_sub(36).filter(|at| part.get(*at..).is_some_and(|id| Uuid::parse_str(id).is_ok()));
        let name = match id {
            Some(at) => &part[..at],
            None if part.starts_with(FLAWED) => FLAWED,
            None if part.starts_with(ADDED) => ADDED,
            None if part.starts_with(|letter: char| letter.is_ascii_digit()) => "",
            None => part.trim_end_matches(|letter: char| letter.is_ascii_digit()),
        };
        if name.len() < part.len() { format!("{name}*") } else { part.to_owned() }
    };
    call.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Kills one process.
#[derive(Clone, Default)]
pub struct Crash {
    pub(crate) ordered: Arc<Notify>,
    doomed: Arc<AtomicBool>,
    starts: Arc<AtomicU32>,
}

impl Crash {
    /// Has the process killed. Who made the call waits here for its end.
    pub async fn strike<T>(&self) -> T {
        self.begin();
        std::future::pending().await
    }

    /// Has the process killed, while something else goes on.
    pub fn begin(&self) {
        self.doomed.store(true, Ordering::Relaxed);
        self.ordered.notify_one();
    }

    /// Whether the process is being killed or gone, and not yet started anew.
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Relaxed)
    }

    /// Which start of the process this is, from 1.
    pub(crate) fn life(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }

    /// A process is started.
    pub(crate) fn starts(&self) {
        self.doomed.store(false, Ordering::Relaxed);
        self.starts.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn calls_of_one_sort_have_one_name() {
        for (call, expected) in [
            ("azure token", "azure token"),
            ("azure GET virtualMachines/bad-noconsent", "azure GET virtualMachines/bad-*"),
            ("kubernetes Get replicationtargets/added-westeurop", "kubernetes Get replicationtargets/added-*"),
            ("kubernetes Update leases/azimage.dev-controller", "kubernetes Update leases/azimage.dev-controller"),
            (
                "azure GET galleries/corp/images/web-12/versions/1.4.0",
                "azure GET galleries/corp/images/web-*/versions/*",
            ),
            (
                "azure PUT virtualMachines/builder-0/runCommands/azimage-seal-0130c2a5-1edc-4022-ac64-d86df5bf0912",
                "azure PUT virtualMachines/builder-*/runCommands/azimage-seal-*",
            ),
        ] {
            assert_eq!(sort(call), expected);
        }
    }
}
