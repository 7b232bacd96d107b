//! The cluster that the tests of one process share.

use tokio::sync::OnceCell;

use crate::{Cluster, ClusterOptions};

static SHARED: OnceCell<Cluster> = OnceCell::const_new();

/// The cluster of this test process, started by whoever asks first. Tests keep apart by namespaces, see
/// [`Cluster::create_namespace`]; a test that breaks a cluster or changes what is not in a namespace starts its own.
///
/// It ends with the process: statics are never dropped, and the watchdog does the rest.
///
/// # Panics
/// When the cluster cannot start, with the reason: no test that asks for it could do anything.
pub async fn shared() -> &'static Cluster {
    match SHARED.get_or_try_init(|| Cluster::start(ClusterOptions::default())).await {
        Ok(cluster) => cluster,
        Err(error) => panic!("the test cluster does not start: {error:#}"),
    }
}
