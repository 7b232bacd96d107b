//! One process of the controller: its election and its controllers, over kills and restarts.

use std::{sync::Arc, time::Duration};

use azimage::{
    config::Served,
    controller,
    election::{Leadership, Settings, Timing},
    identity::AzureClients,
    seams::Seams,
    telemetry::metrics::Metrics,
};
use azimage_azure::{AssertionSource, Client, RequestIds, TokenError, Transport};
use azimage_core::Federation;
use azimage_test_api_server::ApiServer;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    azure::{Azure, cloud},
    fault_rates::chance,
    network::{Network, Proof, Tokens},
    plan::Plan,
    poll_crashes::span,
    process_io::ProcessIo,
    program,
    rng::SeededRng,
    sabotage::{Bug, Sabotage},
    time::{ProcessClock, VirtualClock},
    world::{CLIENT, TENANT},
};

/// The longest time until a killed process starts again, in milliseconds.
const AWAY: u64 = 90_000;

/// How long a lease lasts by default, in seconds.
const LEASE: u32 = 15;

/// The times of the election, in the proportion that they have by default, for a process that leads so many times as long.
fn timing(lease_seconds: u32, lead: u32) -> Timing {
    let lease = Duration::from_secs(lease_seconds.into());
    Timing::new(lease * lead, lease * lead * 2 / 3, lease * 2 / 15).unwrap_or_default()
}

/// Ids of requests, from the seed.
struct Numbered(SeededRng);

impl RequestIds for Numbered {
    fn next(&self) -> Uuid {
        use azimage::seams::Randomness;
        self.0.id()
    }
}

/// Clients of the simulated Azure, for one start of a process.
struct Clients {
    azure: Azure,
    io: ProcessIo,
    network: Arc<dyn Transport>,
    ids: Arc<Numbered>,
}

impl Clients {
    fn of(&self, tenant: &str, client: &str, proof: Proof) -> Client {
        let tokens = Tokens::new(self.azure.clone(), self.io.clone(), tenant, client, proof);
        Client::new(self.network.clone(), Arc::new(tokens), cloud()).with_request_ids(self.ids.clone())
    }
}

impl AzureClients for Clients {
    fn own(&self) -> Client {
        self.of(TENANT, CLIENT, Proof::Secret("simulated"))
    }

    fn federated(&self, federation: &Federation, source: Arc<dyn AssertionSource>) -> Result<Client, TokenError> {
        Ok(self.of(&federation.tenant_id, &federation.client_id, Proof::Assertions(source)))
    }
}

/// A process, over all its starts.
#[derive(Clone)]
pub(crate) struct Replica {
    seed: u64,
    alone: bool,
    own_serves: Served,
    lingers: Duration,
    lease_seconds: u32,
    bug: Option<Bug>,
    server: ApiServer,
    azure: Azure,
    pub(crate) io: ProcessIo,
    pub(crate) clock: ProcessClock,
    rng: SeededRng,
    request_ids: SeededRng,
}

impl Replica {
    pub(crate) fn new(plan: &Plan, server: &ApiServer, azure: &Azure, io: ProcessIo, clock: VirtualClock) -> Self {
        let (seed, number) = (plan.seed, u64::from(io.replica));
        Self {
            seed,
            alone: plan.world.replicas < 2,
            own_serves: if plan.world.identity { Served::Only(Vec::new()) } else { Served::All },
            lingers: Duration::from_secs(plan.world.linger_seconds.unwrap_or(0).into()),
            lease_seconds: plan.world.lease_seconds.unwrap_or(LEASE),
            bug: None,
            server: server.with_interceptor(Arc::new(io.clone())),
            azure: azure.clone(),
            clock: ProcessClock::new(clock),
            rng: SeededRng::new(seed, 100 + number),
            request_ids: SeededRng::new(seed, 200 + number),
            io,
        }
    }

    /// The same process with a deliberate bug, if there is one.
    pub(crate) fn with(self, bug: Option<Bug>) -> Self {
        Self { bug, ..self }
    }

    /// Runs the process: whenever it is killed or ends, it is started again some time later.
    pub(crate) fn start(&self, stop: CancellationToken) -> AbortOnDropHandle<()> {
        let this = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            for start in 0_u64.. {
                this.io.crash.record_start();
                let process = this.clone().process(stop.clone());
                let process: JoinHandle<()> = tokio::spawn(process.instrument(span(this.io.replica, "election")));
                let mut process = AbortOnDropHandle::new(process);
                let history = &this.io.faults.history;
                tokio::select! {
                    biased;
                    () = this.io.crash.requested.notified() => {
                        history.record(format!("replica {}: CRASH", this.io.replica));
                        process.abort();
                        let _ = process.await;
                    }
                    _ = &mut process => {}
                }
                if stop.is_cancelled() {
                    return;
                }
                let away = chance(this.seed, &("away", this.io.replica, start)) % AWAY;
                tokio::time::sleep(Duration::from_millis(1000 + away)).await;
            }
        }))
    }

    /// One start, to its end.
    async fn process(self, stop: CancellationToken) {
        let seams = Seams {
            clock: Arc::new(self.clock.clone()),
            randomness: Arc::new(self.rng.clone()),
            order: Arc::new(self.io.clone()),
        };
        let metrics = Metrics::new();
        let sabotage = Sabotage::of(self.bug);
        let name = format!("azimage-{}", self.io.replica);
        let (mut leadership, term) = if self.alone {
            Leadership::granted()
        } else {
            let identity = format!("{name}_{}", azimage::seams::Randomness::id(&self.rng));
            let timing = timing(self.lease_seconds, sabotage.lead());
            let settings = Settings { namespace: "default".to_owned(), identity, timing };
            Leadership::elected(sabotage.lease(self.server.client()), settings, seams.clone(), metrics.clone())
        };
        leadership.win(&CancellationToken::new()).await;
        let clients = Clients {
            azure: self.azure.clone(),
            io: self.io.clone(),
            network: sabotage.transport(Arc::new(Network::new(self.azure.clone(), self.io.clone()))),
            ids: Arc::new(Numbered(self.request_ids.clone())),
        };
        let ended = stop.child_token();
        let mut options = program::options(self.server.client(), Arc::new(clients), seams);
        options.config.served = self.own_serves.clone();
        options.config.pace = sabotage.pace(options.config.pace);
        options.decisions = sabotage.decisions();
        (options.term, options.metrics) = (sabotage.term(term), metrics);
        (options.instance, options.stop) = (Some(name), ended.clone());
        let running = controller::run(options).instrument(span(self.io.replica, "controllers"));
        let mut running = AbortOnDropHandle::new(tokio::spawn(running));
        let loss = tokio::select! {
            biased;
            loss = leadership.keep() => loss,
            _ = &mut running => return,
        };
        self.io.faults.history.record(format!("replica {}: lost the lease: {loss}", self.io.replica));
        tokio::time::sleep(self.lingers).await;
        ended.cancel();
    }
}
