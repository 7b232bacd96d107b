//! A real Kubernetes control plane on loopback, for tests and the quickstart.
//!
//! [`Programs`] builds etcd, kube-apiserver, kube-controller-manager, kubectl and helm from the Go module proxy once
//! and caches them. [`Cluster`] runs a control plane of them, with RBAC on and no nodes. [`WriteGate`] stands between
//! one client and the API server and can stop the world right after a chosen write. [`Process`] runs a program of the
//! workspace, which [`workspace_programs`] builds.
//!
//! Whatever is started here ends with the process that started it, even when that process is killed: see [`Process`].

mod certificates;
mod cluster;
mod daemon;
mod kubeconfig;
mod output;
mod ports;
mod process;
mod programs;
mod shared;
mod watchdog;
mod workspace;
mod write_gate;

pub use cluster::{Cluster, ClusterOptions};
pub use output::Output;
pub use process::Process;
pub use programs::Programs;
pub use shared::shared;
pub use workspace::{WorkspacePrograms, workspace_programs};
pub use write_gate::{Write, WriteGate};

/// Makes aws-lc-rs the TLS provider of this process. Harmless when one is chosen already.
pub fn install_tls_provider() {
    // An error only says that a provider is installed, which is all that is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
