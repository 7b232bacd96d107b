//! Leader election, from the command line.

use anyhow::Context;
use kube::Config;

use super::{kubernetes, present};
use crate::{
    cli::ControllerArgs,
    election::{Leadership, Settings, Term, Timing},
    seams::Seams,
    telemetry::metrics::Metrics,
};

/// The right to work, as the flags say.
pub(super) fn leadership(
    arguments: &ControllerArgs,
    access: Config,
    seams: &Seams,
    metrics: &Metrics,
) -> anyhow::Result<(Leadership, Term)> {
    let timing = Timing::new(
        arguments.leader_elect_lease_duration,
        arguments.leader_elect_renew_deadline,
        arguments.leader_elect_retry_period,
    )?;
    if !arguments.leader_elect {
        return Ok(Leadership::granted());
    }
    let namespace = variable("POD_NAMESPACE").unwrap_or_else(|| access.default_namespace.clone());
    let settings = Settings { namespace, identity: identity(seams), timing };
    let client = kubernetes::election_client(access, metrics).context("--leader-elect")?;
    Ok(Leadership::elected(client, settings, seams.clone(), metrics.clone()))
}

/// A name that tells people which pod it is, and a part that no other process has: a container that was restarted has
/// the same pod name, and must not take its predecessor's lease for its own.
fn identity(seams: &Seams) -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let name = variable("POD_NAME").or_else(host).unwrap_or_else(|| "azimage".to_owned());
    format!("{name}_{}", seams.randomness.id())
}

fn variable(name: &str) -> Option<String> {
    present(std::env::var(name).ok().as_deref()).map(str::to_owned)
}
