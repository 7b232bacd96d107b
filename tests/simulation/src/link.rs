//! The way between one process and the world: what is slow, lost, or stands still on it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
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

/// Until when something lasts. Clones are the same.
#[derive(Clone, Default)]
pub struct Until(Arc<Mutex<Lasting>>);

#[derive(Default)]
struct Lasting {
    end: Option<Instant>,
    /// When it held something up.
    felt: BTreeSet<Instant>,
}

impl Until {
    /// It lasts until then, or longer if it does already.
    pub fn extend(&self, end: Instant) {
        let mut lasting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lasting.end = lasting.end.max(Some(end));
    }

    /// The end, if it lasts now, which whoever asks feels.
    pub fn lasts(&self) -> Option<Instant> {
        let (now, mut lasting) = (Instant::now(), self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let end = lasting.end.filter(|end| *end > now)?;
        lasting.felt.insert(now);
        Some(end)
    }

    /// Whether it held something up between then and then.
    pub(crate) fn held_up(&self, begin: Instant, end: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).felt.range(begin..=end).next().is_some()
    }
}

/// What is wrong for everybody.
#[derive(Clone, Default)]
pub struct Outages {
    /// Azure is away.
    pub azure: Until,
    /// The API server is away.
    pub kubernetes: Until,
}

/// The way of one process. Clones are the same.
#[derive(Clone)]
pub struct Link {
    /// The number of the process.
    pub replica: u8,
    /// Injects faults.
    pub faults: FaultInjector,
    /// The order of an instant.
    pub scheduler: Scheduler,
    /// Kills the process.
    pub crash: CrashHandle,
    /// It stands still.
    pub paused: Until,
    /// It reaches nobody.
    pub apart: Until,
    /// It hears of no change.
    pub deaf: Until,
    /// It gets no answer about the lease.
    pub lease_hangs: Until,
    /// What is wrong for everybody.
    pub outages: Outages,
}

impl Link {
    /// Waits for the process to go on.
    pub async fn goes_on(&self) {
        while let Some(end) = self.paused.lasts() {
            tokio::time::sleep_until(end).await;
        }
    }

    /// The process sends a call.
    pub(crate) fn record_call(&self, call: &str, write: bool, id: Option<&str>) {
        self.faults.record_call((self.replica, self.crash.start_number()), call, write, id);
    }

    /// Waits, and for a turn of the request after it.
    pub async fn wait(&self, span: Duration, request: &str) {
        tokio::time::sleep(span).await;
        self.scheduler.wait_for_turn(format!("{} {request}", self.replica)).await;
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

fn refusal(call: &Call, code: u16) -> Failure {
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

impl Link {
    fn out_of_reach(&self) -> bool {
        self.apart.lasts().is_some() || self.outages.kubernetes.lasts().is_some()
    }
}

#[async_trait]
impl Interceptor for Link {
    async fn before(&self, call: &Call) -> Verdict {
        let read = matches!(call.verb, Verb::Get | Verb::List | Verb::Watch) || call.subresource == "token";
        let name = name(call);
        self.record_call(&name, !read, None);
        self.goes_on().await;
        if self.out_of_reach() {
            return Verdict::Disconnect;
        }
        if call.resource == "leases" && self.lease_hangs.lasts().is_some() {
            return std::future::pending().await;
        }
        let kind = match call.verb {
            Verb::Get | Verb::List => CallKind::KubernetesRead,
            Verb::Watch => CallKind::KubernetesWatch,
            _ => CallKind::KubernetesWrite,
        };
        // What a created object of a random name meets can't be told from what another meets.
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
                self.wait(Duration::from_secs(seconds.into()), &name).await;
                Verdict::Proceed
            }
            Some(Fault::RequestLost) => {
                tokio::time::sleep(PATIENCE).await;
                Verdict::Disconnect
            }
            Some(Fault::AnswerLost) => Verdict::ProceedAndDisconnect,
            Some(Fault::Late(seconds)) => Verdict::Late(Duration::from_secs(seconds.into())),
            Some(Fault::Refused) => Verdict::Disconnect,
            Some(Fault::Answer(code)) => Verdict::Answer(refusal(call, code)),
            Some(Fault::CrashBefore) => self.crash.trigger_and_hang().await,
            Some(Fault::CrashWithin) => {
                self.crash.trigger();
                self.wait(Duration::from_millis(50), &name).await;
                Verdict::ProceedAndHang
            }
            Some(Fault::CrashAfter) => Verdict::ProceedAndCrash,
        }
    }

    async fn after(&self, _: &Call, _: StatusCode) -> Verdict {
        self.goes_on().await;
        if self.out_of_reach() { Verdict::Disconnect } else { Verdict::Proceed }
    }

    async fn crash(&self) {
        self.crash.trigger_and_hang::<()>().await;
    }

    async fn deliver(&self, call: &Call, _: &Value) -> Delivery {
        self.goes_on().await;
        while let Some(end) = self.deaf.lasts() {
            tokio::time::sleep_until(end).await;
        }
        if self.out_of_reach() {
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
