//! How the control plane is started and when it is ready.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, RoleRef, Subject};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use tokio::time::Instant;

use super::{Cluster, Daemons, PortTaken, Ports};
use crate::daemon::Daemon;
use crate::kubeconfig;
use crate::ports::free_port;

/// Generous: a start takes five seconds, but a machine that compiles at the same time is several times slower.
const READY_WITHIN: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// Only those that tests rely on: namespaces end, garbage goes, default service accounts and the CA's config map
/// appear, the roles `view`, `edit` and `admin` get their rules, expressions of admission policies are checked, and a Deployment
/// makes its pods, which then stay Pending.
const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,serviceaccount-controller,\
    root-ca-certificate-publisher-controller,clusterrole-aggregation-controller,\
    validatingadmissionpolicy-status-controller,deployment-controller,replicaset-controller";

impl Ports {
    pub(super) fn choose() -> anyhow::Result<Self> {
        Ok(Self { api_server: free_port()?, etcd_client: free_port()?, etcd_peer: free_port()? })
    }
}

impl Cluster {
    pub(super) async fn start_control_plane(&self) -> anyhow::Result<()> {
        self.write_files()?;
        let mut daemons = self.daemons.lock().await;
        // The API server retries until etcd answers, so they start together.
        daemons.etcd = Some(self.spawn_etcd()?);
        daemons.api_server = Some(self.spawn_api_server()?);
        self.wait_until_ready(&mut daemons).await?;
        daemons.controller_manager = Some(self.spawn_controller_manager()?);
        self.publish_issuer().await?;
        self.wait_for_controllers(&mut daemons).await
    }

