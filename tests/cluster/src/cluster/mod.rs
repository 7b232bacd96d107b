//! One control plane: etcd, kube-apiserver, kube-controller-manager.

mod access;
mod start;
mod tools;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Mutex;

use crate::certificates::Certificates;
use crate::daemon::Daemon;
use crate::{Programs, watchdog};

/// How a cluster differs from the usual.
#[derive(Debug, Clone, Default)]
pub struct ClusterOptions {
    /// More flags for kube-apiserver, for example `--goaway-chance=0.02` or `--emulated-version=1.34`. A flag that is
    /// given here wins over the same flag of ours.
    pub api_server_flags: Vec<String>,
    /// Switches the `ServiceAccount` admission plugin on, for tests about pods: it refuses pods of accounts that do not
    /// exist and mounts tokens.
    pub service_account_admission: bool,
}

/// A running control plane on loopback, with RBAC on and without nodes: pods stay Pending.
///
/// It ends with [`stop`](Self::stop), when it is dropped, and with the process in any case. Nothing in it belongs to an
/// async runtime, so one cluster serves tests that have a runtime each.
pub struct Cluster {
    programs: Programs,
    folder: PathBuf,
    certificates: Certificates,
    ports: Ports,
    options: ClusterOptions,
    daemons: Mutex<Daemons>,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    api_server: u16,
    etcd_client: u16,
    etcd_peer: u16,
}

/// In the order in which they are stopped when a cluster is dropped.
#[derive(Default)]
struct Daemons {
    controller_manager: Option<Daemon>,
    api_server: Option<Daemon>,
    etcd: Option<Daemon>,
}

/// Another process took one of the ports between our look and the server's bind.
#[derive(Debug)]
struct PortTaken;

impl fmt::Display for PortTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another process took a port that the cluster had chosen")
    }
}

impl std::error::Error for PortTaken {}

impl Cluster {
    /// Starts a control plane and waits until it serves, has its `default` namespace and a service account in it: about
    /// five seconds, and some minutes more when the programs have to be built first.
    pub async fn start(options: ClusterOptions) -> anyhow::Result<Self> {
        crate::install_tls_provider();
        let programs = Programs::locate_or_build().await?;
        let mut attempts = 5;
        loop {
            match Self::start_once(&programs, &options).await {
                Err(error) if attempts > 1 && error.is::<PortTaken>() => attempts -= 1,
                result => return result,
            }
        }
    }

    async fn start_once(programs: &Programs, options: &ClusterOptions) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("azimage-test-cluster-").tempdir()?;
        watchdog::remove_folder_at_end(folder.path())?;
        // Removed by our own Drop from here on, after the programs that write into it.
        let cluster = Self {
            programs: programs.clone(),
            folder: folder.keep(),
            certificates: Certificates::generate()?,
            ports: Ports::choose()?,
            options: options.clone(),
            daemons: Mutex::default(),
        };
        cluster.start_control_plane().await?;
        Ok(cluster)
    }

    /// Stops everything in good order and removes the data: the API server ends before the etcd that it needs for that.
    pub async fn stop(self) -> anyhow::Result<()> {
        let limit = Duration::from_secs(10);
        let mut daemons = self.daemons.lock().await;
        let Daemons { controller_manager, api_server, etcd } = &mut *daemons;
        tokio::try_join!(terminate(controller_manager, limit), terminate(api_server, limit))?;
        terminate(etcd, limit).await
    }

    /// Kills the API server, as a crash would. Everything else runs on, and clients see refused connections.
    pub async fn stop_api_server(&self) -> anyhow::Result<()> {
        let mut daemons = self.daemons.lock().await;
        daemons.api_server.take().context("the API server of this cluster is stopped already")?;
        Ok(())
    }

    /// Starts the API server again, at the same address and with the same data, and waits until it serves.
    pub async fn start_api_server(&self) -> anyhow::Result<()> {
        let mut daemons = self.daemons.lock().await;
        anyhow::ensure!(daemons.api_server.is_none(), "the API server of this cluster runs already");
        daemons.api_server = Some(self.spawn_api_server()?);
        self.wait_until_ready(&mut daemons).await
    }

    /// Where the API server listens, such as `https://127.0.0.1:23456`. Tokens of service accounts name it as their
    /// issuer, and its issuer metadata and keys are readable by anybody, as on a cluster with workload identity.
    pub fn server_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api_server)
    }

    /// The certificate authority of the API server, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.certificates.ca
    }

    /// The file with [`ca_pem`](Self::ca_pem).
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// The programs that this cluster runs.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The folder with everything of this cluster: logs, kubeconfigs, data. It is gone when the cluster is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn server_certificate(&self) -> (&str, &str) {
        (&self.certificates.server, &self.certificates.server_key)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Killed, not asked: nobody is left to wait, and the data goes anyway.
        *self.daemons.get_mut() = Daemons::default();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without keys.
        f.debug_struct("Cluster")
            .field("server", &self.server_url())
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

async fn terminate(daemon: &mut Option<Daemon>, limit: Duration) -> anyhow::Result<()> {
    if let Some(mut daemon) = daemon.take() {
        daemon.terminate(limit).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Cluster>();
    }
}
