//! A controller over many image versions that are made from other versions, so that they need no machines.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;

use azimage::{controller, seams::Seams};
use azimage_azure::{Budgets, Call};
use azimage_crds::ImageVersion;
use azimage_simulation::{
    azure::Azure,
    program::{self, OneClient},
    rng::SeededRng,
    scheduler::Scheduler,
    time::VirtualClock,
    world::{OPERATOR, SUBSCRIPTION, TENANT, definitions},
};
pub(crate) use azimage_simulation::{program::RESYNC, world::CLIENT};
use azimage_simulator::{JournalEntry, JournalQuery, Scenario};
use azimage_test_api_server::{ApiServer, Interceptor, Verb, Verdict};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::PostParams};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::Instant};

/// Counts reads of single objects.
#[derive(Default)]
struct Reads(Mutex<BTreeMap<String, usize>>);

#[async_trait]
impl Interceptor for Reads {
    async fn before(&self, call: &azimage_test_api_server::Call) -> Verdict {
        if call.verb == Verb::Get && call.resource == "imageversions" {
            *self.0.lock().unwrap().entry(format!("{}/{}", call.namespace, call.name)).or_default() += 1;
        }
        Verdict::Proceed
    }
}

/// Runs under virtual time.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

pub(crate) struct Fleet {
    pub(crate) azure: Azure,
    pub(crate) server: ApiServer,
    pub(crate) budgets: Budgets,
    clock: VirtualClock,
    rng: SeededRng,
    reads: Arc<Reads>,
    task: Option<JoinHandle<()>>,
}

