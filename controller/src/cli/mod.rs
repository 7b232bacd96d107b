//! The command line. Every flag is also an environment variable.

#![allow(clippy::doc_markdown, reason = "these docs are the program's help text, where backticks would show")]

mod access;
mod address;
pub mod completion;
pub mod evidence;
pub mod exit;
pub mod export;
pub mod man;
mod objects;
pub mod reference;
pub mod status;
mod terminal;
pub mod version;
pub mod wish;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use azimage_azure::rights::{CustomRole, Job};
use azimage_names::{ResourceGroup, SubscriptionId};
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use self::{
    completion::CompletionArgs, evidence::EvidenceArgs, export::ExportArgs, man::ManArgs, status::StatusArgs,
    version::VersionArgs, wish::WishArgs,
};
use crate::seams::{Clock, SystemClock};

pub use reference::{ReferenceArgs, ReferenceForm};

/// Golden VM images on Azure, as Kubernetes objects.
#[derive(Debug, Parser)]
#[command(name = "azimage", version, long_version = crate::build::VERSION_AND_COMMIT, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The name by which kubectl calls its plugin.
const PLUGIN: &str = "kubectl-azimage";
/// The name by which kubectl asks for completions.
const PLUGIN_COMPLETION: &str = "kubectl_complete-azimage";

impl Cli {
    /// From the words of the command line, the first of which is the program's own name. As a plugin of kubectl it says so in its help.
    ///
    /// # Errors
    /// When they can't be read; also for help and version, which are texts to be printed.
    pub fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        if called(words).is_some_and(|name| name.starts_with(PLUGIN)) {
            command = command.bin_name("kubectl azimage");
        }
        Self::from_arg_matches(&command.try_get_matches_from(words)?)
    }
}

/// The words that kubectl wants to have completed, if it asks for that.
pub fn words_to_complete(words: &[OsString]) -> Option<Vec<String>> {
    let asks = called(words).is_some_and(|name| name.starts_with(PLUGIN_COMPLETION));
    asks.then(|| words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect())
}

/// The name under which the program was called.
fn called(words: &[OsString]) -> Option<&str> {
    std::path::Path::new(words.first()?).file_name()?.to_str()
}

fn now() -> jiff::Timestamp {
    SystemClock.now()
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how it stands with an object, or with all of a namespace: each condition and region, what goes on, and what to do.
    Status(Box<StatusArgs>),
    /// Have azimage look at objects now, and wait until it has.
    Reconcile(Box<WishArgs>),
    /// Have nothing more done for ImageVersions or ImageDefinitions (spec.suspend: true), and wait until azimage has seen it.
    Suspend(Box<WishArgs>),
    /// Go on with what was suspended, and wait until azimage has seen it.
    Resume(Box<WishArgs>),
    /// Print objects as YAML for Git: without status and what the API server adds.
    Export(Box<ExportArgs>),
    /// Run the controller: watch ImageVersion and ReplicationTarget objects and make them true in Azure.
    Controller(Box<ControllerArgs>),
    /// Print the custom resource definitions, ready for `kubectl apply --server-side -f -`.
    Crds(CrdsArgs),
    /// Print a custom role with the rights on Azure that a job takes, ready for `az role definition create
    /// --role-definition @-`.
    AzureRole(AzureRoleArgs),
    /// List what the controller would delete in a workspace: what is left of copies whose objects are gone. Nothing is
    /// changed. Needs list on imageversions, and in Azure what the role `workspace` may read.
    Leftovers(Box<LeftoversArgs>),
    /// Print the script that completes this command line in a shell, with the names of objects in the cluster.
    Completion(CompletionArgs),
    /// Write a man page for each command.
    Man(ManArgs),
    /// Print how a deployment refers to the version of an ImageDefinition that is latest. Needs get on imagedefinitions. Exit
    /// codes: 0 it is printed, 1 it failed or an option is wrong, 3 no version is latest, or none in the region.
    Reference(Box<ReferenceArgs>),
    /// Print how a version came about, from its ImageVersion and its ImageDefinition: source, what it was made from, hygiene, seal, writes to
    /// Azure with their correlation ids, validation and releases. Nothing is read of Azure. Needs get on imageversions, and list on
    /// imagedefinitions for the releases.
    Evidence(Box<EvidenceArgs>),
    /// Print the version, and what it was built from.
    Version(VersionArgs),
}

