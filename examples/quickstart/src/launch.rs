//! azimage as a process: what the Deployment's pod would be, with its arguments and its `ServiceAccount`'s token.

use std::{collections::BTreeMap, net::TcpListener, path::Path, process::Command, time::Duration};

use azimage_test_cluster::{Cluster, Process, WorkspacePrograms};
use k8s_openapi::api::apps::v1::Deployment;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    azure::Azure,
    deployment,
    setup::{AZIMAGE, START, path, tail},
};

/// How azimage is started.
pub(crate) struct Launch {
    command: Command,
    health: String,
}

impl Launch {
    /// From the Deployment that the chart made.
    pub(crate) async fn prepare(
        cluster: &Cluster,
        azure: &Azure,
        programs: &WorkspacePrograms,
        files: &TempDir,
        speed: f64,
    ) -> anyhow::Result<Self> {
        let deployment = cluster.kubectl(&["-n", AZIMAGE, "get", "deployment", AZIMAGE, "-o", "json"]).await?.json()?;
        let deployment: Deployment = serde_json::from_value(deployment)?;
        let health = format!("127.0.0.1:{}", free_port()?);
        let overrides = BTreeMap::from([
            ("--azure-ca-file", azure.ready.ca.display().to_string()),
            ("--azure-client-secret-file", path(files, "client-secret")),
            ("--health-address", health.clone()),
            ("--metrics-address", "127.0.0.1:0".to_owned()),
            // Azure's time runs faster here, so it is looked at more often.
            ("--poll-interval", "250ms".to_owned()),
            ("--retry-min", "1s".to_owned()),
        ]);
        let arguments = deployment::arguments(&deployment, &overrides)?;
        let mut command = Command::new(&programs.azimage);
        command
            .args(arguments)
            .env("KUBECONFIG", cluster.kubeconfig_for(AZIMAGE, AZIMAGE).await?)
            .env("AZIMAGE_AZURE_TIME_FACTOR", speed.to_string())
            .env("POD_NAMESPACE", AZIMAGE)
            .env("POD_NAME", "azimage-quickstart")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("NO_COLOR", "1");
        Ok(Self { command, health })
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        Path::new(self.command.get_program())
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(&self) -> anyhow::Result<Process> {
        let mut azimage = Process::start(AZIMAGE, &self.command)?;
        let deadline = Instant::now() + START;
        let probe = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        loop {
            let answer = probe.get(format!("http://{}/readyz", self.health)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(azimage);
            }
            let ended = azimage.exited()?;
            anyhow::ensure!(
                ended.is_none() && Instant::now() < deadline,
                "azimage didn't become ready. The end of its log:\n{}",
                tail(&azimage.stderr(), 30)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A port that is free now. Another process may take it before azimage does; then azimage says so.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
