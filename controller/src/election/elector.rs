//! Reads and writes the lease.

use std::{future::Future, time::Duration};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client, api::PostParams};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    LEASE_NAME, Loss, Settings, Term,
    decide::{Decision, Held, Seen, decide},
    record,
    term::Tenure,
};
use crate::{seams::Seams, telemetry::metrics::Metrics};

/// Takes part in the election for one process.
pub struct Elector {
    leases: Api<Lease>,
    settings: Settings,
    seams: Seams,
    metrics: Metrics,
    tenure: Tenure,
    seen: Option<Seen>,
    /// Whether `seen` is the newest there is, so far as we know: only then can it be written without a read before.
    current: bool,
    /// Whether a write of ours may have made us the holder.
    wrote: bool,
    told: Option<String>,
}

/// A call that failed.
#[derive(Debug, thiserror::Error)]
enum CallFailed {
    #[error("{0}")]
    Refused(#[from] kube::Error),
    #[error("the API server didn't answer within {0:?}")]
    NoAnswer(Duration),
}

impl Elector {
    /// An elector, and the term that it keeps. The client must not retry by itself: what it repeats later would be
    /// counted as renewed too late, and a retry could outlast the deadline.
    pub fn new(client: Client, settings: Settings, seams: Seams, metrics: Metrics) -> (Self, Term) {
        let (tenure, term) = Tenure::new();
        metrics.leads(LEASE_NAME, false);
        let leases = Api::namespaced(client, &settings.namespace);
        let elector =
            Self { leases, settings, seams, metrics, tenure, seen: None, current: false, wrote: false, told: None };
        (elector, term)
    }

    /// Waits until this process leads. `standby` is called each time somebody else was seen to lead.
    ///
    /// May be dropped at any point, and called again.
    pub async fn win(&mut self, mut standby: impl FnMut()) {
        loop {
            let begun = Instant::now();
            let pause = match self.attempt().await {
                Ok(Decision::Acquire | Decision::Renew) => {
                    let Settings { namespace, identity, .. } = &self.settings;
                    tracing::info!(lease = LEASE_NAME, namespace, identity, "Leading");
                    self.metrics.leads(LEASE_NAME, true);
                    return;
                }
                Ok(Decision::Wait(left)) => {
                    self.tell();
                    standby();
                    left.min(self.settings.timing.retry_period)
                }
                Ok(Decision::Lost(_)) => self.settings.timing.retry_period,
                Err(error) => {
                    self.warn(&error);
                    self.settings.timing.retry_period.saturating_sub(begun.elapsed())
                }
            };
            // Whoever leads writes all the time, so what was read is old by then.
            self.current = false;
            sleep(self.seams.jittered(pause)).await;
        }
    }

    /// Renews for as long as that succeeds. From the moment it returns on, the term doesn't hold.
    ///
    /// May be dropped at any point, and called again.
    pub async fn keep(&mut self) -> Loss {
        loop {
            let next = Instant::now() + self.settings.timing.retry_period;
            sleep_until(self.tenure.until().map_or(next, |until| until.min(next))).await;
            loop {
                let begun = Instant::now();
                match self.attempt().await {
                    Ok(Decision::Lost(loss)) => {
                        self.tenure.end();
                        self.metrics.leads(LEASE_NAME, false);
                        return loss;
                    }
                    Ok(_) => break,
                    Err(error) => {
                        self.warn(&error);
                        let next = begun + self.settings.timing.retry_period;
                        sleep_until(self.tenure.until().map_or(next, |until| until.min(next))).await;
                    }
                }
            }
        }
    }

