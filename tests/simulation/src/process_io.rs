//! What is between one process and the API server and Azure: disruptions, and faults at calls to the API server.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage::seams::Order;
use azimage_test_api_server::{Call, Delivery, Failure, Interceptor, Verb, Verdict};
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    fault_rates::CallKind,
    faults::{CrashHandle, FaultInjector},
    plan::Fault,
    scheduler::Scheduler,
};

/// Something that disrupts calls for a time. Clones share their state.
#[derive(Clone, Default)]
pub struct Disruption(Arc<Mutex<DisruptionState>>);

#[derive(Default)]
struct DisruptionState {
    end: Option<Instant>,
    /// When it disrupted a call.
    observed_at: BTreeSet<Instant>,
}

impl Disruption {
    /// Extends it to `end`, unless it lasts longer already.
    pub fn extend(&self, end: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.end = state.end.max(Some(end));
    }

    /// The end, if it is active now. The call counts as disrupted then.
    pub fn active_until(&self) -> Option<Instant> {
        let (now, mut state) = (Instant::now(), self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let end = state.end.filter(|end| *end > now)?;
        state.observed_at.insert(now);
        Some(end)
    }

    /// Whether it disrupted a call in this time.
    pub(crate) fn blocked_between(&self, begin: Instant, end: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).observed_at.range(begin..=end).next().is_some()
    }
}

/// Outages for all processes.
#[derive(Clone, Default)]
pub struct Outages {
    /// Azure can't be reached.
    pub azure: Disruption,
    /// The API server can't be reached.
    pub kubernetes: Disruption,
}

/// The I/O of one process. Clones share their state.
#[derive(Clone)]
pub struct ProcessIo {
    /// The number of the process.
    pub replica: u8,
    /// Injects faults.
    pub faults: FaultInjector,
    /// Orders the requests of an instant.
    pub scheduler: Scheduler,
    /// Kills the process.
    pub crash: CrashHandle,
    /// The process is paused.
    pub paused: Disruption,
    /// The process reaches neither Azure nor the API server.
    pub partitioned: Disruption,
    /// Its watches deliver no events.
    pub watches_stalled: Disruption,
    /// Calls about the lease get no answer.
    pub lease_hangs: Disruption,
    /// Outages for all processes.
    pub outages: Outages,
}

impl ProcessIo {
    /// Waits while the process is paused.
    pub async fn wait_while_paused(&self) {
        while let Some(end) = self.paused.active_until() {
            tokio::time::sleep_until(end).await;
        }
    }

    /// Records a call that the process sends.
    pub(crate) fn record_call(&self, call: &str, write: bool, id: Option<&str>) {
        self.faults.record_call((self.replica, self.crash.start_number()), call, write, id);
    }

    /// Waits for a time, and then for the turn of the request.
    pub async fn delay(&self, span: Duration, request: &str) {
        tokio::time::sleep(span).await;
        self.scheduler.wait_for_turn(format!("{} {request}", self.replica)).await;
    }
}

#[async_trait]
impl Order for ProcessIo {
    async fn turn(&self, object: &str) {
        self.scheduler.wait_for_turn(format!("{} pass {object}", self.replica)).await;
    }
}

/// The name of a call in plans.
fn name(call: &Call) -> String {
    let mut name = format!("kubernetes {} {}", call.verb.name(), call.resource);
    // Events have random names.
    let named = if call.resource == "events" { "" } else { &call.name };
    for part in [named, &call.subresource] {
        if !part.is_empty() {
            name.push('/');
            name.push_str(part);
        }
    }
    name
}

fn error_answer(call: &Call, code: u16) -> Failure {
    let answer = |code, reason, message: &str| Failure::new(code, reason, message);
    match code {
        409 => answer(
            StatusCode::CONFLICT,
            if call.verb == Verb::Create { "AlreadyExists" } else { "Conflict" },
            "the object has been modified; please apply your changes to the latest version and try again",
        ),
        410 => Failure::expired("too old resource version"),
        429 => answer(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "the server is overloaded"),
        503 => answer(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "apiserver is shutting down"),
        _ => answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "etcdserver: request timed out"),
    }
}

/// How long a client of the API server waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

impl ProcessIo {
    fn is_unreachable(&self) -> bool {
        self.partitioned.active_until().is_some() || self.outages.kubernetes.active_until().is_some()
    }
}

#[async_trait]
impl Interceptor for ProcessIo {
    async fn before(&self, call: &Call) -> Verdict {
        let read = matches!(call.verb, Verb::Get | Verb::List | Verb::Watch) || call.subresource == "token";
        let name = name(call);
        self.record_call(&name, !read, None);
        self.wait_while_paused().await;
        if self.is_unreachable() {
            return Verdict::Disconnect;
        }
        if call.resource == "leases" && self.lease_hangs.active_until().is_some() {
            return std::future::pending().await;
        }
        let kind = match call.verb {
            Verb::Get | Verb::List => CallKind::KubernetesRead,
            Verb::Watch => CallKind::KubernetesWatch,
            _ => CallKind::KubernetesWrite,
        };
        // Objects that are created with a random name share one call name.
        let scheduled = self.faults.next_fault(self.replica, kind, &name);
        match scheduled.as_ref().map(|scheduled| scheduled.fault) {
            None => Verdict::Proceed,
            Some(
                Fault::Duplicate
                | Fault::Stale
                | Fault::Cut
                | Fault::CrashAtPoll
                | Fault::SaysSucceeded
                | Fault::SaysUnknown,
            ) => {
                self.faults.mark_ineffective(scheduled.as_ref());
                Verdict::Proceed
            }
            Some(Fault::Slow(seconds)) => {
                self.delay(Duration::from_secs(seconds.into()), &name).await;
                Verdict::Proceed
            }
            Some(Fault::RequestLost) => {
                tokio::time::sleep(PATIENCE).await;
                Verdict::Disconnect
            }
            Some(Fault::AnswerLost) => Verdict::ProceedAndDisconnect,
            Some(Fault::Late(seconds)) => Verdict::Late(Duration::from_secs(seconds.into())),
            Some(Fault::Refused) => Verdict::Disconnect,
            Some(Fault::Answer(code)) => Verdict::Answer(error_answer(call, code)),
            Some(Fault::CrashBefore) => self.crash.trigger_and_hang().await,
            Some(Fault::CrashWithin) => {
                self.crash.trigger();
                self.delay(Duration::from_millis(50), &name).await;
                Verdict::ProceedAndHang
            }
            Some(Fault::CrashAfter) => Verdict::ProceedAndCrash,
        }
    }

    async fn after(&self, _: &Call, _: StatusCode) -> Verdict {
        self.wait_while_paused().await;
        if self.is_unreachable() { Verdict::Disconnect } else { Verdict::Proceed }
    }

    async fn crash(&self) {
        self.crash.trigger_and_hang::<()>().await;
    }

    async fn deliver(&self, call: &Call, _: &Value) -> Delivery {
        self.wait_while_paused().await;
        while let Some(end) = self.watches_stalled.active_until() {
            tokio::time::sleep_until(end).await;
        }
        if self.is_unreachable() {
            return Delivery::Cut;
        }
        let name = format!("kubernetes event {}", call.resource);
        match self.faults.next_fault(self.replica, CallKind::KubernetesEvent, &name).map(|scheduled| scheduled.fault) {
            Some(Fault::Slow(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                Delivery::Deliver
            }
            Some(_) => Delivery::Cut,
            None => Delivery::Deliver,
        }
    }
}