/// Options of `azimage crds`.
#[derive(Debug, Args)]
pub struct CrdsArgs {
    /// Write one file per definition into this folder instead of printing them.
    #[arg(long, value_name = "FOLDER")]
    pub output_dir: Option<PathBuf>,
}

/// Options of `azimage azure-role`.
#[derive(Debug, Args)]
pub struct AzureRoleArgs {
    /// The job. All of them make one role, for an identity that does everything in one place.
    #[arg(long, value_enum, default_value_t = JobName::All)]
    pub job: JobName,
    /// Where the role may be assigned: a subscription or a resource group, such as /subscriptions/ID. May be repeated.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    pub scopes: Vec<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = RoleForm::Az)]
    pub output: RoleForm,
}

/// Jobs that have a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JobName {
    /// Seal and generalize machines, and make versions from them.
    Capture,
    /// Delete machines that were captured, with what belongs to them.
    DeleteSource,
    /// Read machines that are cloned, and copy their disks.
    Clone,
    /// Make copies of machines, capture and delete them, in a workspace.
    Workspace,
    /// Make machines from versions to prove them, and delete them, in a workspace.
    Validate,
    /// Read versions and managed images that versions are made from.
    Source,
    /// Make versions from disks and snapshots.
    SourceDisks,
    /// Make image definitions and keep them.
    Definition,
    /// Make and replicate versions.
    Publish,
    /// Delete versions.
    CleanUp,
    /// See who uses versions, and how writes ended.
    Observe,
    /// Everything.
    All,
}

/// Forms of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleForm {
    /// What `az role definition create` reads.
    Az,
    /// The body of a PUT to Azure Resource Manager.
    Arm,
}

impl AzureRoleArgs {
    /// The role as text: the same for the same arguments.
    pub fn text(&self) -> String {
        let jobs = match self.job {
            JobName::Capture => &[Job::Capture][..],
            JobName::DeleteSource => &[Job::DeleteSource],
            JobName::Clone => &[Job::Clone],
            JobName::Workspace => &[Job::Workspace],
            JobName::Validate => &[Job::Validate],
            JobName::Source => &[Job::Source],
            JobName::SourceDisks => &[Job::SourceDisks],
            JobName::Definition => &[Job::Definition],
            JobName::Publish => &[Job::Publish],
            JobName::CleanUp => &[Job::CleanUp],
            JobName::Observe => &[Job::Observe],
            JobName::All => &Job::ALL,
        };
        let role = CustomRole::of(jobs, &self.scopes);
        match self.output {
            RoleForm::Az => serde_json::to_string_pretty(&role).unwrap_or_default(),
            RoleForm::Arm => format!("{:#}", role.body()),
        }
    }
}

fn group(text: &str) -> Result<ResourceGroup, String> {
    let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
    let (subscription, name) = match parts.as_slice() {
        [first, subscription, second, name]
            if first.eq_ignore_ascii_case("subscriptions") && second.eq_ignore_ascii_case("resourceGroups") =>
        {
            (subscription, name)
        }
        _ => return Err("not a resource group: it has the form /subscriptions/ID/resourceGroups/NAME".to_owned()),
    };
    let subscription = SubscriptionId::parse(subscription).map_err(|problem| problem.to_string())?;
    ResourceGroup::new(subscription, &name.to_lowercase()).map_err(|problem| problem.to_string())
}

fn scope(text: &str) -> Result<String, String> {
    let subscription = text.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next());
    match subscription {
        Some(id) if id.parse::<uuid::Uuid>().is_ok() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("not a scope: it begins with /subscriptions/ and the id of a subscription".to_owned()),
    }
}