impl Fleet {
    /// A gallery with so many definitions, each with a version 1.0.0 to make others from.
    pub(crate) fn new(seed: u64, count: usize, throttling: &Value) -> Self {
        let clock = VirtualClock::begin();
        let lines: Vec<Value> =
            (0..count).map(|index| json!({"name": format!("d{index}"), "versions": [{"name": "1.0.0"}]})).collect();
        let scenario: Scenario = serde_json::from_value(json!({
            "tenant": TENANT, "seed": seed, "throttling": throttling,
            "clients": [{"id": CLIENT, "secret": "simulated"}, {"id": OPERATOR, "secret": "simulated"}],
            "subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [{
                "name": "images", "location": "westeurope", "galleries": [{"name": "corp", "definitions": lines}],
            }]}],
        }))
        .unwrap();
        let rng = SeededRng::new(seed, 2);
        let chance = rng.clone();
        let server =
            ApiServer::with_scheduler(definitions(), seed, move || clock.time(), Scheduler::new(seed)).unwrap();
        let reads = Arc::<Reads>::default();
        server.set_interceptor(reads.clone());
        Self {
            azure: Azure::new(&scenario, clock).unwrap(),
            server,
            reads,
            budgets: Budgets::new(Arc::new(move || azimage::seams::Randomness::fraction(&chance)), 1.0),
            clock,
            rng,
            task: None,
        }
    }

    pub(crate) async fn namespaces(&self, names: &[&str]) {
        let namespaces: Api<Namespace> = Api::all(self.server.client());
        for name in names {
            let namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
            namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        }
    }

    /// Makes an image version `2.0.{number}` of a definition.
    pub(crate) async fn add(&self, namespace: &str, definition: usize, number: usize) {
        let gallery = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/d{definition}"
        );
        let object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
            "metadata": {"name": format!("d{definition}-{number}")},
            "spec": {
                "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
                "definition": format!("d{definition}"), "version": format!("2.0.{number}"),
                "source": {"imageVersion": {"resourceId": format!("{gallery}/versions/1.0.0")}},
            },
        });
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), namespace);
        versions.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }

    /// The path of an image version in Azure.
    pub(crate) fn path(definition: usize, number: usize) -> String {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/d{definition}/versions/2.0.{number}"
        )
    }

    /// Somebody else adds a tag to an image version.
    pub(crate) async fn tag_by_hand(&self, definition: usize, number: usize) {
        let (operator, call) = (self.azure.client(TENANT, OPERATOR), Call::new(uuid::Uuid::nil()));
        let id = Self::path(definition, number).parse().unwrap();
        let mut body = operator.image_version(&call, &id).await.unwrap().body().unwrap();
        body.tags.insert("somebody".to_owned(), "was here".to_owned());
        operator.put_image_version(&call, &id, &body).await.unwrap();
    }

    pub(crate) fn start(&mut self) {
        let client = self.azure.client(TENANT, CLIENT).with_budgets(self.budgets.clone(), "controller");
        let seams = Seams { clock: Arc::new(self.clock), randomness: Arc::new(self.rng.clone()), ..Seams::default() };
        let options = program::options(self.server.client(), Arc::new(OneClient(client)), seams);
        self.task = Some(tokio::spawn(controller::run(options)));
    }

    /// How many objects of each namespace are Ready, and the conditions of those that are not.
    pub(crate) async fn ready(&self) -> (BTreeMap<String, usize>, Vec<String>) {
        let versions: Api<ImageVersion> = Api::all(self.server.client());
        let (mut ready, mut others) = (BTreeMap::new(), Vec::new());
        for object in versions.list(&kube::api::ListParams::default()).await.unwrap() {
            let conditions = object.status.map(|status| status.conditions).unwrap_or_default();
            match conditions.iter().find(|condition| condition.type_ == "Ready") {
                Some(condition) if condition.status == "True" => {
                    *ready.entry(object.metadata.namespace.unwrap_or_default()).or_default() += 1;
                }
                condition => {
                    let why = condition.map(|condition| format!("{}: {}", condition.reason, condition.message));
                    others.push(format!("{}: {why:?}", object.metadata.name.unwrap_or_default()));
                }
            }
        }
        (ready, others)
    }

    /// Waits until all are Ready; gives for each namespace how long it took.
    pub(crate) async fn until_ready(&self, limit: Duration) -> BTreeMap<String, Duration> {
        let begun = Instant::now();
        let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
        let versions: Api<ImageVersion> = Api::all(self.server.client());
        for object in versions.list(&kube::api::ListParams::default()).await.unwrap() {
            *wanted.entry(object.metadata.namespace.unwrap_or_default()).or_default() += 1;
        }
        let mut took = BTreeMap::new();
        loop {
            let (ready, others) = self.ready().await;
            for (namespace, count) in &wanted {
                if ready.get(namespace) == Some(count) {
                    took.entry(namespace.clone()).or_insert_with(|| begun.elapsed());
                }
            }
            if others.is_empty() {
                return took;
            }
            assert!(begun.elapsed() < limit, "{} aren't Ready: {:#?}", others.len(), &others[..others.len().min(5)]);
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    }

    /// The requests to Resource Manager since an entry, and the number of the last one.
    pub(crate) fn requests(&self, since: u64) -> (Vec<JournalEntry>, u64) {
        let query = JournalQuery { since, ..JournalQuery::default() };
        let entries = self.azure.simulator().requests(&query);
        let last = entries.last().map_or(since, |entry| entry.seq);
        (entries.into_iter().filter(|entry| entry.subscription.is_some()).collect(), last)
    }

    /// How often each image version was written to Kubernetes, by whomever, where the reasons of its Ready before and after
    /// are such.
    pub(crate) fn writes(&self, such: impl Fn(&str, &str) -> bool) -> BTreeMap<String, usize> {
        let reason = |object: Option<&Arc<Value>>| {
            let conditions = object.and_then(|object| object["status"]["conditions"].as_array());
            let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
            ready.and_then(|ready| ready["reason"].as_str()).unwrap_or_default().to_owned()
        };
        let mut writes = BTreeMap::new();
        for write in self.server.history() {
            let (before, after) = (reason(write.before.as_ref()), reason(write.after.as_ref()));
            if write.resource == "imageversions.azimage.dev" && such(&before, &after) {
                *writes.entry(format!("{}/{}", write.namespace, write.name)).or_default() += 1;
            }
        }
        writes
    }

    /// How often each image version was read from Kubernetes by itself.
    pub(crate) fn reads(&self) -> BTreeMap<String, usize> {
        self.reads.0.lock().unwrap().clone()
    }

    pub(crate) fn print_counts(&self) {
        for (class, counts) in self.azure.simulator().throttling_counts() {
            println!(
                "{class:<50} requests {:>6}  throttled {:>4}  inside a told pause {}",
                counts.requests, counts.throttled, counts.inside_told_pause
            );
        }
        for (class, counts) in self.budgets.counts() {
            println!(
                "client {:<20} sent {:>6}  held back {:>6}  refused {:>4}",
                class.name(),
                counts.sent,
                counts.held_back,
                counts.refused
            );
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
