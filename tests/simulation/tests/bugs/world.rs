//! A life: the surroundings, the controller in them, and the story that happens to it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use azimage::{
    config::{Config, Pace, Served},
    controller,
    election::{Leadership, Settings, Term, Timing},
    identity::AzureClients,
    seams::Seams,
    telemetry::metrics::Metrics,
};
use azimage_azure::{AssertionSource, Client, Cloud, TokenError};
use azimage_core::Federation;
use azimage_crds::{ImageVersion, ReplicationTarget};
use azimage_simulation::{
    azure::{Azure, HOST, Network},
    dice::Dice,
    faults::Faults,
    kubernetes::ApiServer,
    time::VirtualClock,
};
use azimage_simulator::{
    DomainFault, Fault, JournalEntry, JournalQuery, Outcome, Scenario, clock::Moment, scenario::ScriptFails,
};
use bytes::Bytes;
use http::Request;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    story::{End, Story},
    wire::{Replica, Wire, Witness},
};

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
/// The application of the controller.
pub(crate) const AZIMAGE: &str = "00000000-0000-0000-0000-00000000000b";
/// The application of the second replica.
pub(crate) const SECOND: &str = "00000000-0000-0000-0000-00000000000c";
/// Somebody else's application.
const SOMEBODY: &str = "00000000-0000-0000-0000-00000000000d";
/// The source.
pub(crate) const MACHINE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/builder";
/// The version.
pub(crate) const VERSION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/web/versions/1.4.0";
/// No life needs as many statuses.
const MOST_STATUSES: u32 = 1000;
const HOUR: Duration = Duration::from_secs(3600);

/// The regions of the version as they truly are, and whether each is complete.
pub(crate) fn region_states(azure: &Azure) -> Vec<(String, bool)> {
    let version = azure.simulator().state(VERSION).unwrap_or_default();
    let regions = version["regions"].as_array().cloned().unwrap_or_default();
    regions
        .iter()
        .map(|region| (region["name"].as_str().unwrap_or_default().to_owned(), region["state"] == "Completed"))
        .collect()
}

/// One client, whoever asks for it.
struct Clients(Client);

impl AzureClients for Clients {
    fn own(&self) -> Client {
        self.0.clone()
    }

    fn federated(&self, _: &Federation, _: Arc<dyn AssertionSource>) -> Result<Client, TokenError> {
        Ok(self.0.clone())
    }
}

/// A life that was lived, to be judged.
pub(crate) struct World {
    pub(crate) story: Story,
    pub(crate) azure: Azure,
    pub(crate) server: ApiServer,
    pub(crate) witness: Arc<Witness>,
    pub(crate) unanswered: Arc<AtomicU32>,
    /// When the object was suspended, on Azure's clock.
    pub(crate) suspended: Option<jiff::Timestamp>,
    /// When targets were deleted, and their regions.
    pub(crate) target_deleted: Option<jiff::Timestamp>,
    /// Writes of the replica that lost its lease after the other one had it.
    pub(crate) late_writes: Vec<String>,
    /// What didn't go as it has to.
    pub(crate) problems: Vec<String>,
    clock: VirtualClock,
    faults: Faults,
    crash: Arc<Notify>,
    dice: Dice,
    away_until: Arc<Mutex<Option<Instant>>>,
}

fn scenario(story: Story, seed: u64) -> serde_json::Result<Scenario> {
    let tags = match story {
        Story::NoConsent => json!({}),
        Story::Claimed => json!({"azimage-generalize": "allowed", "azimage-owner": "other/images/web/1234"}),
        _ => json!({"azimage-generalize": "allowed"}),
    };
    let versions = match story {
        Story::Foreign => {
            json!([{"name": "1.4.0", "tags": {"made-by": "somebody"}, "virtualMachineId": MACHINE, "excludeFromLatest": true}])
        }
        _ => json!([]),
    };
    serde_json::from_value(json!({
        "tenant": TENANT, "seed": seed,
        "clients": [
            {"id": AZIMAGE, "secret": "simulated"},
            {"id": SECOND, "secret": "simulated"},
            {"id": SOMEBODY, "secret": "simulated"},
        ],
        "subscriptions": [{"id": "00000000-0000-0000-0000-000000000001", "resourceGroups": [{
            "name": "images", "location": "westeurope",
            "virtualMachines": [{"name": "builder", "tags": tags}],
            "galleries": [{"name": "corp", "definitions": [{"name": "web", "versions": versions}]}],
        }]}],
    }))
}