    /// Ends the term and lets go of the lease, so that another process needn't wait. Only for when nothing of ours runs
    /// any more: the next leader may start within a second.
    pub async fn release(mut self) {
        self.tenure.end();
        self.metrics.leads(LEASE_NAME, false);
        if !self.wrote {
            return;
        }
        // Twice, as a renewal that was given up may still arrive in between.
        for _ in 0..2 {
            match self.let_go().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(%error, "Could not release the lease; others wait until it runs out");
                    self.current = false;
                }
            }
        }
    }

    async fn let_go(&mut self) -> Result<(), CallFailed> {
        if !self.current {
            self.read().await?;
        }
        let Some(seen) = self.seen.as_ref().filter(|seen| seen.holder() == Some(&self.settings.identity)) else {
            return Ok(());
        };
        let Some(lease) = seen.lease.as_ref().map(|lease| record::released(lease, self.seams.clock.now())) else {
            return Ok(());
        };
        self.current = false;
        self.bounded(self.leases.replace(LEASE_NAME, &PostParams::default(), &lease)).await?;
        tracing::info!(lease = LEASE_NAME, "Released the lease");
        Ok(())
    }

    /// Decides once and carries it out.
    async fn attempt(&mut self) -> Result<Decision, CallFailed> {
        if let Some(lost) = self.overdue() {
            return Ok(lost);
        }
        if !self.current
            && let Err(error) = self.read().await
        {
            return self.overdue().ok_or(error);
        }
        let Some(seen) = &self.seen else { return Ok(Decision::Wait(self.settings.timing.retry_period)) };
        let decision = decide(seen, &self.settings.identity, self.held(), Instant::now());
        if matches!(decision, Decision::Acquire | Decision::Renew)
            && let Err(error) = self.write().await
        {
            return self.overdue().ok_or(error);
        }
        Ok(decision)
    }

    fn held(&self) -> Option<Held> {
        self.tenure.until().map(|until| Held { until, deadline: self.settings.timing.renew_deadline })
    }

    /// The term's end needs nothing to be read.
    fn overdue(&self) -> Option<Decision> {
        self.held()?.lost(Instant::now()).map(Decision::Lost)
    }

    async fn read(&mut self) -> Result<(), CallFailed> {
        let lease = self.bounded(self.leases.get_opt(LEASE_NAME)).await?;
        self.saw(lease);
        Ok(())
    }

    async fn write(&mut self) -> Result<(), CallFailed> {
        let current = self.seen.as_ref().and_then(|seen| seen.lease.as_ref());
        let Settings { identity, timing, .. } = &self.settings;
        let lease = record::held(current, identity, timing.lease_duration, self.seams.clock.now());
        let create = current.is_none();
        // Before it is sent: should it be dropped from here on, nobody knows what has come of it.
        self.current = false;
        self.wrote = true;
        // Others count from when they saw it, which is after it was sent. So we count from before it is sent.
        let begun = Instant::now();
        let parameters = PostParams::default();
        let written = if create {
            self.bounded(self.leases.create(&parameters, &lease)).await?
        } else {
            self.bounded(self.leases.replace(LEASE_NAME, &parameters, &lease)).await?
        };
        self.saw(Some(written));
        self.tenure.hold(begun + self.settings.timing.renew_deadline);
        Ok(())
    }

    fn saw(&mut self, lease: Option<Lease>) {
        let default = self.settings.timing.lease_duration;
        self.seen = Some(Seen::after(self.seen.as_ref(), lease, default, Instant::now()));
        self.current = true;
    }

    /// One call, which ends before the term does.
    async fn bounded<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Result<T, CallFailed> {
        let most = self.settings.timing.call_timeout();
        let left = self.tenure.until().map(|until| until.saturating_duration_since(Instant::now()));
        let limit = left.map_or(most, |left| left.min(most));
        match timeout(limit, call).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(CallFailed::NoAnswer(limit)),
        }
    }

    /// Tells when the holder is another than before.
    fn tell(&mut self) {
        let holder = self.seen.as_ref().and_then(Seen::holder).map(str::to_owned);
        if self.told != holder {
            let namespace = &self.settings.namespace;
            tracing::info!(lease = LEASE_NAME, namespace, holder, "Standing by: another process leads");
            self.told = holder;
        }
    }

    fn warn(&self, error: &CallFailed) {
        let namespace = &self.settings.namespace;
        let lease = LEASE_NAME;
        match error {
            CallFailed::Refused(kube::Error::Api(status)) if status.code == 409 => {
                tracing::debug!(lease, namespace, "The lease was changed meanwhile; reading it again");
            }
            CallFailed::Refused(kube::Error::Api(status)) if status.code == 403 => {
                let advice = "grant get, create and update on leases (coordination.k8s.io) in this namespace";
                tracing::warn!(lease, namespace, %error, advice, "May not use the lease");
            }
            CallFailed::Refused(kube::Error::Api(status)) if status.code == 404 => {
                let advice = "make the namespace, or name another one with POD_NAMESPACE";
                tracing::warn!(lease, namespace, %error, advice, "Could not make the lease");
            }
            _ => tracing::warn!(lease, namespace, %error, "Could not use the lease"),
        }
    }
}
