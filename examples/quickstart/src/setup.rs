//! Everything that has to run before an object can be applied.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context;
use azimage_test_cluster::{Cluster, ClusterOptions, Output, Process, WorkspacePrograms, workspace_programs};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{arguments::Arguments, azure::Azure, launch::Launch, screen::Screen};

/// Namespace, release and service account of azimage, as in the chart's own documentation.
pub(crate) const AZIMAGE: &str = "azimage";
/// Namespace of the objects in examples/.
pub(crate) const IMAGES: &str = "images";
/// Subscription of the scenario.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// azimage's roles by job, each where its job is done.
const ROLES: [(&str, &str); 7] = [
    ("clone", "web"),
    ("workspace", "image-work"),
    ("workspace", "network/providers/Microsoft.Network/virtualNetworks/hub/subnets/images"),
    ("validate", "image-work"),
    ("validate", "network/providers/Microsoft.Network/virtualNetworks/hub/subnets/images"),
    ("publish", "images"),
    ("clean-up", "images"),
];
/// How long a program may take until it is ready, on a machine that is busy with other things.
pub(crate) const START: Duration = Duration::from_secs(60);

/// All that runs. Dropping it ends it.
pub(crate) struct Stage {
    /// Simulated seconds in a real one.
    pub(crate) speed: f64,
    pub(crate) azimage: Process,
    launch: Launch,
    pub(crate) simulator: Process,
    pub(crate) azure: Azure,
    pub(crate) cluster: Cluster,
    _files: TempDir,
}

/// The workspace's own folder.
pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

impl Stage {
    /// Builds, starts and installs.
    pub(crate) async fn set(arguments: &Arguments, screen: &mut Screen) -> anyhow::Result<Self> {
        azimage_test_cluster::install_tls_provider();
        screen.say("Building azimage and its simulator (some minutes the first time)")?;
        let begun = Instant::now();
        let programs = workspace_programs().await?;
        screen.say(&format!("✓ built ({})", seconds(begun)))?;

        screen.say("Starting a real etcd, kube-apiserver and kube-controller-manager (built first if they aren't yet, which takes about eight minutes)")?;
        let begun = Instant::now();
        let cluster = Cluster::start(ClusterOptions::default()).await?;
        let version = cluster.kubectl(&["version", "-o", "json"]).await?.json()?;
        let version = version.pointer("/serverVersion/gitVersion").and_then(|version| version.as_str());
        screen.say(&format!("✓ Kubernetes {} serves ({})", version.unwrap_or_default(), seconds(begun)))?;

        let (simulator, azure) = simulate(programs, arguments).await?;
        screen.say(&format!("✓ a simulated Azure serves; one real second is {} simulated ones", arguments.speed))?;

        let files = tempfile::Builder::new().prefix("azimage-quickstart-").tempdir()?;
        screen.say("$ helm install azimage charts/azimage --namespace azimage --values …")?;
        install(&cluster, &azure, &files).await?;
        let launch = Launch::prepare(&cluster, &azure, programs, &files, arguments.speed).await?;
        let azimage = launch.start().await?;
        screen.say("✓ azimage is installed, and runs as a process with the chart's arguments, ServiceAccount and rights (this cluster has no nodes)")?;
        Ok(Self { speed: arguments.speed, azimage, launch, simulator, azure, cluster, _files: files })
    }

    /// azimage itself, for other commands.
    pub(crate) fn program(&self) -> &Path {
        self.launch.program()
    }

    /// Kills azimage as a machine that loses its power would, and starts it again.
    pub(crate) async fn kill_and_start_again(&mut self) -> anyhow::Result<()> {
        self.azimage.kill9();
        self.start_again().await
    }

