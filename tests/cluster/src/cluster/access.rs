//! Clients, kubeconfigs and namespaces.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::Api;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use tokio::time::Instant;

use super::Cluster;
use crate::kubeconfig;

/// How long tokens of [`Cluster::kubeconfig_for`] live: a day, longer than any test.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;
const NAMESPACE_GONE_WITHIN: Duration = Duration::from_secs(60);

impl Cluster {
    /// A kubeconfig with every right.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// A client with every right, without retries. It belongs to the async runtime of the caller: make one per test.
    pub async fn admin_client(&self) -> anyhow::Result<kube::Client> {
        kubeconfig::client(&self.admin_kubeconfig()).await
    }

    /// A new kubeconfig with the rights of a service account, which has to exist, and its namespace as default.
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub async fn kubeconfig_for(&self, namespace: &str, service_account: &str) -> anyhow::Result<PathBuf> {
        let token = self.token_for(namespace, service_account, &[]).await?;
        let name = format!("{namespace}.{service_account}.{}.kubeconfig", uuid::Uuid::new_v4().simple());
        let path = self.folder.join(name);
        kubeconfig::write(&path, &self.server_url(), &self.ca_file(), &token, namespace)?;
        Ok(path)
    }

    /// A client with the rights of a service account. As [`admin_client`](Self::admin_client), one per test.
    pub async fn client_for(&self, namespace: &str, service_account: &str) -> anyhow::Result<kube::Client> {
        kubeconfig::client(&self.kubeconfig_for(namespace, service_account).await?).await
    }

    /// A token of a service account from the API server's `TokenRequest`, valid for 24 hours, for the API server itself
    /// when no audience is given.
    pub async fn token_for(
        &self,
        namespace: &str,
        service_account: &str,
        audiences: &[&str],
    ) -> anyhow::Result<String> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.admin_client().await?, namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: audiences.iter().map(|&audience| audience.to_owned()).collect(),
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(service_account, &PostParams::default(), &request)
            .await
            .with_context(|| format!("no token for the service account {service_account} in namespace {namespace}"))?;
        Ok(answer.status.context("the API server answered a TokenRequest without a token")?.token)
    }

    /// Makes a namespace that no other test has and returns its name: `prefix`, a dash and ten random characters.
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub async fn create_namespace(&self, prefix: &str) -> anyhow::Result<String> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", &random[..10]);
        let namespaces: Api<Namespace> = Api::all(self.admin_client().await?);
        let metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
        namespaces
            .create(&PostParams::default(), &Namespace { metadata, ..Namespace::default() })
            .await
            .with_context(|| format!("cannot create the namespace {name}"))?;
        Ok(name)
    }

    /// Deletes a namespace and waits until it is gone, with all that was in it. The error after a minute says what
    /// remains.
    pub async fn delete_namespace(&self, name: &str) -> anyhow::Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.admin_client().await?);
        namespaces
            .delete(name, &DeleteParams::default())
            .await
            .with_context(|| format!("cannot delete the namespace {name}"))?;
        let deadline = Instant::now() + NAMESPACE_GONE_WITHIN;
        while let Some(namespace) = namespaces.get_opt(name).await? {
            if Instant::now() >= deadline {
                let conditions = namespace.status.and_then(|status| status.conditions).unwrap_or_default();
                let remaining: Vec<_> = conditions
                    .into_iter()
                    .filter(|condition| condition.status == "True")
                    .filter_map(|condition| condition.message)
                    .collect();
                anyhow::bail!(
                    "the namespace {name} is still there after {} s: {}",
                    NAMESPACE_GONE_WITHIN.as_secs(),
                    remaining.join(" ")
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}
