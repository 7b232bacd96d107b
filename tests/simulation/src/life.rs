//! The life of one image version: from a running machine to Ready in three regions, through faults and crashes.

use std::{sync::Arc, time::Duration};

use azimage::{
    config::{Config, Pace, Served},
    controller,
    election::Term,
    identity::AzureClients,
    seams::Seams,
    telemetry::metrics::Metrics,
};
use azimage_azure::{AssertionSource, Client, Cloud, TokenError};
use azimage_core::{Federation, lint};
use azimage_crds::{ImageVersion, ReplicationTarget};
use azimage_simulator::{JournalEntry, JournalQuery, Scenario};
use kube::{Api, Resource, api::PostParams};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    azure::{Azure, HOST, Network},
    dice::Dice,
    faults::Faults,
    kubernetes::ApiServer,
    time::VirtualClock,
};

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const CLIENT: &str = "00000000-0000-0000-0000-00000000000b";
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
const NAMESPACE: &str = "default";

/// How a life goes.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How long things go wrong.
    pub turbulence: Duration,
    /// So many faults and crashes in a thousand requests meanwhile.
    pub in_a_thousand: u32,
    /// How long it may take to get Ready once nothing goes wrong.
    pub patience: Duration,
}

impl Options {
    /// Six hours of turbulence, two days of patience.
    pub fn of(seed: u64, in_a_thousand: u32) -> Self {
        let hour = Duration::from_secs(3600);
        Self { seed, turbulence: 6 * hour, in_a_thousand, patience: 48 * hour }
    }
}

/// What came of a life.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Laws that were broken, and objects that didn't get where they should; empty when all is well.
    pub problems: Vec<String>,
    /// How often the controller was killed in the middle of a request.
    pub crashes: u32,
    /// Requests to Azure that were carried out.
    pub azure_requests: usize,
    /// Every write to Azure, a line each.
    pub writes: Vec<String>,
    /// Every write to Kubernetes, a line each.
    pub kubernetes: Vec<String>,
}

/// Runs a life. Needs tokio's paused time, and one thread.
///
/// # Errors
/// When the surroundings can't be set up.
pub async fn live(options: Options) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
    let life = Life::begin(options)?;
    life.apply().await?;
    let crashes = life.turbulence().await;
    let running = life.controller();
    let ready = life.until_ready().await;
    let before = life.writes_so_far();
    // At rest nothing is written, neither there nor here.
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    let after = life.writes_so_far();
    running.stop().await;
    let mut problems = life.broken_laws().await;
    if let Err(why) = ready {
        problems.push(format!("not Ready after {} h of calm: {why}", options.patience.as_secs() / 3600));
    } else if before != after {
        problems.push(format!(
            "at rest {} writes to Azure and {} to Kubernetes",
            after.0 - before.0,
            after.1 - before.1
        ));
    }
    let azure_requests = life.azure.simulator().requests(&JournalQuery::default()).len();
    Ok(Outcome {
        problems,
        crashes,
        azure_requests,
        writes: life.azure_writes().iter().map(line).collect(),
        kubernetes: life
            .server
            .history()
            .iter()
            .map(|write| format!("{} {:?} {} {}", write.time, write.verb, write.resource, write.name))
            .collect(),
    })
}

fn line(entry: &JournalEntry) -> String {
    let status = entry.status.unwrap_or_default();
    format!("{} {} {} {status}", entry.simulated_time, entry.method, entry.path)
}

struct Life {
    options: Options,
    clock: VirtualClock,
    azure: Azure,
    server: ApiServer,
    faults: Faults,
    crash: Arc<Notify>,
    dice: Dice,
}

/// Clients of the simulated Azure.
struct Clients {
    azure: Azure,
    network: Arc<Network>,
    cloud: Cloud,
    own: Client,
}

