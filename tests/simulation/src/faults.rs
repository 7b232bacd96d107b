//! The fault injector: which fault meets which call, and a record of both.

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
    broken_objects::BROKEN_PREFIX,
    fault_rates::{CallKind, FaultRates},
    history::History,
    plan::{CallSite, Fault, Plan, ScheduledFault},
    world::ADDED,
};

/// A call that a process sent, whether it arrived or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCall {
    /// When it left the process.
    pub time: Timestamp,
    /// The process.
    pub replica: u8,
    /// Which start of the process, from 1.
    pub start: u32,
    /// What was called, as plans name it.
    pub call: String,
    /// Whether it is a write.
    pub write: bool,
    /// `x-ms-client-request-id`, of a call to Azure.
    pub id: Option<String>,
    /// The status of Azure's answer, if the process received it.
    pub answer: Option<u16>,
}

impl SentCall {
    /// Whether the same start of the same process sent both.
    pub fn is_of_same_process(&self, other: &Self) -> bool {
        (self.replica, self.start) == (other.replica, other.start)
    }

    /// Whether it is a call to Kubernetes that isn't about the lease.
    pub fn is_kubernetes_call(&self) -> bool {
        self.call.starts_with("kubernetes ") && !self.is_lease_call()
    }

    /// Whether it reads or writes the lease.
    pub fn is_lease_call(&self) -> bool {
        self.call.contains(" leases")
    }
}

#[derive(Default)]
struct Record {
    /// Calls of each name, of each replica.
    calls: BTreeMap<u8, BTreeMap<String, Calls>>,
    injected: Vec<ScheduledFault>,
    /// Faults that changed nothing.
    ineffective: BTreeSet<CallSite>,
    sent: Vec<SentCall>,
}