    /// `azimage` has ended: another process of it, as the Deployment would make.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        self.azimage = self.launch.start().await?;
        Ok(())
    }

    /// Runs kubectl and shows the command and what it says. Paths are those of the workspace.
    pub(crate) async fn kubectl(&self, screen: &mut Screen, arguments: &[&str]) -> anyhow::Result<()> {
        screen.say(&format!("\n$ kubectl {}", arguments.join(" ")))?;
        let absolute: Vec<String> = arguments
            .iter()
            .map(|argument| match argument.strip_prefix("examples/") {
                Some(file) => workspace().join("examples").join(file).to_string_lossy().into_owned(),
                None => (*argument).to_owned(),
            })
            .collect();
        let absolute: Vec<&str> = absolute.iter().map(String::as_str).collect();
        let output: Output = self.cluster.kubectl(&absolute).await?;
        screen.say(output.ok()?.trim_end())?;
        Ok(())
    }

    /// An error when one of the programs has ended, which none of them should.
    pub(crate) fn still_runs(&mut self) -> anyhow::Result<()> {
        for (name, process) in [("azimage", &mut self.azimage), ("azimage-simulator", &mut self.simulator)] {
            if let Some(status) = process.exited()? {
                anyhow::bail!("{name} ended by itself ({status})");
            }
        }
        Ok(())
    }
}

async fn simulate(programs: &WorkspacePrograms, arguments: &Arguments) -> anyhow::Result<(Process, Azure)> {
    let scenario = match &arguments.scenario {
        Some(path) => std::path::absolute(path)?,
        None => workspace().join("examples/quickstart/scenario.yaml"),
    };
    let mut command = Command::new(&programs.azimage_simulator);
    command.args(["serve", "--speed", &arguments.speed.to_string(), "--scenario"]).arg(scenario);
    let mut simulator = Process::start("azimage-simulator", &command)?;
    let line = simulator.wait_for_line(START, |line| line.starts_with('{')).await?;
    let azure = Azure::new(&line)?;
    for (job, place) in ROLES {
        let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{place}");
        let output = Command::new(&programs.azimage).args(["azure-role", "--job", job, "--scope", &scope]).output()?;
        anyhow::ensure!(output.status.success(), "azimage azure-role: {}", String::from_utf8_lossy(&output.stderr));
        azure.assign(serde_json::from_slice(&output.stdout)?, &scope).await?;
    }
    Ok((simulator, azure))
}

/// The chart, as a user would install it, and what its values speak of.
async fn install(cluster: &Cluster, azure: &Azure, files: &TempDir) -> anyhow::Result<()> {
    let application = azure.application()?;
    let values = json!({
        // The cluster has no node for a pod: the program runs outside, see `start`.
        "replicas": 0,
        "azure": {
            "resourceManager": azure.ready.arm,
            "authorityHost": azure.ready.authority,
            "caConfigMap": {"name": "simulated-azure-ca"},
            "identity": "client-secret",
            "tenantId": azure.ready.tenant,
            "clientId": application.id,
            "clientSecret": {"name": "simulated-azure"},
            "namespaces": [IMAGES],
        },
        "logging": {"format": "human"},
    });
    let values_file = path(files, "values.json");
    std::fs::write(&values_file, values.to_string())?;
    std::fs::write(path(files, "client-secret"), &application.secret)?;
    for name in [AZIMAGE, IMAGES] {
        cluster.kubectl(&["create", "namespace", name]).await?.ok()?;
    }
    let ca = format!("--from-file=ca.crt={}", azure.ready.ca.display());
    cluster.kubectl(&["-n", AZIMAGE, "create", "configmap", "simulated-azure-ca", &ca]).await?.ok()?;
    let secret = format!("--from-file=client-secret={}", path(files, "client-secret"));
    cluster.kubectl(&["-n", AZIMAGE, "create", "secret", "generic", "simulated-azure", &secret]).await?.ok()?;
    let chart = workspace().join("charts/azimage");
    let chart = chart.to_str().context("the workspace's path is not UTF-8")?;
    cluster.helm(&["install", AZIMAGE, chart, "--namespace", AZIMAGE, "--values", &values_file]).await?.ok()?;
    cluster
        .kubectl(&[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd/imageversions.azimage.dev",
            "crd/replicationtargets.azimage.dev",
            "crd/imagedefinitions.azimage.dev",
        ])
        .await?
        .ok()?;
    Ok(())
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

pub(crate) fn path(files: &TempDir, name: &str) -> String {
    files.path().join(name).to_string_lossy().into_owned()
}

fn seconds(begun: Instant) -> String {
    format!("{} s", begun.elapsed().as_secs())
}
