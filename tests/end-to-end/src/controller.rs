//! azimage as a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use azimage_test_cluster::Process;
use serde_json::Value;

use crate::{azure::Azure, environment::Environment};

/// The pace of tests: everything at once, but in the order and with the waits of real life.
pub const PACE: [(&str, &str); 4] =
    [("poll-interval", "200ms"), ("retry-min", "200ms"), ("retry-max", "2s"), ("resync-interval", "3s")];

/// A process of azimage.
pub struct Controller {
    process: Process,
}

impl Controller {
    /// Starts the program with the arguments and variables of the chart's Deployment. Only what belongs to a pod or to
    /// the test is set otherwise: Kubernetes and Azure credentials, namespaces, ports and pace.
    pub(crate) fn start(
        environment: &Environment,
        azure: &Azure,
        namespace: &str,
        kubeconfig: &Path,
        secret: &Path,
        otherwise: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Self {
        let template = &environment.deployment["spec"]["template"]["spec"];
        let container = &template["containers"][0];
        let mut arguments = container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
        let subcommand = arguments.next().unwrap();
        let mut flags: BTreeMap<&str, &str> = arguments
            .map(|flag| flag.trim_start_matches("--"))
            .map(|flag| flag.split_once('=').unwrap_or((flag, "true")))
            .collect();
        // The tests of a process would all stand in line for the one lease.
        flags.entry("leader-elect").and_modify(|elect| *elect = "false");
        let simulator = &azure.simulator;
        flags.extend([
            ("watch-namespaces", namespace),
            ("identity-namespaces", namespace),
            ("azure-resource-manager", simulator.arm.as_str()),
            ("azure-authority-host", simulator.authority.as_str()),
            ("azure-tenant-id", simulator.tenant.as_str()),
            ("azure-ca-file", simulator.ca.to_str().unwrap()),
            ("azure-client-id", azure.client.as_str()),
            ("azure-client-secret-file", secret.to_str().unwrap()),
            ("health-address", "127.0.0.1:0"),
            ("metrics-address", "127.0.0.1:0"),
            ("azure-time-factor", crate::environment::SPEED),
        ]);
        flags.extend(PACE);
        // All that it could ever say is looked through for secrets.
        flags.insert("log-level", "trace");
        flags.extend(otherwise.iter().copied());
        let mut command = Command::new(&environment.programs.azimage);
        command.arg(subcommand).args(flags.iter().map(|(flag, value)| format!("--{flag}={value}")));
        for variable in container["env"].as_array().unwrap() {
            command.env(variable["name"].as_str().unwrap(), field(variable, namespace));
        }
        command.env("KUBECONFIG", kubeconfig).env("NO_PROXY", "127.0.0.1").envs(variables.iter().copied());
        Self { process: Process::start("azimage", &command).unwrap() }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// All that it said so far.
    pub fn output(&self) -> String {
        format!("{}{}", self.process.stdout(), self.process.stderr())
    }

    /// The address on which it serves probes (0) or metrics (1).
    pub async fn address(&self, index: usize) -> String {
        for _ in 0..600 {
            if let Some(line) = self.listening().get(index) {
                return line["address"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("azimage doesn't say where it listens: {}", self.output());
    }

    /// The pages of probes and metrics, as far as it serves them by now.
    pub(crate) async fn pages(&self) -> String {
        let mut pages = String::new();
        for line in self.listening() {
            let address = line["address"].as_str().unwrap();
            for page in ["healthz", "readyz", "metrics"] {
                let answer = reqwest::get(format!("http://{address}/{page}")).await;
                if let Ok(answer) = answer {
                    pages.push_str(&answer.text().await.unwrap_or_default());
                }
            }
        }
        pages
    }

    /// What it said of where it listens.
    fn listening(&self) -> Vec<Value> {
        let output = self.output();
        let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == "Listening").collect()
    }

    /// Whether it still runs, as the one process that was started.
    pub fn runs(&mut self) -> bool {
        self.process.exited().unwrap().is_none()
    }

    /// `kill -9`.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.process.terminate(limit).await.unwrap()
    }
}

/// The value that the kubelet would give a variable.
fn field(variable: &Value, namespace: &str) -> String {
    match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
        Some("metadata.name") => format!("azimage-of-{namespace}"),
        Some("metadata.namespace") => crate::RELEASE_NAMESPACE.to_owned(),
        Some(other) => panic!("the harness doesn't know the field {other}"),
        None => variable["value"].as_str().unwrap_or_default().to_owned(),
    }
}