/// Options of `azimage controller`.
#[derive(Clone, Debug, Args)]
// So that further arguments of the chart win over its own.
#[command(args_override_self = true)]
pub struct ControllerArgs {
    /// Namespaces to watch, separated by commas. Empty watches all of them.
    #[arg(
        long,
        env = "AZIMAGE_WATCH_NAMESPACES",
        value_delimiter = ',',
        value_name = "NAMESPACES",
        help_heading = "Kubernetes"
    )]
    pub watch_namespaces: Vec<String>,

    /// Identifies this cluster in the owner tags on Azure resources. By default the uid of the namespace kube-system.
    #[arg(long, env = "AZIMAGE_CLUSTER_ID", value_name = "ID", help_heading = "Kubernetes")]
    pub cluster_id: Option<String>,

    /// Work only while holding the lease azimage.dev-controller, so that several processes may run of which one works.
    /// Off unless asked for: a process that a person starts is alone, and needs no rights on leases. The Helm chart
    /// switches it on.
    #[arg(long, env = "AZIMAGE_LEADER_ELECT", default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOLEAN", help_heading = "Leader election")]
    pub leader_elect: bool,

    /// How long the others leave the lease alone after they saw it renewed: the longest time without a leader.
    #[arg(long, env = "AZIMAGE_LEADER_ELECT_LEASE_DURATION", value_name = "TIME", default_value = "15s", value_parser = duration, help_heading = "Leader election")]
    pub leader_elect_lease_duration: Duration,

    /// How long the leader goes on after it last renewed the lease. Shorter than the lease: what is on its way then has
    /// the rest of it to arrive.
    #[arg(long, env = "AZIMAGE_LEADER_ELECT_RENEW_DEADLINE", value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Leader election")]
    pub leader_elect_renew_deadline: Duration,

    /// How often the lease is renewed or looked at.
    #[arg(long, env = "AZIMAGE_LEADER_ELECT_RETRY_PERIOD", value_name = "TIME", default_value = "2s", value_parser = duration, help_heading = "Leader election")]
    pub leader_elect_retry_period: Duration,

    /// Namespaces that the controller's own Azure identity serves for objects without spec.serviceAccountName, separated
    /// by commas, or * for all. By default only the controller's own namespace: whoever may write objects in a namespace served here acts with these rights.
    #[arg(
        long,
        env = "AZIMAGE_IDENTITY_NAMESPACES",
        value_delimiter = ',',
        value_name = "NAMESPACES",
        help_heading = "Azure"
    )]
    pub identity_namespaces: Vec<String>,

    /// Names of ServiceAccounts that objects may act as (spec.serviceAccountName), separated by commas, or * for all. The
    /// controller needs the right to make tokens for them, and asks for no others.
    #[arg(
        long,
        env = "AZIMAGE_SERVICE_ACCOUNT_NAMES",
        value_delimiter = ',',
        value_name = "NAMES",
        default_value = "azimage",
        help_heading = "Azure"
    )]
    pub service_account_names: Vec<String>,

    /// Believe the annotation azimage.dev/latest-changed-by of ImageDefinitions, and put it into their history. Only with the admission policy
    /// latest-changed-by.azimage.dev, which sets it and lets nobody else do so. The Helm chart switches it on with the policy.
    #[arg(long, env = "AZIMAGE_BELIEVE_LATEST_CHANGED_BY", default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOLEAN", help_heading = "Kubernetes")]
    pub believe_latest_changed_by: bool,

    /// Resource groups in which copies of machines were made, or snapshots of them are kept, such as /subscriptions/ID/resourceGroups/NAME, separated by
    /// commas. The controller's own identity looks there for what is left of objects that are gone; where objects that live
    /// have their workspaces it looks anyway.
    #[arg(long, env = "AZIMAGE_WORKSPACES", value_delimiter = ',', value_name = "IDS", value_parser = group, help_heading = "Azure")]
    pub workspaces: Vec<ResourceGroup>,

    /// Azure, and who acts there.
    #[command(flatten)]
    pub azure: AzureArgs,

    /// How many image versions are worked on at a time.
    #[arg(long, env = "AZIMAGE_IMAGE_VERSION_CONCURRENCY", value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Pace")]
    pub image_version_concurrency: u16,

    /// How many replication targets are worked on at a time.
    #[arg(long, env = "AZIMAGE_REPLICATION_TARGET_CONCURRENCY", value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Pace")]
    pub replication_target_concurrency: u16,

    /// How often Azure is asked while it works on something: the longer it takes, the less often, until it is as often as
    /// --resync-interval. Azure allows about 12 reads of a machine a minute.
    #[arg(long, env = "AZIMAGE_POLL_INTERVAL", value_name = "TIME", default_value = "15s", value_parser = duration, help_heading = "Pace")]
    pub poll_interval: Duration,

    /// How often Azure is looked at while nothing is to be done.
    #[arg(long, env = "AZIMAGE_RESYNC_INTERVAL", value_name = "TIME", default_value = "10m", value_parser = duration, help_heading = "Pace")]
    pub resync_interval: Duration,

    /// How soon something that failed is tried again for the first time; each time it takes twice as long.
    #[arg(long, env = "AZIMAGE_RETRY_MIN", value_name = "TIME", default_value = "5s", value_parser = duration, help_heading = "Pace")]
    pub retry_min: Duration,

    /// How long it takes at most until something that failed is tried again.
    #[arg(long, env = "AZIMAGE_RETRY_MAX", value_name = "TIME", default_value = "15m", value_parser = duration, help_heading = "Pace")]
    pub retry_max: Duration,

    /// Where /healthz and /readyz are served.
    #[arg(
        long,
        env = "AZIMAGE_HEALTH_ADDRESS",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8081",
        help_heading = "Process"
    )]
    pub health_address: SocketAddr,

    /// Where /metrics is served.
    #[arg(
        long,
        env = "AZIMAGE_METRICS_ADDRESS",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080",
        help_heading = "Process"
    )]
    pub metrics_address: SocketAddr,

    /// Form of the logs; auto is human on a terminal and json elsewhere.
    #[arg(long, env = "AZIMAGE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto, help_heading = "Process")]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, or a filter such as azimage=debug,kube=warn.
    #[arg(long, env = "AZIMAGE_LOG_LEVEL", value_name = "LEVEL", default_value = "info", help_heading = "Process")]
    pub log_level: String,

    /// How long running reconciles may take after SIGTERM.
    #[arg(long, env = "AZIMAGE_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "25s", value_parser = duration, help_heading = "Process")]
    pub shutdown_timeout: Duration,
}