impl Clients {
    fn new(azure: &Azure, faults: &Faults) -> Self {
        let network = Arc::new(Network::new(azure.clone(), faults.clone()));
        let cloud = Cloud::custom(HOST, HOST, format!("{HOST}/.default")).unwrap_or_else(|_| Cloud::public());
        let own = azure.tokens(TENANT, CLIENT, "simulated");
        let own = Client::new(network.clone(), Arc::new(own), cloud.clone());
        Self { azure: azure.clone(), network, cloud, own }
    }
}

impl AzureClients for Clients {
    fn own(&self) -> Client {
        self.own.clone()
    }

    fn federated(&self, federation: &Federation, _: Arc<dyn AssertionSource>) -> Result<Client, TokenError> {
        let tokens = self.azure.tokens(&federation.tenant_id, &federation.client_id, "simulated");
        Ok(Client::new(self.network.clone(), Arc::new(tokens), self.cloud.clone()))
    }
}

/// A running controller.
struct Running {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Running {
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    async fn stop(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(Duration::from_secs(60), self.task).await;
    }
}

impl Life {
    fn begin(options: Options) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let clock = VirtualClock::begin();
        let scenario: Scenario = serde_json::from_value(json!({
            "tenant": TENANT, "seed": options.seed,
            "clients": [{"id": CLIENT, "secret": "simulated"}],
            "subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [{
                "name": "images", "location": "westeurope",
                "virtualMachines": [{"name": "builder", "tags": {"azimage-generalize": "allowed"}}],
                "galleries": [{"name": "corp", "definitions": [{"name": "web"}]}],
            }]}],
        }))?;
        let definitions: Vec<Value> = azimage_crds::manifests()?.into_iter().map(|manifest| manifest.object).collect();
        let crash = Arc::new(Notify::new());
        let faults = Faults::new(Dice::new(options.seed, 1), options.turbulence, options.in_a_thousand, crash.clone());
        let server = ApiServer::in_turns(&definitions, options.seed, move || clock.time())?;
        Ok(Self {
            options,
            clock,
            azure: Azure::new(&scenario, clock)?,
            server,
            faults,
            crash,
            dice: Dice::new(options.seed, 2),
        })
    }

    async fn apply(&self) -> kube::Result<()> {
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), NAMESPACE);
        let targets: Api<ReplicationTarget> = Api::namespaced(self.server.client(), NAMESPACE);
        let machine = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/builder"
        );
        let object = |kind: &str, name: &str, spec: Value| {
            json!({
                "apiVersion": "azimage.dev/v1alpha1", "kind": kind,
                "metadata": {"name": name, "labels": {"tier": "prod"}}, "spec": spec,
            })
        };
        let version = object(
            "ImageVersion",
            "web",
            json!({
                "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
                "definition": "web", "version": "1.4.0",
                "source": {"virtualMachine": {"resourceId": machine, "capture": "InPlace", "guest": {"timeout": "24h"}}},
            }),
        );
        let read = |value| serde_json::from_value(value).map_err(kube::Error::SerdeError);
        versions.create(&PostParams::default(), &read(version)?).await?;
        for (name, region) in [("north", "North Europe"), ("east", "eastus2")] {
            let spec = json!({"region": region, "imageSelector": {"matchLabels": {"tier": "prod"}}, "replicas": 2});
            let target =
                serde_json::from_value(object("ReplicationTarget", name, spec)).map_err(kube::Error::SerdeError)?;
            targets.create(&PostParams::default(), &target).await?;
        }
        self.server.set_interceptor(Arc::new(self.faults.clone()));
        Ok(())
    }

    fn controller(&self) -> Running {
        let stop = CancellationToken::new();
        let options = controller::Options {
            client: self.server.client(),
            azure: Arc::new(Clients::new(&self.azure, &self.faults)),
            config: Config {
                cluster: "simulation".to_owned(),
                served: Served::All,
                tenant: Some(TENANT.to_owned()),
                image_version_concurrency: 8,
                replication_target_concurrency: 4,
                pace: Pace {
                    poll: Duration::from_secs(15),
                    resync: Duration::from_secs(600),
                    retry_min: Duration::from_secs(5),
                    retry_max: Duration::from_secs(900),
                },
            },
            namespaces: Vec::new(),
            seams: Seams { clock: Arc::new(self.clock), randomness: Arc::new(self.dice.clone()) },
            term: Term::always(),
            metrics: Metrics::new(),
            instance: Some("simulation".to_owned()),
            stop: stop.clone(),
            ready: CancellationToken::new(),
        };
        Running { task: tokio::spawn(controller::run(options)), stop }
    }

    /// Runs controllers one after the other, each until a request kills it.
    async fn turbulence(&self) -> u32 {
        let calm = Instant::now() + self.options.turbulence;
        let mut crashes = 0;
        loop {
            let running = self.controller();
            tokio::select! {
                () = self.crash.notified() => crashes += 1,
                () = tokio::time::sleep_until(calm) => {
                    running.kill().await;
                    return crashes;
                }
            }
            running.kill().await;
            tokio::time::sleep(self.dice.span(90)).await;
        }
    }

    async fn until_ready(&self) -> Result<(), String> {
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), NAMESPACE);
        let end = Instant::now() + self.options.patience;
        let mut last = String::new();
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let Ok(object) = versions.get("web").await else { continue };
            let conditions = object.status.map(|status| status.conditions).unwrap_or_default();
            let Some(ready) = conditions.into_iter().find(|condition| condition.type_ == "Ready") else { continue };
            if ready.status == "True" {
                return Ok(());
            }
            last = format!("{}: {}", ready.reason, ready.message);
        }
        Err(last)
    }

    fn azure_writes(&self) -> Vec<JournalEntry> {
        let query = JournalQuery { writes: Some(true), applied: Some(true), ..JournalQuery::default() };
        self.azure.simulator().requests(&query)
    }

    fn writes_so_far(&self) -> (usize, usize) {
        (self.azure_writes().len(), self.server.history().len())
    }

    /// The laws, judged by what happened.
    async fn broken_laws(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let writes = self.azure_writes();
        let count = |method: &str, part: &str| {
            writes.iter().filter(|entry| entry.method == method && entry.path.to_lowercase().contains(part)).count()
        };
        let generalized = count("POST", "/generalize");
        if generalized > 1 {
            problems.push(format!("law 1: the machine was generalized {generalized} times"));
        }
        let machine = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/builder"
        );
        let truth = self.azure.simulator().state(&machine).unwrap_or_default();
        if truth["generalized"] == true && truth["guest"]["deprovisioned"] != true {
            problems.push("law 1: the machine was generalized, and its guest wasn't sealed".to_owned());
        }
        if count("POST", "/start") > 0 {
            problems.push("law 1: the machine was started".to_owned());
        }
        let made = writes
            .iter()
            .filter(|entry| entry.method == "PUT" && entry.path.contains("/versions/") && entry.status == Some(201))
            .count();
        if made > 1 {
            problems.push(format!("law 3: the version was made {made} times"));
        }
        if count("DELETE", "/versions/") > 0 {
            problems.push("law 7: the version was deleted".to_owned());
        }
        for entry in writes.iter().filter(|entry| entry.method == "PUT" && entry.path.contains("/versions/")) {
            let profile = &entry.body["properties"]["publishingProfile"];
            let regions = profile["targetRegions"].as_array().cloned().unwrap_or_default();
            if profile["excludeFromLatest"] != true || regions.iter().any(|region| region["excludeFromLatest"] != true)
            {
                problems.push(format!("law 4: a version was offered as latest: {}", line(entry)));
            }
        }
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), NAMESPACE);
        match versions.get("web").await {
            Ok(object) => {
                let status = object.status.clone().unwrap_or_default();
                let generation = object.meta().generation.unwrap_or_default();
                problems.extend(lint::problems(generation, status.observed_generation, &status.conditions));
            }
            Err(error) => problems.push(format!("the object can't be read: {error}")),
        }
        problems
    }
}
