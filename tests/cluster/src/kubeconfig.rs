//! Kubeconfig files.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

/// Writes a kubeconfig, readable by its owner alone, with one context in `namespace`. JSON, which is YAML too.
pub(crate) fn write(path: &Path, server: &str, ca_file: &Path, token: &str, namespace: &str) -> anyhow::Result<()> {
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": ca_file}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        "current-context": "test",
    });
    write_private(path, &serde_json::to_string_pretty(&content)?)
}

/// A client for a kubeconfig that [`write`] wrote. Without kube's retries, which take minutes before they tell of an
/// error.
pub(crate) async fn client(path: &Path) -> anyhow::Result<kube::Client> {
    crate::install_tls_provider();
    let kubeconfig = Kubeconfig::read_from(path)?;
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    // Set by whoever runs the tests for the world outside; the API server is on loopback.
    config.proxy_url = None;
    Ok(kube::Client::try_from(config)?)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, content: &str) -> anyhow::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