/// Azure, and who acts there.
#[derive(Clone, Debug, Args)]
pub struct AzureArgs {
    /// The Azure cloud.
    #[arg(long = "azure-cloud", env = "AZIMAGE_AZURE_CLOUD", value_enum, default_value_t = CloudName::Public, help_heading = "Azure")]
    pub cloud: CloudName,

    /// Base URL of Azure Resource Manager in a custom cloud; needs --azure-authority-host as well.
    #[arg(
        long = "azure-resource-manager",
        env = "AZIMAGE_AZURE_RESOURCE_MANAGER",
        value_name = "URL",
        requires = "authority_host",
        help_heading = "Azure"
    )]
    pub resource_manager: Option<String>,

    /// Base URL of the token authority in a custom cloud; needs --azure-resource-manager as well.
    #[arg(
        long = "azure-authority-host",
        env = "AZIMAGE_AZURE_AUTHORITY_HOST",
        value_name = "URL",
        requires = "resource_manager",
        help_heading = "Azure"
    )]
    pub authority_host: Option<String>,

    /// How many seconds pass in that cloud in one real second, which budgets of requests go by. 1, unless Azure is
    /// simulated.
    #[arg(
        long = "azure-time-factor",
        env = "AZIMAGE_AZURE_TIME_FACTOR",
        value_name = "NUMBER",
        default_value_t = 1.0,
        value_parser = factor,
        requires = "resource_manager",
        help_heading = "Azure"
    )]
    pub time_factor: f64,

    /// Certificates (PEM) that are trusted besides those of the system.
    #[arg(long = "azure-ca-file", env = "AZIMAGE_AZURE_CA_FILE", value_name = "FILE", help_heading = "Azure")]
    pub ca_file: Option<PathBuf>,

    /// How the controller proves who it is.
    #[arg(long = "azure-identity", env = "AZIMAGE_AZURE_IDENTITY", value_enum, default_value_t = IdentityName::WorkloadIdentity, help_heading = "Azure")]
    pub identity: IdentityName,

    /// Tenant (directory) id, for client-secret and client-certificate, and for ServiceAccounts that name none in their annotation
    /// azure.workload.identity/tenant-id. AZURE_TENANT_ID is honoured.
    #[arg(long = "azure-tenant-id", env = "AZIMAGE_AZURE_TENANT_ID", value_name = "GUID", help_heading = "Azure")]
    pub tenant_id: Option<String>,

    /// Client (application) id, for client-secret, client-certificate and a user-assigned managed identity. AZURE_CLIENT_ID is honoured.
    #[arg(long = "azure-client-id", env = "AZIMAGE_AZURE_CLIENT_ID", value_name = "GUID", help_heading = "Azure")]
    pub client_id: Option<String>,

    /// File that holds the client secret, for client-secret; read anew for each token. AZURE_CLIENT_SECRET is honoured.
    #[arg(
        long = "azure-client-secret-file",
        env = "AZIMAGE_AZURE_CLIENT_SECRET_FILE",
        value_name = "FILE",
        help_heading = "Azure"
    )]
    pub client_secret_file: Option<PathBuf>,

    /// File that holds a certificate and its RSA key (PEM, without a password), for client-certificate; read anew for
    /// each token. AZURE_CLIENT_CERTIFICATE_PATH is honoured.
    #[arg(
        long = "azure-client-certificate-file",
        env = "AZIMAGE_AZURE_CLIENT_CERTIFICATE_FILE",
        value_name = "FILE",
        help_heading = "Azure"
    )]
    pub client_certificate_file: Option<PathBuf>,
}

