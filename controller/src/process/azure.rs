//! The Azure client, from the command line.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use async_trait::async_trait;
use azimage_azure::{
    AssertionSource, AzureIdentity, Budgets, Class, Client, Cloud, HttpTransport, HttpTransportOptions, Identity, Now,
    SecretFile, SecretSource, TokenError, TokenObserver, Transport, TransportError,
};
use azimage_core::Federation;
use secrecy::SecretString;
use tokio::time::Instant;

use super::present;
use crate::{
    cli::{AzureArgs, CloudName, IdentityName},
    identity::AzureClients,
    seams::Seams,
    telemetry::metrics::Metrics,
};

/// What makes clients, all of which are counted.
pub(super) fn clients(arguments: &AzureArgs, seams: &Seams, metrics: &Metrics) -> anyhow::Result<Clients> {
    let cloud = cloud(arguments)?;
    let ca_bundle = arguments
        .ca_file
        .as_ref()
        .filter(|path| !path.as_os_str().is_empty())
        .map(|path| fs::read(path).with_context(|| format!("--azure-ca-file: can't read {}", path.display())))
        .transpose()?;
    let options = HttpTransportOptions { ca_bundle, ..HttpTransportOptions::default() };
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(&options).context("--azure-ca-file")?);
    let clock = seams.clock.clone();
    let now: Now = Arc::new(move || clock.now());
    let counted = Arc::new(Counted { transport: transport.clone(), metrics: metrics.clone() });
    let tokens =
        AzureIdentity::new(identity(arguments)?, &cloud, transport.clone(), now.clone()).context("--azure-identity")?;
    let tokens = tokens.observed(metrics.token_requests(kind(arguments.identity)));
    let of_accounts = metrics.token_requests("service_account");
    let randomness = seams.randomness.clone();
    let budgets = Budgets::new(Arc::new(move || randomness.fraction()), arguments.time_factor);
    metrics.show_budgets(&budgets);
    let own = Client::new(counted.clone(), Arc::new(tokens), cloud.clone()).with_budgets(budgets.clone(), "controller");
    Ok(Clients { own, cloud, transport, counted, of_accounts, now, budgets })
}

/// The tenant of `ServiceAccount`s that name none.
pub(super) fn tenant(arguments: &AzureArgs) -> Option<String> {
    variable(arguments.tenant_id.as_deref(), "AZURE_TENANT_ID")
}

/// Clients that share a cloud and a transport, each with tokens of its own.
pub(super) struct Clients {
    own: Client,
    cloud: Cloud,
    transport: Arc<dyn Transport>,
    counted: Arc<Counted>,
    /// Is told of the requests for tokens of identities that `ServiceAccount`s stand for.
    of_accounts: TokenObserver,
    now: Now,
    budgets: Budgets,
}

impl AzureClients for Clients {
    fn own(&self) -> Client {
        self.own.clone()
    }

    fn federated(&self, federation: &Federation, assertions: Arc<dyn AssertionSource>) -> Result<Client, TokenError> {
        let Federation { tenant_id, client_id } = federation.clone();
        let principal = format!("{tenant_id}/{client_id}");
        let identity = Identity::Assertion { tenant: tenant_id, client_id, assertions };
        let tokens = AzureIdentity::new(identity, &self.cloud, self.transport.clone(), self.now.clone())?
            .observed(self.of_accounts.clone());
        Ok(Client::new(self.counted.clone(), Arc::new(tokens), self.cloud.clone())
            .with_budgets(self.budgets.clone(), &principal))
    }
}

