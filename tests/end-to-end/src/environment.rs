//! What all tests of a process share: the cluster with the chart in it, and the simulator.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use azimage_test_cluster::{Cluster, Process, WorkspacePrograms, shared, workspace_programs};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The namespace in which the chart is installed.
pub const RELEASE_NAMESPACE: &str = "azimage-system";

/// Simulated seconds in one real second. The five minutes between the end of a seal's run command and its unit have to leave
/// azimage, whose clock runs as always, the time to remove the run command.
pub(crate) const SPEED: &str = "100";

static SHARED: OnceCell<Environment> = OnceCell::const_new();

/// What all tests of a process share.
pub struct Environment {
    /// The cluster.
    pub cluster: &'static Cluster,
    /// The programs under test.
    pub programs: WorkspacePrograms,
    /// Where the simulator is reached.
    pub simulator: Simulator,
    /// The pod template's container and `ServiceAccount`, as they stand in the API server.
    pub deployment: Value,
    // Ends with this process, as statics are never dropped.
    _process: Process,
}

/// What the simulator prints when it is ready.
#[derive(Clone, Debug, Deserialize)]
pub struct Simulator {
    /// Azure Resource Manager.
    pub arm: String,
    /// The token authority.
    pub authority: String,
    /// Its certificate authority, a file.
    pub ca: PathBuf,
    /// The tenant.
    pub tenant: String,
    /// The control interface.
    pub control: String,
}

impl Simulator {
    /// Starts one.
    pub(crate) async fn start(programs: &WorkspacePrograms) -> (Process, Self) {
        let mut command = Command::new(&programs.azimage_simulator);
        command.args(["serve", "--speed", SPEED]);
        let mut process = Process::start("azimage-simulator", &command).unwrap();
        let line = process.wait_for_line(Duration::from_secs(30), |line| line.starts_with('{')).await.unwrap();
        (process, serde_json::from_str(&line).unwrap())
    }
}

/// What the tests of this process share, made by whoever asks first.
pub async fn environment() -> &'static Environment {
    SHARED.get_or_init(Environment::start).await
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Environment {
    async fn start() -> Self {
        azimage_test_cluster::install_tls_provider();
        let (cluster, programs) = tokio::join!(shared(), programs());
        let (process, simulator) = Simulator::start(&programs).await;
        let deployment = install(cluster, &simulator).await;
        Self { cluster, programs, simulator, deployment, _process: process }
    }
}

/// The programs of this workspace, built when they are out of date; or those of another build, such as a release's, from
/// the folder that `AZIMAGE_PROGRAMS` names.
async fn programs() -> WorkspacePrograms {
    match std::env::var_os("AZIMAGE_PROGRAMS").filter(|folder| !folder.is_empty()).map(PathBuf::from) {
        None => workspace_programs().await.unwrap().clone(),
        Some(folder) => {
            WorkspacePrograms { azimage: folder.join("azimage"), azimage_simulator: folder.join("azimage-simulator") }
        }
    }
}

/// The names of `ConfigMap`s that say what is latest, which the chart lets the controller write.
const EXPORTED: [&str; 2] = ["web-latest", "web-newest"];

/// Installs the chart once, and returns its Deployment as the API server has it.
async fn install(cluster: &Cluster, simulator: &Simulator) -> Value {
    let values = json!({
        "azure": {
            "resourceManager": simulator.arm,
            "authorityHost": simulator.authority,
            "caConfigMap": {"name": "azure-ca"},
            "identity": "client-secret",
            "tenantId": simulator.tenant,
            "clientId": "00000000-0000-0000-0000-000000000000",
            "clientSecret": {"name": "azure"},
        },
        "export": {"configMapNames": EXPORTED},
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), values.to_string()).unwrap();
    let chart = workspace().join("charts/azimage");
    let (chart, file) = (chart.to_str().unwrap(), file.path().to_str().unwrap());
    let arguments =
        ["install", "azimage", chart, "--namespace", RELEASE_NAMESPACE, "--create-namespace", "--values", file];
    cluster.helm(&arguments).await.unwrap().ok().unwrap();
    let established = ["wait", "--for=condition=Established", "--timeout=60s", "crd"];
    let definitions = ["imageversions.azimage.dev", "replicationtargets.azimage.dev", "imagedefinitions.azimage.dev"];
    cluster.kubectl(&[&established[..], &definitions].concat()).await.unwrap().ok().unwrap();
    let arguments = ["-n", RELEASE_NAMESPACE, "get", "deployments", "-o", "json"];
    let list = cluster.kubectl(&arguments).await.unwrap().json().unwrap();
    let deployments = list["items"].as_array().unwrap();
    assert_eq!(deployments.len(), 1, "the chart has one Deployment");
    deployments[0].clone()
}