/// Options of `azimage leftovers`.
#[derive(Clone, Debug, Args)]
pub struct LeftoversArgs {
    /// Resource groups that are looked through, such as /subscriptions/ID/resourceGroups/NAME, separated by commas.
    #[arg(long, env = "AZIMAGE_WORKSPACES", value_delimiter = ',', value_name = "IDS", required = true, value_parser = group)]
    pub workspaces: Vec<ResourceGroup>,

    /// Identifies this cluster in the owner tags on Azure resources. By default the uid of the namespace kube-system.
    #[arg(long, env = "AZIMAGE_CLUSTER_ID", value_name = "ID")]
    pub cluster_id: Option<String>,

    /// Also lists what isn't deleted, and why.
    #[arg(long)]
    pub all: bool,

    /// Azure, and who acts there.
    #[command(flatten)]
    pub azure: AzureArgs,
}

/// Names of the Azure clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CloudName {
    /// The public cloud.
    Public,
    /// Azure Government (United States).
    UsGovernment,
    /// Azure in China, operated by 21Vianet.
    China,
}

/// How the controller proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IdentityName {
    /// The token of the pod's ServiceAccount, federated with Azure.
    WorkloadIdentity,
    /// The managed identity of the node.
    ManagedIdentity,
    /// An application with a client secret.
    ClientSecret,
    /// An application with a certificate.
    ClientCertificate,
}

/// Form of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Human,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| format!("'{text}' is not a number"))?;
    if (0.001..=1_000_000.0).contains(&factor) { Ok(factor) } else { Err("must be from 0.001 to 1000000".to_owned()) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: kube::core::Duration =
        text.parse().map_err(|_| format!("'{text}' is not a time span such as 500ms, 15s, 10m or 1h30m"))?;
    if parsed.is_negative() || Duration::from(parsed).is_zero() {
        return Err("must be more than nothing".to_owned());
    }
    Ok(parsed.into())
}

#[cfg(test)]
mod tests;
