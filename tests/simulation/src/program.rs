//! The controller as the program runs it, in process.

use std::{sync::Arc, time::Duration};

use azimage::{
    config::{Config, Pace, Served},
    controller,
    decisions::Decisions,
    election::Term,
    identity::AzureClients,
    seams::Seams,
    telemetry::metrics::Metrics,
};
use azimage_azure::{AssertionSource, Client, TokenError};
use azimage_core::Federation;
use tokio_util::sync::CancellationToken;

use crate::world::{CLUSTER, TENANT};

/// The resync period.
pub const RESYNC: Duration = Duration::from_secs(600);

/// The same client for every identity.
pub struct OneClient(pub Client);

impl AzureClients for OneClient {
    fn own(&self) -> Client {
        self.0.clone()
    }

    fn federated(&self, _: &Federation, _: Arc<dyn AssertionSource>) -> Result<Client, TokenError> {
        Ok(self.own())
    }
}

/// Options of a controller that serves all namespaces without an election.
pub fn options(client: kube::Client, azure: Arc<dyn AzureClients>, seams: Seams) -> controller::Options {
    controller::Options {
        client,
        azure,
        config: Config {
            cluster: CLUSTER.to_owned(),
            served: Served::All,
            accounts: Served::All,
            workspaces: Vec::new(),
            tenant: Some(TENANT.to_owned()),
            changers_are_stamped: false,
            image_version_concurrency: 16,
            replication_target_concurrency: 8,
            pace: Pace {
                poll: Duration::from_secs(15),
                resync: RESYNC,
                retry_min: Duration::from_secs(5),
                retry_max: Duration::from_secs(900),
            },
        },
        namespaces: Vec::new(),
        decisions: Decisions::default(),
        seams,
        term: Term::always(),
        metrics: Metrics::new(),
        instance: Some("simulation".to_owned()),
        stop: CancellationToken::new(),
        ready: CancellationToken::new(),
    }
}
