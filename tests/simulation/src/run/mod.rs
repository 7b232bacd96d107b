//! Runs a plan to its end, and judges the run.

mod events;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use azimage_simulator::JournalQuery;
use azimage_test_api_server::ApiServer;
use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    azure::Azure,
    bans::Bans,
    fault_rates::{CallKind, FaultRates},
    faults::{CrashHandle, FaultInjector},
    history::{History, Line},
    laws::{self, Evidence, Problem},
    oracle::Oracle,
    panics,
    plan::{Plan, ScheduledFault},
    poll_crashes::PollCrashes,
    process_io::{Outages, ProcessIo},
    replica::Replica,
    sabotage::Bug,
    scheduler::Scheduler,
    time::VirtualClock,
    trace, world,
};

/// Why a run can't be set up.
pub type SetupError = Box<dyn std::error::Error + Send + Sync>;

/// The time within which every object has to settle after the last fault.
const PATIENCE: Duration = Duration::from_secs(72 * 3600);
/// Minutes after which the laws are checked early, and again after twice as many each time. A run that broke one stops.
const CHECK_AFTER: u64 = 240;
/// For how many minutes all objects have to be settled: longer where operators act, as the controller may see their last
/// action only at its next resync.
fn quiet_minutes(plan: &Plan) -> u32 {
    if plan.events.iter().any(|event| event.action.is_by_operator()) { 30 } else { 12 }
}

/// How long nothing may happen then: several resync periods, and many in every fourth run.
fn rest_duration(seed: u64) -> Duration {
    Duration::from_secs(if seed.is_multiple_of(4) { 2 * 3600 } else { 2400 })
}

/// The outcome of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The broken laws; empty if there are none.
    pub problems: Vec<Problem>,
    /// What happened, in order of time.
    pub history: Vec<Line>,
    /// The faults that were injected.
    pub injected: Vec<ScheduledFault>,
    /// The plan's faults and events that had no effect, as text: the run proves nothing about them.
    pub ineffective: Vec<String>,
    /// The classes of calls, and how often each fault met them; `none` for no fault.
    pub fault_counts: BTreeMap<(CallKind, String), BTreeMap<&'static str, u64>>,
    /// Requests that arrived at Azure.
    pub azure_requests: usize,
    /// Writes to Azure that the controller made.
    pub azure_writes: usize,
    /// How long it took, in virtual time.
    pub took: Duration,
}

impl Outcome {
    /// The history as text, with reads if `reads`.
    pub fn text(&self, reads: bool) -> String {
        let lines = self.history.iter().filter(|line| reads || !line.read);
        lines.flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
    }

    /// The lines around the first difference between two runs' histories, if there is one.
    pub fn history_difference(&self, other: &Self) -> Option<String> {
        let (one, other) = (self.text(true), other.text(true));
        if one == other {
            return None;
        }
        let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
        let part = |text: &str| text.lines().skip(same.saturating_sub(6)).take(12).collect::<Vec<_>>().join("\n");
        Some(format!("line {same}:\n{}\n--- and ---\n{}", part(&one), part(&other)))
    }

    /// The first class of calls or polls whose count differs in another run, if there is one.
    pub fn count_difference(&self, other: &Self) -> Option<String> {
        let one = self.fault_counts.iter().find(|(class, counts)| other.fault_counts.get(*class) != Some(counts));
        let (class, counts) =
            one.or_else(|| other.fault_counts.iter().find(|(class, _)| !self.fault_counts.contains_key(*class)))?;
        Some(format!("{}: {counts:?}, and in the other run {:?}", class.1, other.fault_counts.get(class)))
    }

    /// The plan that repeats this run by its recorded faults alone.
    pub fn replay_plan(&self, plan: &Plan) -> Plan {
        // The time at which random faults end stays, as the end of a run counts from it.
        let fault_rates =
            plan.fault_rates.map(|rates| FaultRates { per_thousand: 0, poll_crashes: 0, wrong_states: 0, ..rates });
        Plan { fault_rates, faults: self.injected.clone(), ..plan.clone() }
    }
}

/// Runs a plan in a runtime of its own.
///
/// # Errors
/// When the environment can't be set up.
pub fn run(plan: &Plan) -> Result<Outcome, SetupError> {
    run_with(plan, None)
}

