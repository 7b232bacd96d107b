//! Passes, with the names of controller-runtime where it has any.

use std::{sync::atomic::AtomicI64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tokio::time::Instant;

use super::{Seconds, seconds};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabel {
    controller: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: String,
    result: String,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is left to be done.
    Success,
    /// It will be repeated soon.
    Requeue,
    /// It will be repeated at a time.
    RequeueAfter,
    /// It failed.
    Error,
    /// It panicked.
    Panic,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Requeue => "requeue",
            Self::RequeueAfter => "requeue_after",
            Self::Error | Self::Panic => "error",
        }
    }
}

/// The metrics of all passes.
#[derive(Clone, Debug)]
pub(super) struct PassMetrics {
    reconciles: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabel, Counter>,
    panics: Family<ControllerLabel, Counter>,
    seconds: Seconds<ControllerLabel>,
    lag: Seconds<ControllerLabel>,
    workers: Family<ControllerLabel, Gauge<i64, AtomicI64>>,
    most_workers: Family<ControllerLabel, Gauge<i64, AtomicI64>>,
}

/// From a moment to ten minutes.
fn late() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0])
}

impl PassMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            reconciles: Family::default(),
            errors: Family::default(),
            panics: Family::default(),
            seconds: Seconds::new_with_constructor(seconds),
            lag: Seconds::new_with_constructor(late),
            workers: Family::default(),
            most_workers: Family::default(),
        };
        let name = "controller_runtime_reconcile";
        registry.register(name, "Reconciles per controller and result", all.reconciles.clone());
        let name = "controller_runtime_reconcile_errors";
        registry.register(name, "Failed reconciles per controller", all.errors.clone());
        let name = "controller_runtime_reconcile_panics";
        registry.register(name, "Panicked reconciles per controller", all.panics.clone());
        let name = "controller_runtime_reconcile_time_seconds";
        registry.register(name, "Length of reconciles per controller", all.seconds.clone());
        let name = "azimage_reconcile_lag_seconds";
        registry.register(name, "How late reconciles began that were due, per controller", all.lag.clone());
        let name = "controller_runtime_active_workers";
        registry.register(name, "Reconciles that run now", all.workers.clone());
        let name = "controller_runtime_max_concurrent_reconciles";
        registry.register(name, "Reconciles that may run at a time", all.most_workers.clone());
        all
    }

    /// Those of one controller, all of them at zero.
    pub(super) fn of(&self, name: &str, concurrency: u16) -> ControllerMetrics {
        let label = ControllerLabel { controller: name.to_owned() };
        for outcome in [Outcome::Success, Outcome::Requeue, Outcome::RequeueAfter, Outcome::Error] {
            let labels = ResultLabels { controller: name.to_owned(), result: outcome.label().to_owned() };
            drop(self.reconciles.get_or_create(&labels));
        }
        drop(self.errors.get_or_create(&label));
        drop(self.panics.get_or_create(&label));
        drop(self.lag.get_or_create(&label));
        self.workers.get_or_create(&label).set(0);
        self.most_workers.get_or_create(&label).set(concurrency.into());
        ControllerMetrics { all: self.clone(), label }
    }
}

/// The metrics of one controller.
#[derive(Clone, Debug)]
pub(crate) struct ControllerMetrics {
    all: PassMetrics,
    label: ControllerLabel,
}

impl ControllerMetrics {
    /// A pass begins that was due, and is so late.
    pub(crate) fn late(&self, late: Duration) {
        self.all.lag.get_or_create(&self.label).observe(late.as_secs_f64());
    }

    /// A pass begins.
    pub(crate) fn start(&self) -> Timer {
        self.all.workers.get_or_create(&self.label).inc();
        Timer { metrics: self.clone(), begun: Instant::now(), outcome: None }
    }
}

/// A running pass.
#[derive(Debug)]
pub(crate) struct Timer {
    metrics: ControllerMetrics,
    begun: Instant,
    outcome: Option<Outcome>,
}

impl Timer {
    /// The pass ended.
    pub(crate) fn end(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Timer {
    /// Also for a pass that was dropped midway, so that the gauge of running ones stays true.
    fn drop(&mut self) {
        let ControllerMetrics { all, label } = &self.metrics;
        all.workers.get_or_create(label).dec();
        let Some(outcome) = self.outcome else { return };
        all.seconds.get_or_create(label).observe(self.begun.elapsed().as_secs_f64());
        let result = ResultLabels { controller: label.controller.clone(), result: outcome.label().to_owned() };
        all.reconciles.get_or_create(&result).inc();
        if matches!(outcome, Outcome::Error | Outcome::Panic) {
            all.errors.get_or_create(label).inc();
        }
        if outcome == Outcome::Panic {
            all.panics.get_or_create(label).inc();
        }
    }
}