fn fault(story: Story) -> Option<DomainFault> {
    let resource = "/versions/".to_owned();
    let region = "northeurope".to_owned();
    match story {
        Story::SlowToShow | Story::DeletedEarly => Some(DomainFault::NotFoundAfterPut { resource, reads: 8 }),
        Story::RegionFails => Some(DomainFault::RegionFails {
            resource,
            region,
            detail: "Failed with internal server error.".to_owned(),
            sticky: false,
            skip: 0,
            times: None,
        }),
        Story::RegionStuck => Some(DomainFault::RegionStuck { resource, region, at_progress: 40 }),
        _ => None,
    }
}

impl World {
    pub(crate) fn begin(story: Story, seed: u64) -> anyhow::Result<Self> {
        let clock = VirtualClock::begin();
        let azure = Azure::new(&scenario(story, seed)?, clock)?;
        let definitions: Vec<Value> = azimage_crds::manifests()?.into_iter().map(|manifest| manifest.object).collect();
        let server = ApiServer::in_turns(&definitions, seed, move || clock.time())?;
        let crash = Arc::new(Notify::new());
        let in_a_thousand = if story == Story::Turbulence { 60 } else { 0 };
        let faults = Faults::new(Dice::new(seed, 1), 2 * HOUR, in_a_thousand, crash.clone());
        let witness = Arc::new(Witness {
            story,
            server: server.clone(),
            azure: azure.clone(),
            faults: faults.clone(),
            statuses: AtomicU32::new(0),
            lies: Mutex::default(),
        });
        if let Some(fault) = fault(story) {
            azure.simulator().add_fault(Fault::Azure(fault)).map_err(anyhow::Error::msg)?;
        }
        if story == Story::SealFails {
            let change = azimage_simulator::MachineChange {
                script_fails: Some(ScriptFails::Always(3)),
                ..azimage_simulator::MachineChange::default()
            };
            azure.simulator().change_machine(MACHINE, change).map_err(anyhow::Error::msg)?;
        }
        Ok(Self {
            story,
            azure,
            server,
            witness,
            unanswered: Arc::default(),
            suspended: None,
            target_deleted: None,
            late_writes: Vec::new(),
            problems: Vec::new(),
            clock,
            faults,
            crash,
            dice: Dice::new(seed, 2),
            away_until: Arc::default(),
        })
    }

    fn versions(&self) -> Api<ImageVersion> {
        Api::namespaced(self.server.client(), "default")
    }

    fn targets(&self) -> Api<ReplicationTarget> {
        Api::namespaced(self.server.client(), "default")
    }

