//! Metrics, with the names of controller-runtime where it has any, so that existing dashboards work.

mod durations;
mod objects;
mod plain;
#[cfg(target_os = "linux")]
mod process;
mod tokens;
mod validation;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use azimage_azure::{Budgets, Class, TokenObserver};
use azimage_core::{
    image_version::{Durations, Figures},
    leftover_cost::Costs,
};
use durations::DurationMetrics;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tokens::TokenMetrics;
use tokio::time::Instant;
use validation::ValidationMetrics;

pub(crate) use objects::Census;
use objects::Objects;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabel {
    controller: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: String,
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    code: String,
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabel {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AzureLabels {
    operation: &'static str,
    method: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerbLabels {
    verb: String,
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ThrottledLabels {
    class: String,
    by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabel {
    class: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AcceptedLabel {
    accepted: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: String,
}

type Seconds = Family<ControllerLabel, Histogram, fn() -> Histogram>;

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

/// All metrics of the process.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    reconciles: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabel, Counter>,
    panics: Family<ControllerLabel, Counter>,
    seconds: Seconds,
    lag: Seconds,
    workers: Family<ControllerLabel, Gauge<i64, AtomicI64>>,
    most_workers: Family<ControllerLabel, Gauge<i64, AtomicI64>>,
    kubernetes: Family<RequestLabels, Counter>,
    kubernetes_seconds: Family<VerbLabels, Histogram, fn() -> Histogram>,
    azure: Family<AzureLabels, Counter<u64, AtomicU64>>,
    azure_seconds: Family<OperationLabel, Histogram, fn() -> Histogram>,
    leads: Family<LeaseLabel, Gauge<i64, AtomicI64>>,
    throttled: Family<ThrottledLabels, Counter<u64, AtomicU64>>,
    budget_left: Family<ClassLabel, Gauge<f64, AtomicU64>>,
    budget_waiting: Family<ClassLabel, Gauge<i64, AtomicI64>>,
    budgets: Arc<OnceLock<Budgets>>,
    objects: Objects,
    leftovers: Gauge<i64, AtomicI64>,
    unseen_workspaces: Gauge<i64, AtomicI64>,
    leftover_costs: Family<KindLabel, Gauge<f64, AtomicU64>>,
    leftover_deletions: Family<AcceptedLabel, Counter<u64, AtomicU64>>,
    validation: ValidationMetrics,
    durations: DurationMetrics,
    tokens: TokenMetrics,
    events_dropped: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

/// From a moment to ten minutes.
fn late() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0])
}

/// What leftovers cost, by their kind.
fn leftover_costs(registry: &mut Registry) -> Family<KindLabel, Gauge<f64, AtomicU64>> {
    let costs: Family<KindLabel, Gauge<f64, AtomicU64>> = Family::default();
    for kind in ["disk", "snapshot"] {
        drop(costs.get_or_create(&KindLabel { kind: kind.to_owned() }));
    }
    registry.register(
        "azimage_leftovers_monthly_cost_dollars",
        "What leftovers cost in a month, by their kind: an estimate in US dollars, from sizes and public list prices",
        costs.clone(),
    );
    costs
}

impl Metrics {
    /// Metrics at zero.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let reconciles = Family::default();
        let errors = Family::default();
        let panics = Family::default();
        let seconds_of = Seconds::new_with_constructor(seconds);
        let lag = Seconds::new_with_constructor(late);
        let workers = Family::default();
        let most_workers = Family::default();
        let kubernetes = Family::default();
        let azure = Family::default();
        let kubernetes_seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let azure_seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        registry.register("controller_runtime_reconcile", "Reconciles per controller and result", reconciles.clone());
        registry.register("controller_runtime_reconcile_errors", "Failed reconciles per controller", errors.clone());
        registry.register("controller_runtime_reconcile_panics", "Panicked reconciles per controller", panics.clone());
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Length of reconciles per controller",
            seconds_of.clone(),
        );
        registry.register(
            "azimage_reconcile_lag_seconds",
            "How late reconciles began that were due, per controller",
            lag.clone(),
        );
        registry.register("controller_runtime_active_workers", "Reconciles that run now", workers.clone());
        registry.register(
            "controller_runtime_max_concurrent_reconciles",
            "Reconciles that may run at a time",
            most_workers.clone(),
        );
        registry.register("rest_client_requests", "Requests to the Kubernetes API", kubernetes.clone());
        registry.register(
            "rest_client_request_duration_seconds",
            "Length of requests to the Kubernetes API",
            kubernetes_seconds.clone(),
        );
        registry.register("azimage_azure_requests", "Requests to Azure Resource Manager", azure.clone());
        registry.register(
            "azimage_azure_request_duration_seconds",
            "Length of requests to Azure Resource Manager",
            azure_seconds.clone(),
        );
        let leads = Family::default();
        registry.register(
            "leader_election_master_status",
            "Whether this process leads (1) or stands by (0)",
            leads.clone(),
        );
        let throttled = Family::default();
        registry.register(
            "azimage_azure_throttled",
            "Calls that Azure refused with 429 (by=azure), or that were held back so that it need not (by=azimage)",
            throttled.clone(),
        );
        let budget_left = Family::default();
        registry.register(
            "azimage_azure_budget_left_ratio",
            "What is left of the emptiest budget of each class of requests, from 0 to 1",
            budget_left.clone(),
        );
        let budget_waiting = Family::default();
        registry.register(
            "azimage_azure_budget_waiting",
            "Calls that wait for their turn, for each class of requests",
            budget_waiting.clone(),
        );
        let leftovers = Gauge::default();
        registry.register(
            "azimage_leftovers",
            "Temporary resources whose objects are gone and that expired, as they were last seen",
            leftovers.clone(),
        );
        let unseen_workspaces = Gauge::default();
        registry.register(
            "azimage_leftover_workspaces_unseen",
            "Workspaces that could not be looked through for leftovers at the last try",
            unseen_workspaces.clone(),
        );
        let leftover_costs = leftover_costs(&mut registry);
        let leftover_deletions = Family::default();
        registry.register(
            "azimage_leftover_deletions",
            "Deletions of leftovers that Azure accepted (accepted=true), or refused",
            leftover_deletions.clone(),
        );
        for accepted in ["true", "false"] {
            drop(leftover_deletions.get_or_create(&AcceptedLabel { accepted: accepted.to_owned() }));
        }
        let validation = ValidationMetrics::register(&mut registry);
        let durations = DurationMetrics::register(&mut registry);
        let tokens = TokenMetrics::register(&mut registry);
        let events_dropped = Counter::default();
        registry.register(
            "azimage_events_dropped",
            "Events that could not be published, and are lost",
            events_dropped.clone(),
        );
        #[cfg(target_os = "linux")]
        registry.register_collector(Box::new(process::ProcessMetrics));
        let objects = Objects::default();
        registry.register_collector(Box::new(objects.clone()));
        let info: Family<Vec<(String, String)>, Gauge> = Family::default();
        info.get_or_create(&vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        registry.register("azimage_build_info", "The release that runs", info);
        Self {
            registry: Arc::new(registry),
            reconciles,
            errors,
            panics,
            seconds: seconds_of,
            lag,
            workers,
            most_workers,
            kubernetes,
            kubernetes_seconds,
            azure,
            azure_seconds,
            leads,
            throttled,
            budget_left,
            budget_waiting,
            budgets: Arc::default(),
            objects,
            leftovers,
            unseen_workspaces,
            leftover_costs,
            leftover_deletions,
            validation,
            durations,
            tokens,
            events_dropped,
        }
    }

    /// Shows how it stands with these budgets, whenever the metrics are read.
    pub(crate) fn show_budgets(&self, budgets: &Budgets) {
        // Set once: a process has one set of budgets.
        let _ = self.budgets.set(budgets.clone());
    }

    /// Counts the objects in this way whenever the metrics are read.
    pub(crate) fn show_objects(&self, count: impl Fn() -> Census + Send + Sync + 'static) {
        self.objects.show(Arc::new(count));
    }

    fn read_budgets(&self) {
        let Some(budgets) = self.budgets.get() else { return };
        for (class, counts) in budgets.counts() {
            let label = ClassLabel { class: class.name().to_owned() };
            for (by, count) in [("azure", counts.refused), ("azimage", counts.held_back)] {
                let labels = ThrottledLabels { class: class.name().to_owned(), by: by.to_owned() };
                self.throttled.get_or_create(&labels).inner().store(count, Ordering::Relaxed);
            }
            self.budget_left.get_or_create(&label).set(counts.left);
            self.budget_waiting.get_or_create(&label).set(i64::try_from(counts.waiting).unwrap_or(i64::MAX));
        }
    }

    /// The metrics in the form of `OpenMetrics`.
    ///
    /// # Errors
    /// When they can't be written, for which there is no known reason.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        self.read_budgets();
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// The metrics in the older text form, 0.0.4.
    ///
    /// # Errors
    /// As of [`Self::text`].
    pub fn plain_text(&self) -> Result<String, std::fmt::Error> {
        self.text().map(|page| plain::of_open_metrics(&page))
    }

    /// The metrics of one controller, all of them at zero.
    pub(crate) fn controller(&self, name: &str, concurrency: u16) -> ControllerMetrics {
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

    /// Counts a request to the API server.
    pub(crate) fn kubernetes_request(&self, method: &str, code: &str, host: &str, took: std::time::Duration) {
        let verb = VerbLabels { verb: method.to_owned(), host: host.to_owned() };
        self.kubernetes_seconds.get_or_create(&verb).observe(took.as_secs_f64());
        let labels = RequestLabels { method: method.to_owned(), code: code.to_owned(), host: host.to_owned() };
        self.kubernetes.get_or_create(&labels).inc();
    }

    /// Whether this process leads.
    pub(crate) fn leads(&self, lease: &str, leads: bool) {
        self.leads.get_or_create(&LeaseLabel { name: lease.to_owned() }).set(leads.into());
    }

    /// How many leftovers there are, what they cost, and how many workspaces couldn't be looked through.
    pub(crate) fn leftovers(&self, count: usize, costs: Costs, unseen: usize) {
        self.unseen_workspaces.set(i64::try_from(unseen).unwrap_or(i64::MAX));
        for (kind, cost) in [("disk", costs.disks), ("snapshot", costs.snapshots)] {
            self.leftover_costs.get_or_create(&KindLabel { kind: kind.to_owned() }).set(cost.dollars());
        }
        self.leftovers.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Counts the deletion of a leftover.
    pub(crate) fn leftover_deletion(&self, accepted: bool) {
        self.leftover_deletions.get_or_create(&AcceptedLabel { accepted: accepted.to_string() }).inc();
    }

    /// A validation came to its end.
    pub(crate) fn validated(&self, figures: &Figures) {
        self.validation.observe(figures);
    }

    /// Steps, copies and versions came to their end.
    pub(crate) fn took(&self, durations: &Durations) {
        self.durations.observe(durations);
    }

    /// Counts the requests for tokens of an identity of this kind.
    pub(crate) fn token_requests(&self, identity_kind: &'static str) -> TokenObserver {
        self.tokens.observer(identity_kind)
    }

    /// Counts an event that could not be published.
    pub(crate) fn event_dropped(&self) {
        self.events_dropped.inc();
    }

    /// Counts a request to Azure.
    pub(crate) fn azure_request(&self, operation: Class, method: &str, code: &str, took: std::time::Duration) {
        let operation = operation.name();
        let labels = AzureLabels { operation, method: method.to_owned(), code: code.to_owned() };
        self.azure.get_or_create(&labels).inc();
        self.azure_seconds.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
    }
}

/// The metrics of one controller.
#[derive(Clone, Debug)]
pub(crate) struct ControllerMetrics {
    all: Metrics,
    label: ControllerLabel,
}

impl ControllerMetrics {
    /// A pass begins that was due, and is so late.
    pub(crate) fn late(&self, late: std::time::Duration) {
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

#[cfg(test)]
mod tests;
