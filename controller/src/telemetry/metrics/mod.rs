//! Metrics, with the names of controller-runtime where it has any, so that existing dashboards work.

mod durations;
mod objects;
mod passes;
mod plain;
#[cfg(target_os = "linux")]
mod process;
mod requests;
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
use requests::RequestMetrics;
use tokens::TokenMetrics;
use validation::ValidationMetrics;

use crate::build::BUILD;
pub(crate) use objects::Census;
use objects::Objects;
use passes::PassMetrics;
pub(crate) use passes::{ControllerMetrics, Outcome};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabel {
    name: String,
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

/// All metrics of the process.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    passes: PassMetrics,
    requests: RequestMetrics,
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

/// Histograms of one kind, by labels.
type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;

fn seconds() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
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
        let passes = PassMetrics::register(&mut registry);
        let requests = RequestMetrics::register(&mut registry);
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
        info.get_or_create(&BUILD.labels()).set(1);
        registry.register("azimage_build_info", "The release that runs, and what it was built from", info);
        Self {
            registry: Arc::new(registry),
            passes,
            requests,
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
        self.passes.of(name, concurrency)
    }

    /// Counts a request to the API server.
    pub(crate) fn kubernetes_request(&self, method: &str, code: &str, host: &str, took: std::time::Duration) {
        self.requests.kubernetes(method, code, host, took);
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
        self.requests.azure(operation, method, code, took);
    }
}

#[cfg(test)]
mod tests;