    async fn target(&self, name: &str, region: &str) -> anyhow::Result<()> {
        let target = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": name},
            "spec": {"region": region, "imageVersionName": "web", "replicas": 2},
        });
        self.targets().create(&PostParams::default(), &serde_json::from_value(target)?).await?;
        Ok(())
    }

    async fn apply(&self) -> anyhow::Result<()> {
        let policy = match self.story {
            Story::Foreign | Story::Disowned | Story::DeletedEarly => "Delete",
            _ => "Retain",
        };
        // One has to be waited for to its end.
        let timeout = if self.story == Story::PoweredOff { "30m" } else { "24h" };
        let version = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion", "metadata": {"name": "web"},
            "spec": {
                "gallery": {
                    "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
                },
                "definition": "web", "version": "1.4.0", "deletionPolicy": policy,
                "source": {
                    "virtualMachine": {"resourceId": MACHINE, "capture": "InPlace", "guest": {"timeout": timeout}},
                },
            },
        });
        self.versions().create(&PostParams::default(), &serde_json::from_value(version)?).await?;
        self.target("north", "North Europe").await?;
        self.target("east", "eastus2").await?;
        self.server.set_interceptor(self.witness.clone());
        Ok(())
    }

    fn seams(&self) -> Seams {
        Seams { clock: Arc::new(self.clock), randomness: Arc::new(self.dice.clone()) }
    }

    fn options(&self, client: kube::Client, principal: &str, term: Term) -> controller::Options {
        let wire = Wire {
            story: self.story,
            azure: self.azure.clone(),
            network: Network::new(self.azure.clone(), self.faults.clone()),
            away_until: self.away_until.clone(),
            unanswered: self.unanswered.clone(),
            played: AtomicU32::new(0),
        };
        let tokens = self.azure.tokens(TENANT, principal, "simulated");
        let cloud = Cloud::custom(HOST, HOST, format!("{HOST}/.default")).unwrap_or_else(|_| Cloud::public());
        controller::Options {
            client,
            azure: Arc::new(Clients(Client::new(Arc::new(wire), Arc::new(tokens), cloud))),
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
            seams: self.seams(),
            term,
            metrics: Metrics::new(),
            instance: Some("simulation".to_owned()),
            stop: CancellationToken::new(),
            ready: CancellationToken::new(),
        }
    }

    fn controller(&self) -> JoinHandle<()> {
        tokio::spawn(controller::run(self.options(self.server.client(), AZIMAGE, Term::always())))
    }

    /// Lives the life to its end.
    pub(crate) async fn live(story: Story, seed: u64) -> anyhow::Result<Self> {
        let mut world = Self::begin(story, seed)?;
        world.apply().await?;
        let running = match story {
            Story::Turbulence => {
                world.turbulence().await;
                world.controller()
            }
            Story::LeaseLost => world.replicas().await?,
            _ => {
                let running = world.controller();
                if let Err(why) = world.happen().await {
                    world.problems.push(format!("the story doesn't get on: {why}"));
                }
                running
            }
        };
        if let Err(why) = world.until_end().await {
            world.problems.push(format!("liveness: not {:?}: {why}", story.end()));
        } else {
            world.rest().await;
        }
        running.abort();
        let _ = running.await;
        Ok(world)
    }

    async fn turbulence(&self) {
        let calm = Instant::now() + 2 * HOUR;
        loop {
            let running = self.controller();
            let calm_again = tokio::select! {
                () = self.crash.notified() => false,
                () = tokio::time::sleep_until(calm) => true,
            };
            running.abort();
            let _ = running.await;
            if calm_again {
                return;
            }
            tokio::time::sleep(self.dice.span(90)).await;
        }
    }

    /// Two replicas, of which the first can't renew its lease from some time on and, as its process hangs, isn't ended.
    async fn replicas(&mut self) -> anyhow::Result<JoinHandle<()>> {
        let mut tasks = Vec::new();
        let mut ways = Vec::new();
        for (identity, principal) in [("first", AZIMAGE), ("second", SECOND)] {
            let way = Replica {
                server: self.server.clone(),
                lease_hangs: Arc::new(AtomicBool::new(false)),
                writes: Arc::default(),
            };
            let settings =
                Settings { namespace: "default".to_owned(), identity: identity.to_owned(), timing: Timing::default() };
            let (mut leadership, term) = Leadership::elected(way.client(), settings, self.seams(), Metrics::new());
            let options = self.options(way.client(), principal, term);
            tasks.push(tokio::spawn(async move {
                leadership.win(&CancellationToken::new()).await;
                let running = controller::run(options);
                let keeping = async {
                    leadership.keep().await;
                    std::future::pending::<()>().await;
                };
                tokio::select! { () = running => {}, () = keeping => {} }
            }));
            ways.push(way);
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        tokio::time::sleep(Duration::from_secs(20) + self.dice.span(500)).await;
        let before = Instant::now();
        let since = self.clock.time();
        ways[0].lease_hangs.store(true, Ordering::SeqCst);
        tokio::time::sleep(HOUR).await;
        let taken = self
            .server
            .history()
            .into_iter()
            .find(|write| {
                write.resource == "leases.coordination.k8s.io"
                    && write.time > since
                    && write.after.as_ref().is_some_and(|lease| lease["spec"]["holderIdentity"] == "second")
            })
            .map(|write| write.time);
        let Some(taken) = taken else { anyhow::bail!("the second replica never leads") };
        let taken_at = before + Duration::try_from(taken.duration_since(since)).unwrap_or_default();
        let writes = ways[0].writes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.late_writes = writes.into_iter().filter(|(at, _)| *at > taken_at).map(|(_, line)| line).collect();
        for entry in self.writes_of(AZIMAGE).into_iter().filter(|entry| entry.simulated_time > taken) {
            self.late_writes.push(format!("{} {}", entry.method, entry.path));
        }
        let first = tasks.remove(0);
        first.abort();
        Ok(tasks.remove(0))
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + 3 * HOUR;
        while !holds() {
            anyhow::ensure!(Instant::now() < end && !self.is_hopeless(), "{what}");
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        Ok(())
    }

    async fn until_complete(&self) -> anyhow::Result<()> {
        let complete = || {
            let regions = region_states(&self.azure);
            regions.len() >= 3 && regions.iter().all(|(_, complete)| *complete)
        };
        self.until("the regions aren't complete", complete).await?;
        tokio::time::sleep(Duration::from_secs(120) + self.dice.span(60)).await;
        Ok(())
    }

    async fn until_written(&self, part: &str) -> anyhow::Result<()> {
        let query = JournalQuery {
            writes: Some(true),
            applied: Some(true),
            path: Some(part.to_owned()),
            ..JournalQuery::default()
        };
        self.until(part, || !self.azure.simulator().requests(&query).is_empty()).await
    }

    /// What the story brings.
    async fn happen(&mut self) -> anyhow::Result<()> {
        match self.story {
            Story::RegionAdded => {
                self.until_complete().await?;
                self.somebody_adds_a_region()?;
                tokio::time::sleep(HOUR).await;
                self.target("south", "uksouth").await?;
                tokio::time::sleep(HOUR).await;
            }
            Story::VersionDeleted => {
                self.until_complete().await?;
                self.somebody("DELETE", VERSION, &Value::Null)?;
                tokio::time::sleep(HOUR).await;
            }
            Story::RegionStuck => {
                self.until_written("/versions/").await?;
                tokio::time::sleep(8 * HOUR).await;
                self.azure.simulator().clear_faults();
            }
            Story::Flicker => {
                self.until_complete().await?;
                tokio::time::sleep(2 * HOUR).await;
            }
            Story::Away => {
                tokio::time::sleep(Duration::from_secs(30) + self.dice.span(600)).await;
                let until = Instant::now() + 6 * HOUR;
                *self.away_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                tokio::time::sleep_until(until).await;
            }
            Story::Foreign => {
                tokio::time::sleep(HOUR).await;
                self.versions().delete("web", &DeleteParams::default()).await?;
            }
            Story::Disowned => {
                self.until_complete().await?;
                let mut body = self.somebody("GET", VERSION, &Value::Null)?;
                body["tags"] = json!({"made-by": "somebody"});
                self.somebody("PUT", VERSION, &body)?;
                tokio::time::sleep(HOUR).await;
                self.versions().delete("web", &DeleteParams::default()).await?;
            }
            Story::DeletedEarly => {
                self.until_written("/versions/").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.versions().delete("web", &DeleteParams::default()).await?;
            }
            Story::Retained => {
                self.until_complete().await?;
                self.versions().delete("web", &DeleteParams::default()).await?;
            }
            Story::TargetDeleted => {
                self.until_complete().await?;
                self.delete_target().await?;
                tokio::time::sleep(HOUR).await;
            }
            Story::TargetDeletedEarly => {
                self.until_written("/versions/").await?;
                self.delete_target().await?;
                tokio::time::sleep(HOUR).await;
            }
            Story::Suspended => {
                self.until_written("/runcommands/").await?;
                let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
                self.versions().patch("web", &PatchParams::default(), &patch).await?;
                self.suspended = Some(self.clock.time());
                tokio::time::sleep(2 * HOUR).await;
            }
            _ => {}
        }
        Ok(())
    }

    async fn delete_target(&mut self) -> anyhow::Result<()> {
        self.targets().delete("east", &DeleteParams::default()).await?;
        self.target_deleted = Some(self.clock.time());
        Ok(())
    }

    fn somebody_adds_a_region(&self) -> anyhow::Result<()> {
        let mut body = self.somebody("GET", VERSION, &Value::Null)?;
        let regions = body["properties"]["publishingProfile"]["targetRegions"].as_array_mut();
        let regions = regions.ok_or_else(|| anyhow::anyhow!("the version has no regions"))?;
        regions.push(json!({"name": "francecentral", "regionalReplicaCount": 1, "excludeFromLatest": true}));
        self.somebody("PUT", VERSION, &body)?;
        Ok(())
    }

    /// A request of somebody else to Azure.
    fn somebody(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let now = Moment::at(self.clock.time());
        let send = |request: Request<Bytes>| match self.azure.simulator().handle(&request, now) {
            Outcome::Answer(answer) if answer.status().is_success() => {
                Ok(serde_json::from_slice::<Value>(answer.body()).unwrap_or_default())
            }
            other => Err(anyhow::anyhow!("{other:?}")),
        };
        let form =
            format!("grant_type=client_credentials&client_id={SOMEBODY}&client_secret=simulated&scope={HOST}/.default");
        let token = send(
            Request::post(format!("{HOST}/{TENANT}/oauth2/v2.0/token"))
                .header("content-type", "application/x-www-form-urlencoded")
                .header("host", HOST.trim_start_matches("https://"))
                .body(Bytes::from(form))?,
        )?;
        let token = token["access_token"].as_str().unwrap_or_default().to_owned();
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        send(
            Request::builder()
                .method(method)
                .uri(format!("{HOST}{path}?api-version=2024-03-03"))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .body(body)?,
        )
    }

    /// The writes of an application to Azure that took effect.
    pub(crate) fn writes_of(&self, principal: &str) -> Vec<JournalEntry> {
        let query = JournalQuery { writes: Some(true), applied: Some(true), ..JournalQuery::default() };
        let mut entries = self.azure.simulator().requests(&query);
        entries.retain(|entry| entry.principal.as_deref() == Some(principal));
        entries
    }

    async fn until_end(&self) -> Result<(), String> {
        let end = Instant::now() + 12 * HOUR;
        let mut last = "nothing is known".to_owned();
        while Instant::now() < end && !self.is_hopeless() {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let Ok(object) = self.versions().get_opt("web").await else { continue };
            let Some(object) = object else {
                return if self.story.end() == End::Gone { Ok(()) } else { Err("gone".to_owned()) };
            };
            let conditions = object.status.map(|status| status.conditions).unwrap_or_default();
            let is =
                |kind: &str| conditions.iter().find(|condition| condition.type_ == kind && condition.status == "True");
            match self.story.end() {
                End::Still => return Ok(()),
                End::Ready if is("Ready").is_some() => return Ok(()),
                End::Stalled(reason) if is("Stalled").is_some_and(|condition| condition.reason == reason) => {
                    return Ok(());
                }
                _ => {}
            }
            if let Some(ready) = conditions.iter().find(|condition| condition.type_ == "Ready") {
                last = format!("{}: {}", ready.reason, ready.message);
            }
        }
        Err(last)
    }

    /// Whether it is clear already that something is wrong.
    fn is_hopeless(&self) -> bool {
        let lied = !self.witness.lies.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        lied || self.witness.statuses.load(Ordering::SeqCst) > MOST_STATUSES
    }

    /// At rest nothing is written, neither there nor here.
    async fn rest(&mut self) {
        tokio::time::sleep(HOUR).await;
        let count = || {
            let azure = self.writes_of(AZIMAGE).len() + self.writes_of(SECOND).len();
            let leases =
                |write: &&azimage_simulation::kubernetes::Write| write.resource != "leases.coordination.k8s.io";
            let kubernetes = self.server.history().iter().filter(leases).count();
            (azure, kubernetes, self.witness.statuses.load(Ordering::SeqCst))
        };
        let before = count();
        tokio::time::sleep(2 * HOUR).await;
        let after = count();
        if before != after {
            self.problems.push(format!(
                "law 10: at rest {} writes to Azure, {} to Kubernetes, {} statuses sent",
                after.0 - before.0,
                after.1 - before.1,
                after.2 - before.2
            ));
        }
    }
}
