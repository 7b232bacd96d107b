//! The way to the API server, with kubectl's own flags.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use clap_complete::ValueHint;
use http::{HeaderName, HeaderValue};
use kube::{
    Client, Config,
    config::{AuthInfo, KubeConfigOptions, Kubeconfig},
};

/// kubectl's flags for the cluster and who asks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// The namespace; without it, that of the kubeconfig's context.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// The kubeconfig; without it, those that KUBECONFIG names, ~/.kube/config, or the ServiceAccount of the pod.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The cluster of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// The user of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,

    /// Act as this user, if you may impersonate it.
    #[arg(long = "as", value_name = "USER")]
    pub impersonate: Option<String>,

    /// Act as a member of this group; may be repeated.
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,

    /// Act as the user with this uid.
    #[arg(long = "as-uid", value_name = "UID", requires = "impersonate")]
    pub impersonate_uid: Option<String>,
}

/// A client, and the namespace that is meant.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) client: Client,
    pub(super) namespace: String,
}

impl ClusterArgs {
    /// Reads the kubeconfig and makes a client.
    pub(super) async fn access(&self) -> anyhow::Result<Access> {
        let mut config = self.config().await?;
        let headers = self.impersonation(&config.auth_info)?;
        config.headers.extend(headers);
        let namespace = self.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).context("the kubeconfig can't be used")?;
        Ok(Access { client, namespace })
    }

    async fn config(&self) -> anyhow::Result<Config> {
        let read = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path).with_context(|| format!("--kubeconfig {}", path.display())),
            None => Kubeconfig::read().context("no kubeconfig was found"),
        };
        let kubeconfig = match read {
            Ok(kubeconfig) => kubeconfig,
            Err(error) if self.asks_for_a_kubeconfig() => return Err(error),
            Err(error) => return Config::incluster().map_err(|_| error),
        };
        let names_a_proxy = kubeconfig.clusters.iter().filter_map(|it| it.cluster.as_ref()).any(names_a_proxy);
        let options =
            KubeConfigOptions { context: self.context.clone(), cluster: self.cluster.clone(), user: self.user.clone() };
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &options).await.context("the kubeconfig can't be used")?;
        // That of the environment is taken for the API server too, whatever NO_PROXY says, and can't be spoken to.
        if !names_a_proxy {
            config.proxy_url = None;
        }
        Ok(config)
    }

    fn asks_for_a_kubeconfig(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some() || self.cluster.is_some() || self.user.is_some()
    }

    /// Who is acted as, by the flags or else by the kubeconfig: the library sends neither.
    fn impersonation(&self, user: &AuthInfo) -> anyhow::Result<Vec<(HeaderName, HeaderValue)>> {
        let (name, groups, uid) = if self.impersonate.is_some() {
            (self.impersonate.as_ref(), self.impersonate_groups.clone(), self.impersonate_uid.as_ref())
        } else {
            let groups = user.impersonate_groups.clone().unwrap_or_default();
            (user.impersonate.as_ref(), groups, user.impersonate_uid.as_ref())
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Vec::new()) };
        let mut headers = vec![("impersonate-user", name)];
        headers.extend(groups.iter().map(|group| ("impersonate-group", group)));
        headers.extend(uid.map(|uid| ("impersonate-uid", uid)));
        let header = |(name, value): (&'static str, &String)| {
            let value = HeaderValue::from_str(value).with_context(|| format!("--as: '{value}' can't be sent"))?;
            anyhow::Ok((HeaderName::from_static(name), value))
        };
        headers.into_iter().map(header).collect()
    }
}

fn names_a_proxy(cluster: &kube::config::Cluster) -> bool {
    cluster.proxy_url.as_ref().is_some_and(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_acted_as_is_sent_with_each_request() {
        let flags = ClusterArgs {
            impersonate: Some("jane".to_owned()),
            impersonate_groups: vec!["dev".to_owned(), "ops".to_owned()],
            ..ClusterArgs::default()
        };
        let none = ClusterArgs::default();
        let user = AuthInfo { impersonate: Some("bob".to_owned()), ..AuthInfo::default() };
        let sent = |arguments: &ClusterArgs, user: &AuthInfo| -> Vec<String> {
            let headers = arguments.impersonation(user).unwrap();
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
        };
        assert_eq!(
            sent(&flags, &user),
            ["impersonate-user: jane", "impersonate-group: dev", "impersonate-group: ops"],
            "flags count more"
        );
        assert_eq!(sent(&none, &user), ["impersonate-user: bob"]);
        assert_eq!(sent(&none, &AuthInfo::default()), [""; 0]);
        let bad = ClusterArgs { impersonate: Some("a\nb".to_owned()), ..ClusterArgs::default() };
        assert!(bad.impersonation(&user).is_err());
    }
}