/// Runs a plan, with a deliberate bug if there is one.
///
/// # Errors
/// When the environment can't be set up.
pub fn run_with(plan: &Plan, bug: Option<Bug>) -> Result<Outcome, SetupError> {
    // kube draws its pauses after a broken watch from this generator of the thread.
    fastrand::seed(plan.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    panics::capture(|| runtime.block_on(execute(plan, bug)))
}

async fn execute(plan: &Plan, bug: Option<Bug>) -> Result<Outcome, SetupError> {
    let clock = VirtualClock::begin();
    let history = History::new(clock);
    let scheduler = Scheduler::new(plan.seed);
    let server = ApiServer::with_scheduler(world::definitions(), plan.seed, move || clock.time(), scheduler.clone())?;
    let azure = Azure::new(&world::azure(plan)?, clock)?;
    let oracle = Oracle::observe(&server, &azure, &plan.world);
    azure.set_uids(world::apply(plan, &server).await?);
    let faults = FaultInjector::new(plan, history.clone());
    let outages = Outages::default();
    let processes: Vec<ProcessIo> = (0..plan.world.replicas.max(1))
        .map(|replica| ProcessIo {
            replica,
            faults: faults.clone(),
            scheduler: scheduler.clone(),
            crash: CrashHandle::default(),
            paused: crate::process_io::Disruption::default(),
            partitioned: crate::process_io::Disruption::default(),
            watches_stalled: crate::process_io::Disruption::default(),
            lease_hangs: crate::process_io::Disruption::default(),
            outages: outages.clone(),
        })
        .collect();
    let _guard = tracing::subscriber::set_default(PollCrashes::new(processes.clone()));
    let start = |io| Replica::new(plan, &server, &azure, io, clock).with(bug);
    let replicas: Vec<Replica> = processes.into_iter().map(start).collect();
    let stop = CancellationToken::new();
    let running: Vec<_> = replicas.iter().map(|replica| replica.start(stop.clone())).collect();
    let state = RunState {
        plan,
        clock,
        history: history.clone(),
        azure: azure.clone(),
        server: server.clone(),
        faults: faults.clone(),
        oracle,
        outages,
        bans: Arc::default(),
        replicas,
    };
    let checks = state.events().await;
    tokio::time::sleep_until(clock.moment(plan.faults_end())).await;
    history.record("FAULTS END");
    let settled = state.settle().await;
    let rested_from = clock.time();
    tokio::time::sleep(rest_duration(plan.seed)).await;
    stop.cancel();
    let took = clock.elapsed();
    drop(running);
    let kubernetes = server.history();
    let (problems, azure_writes, azure_requests) = state.judge(settled, rested_from, |evidence| {
        let problems = if settled == Settled::Broken { laws::judge_safety(evidence) } else { laws::judge(evidence) };
        (problems, evidence.writes().count(), evidence.journal.len())
    });
    Ok(Outcome {
        problems,
        history: trace::merge_writes(history.lines(), &kubernetes, clock.time() - took),
        injected: faults.injected(),
        ineffective: faults.ineffective(&plan.faults).into_iter().chain(state.ineffective(&checks)).collect(),
        fault_counts: faults.fault_counts(),
        azure_requests,
        azure_writes,
        took,
    })
}

/// Whether every object settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    /// Every object settled.
    Yes,
    /// Not in time.
    No,
    /// A law was broken, so the run was stopped.
    Broken,
}

struct RunState<'a> {
    plan: &'a Plan,
    clock: VirtualClock,
    history: History,
    azure: Azure,
    server: ApiServer,
    faults: FaultInjector,
    oracle: Oracle,
    outages: Outages,
    bans: Arc<Bans>,
    replicas: Vec<Replica>,
}

impl RunState<'_> {
    /// All image versions that are there.
    fn objects(&self) -> BTreeMap<String, Arc<Value>> {
        let all = self.server.objects("imageversions.azimage.dev");
        all.into_iter().map(|((_, name), object)| (name, object)).collect()
    }

    /// The namespace and its objects.
    fn namespace(&self) -> Vec<String> {
        let within = ["imageversions.azimage.dev", "replicationtargets.azimage.dev", "serviceaccounts", "namespaces"];
        let all = within.iter().flat_map(|resource| {
            let objects = self.server.objects(resource).into_keys();
            objects
                .filter(|(namespace, name)| [namespace, name].contains(&&world::NAMESPACE.to_owned()))
                .map(move |(_, name)| format!("{resource}/{name}"))
        });
        all.collect()
    }

    /// Judges what happened so far.
    fn judge<T>(&self, settled: Settled, rested_from: Timestamp, judge: impl FnOnce(&Evidence<'_>) -> T) -> T {
        // In a statement of its own: the laws lock the simulator as well.
        let journal = self.azure.simulator().requests(&JournalQuery::default());
        judge(&Evidence {
            plan: self.plan,
            begin: self.clock.time() - self.clock.elapsed(),
            rested_from,
            settled: settled == Settled::Yes,
            azure: &self.azure,
            arrivals: &self.azure.writes(),
            journal: &journal,
            kubernetes: &self.server.history(),
            status_claims: &self.oracle.all(),
            served: &self.oracle.served(),
            sent: &self.faults.sent(),
            injected: &self.faults.injected(),
            panics: &panics::captured(),
            objects: &self.objects(),
            namespace: &self.namespace(),
        })
    }

    /// Waits until every object has settled.
    async fn settle(&self) -> Settled {
        let mut quiet = 0;
        for minute in 1..=PATIENCE.as_secs() / 60 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let objects = self.objects();
            let targets = self.server.objects("replicationtargets.azimage.dev");
            let mut targets = targets.iter().map(|((_, name), target)| (name, target));
            let settled = objects.values().all(|object| laws::is_settled(object))
                && !targets.any(|(name, target)| laws::must_be_deleted(name, target, &objects));
            quiet = if settled { quiet + 1 } else { 0 };
            if quiet == quiet_minutes(self.plan) {
                return Settled::Yes;
            }
            let checks_laws = minute.is_multiple_of(CHECK_AFTER) && (minute / CHECK_AFTER).is_power_of_two();
            if checks_laws && !self.judge(Settled::No, self.clock.time(), laws::judge_safety).is_empty() {
                return Settled::Broken;
            }
        }
        Settled::No
    }
}

/// Runs a plan twice, and then its replay plan, and compares the histories byte by byte.
///
/// # Errors
/// When the environment can't be set up.
pub fn run_checking_determinism(plan: &Plan, bug: Option<Bug>) -> Result<Outcome, SetupError> {
    let mut first = run_with(plan, bug)?;
    let again = run_with(plan, bug)?;
    let replay = run_with(&first.replay_plan(plan), bug)?;
    for (law, other) in [("determinism: repetition", again), ("determinism: recorded faults", replay)] {
        let text = first.history_difference(&other).or_else(|| first.count_difference(&other));
        if let Some(text) = text {
            first.problems.push(Problem { law, text });
        }
    }
    Ok(first)
}