/// A flag, or the variable that others know it by.
fn variable(flag: Option<&str>, name: &str) -> Option<String> {
    present(flag).map(str::to_owned).or_else(|| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn cloud(arguments: &AzureArgs) -> anyhow::Result<Cloud> {
    let custom = present(arguments.resource_manager.as_deref()).zip(present(arguments.authority_host.as_deref()));
    if let Some((resource_manager, authority_host)) = custom {
        let scope = format!("{}/.default", resource_manager.trim_end_matches('/'));
        return Cloud::custom(resource_manager, authority_host, scope)
            .context("--azure-resource-manager or --azure-authority-host");
    }
    Ok(match arguments.cloud {
        CloudName::Public => Cloud::public(),
        CloudName::UsGovernment => Cloud::us_government(),
        CloudName::China => Cloud::china(),
    })
}

/// What an identity is called in the metrics.
fn kind(identity: IdentityName) -> &'static str {
    match identity {
        IdentityName::WorkloadIdentity => "workload_identity",
        IdentityName::ManagedIdentity => "managed_identity",
        IdentityName::ClientSecret => "client_secret",
        IdentityName::ClientCertificate => "client_certificate",
    }
}

fn identity(arguments: &AzureArgs) -> anyhow::Result<Identity> {
    let client_id = variable(arguments.client_id.as_deref(), "AZURE_CLIENT_ID");
    match arguments.identity {
        IdentityName::WorkloadIdentity => Ok(Identity::WorkloadIdentity),
        IdentityName::ManagedIdentity => Ok(Identity::ManagedIdentity { client_id }),
        IdentityName::ClientSecret => {
            let value = || std::env::var("AZURE_CLIENT_SECRET").ok().filter(|secret| !secret.is_empty());
            let secret: Option<Arc<dyn SecretSource>> = match file(arguments.client_secret_file.as_ref()) {
                Some(file) => Some(file),
                None => value().map(|value| Arc::new(SecretString::from(value)) as _),
            };
            let (Some(tenant), Some(client_id), Some(secret)) = (tenant(arguments), client_id, secret) else {
                bail!(
                    "--azure-identity client-secret needs --azure-tenant-id, --azure-client-id and --azure-client-secret-file (or AZURE_CLIENT_SECRET)"
                );
            };
            Ok(Identity::ClientSecret { tenant, client_id, secret })
        }
        IdentityName::ClientCertificate => {
            let path = || std::env::var_os("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from);
            let certificate = file(arguments.client_certificate_file.as_ref()).or_else(|| file(path().as_ref()));
            let (Some(tenant), Some(client_id), Some(certificate)) = (tenant(arguments), client_id, certificate) else {
                bail!(
                    "--azure-identity client-certificate needs --azure-tenant-id, --azure-client-id and --azure-client-certificate-file"
                );
            };
            Ok(Identity::ClientCertificate { tenant, client_id, certificate })
        }
    }
}

fn file(path: Option<&PathBuf>) -> Option<Arc<dyn SecretSource>> {
    let path = path.filter(|path| !path.as_os_str().is_empty())?;
    Some(Arc::new(SecretFile::new(path)))
}

/// Counts the requests that go through.
struct Counted {
    transport: Arc<dyn Transport>,
    metrics: Metrics,
}

#[async_trait]
impl Transport for Counted {
    async fn send(&self, request: http::Request<bytes::Bytes>) -> Result<http::Response<bytes::Bytes>, TransportError> {
        let method = request.method().to_string();
        let operation = Class::of(request.method(), request.uri().path());
        let begun = Instant::now();
        let answer = self.transport.send(request).await;
        let code = answer.as_ref().map_or_else(|_| "none".to_owned(), |answer| answer.status().as_u16().to_string());
        self.metrics.azure_request(operation, &method, &code, begun.elapsed());
        answer
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn each_cloud_has_its_own_addresses_and_scope() {
        let custom = [
            "--azure-resource-manager=https://arm.stack.example/",
            "--azure-authority-host=https://login.stack.example",
        ];
        let cases: [(&[&str], [&str; 3]); 4] = [
            (
                &[],
                [
                    "https://management.azure.com/",
                    "https://login.microsoftonline.com/",
                    "https://management.azure.com/.default",
                ],
            ),
            (
                &["--azure-cloud=us-government"],
                [
                    "https://management.usgovcloudapi.net/",
                    "https://login.microsoftonline.us/",
                    "https://management.core.usgovcloudapi.net/.default",
                ],
            ),
            (
                &["--azure-cloud=china"],
                [
                    "https://management.chinacloudapi.cn/",
                    "https://login.chinacloudapi.cn/",
                    "https://management.chinacloudapi.cn/.default",
                ],
            ),
            (
                &custom,
                ["https://arm.stack.example/", "https://login.stack.example/", "https://arm.stack.example/.default"],
            ),
        ];
        for (flags, expected) in cases {
            let cli = Cli::try_parse_from(["azimage", "controller"].iter().chain(flags)).unwrap();
            let Command::Controller(arguments) = cli.command else { panic!("another command") };
            let cloud = cloud(&arguments.azure).unwrap();
            let found = [cloud.resource_manager().as_str(), cloud.authority_host().as_str(), cloud.scope()];
            assert_eq!(found, expected, "{flags:?}");
        }
    }
}