/// The calls of one name.
#[derive(Default)]
struct Calls {
    count: u32,
    /// How often each fault met them; `none` for no fault.
    fault_counts: BTreeMap<(CallKind, &'static str), u64>,
}

/// Injects the faults of a run. Clones share their state.
#[derive(Clone)]
pub struct FaultInjector {
    seed: u64,
    /// With the time at which they end.
    rates: Option<(FaultRates, Instant)>,
    scheduled: Arc<BTreeMap<CallSite, Fault>>,
    record: Arc<Mutex<Record>>,
    /// The history of the run.
    pub history: History,
}

impl FaultInjector {
    /// The injector for a plan, whose fault rates count from now.
    pub fn new(plan: &Plan, history: History) -> Self {
        Self {
            seed: plan.seed,
            rates: plan.fault_rates.map(|rates| (rates, Instant::now() + Duration::from_secs(rates.seconds))),
            scheduled: Arc::new(plan.faults.iter().map(|fault| (fault.site.clone(), fault.fault)).collect()),
            record: Arc::default(),
            history,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call when the process sends it, which may be some time before it meets its fault.
    pub(crate) fn record_call(&self, (replica, start): (u8, u32), call: &str, write: bool, id: Option<&str>) {
        let (time, call, id) = (self.history.now(), call.to_owned(), id.map(str::to_owned));
        self.lock().sent.push(SentCall { time, replica, start, call, write, id, answer: None });
    }

    /// Records the status of an answer when the process receives it.
    pub(crate) fn record_answer(&self, id: Option<&str>, status: u16) {
        let mut record = self.lock();
        let of = |sent: &&mut SentCall| id.is_some() && sent.id.as_deref() == id;
        if let Some(sent) = record.sent.iter_mut().rev().find(of) {
            sent.answer = Some(status);
        }
    }

    /// The fault of a process's next call of this name, if any.
    pub fn next_fault(&self, replica: u8, kind: CallKind, call: &str) -> Option<ScheduledFault> {
        self.next(replica, kind, call, true)
    }

    /// Whether the process has to be dropped after this poll of one of its parts. A process that isn't `running` is never dropped.
    pub(crate) fn crashes_at_poll(&self, replica: u8, part: &str, running: bool) -> bool {
        self.next(replica, CallKind::Poll, part, running).is_some()
    }

    fn next(&self, replica: u8, kind: CallKind, call: &str, running: bool) -> Option<ScheduledFault> {
        let record = &mut *self.lock();
        let calls = record.calls.entry(replica).or_default();
        if !calls.contains_key(call) {
            calls.insert(call.to_owned(), Calls::default());
        }
        let calls = calls.get_mut(call)?;
        calls.count += 1;
        let site = CallSite { replica, call: call.to_owned(), nth: calls.count };
        let by_chance = || {
            let (rates, end) = self.rates.as_ref()?;
            (Instant::now() < *end).then(|| rates.draw(self.seed, kind, &site))?
        };
        let fault = if running { self.scheduled.get(&site).copied().or_else(by_chance) } else { None };
        *calls.fault_counts.entry((kind, fault.map_or("none", Fault::kind))).or_default() += 1;
        let fault = fault?;
        self.history.record(format!("replica {replica}: FAULT {fault:?} at {call} #{}", site.nth));
        let fault = ScheduledFault { site, fault };
        record.injected.push(fault.clone());
        Some(fault)
    }

    /// Marks a fault that found nothing to change.
    pub(crate) fn mark_ineffective(&self, fault: Option<&ScheduledFault>) {
        self.lock().ineffective.extend(fault.map(|fault| fault.site.clone()));
    }

    /// The scheduled faults that were never injected or changed nothing, as text.
    pub(crate) fn ineffective(&self, faults: &[ScheduledFault]) -> Vec<String> {
        let record = self.lock();
        let took =
            |fault: &ScheduledFault| record.injected.contains(fault) && !record.ineffective.contains(&fault.site);
        let text = |fault: &ScheduledFault| {
            let CallSite { replica, call, nth } = &fault.site;
            let times = record.calls.get(replica).and_then(|calls| calls.get(call)).map_or(0, |calls| calls.count);
            format!(
                "{:?} at {call} #{nth} of replica {replica} took no effect; it called so {times} times",
                fault.fault
            )
        };
        faults.iter().filter(|fault| !took(fault)).map(text).collect()
    }

    /// The calls so far, in the order in which they were sent.
    pub fn sent(&self) -> Vec<SentCall> {
        self.lock().sent.clone()
    }

    /// The faults that were injected so far.
    pub fn injected(&self) -> Vec<ScheduledFault> {
        self.lock().injected.clone()
    }

    /// The classes of calls, and how often each fault met them; `none` for no fault.
    pub fn fault_counts(&self) -> BTreeMap<(CallKind, String), BTreeMap<&'static str, u64>> {
        let record = self.lock();
        let mut all: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (call, calls) in record.calls.values().flatten() {
            let class = call_class(call);
            for ((kind, fault), count) in &calls.fault_counts {
                *all.entry((*kind, class.clone())).or_default().entry(*fault).or_default() += count;
            }
        }
        all
    }
}

/// What the names of the parts of copies begin with, as plans name them.
const COPY: &str = "azimage-web-";

/// The class of a call: its name without numbers, versions, and ids at the end of names.
pub fn call_class(call: &str) -> String {
    let part = |part: &str| {
        if let Some((_, rest)) = part.strip_prefix(COPY).and_then(|rest| rest.split_once('-')) {
            return format!("{COPY}*-{}", rest.replace(|letter: char| letter.is_ascii_digit(), ""));
        }
        let id = part.len().checked_sub(36).filter(|at| part.get(*at..).is_some_and(|id| Uuid::parse_str(id).is_ok()));
        let name = match id {
            Some(at) => &part[..at],
            None if part.starts_with(BROKEN_PREFIX) => BROKEN_PREFIX,
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
pub struct CrashHandle {
    pub(crate) requested: Arc<Notify>,
    crashing: Arc<AtomicBool>,
    starts: Arc<AtomicU32>,
}

impl CrashHandle {
    /// Kills the process. The caller hangs here until it is dropped with the process.
    pub async fn trigger_and_hang<T>(&self) -> T {
        self.trigger();
        std::future::pending().await
    }

    /// Kills the process; the caller goes on.
    pub fn trigger(&self) {
        self.crashing.store(true, Ordering::Relaxed);
        self.requested.notify_one();
    }

    /// Whether the process was killed and isn't started again yet.
    pub(crate) fn is_crashing(&self) -> bool {
        self.crashing.load(Ordering::Relaxed)
    }

    /// Which start of the process this is, from 1.
    pub(crate) fn start_number(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Records a start of the process.
    pub(crate) fn record_start(&self) {
        self.crashing.store(false, Ordering::Relaxed);
        self.starts.fetch_add(1, Ordering::Relaxed);
    }
}