    fn write_files(&self) -> anyhow::Result<()> {
        let certificates = &self.certificates;
        for (file, content) in [
            ("ca.crt", &certificates.ca),
            ("server.crt", &certificates.server),
            ("server.key", &certificates.server_key),
            ("service-account.key", &certificates.service_account_key),
            ("service-account.pub", &certificates.service_account_public_key),
        ] {
            kubeconfig::write_private(&self.folder.join(file), content)?;
        }
        #[allow(
            clippy::disallowed_methods,
            reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
        )]
        let token = uuid::Uuid::new_v4().to_string();
        let users = format!("{token},admin,admin,\"system:masters\"\n");
        kubeconfig::write_private(&self.folder.join("tokens.csv"), &users)?;
        kubeconfig::write(&self.admin_kubeconfig(), &self.server_url(), &self.ca_file(), &token, "default")
    }

    fn spawn_etcd(&self) -> anyhow::Result<Daemon> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd_client);
        let peer = format!("http://127.0.0.1:{}", self.ports.etcd_peer);
        let mut etcd = Command::new(&self.programs.etcd);
        etcd.arg(format!("--data-dir={}", self.folder.join("etcd").display()))
            // The data lives as long as the process does, so there is no crash of the machine to survive.
            .args(["--unsafe-no-fsync", "--log-level=warn", "--name=default"])
            .args([format!("--listen-client-urls={client}"), format!("--advertise-client-urls={client}")])
            .args([format!("--listen-peer-urls={peer}"), format!("--initial-advertise-peer-urls={peer}")])
            .arg(format!("--initial-cluster=default={peer}"));
        self.spawn("etcd", &etcd)
    }

    pub(super) fn spawn_api_server(&self) -> anyhow::Result<Daemon> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let mut server = Command::new(&self.programs.kube_apiserver);
        server
            .arg(format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd_client))
            .arg(format!("--secure-port={}", self.ports.api_server))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"])
            .arg(format!("--tls-cert-file={}", file("server.crt")))
            .arg(format!("--tls-private-key-file={}", file("server.key")))
            .arg(format!("--cert-dir={}", file("certificates")))
            .arg(format!("--client-ca-file={}", file("ca.crt")))
            .arg(format!("--token-auth-file={}", file("tokens.csv")))
            .arg("--authorization-mode=RBAC")
            .arg(format!("--service-account-issuer={}", self.server_url()))
            .arg(format!("--service-account-signing-key-file={}", file("service-account.key")))
            .arg(format!("--service-account-key-file={}", file("service-account.pub")))
            .args(["--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=true"]);
        if !self.options.service_account_admission {
            server.arg("--disable-admission-plugins=ServiceAccount");
        }
        server.args(&self.options.api_server_flags);
        self.spawn("kube-apiserver", &server)
    }

    fn spawn_controller_manager(&self) -> anyhow::Result<Daemon> {
        let mut manager = Command::new(&self.programs.kube_controller_manager);
        manager
            .arg(format!("--kubeconfig={}", self.admin_kubeconfig().display()))
            // One process and no endpoint of its own: nothing elects and nothing scrapes.
            .args(["--leader-elect=false", "--secure-port=0"])
            .arg(format!("--controllers={CONTROLLERS}"))
            .arg(format!("--service-account-private-key-file={}", self.folder.join("service-account.key").display()))
            .arg(format!("--root-ca-file={}", self.ca_file().display()));
        self.spawn("kube-controller-manager", &manager)
    }

    fn spawn(&self, name: &str, command: &Command) -> anyhow::Result<Daemon> {
        let log: PathBuf = self.folder.join(format!("{name}.log"));
        Daemon::start(name, command, &log, &log)
    }

    /// Waits until the API server says that it is ready.
    pub(super) async fn wait_until_ready(&self, daemons: &mut Daemons) -> anyhow::Result<()> {
        let client = self.admin_client().await?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            check_alive(daemons)?;
            let ready = tokio::time::timeout(Duration::from_secs(5), client.request_text(request("/readyz")?)).await;
            let problem = match ready {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            let log = daemons.api_server.as_ref().map(Daemon::last_words).unwrap_or_default();
            anyhow::ensure!(
                Instant::now() < deadline,
                "kube-apiserver is not ready after {} s ({problem}). The end of its log:\n{log}",
                READY_WITHIN.as_secs()
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whoever verifies tokens, above all Azure, reads the issuer's keys without any right in the cluster. Kubernetes
    /// brings the role for it but binds it to service accounts alone.
    async fn publish_issuer(&self) -> anyhow::Result<()> {
        let name = "system:service-account-issuer-discovery";
        let binding = ClusterRoleBinding {
            metadata: ObjectMeta { name: Some("test-cluster:public-issuer".to_owned()), ..ObjectMeta::default() },
            role_ref: RoleRef {
                api_group: "rbac.authorization.k8s.io".to_owned(),
                kind: "ClusterRole".to_owned(),
                name: name.to_owned(),
            },
            subjects: Some(vec![Subject {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "Group".to_owned(),
                name: "system:unauthenticated".to_owned(),
                namespace: None,
            }]),
        };
        let bindings: Api<ClusterRoleBinding> = Api::all(self.admin_client().await?);
        bindings
            .create(&PostParams::default(), &binding)
            .await
            .context("cannot publish the keys of the token issuer")?;
        Ok(())
    }

    /// Waits until the controllers have done what a test may take for granted.
    async fn wait_for_controllers(&self, daemons: &mut Daemons) -> anyhow::Result<()> {
        let client = self.admin_client().await?;
        let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
        let roles: Api<ClusterRole> = Api::all(client);
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let mut done = accounts.get_opt("default").await?.is_some();
            for role in ["view", "edit", "admin"] {
                let found = roles.get_opt(role).await?;
                done &= found.and_then(|role| role.rules).is_some_and(|rules| !rules.is_empty());
            }
            if done {
                return Ok(());
            }
            check_alive(daemons)?;
            let log = daemons.controller_manager.as_ref().map(Daemon::last_words).unwrap_or_default();
            anyhow::ensure!(
                Instant::now() < deadline,
                "kube-controller-manager has not set up the default namespace after {} s. The end of its log:\n{log}",
                READY_WITHIN.as_secs()
            );
            tokio::time::sleep(POLL).await;
        }
    }
}

/// An error when one of the programs has ended by itself.
fn check_alive(daemons: &mut Daemons) -> anyhow::Result<()> {
    let Daemons { controller_manager, api_server, etcd } = daemons;
    for (name, daemon) in
        [("etcd", etcd), ("kube-apiserver", api_server), ("kube-controller-manager", controller_manager)]
    {
        let Some(daemon) = daemon else { continue };
        let Some(status) = daemon.exited()? else { continue };
        let log = daemon.last_words();
        let error = anyhow::anyhow!("{name} ended while the cluster started ({status}). The end of its log:\n{log}");
        return Err(if log.contains("address already in use") { error.context(PortTaken) } else { error });
    }
    Ok(())
}

fn request(path: &str) -> anyhow::Result<http::Request<Vec<u8>>> {
    Ok(http::Request::get(path).body(Vec::new())?)
}
