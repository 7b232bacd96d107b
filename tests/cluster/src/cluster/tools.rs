//! kubectl and helm against this cluster.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::Cluster;
use crate::Output;

/// Longer than `kubectl wait` and `helm --wait` are ever asked to wait here.
const LIMIT: Duration = Duration::from_secs(300);

impl Cluster {
    /// Runs kubectl with every right.
    pub async fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.kubectl_as(&self.admin_kubeconfig(), arguments).await
    }

    /// Runs kubectl with the given kubeconfig.
    pub async fn kubectl_as(&self, kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
        self.run(&self.programs.kubectl, "kubectl", kubeconfig, arguments, None).await
    }

    /// Runs kubectl with every right and with `input` on its standard input, as for `apply -f -`.
    pub async fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> anyhow::Result<Output> {
        self.run(&self.programs.kubectl, "kubectl", &self.admin_kubeconfig(), arguments, Some(input)).await
    }

    /// Runs helm with every right, and without the settings and caches of the user who runs the tests.
    pub async fn helm(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.run(&self.programs.helm, "helm", &self.admin_kubeconfig(), arguments, None).await
    }

    async fn run(
        &self,
        program: &Path,
        name: &str,
        kubeconfig: &Path,
        arguments: &[&str],
        input: Option<&str>,
    ) -> anyhow::Result<Output> {
        let command = format!("{name} {}", arguments.join(" "));
        let mut child = Command::new(program)
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("KUBECACHEDIR", self.folder.join("kubectl-cache"))
            .env("HELM_CACHE_HOME", self.folder.join("helm/cache"))
            .env("HELM_CONFIG_HOME", self.folder.join("helm/config"))
            .env("HELM_DATA_HOME", self.folder.join("helm/data"))
            .env_remove("HELM_NAMESPACE")
            .env_remove("HELM_KUBECONTEXT")
            // A proxy of the world outside has no business on loopback.
            .env("NO_PROXY", "127.0.0.1,localhost")
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let stdin = child.stdin.take();
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A tool that refuses its arguments ends without reading; what it says is the answer then.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let both = async { tokio::join!(feed, child.wait_with_output()).1 };
        let output = tokio::time::timeout(LIMIT, both)
            .await
            .with_context(|| format!("`{command}` did not end in {} s", LIMIT.as_secs()))??;
        Ok(Output {
            command,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
