//! The process: from the command line to running controllers, and a clean end.

mod azure;
mod election;
mod kubernetes;
mod leftovers;

use std::{fs, io::Write, sync::Arc};

use anyhow::Context;
use azimage_crds::manifests;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use leftovers::print_leftovers;

use crate::{
    build::BUILD,
    cli::{ControllerArgs, CrdsArgs},
    config::{Config, Pace, Served},
    controller,
    decisions::Decisions,
    election::LEASE_NAME,
    identity::AzureClients,
    seams::Seams,
    telemetry::{liveness::Liveness, logs, metrics::Metrics, server},
};

/// Prints the custom resource definitions, or writes them into a folder.
///
/// # Errors
/// When the folder or a file can't be written.
pub fn print_crds(arguments: &CrdsArgs) -> anyhow::Result<()> {
    for manifest in manifests()? {
        let text = serde_saphyr::to_string(&manifest.object)?;
        match &arguments.output_dir {
            None => write!(std::io::stdout(), "---\n{text}").context("can't print")?,
            Some(folder) => {
                fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
                let path = folder.join(format!("{}.yaml", manifest.name));
                fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Runs the controller until it is told to stop.
///
/// # Errors
/// When something is missing or wrong at the start, in words that name the flag.
pub fn run(arguments: &ControllerArgs) -> anyhow::Result<()> {
    logs::init(arguments.log_format, &arguments.log_level)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    let outcome = runtime.block_on(serve(arguments));
    runtime.shutdown_background();
    outcome
}

async fn serve(arguments: &ControllerArgs) -> anyhow::Result<()> {
    let seams = Seams::default();
    let metrics = Metrics::new();
    let stop = CancellationToken::new();
    let ready = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;

    let clients = Arc::new(azure::clients(&arguments.azure, &seams, &metrics)?);
    let access = kubernetes::config().await?;
    let client = kubernetes::client(access.clone(), &metrics)?;
    let (mut leadership, term) = election::leadership(arguments, access, &seams, &metrics)?;
    let liveness = Liveness::start(stop.clone());
    server::health(arguments.health_address, liveness, ready.clone(), stop.clone())
        .await
        .context("--health-address")?;
    server::metrics(arguments.metrics_address, metrics.clone(), stop.clone()).await.context("--metrics-address")?;
    let cluster = kubernetes::cluster_id(arguments.cluster_id.as_deref(), &client).await?;
    let config = config(arguments, cluster);
    let namespaces: Vec<String> = arguments.watch_namespaces.iter().filter(|name| !name.is_empty()).cloned().collect();
    tracing::info!(
        version = BUILD.version,
        commit = BUILD.commit,
        cluster = config.cluster,
        watch_namespaces = if namespaces.is_empty() { "all".to_owned() } else { namespaces.join(",") },
        identity_namespaces = ?config.served,
        service_account_names = ?config.accounts,
        azure = %clients.own().cloud().resource_manager(),
        leader_election = arguments.leader_elect,
        pace = ?config.pace,
        "Starting"
    );
    let told = async {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("Received SIGTERM; finishing running reconciles"),
            _ = interrupt.recv() => tracing::info!("Received SIGINT; finishing running reconciles"),
        }
    };
    tokio::pin!(told);
    tokio::select! {
        () = leadership.win(&ready) => tracing::info!("Starting controllers"),
        () = &mut told => {
            leadership.release().await;
            return Ok(());
        }
    }
    let mut running = tokio::spawn(controller::run(controller::Options {
        client,
        azure: clients,
        config,
        namespaces,
        decisions: Decisions::default(),
        seams,
        term,
        metrics,
        instance: std::env::var("POD_NAME").ok(),
        stop: stop.clone(),
        ready,
    }));
    let early = tokio::select! {
        () = told => None,
        loss = leadership.keep() => Some(loss),
        // A process that works no more must not renew the lease. It runs out, and isn't released: what was on its way is over by then.
        ended = &mut running => match ended {
            Ok(()) => anyhow::bail!("the controllers ended without being told to"),
            Err(error) => anyhow::bail!("the controllers ended badly: {error}"),
        },
    };
    stop.cancel();
    // What still runs may still write, so the lease is kept until it has ended, and is not released before.
    let ended = if let Some(loss) = early {
        Err(loss)
    } else {
        tokio::select! {
            ended = tokio::time::timeout(arguments.shutdown_timeout, &mut running) => Ok(ended),
            loss = leadership.keep() => Err(loss),
        }
    };
    match ended {
        Ok(Ok(Ok(()))) => {
            leadership.release().await;
            tracing::info!("Stopped");
        }
        Ok(Ok(Err(error))) => anyhow::bail!("the controllers ended badly: {error}"),
        // What runs on is found again by the next process: nothing rests on this one's ending well.
        Ok(Err(_)) => tracing::warn!("Stopped before running reconciles had ended"),
        Err(loss) => {
            running.abort();
            tracing::error!(lease = LEASE_NAME, %loss, "Lost the lease; ending, so that nothing is written twice");
            anyhow::bail!("lost the lease {LEASE_NAME}: {loss}");
        }
    }
    Ok(())
}

fn config(arguments: &ControllerArgs, cluster: String) -> Config {
    Config {
        cluster,
        served: served(&arguments.identity_namespaces, std::env::var("POD_NAMESPACE").ok()),
        accounts: served(&arguments.service_account_names, None),
        workspaces: arguments.workspaces.clone(),
        tenant: azure::tenant(&arguments.azure),
        changers_are_stamped: arguments.believe_latest_changed_by,
        image_version_concurrency: arguments.image_version_concurrency,
        replication_target_concurrency: arguments.replication_target_concurrency,
        pace: Pace {
            poll: arguments.poll_interval,
            resync: arguments.resync_interval,
            retry_min: arguments.retry_min,
            retry_max: arguments.retry_max,
        },
    }
}

/// The names of a flag, or else this one.
fn served(names: &[String], default: Option<String>) -> Served {
    let given: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    if given.iter().any(|name| name == "*") {
        return Served::All;
    }
    if given.is_empty() {
        return Served::Only(default.into_iter().collect());
    }
    Served::Only(given)
}

/// An empty value counts as none, as a chart can't always leave a variable out.
fn present(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}
