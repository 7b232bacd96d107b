//! Programs of the host that are run to their end.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{process::Command, time::timeout};

/// Runs a program and gives what it wrote.
///
/// # Errors
/// When it can't be started, takes longer than the limit, or fails: with the end of what it said.
pub async fn run(command: &mut Command, limit: Duration) -> anyhow::Result<Vec<u8>> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.with_context(|| format!("cannot start {name}; is its package installed?"))?;
    let output = timeout(limit, child.wait_with_output())
        .await
        .with_context(|| format!("{name} took longer than {} s", limit.as_secs()))??;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().rev().take(15).collect();
        bail!("{name} failed ({}):\n{}", output.status, last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok(output.stdout)
}
