//! The machine's power, as Azure and its users have it.

use std::time::Duration;

use anyhow::bail;
use serde_json::json;

use super::{Machine, PROVISIONING};
use crate::{
    qemu::{DOOR, MONITOR, Monitor},
    room::{Plan, Room},
    wait::until,
};

impl Machine {
    /// Starts it.
    ///
    /// # Errors
    /// When it runs already, or can't be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.start_from(None)
    }

    /// Starts it and waits until its guest is ready, believing nothing that was reported before.
    ///
    /// # Errors
    /// When it doesn't get ready.
    pub async fn start_anew(&mut self) -> anyhow::Result<()> {
        self.reports().forget_status();
        self.start()?;
        self.wait_ready(PROVISIONING).await
    }

    pub(super) fn start_from(&mut self, memory: Option<&std::path::Path>) -> anyhow::Result<()> {
        if self.room.is_some() {
            bail!("the machine runs already");
        }
        for socket in [DOOR, MONITOR] {
            let _ = std::fs::remove_file(self.folder.join(socket));
        }
        let plan = Plan {
            network: self.hardware.network(),
            address: self.hardware.address(),
            qemu: self.hardware.arguments(&self.image, memory),
        };
        self.room = Some(Room::open(&self.folder, &plan)?);
        Ok(())
    }

    /// Whether it runs.
    ///
    /// # Errors
    /// When it ended otherwise than by a power-off.
    pub fn running(&mut self) -> anyhow::Result<bool> {
        Ok(!self.ended()?)
    }

    /// Waits until the guest powered itself off.
    ///
    /// # Errors
    /// When it still runs after the limit.
    pub async fn wait_off(&mut self, limit: Duration) -> anyhow::Result<()> {
        until("the power-off", limit, async || Ok(self.ended()?.then_some(()))).await
    }

    /// Presses the power button: the guest is asked to shut down, as by a stop in Azure.
    ///
    /// # Errors
    /// When QEMU can't be reached.
    pub async fn press_power_button(&self) -> anyhow::Result<()> {
        self.monitor().await?.execute("system_powerdown", json!({})).await.map(|_| ())
    }

    /// Holds it at this very moment.
    ///
    /// # Errors
    /// When QEMU can't be reached.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.monitor().await?.execute("stop", json!({})).await.map(|_| ())
    }

    /// Resets it, without asking the guest; a machine that is held goes on.
    ///
    /// # Errors
    /// When QEMU can't be reached.
    pub async fn reset(&self) -> anyhow::Result<()> {
        let mut monitor = self.monitor().await?;
        monitor.execute("system_reset", json!({})).await?;
        monitor.execute("cont", json!({})).await.map(|_| ())
    }

    /// Kills it: QEMU, fabric and room, as when a host dies.
    ///
    /// # Errors
    /// When that isn't possible.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut room) = self.room.take() {
            room.kill().await?;
        }
        Ok(())
    }

    pub(super) async fn monitor(&self) -> anyhow::Result<Monitor> {
        until("QEMU", Duration::from_secs(20), async || Ok(Monitor::connect(&self.folder).await.ok())).await
    }
}
