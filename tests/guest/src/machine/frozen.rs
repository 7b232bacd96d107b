//! A machine at one moment: disk and memory, out of which any number of lives can go on.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{Machine, identity::Key};
use crate::{
    clock,
    fabric::Instance,
    image::Image,
    qemu::{self, Hardware, TEMPORARY_DISK},
    wait::until,
};

/// A machine that was stopped in the middle of its life.
#[derive(Clone, Debug)]
pub struct Frozen {
    folder: PathBuf,
    image: Image,
    hardware: Hardware,
    instance: Instance,
    key: Key,
}

const MEMORY: &str = "memory";
/// Written last, so a folder with it is whole.
const HARDWARE: &str = "hardware.json";
/// Files that a life takes over as they are.
const COPIED: [&str; 6] = [qemu::SEED, qemu::SERIAL_LOG, "key", "key.pub", "health.xml", "status.json"];

impl Machine {
    /// Writes its memory down and ends it. Its folder must not be changed any more.
    ///
    /// # Errors
    /// When QEMU can't.
    pub async fn freeze(mut self) -> anyhow::Result<Frozen> {
        // So that the disk alone is a good one as well.
        self.set_up("sync").await?;
        let mut monitor = self.monitor().await?;
        monitor.execute("stop", json!({})).await?;
        monitor.execute("migrate-set-parameters", json!({"max-bandwidth": 4_000_000_000_u64})).await?;
        monitor.execute("migrate", json!({"uri": format!("exec:cat > {MEMORY}")})).await?;
        until("the machine's memory", Duration::from_secs(2 * 60), async || {
            let state = monitor.execute("query-migrate", json!({})).await?;
            match state.get("status").and_then(Value::as_str) {
                Some("completed") => Ok(Some(())),
                Some("failed" | "cancelled") => bail!("QEMU can't write the memory down: {state}"),
                _ => Ok(None),
            }
        })
        .await?;
        monitor.execute("quit", json!({})).await?;
        self.wait_off(Duration::from_secs(20)).await?;
        let Self { folder, image, hardware, instance, key, .. } = self;
        fs::write(folder.join(HARDWARE), serde_json::to_vec_pretty(&hardware)?)?;
        Ok(Frozen { folder, image, hardware, instance, key })
    }
}

impl Frozen {
    /// The one in a folder, if it is there.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn load(folder: &Path, image: &Image) -> anyhow::Result<Option<Self>> {
        if !folder.join(HARDWARE).exists() {
            return Ok(None);
        }
        let read = |name: &str| fs::read(folder.join(name)).with_context(|| format!("cannot read {name}"));
        Ok(Some(Self {
            folder: folder.to_owned(),
            image: image.clone(),
            hardware: serde_json::from_slice(&read(HARDWARE)?)?,
            instance: serde_json::from_slice(&read("instance.json")?)?,
            key: Key {
                private: folder.join("key"),
                public: String::from_utf8_lossy(&read("key.pub")?).trim().to_owned(),
            },
        }))
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another life from this moment on, in a folder of its own. Its clock is set right, as a host does.
    ///
    /// # Errors
    /// When it can't be started.
    pub async fn resume(&self, folder: PathBuf) -> anyhow::Result<Machine> {
        let mut machine = self.copy(folder).await?;
        machine.start_from(Some(&self.folder.join(MEMORY)))?;
        let mut monitor = machine.monitor().await?;
        until("the machine's memory", Duration::from_secs(60), async || {
            let state = monitor.execute("query-status", json!({})).await?;
            Ok((state.get("status").and_then(Value::as_str) != Some("inmigrate")).then_some(()))
        })
        .await?;
        monitor.execute("cont", json!({})).await?;
        machine.set_clock().await.context("the guest doesn't go on")?;
        Ok(machine)
    }

    /// A machine with this disk that isn't started yet; it may get other hardware.
    ///
    /// # Errors
    /// When the disk can't be made.
    pub async fn copy(&self, folder: PathBuf) -> anyhow::Result<Machine> {
        fs::create_dir_all(&folder)?;
        for name in COPIED {
            if self.folder.join(name).exists() {
                fs::copy(self.folder.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
            }
        }
        let key = Key { private: folder.join("key"), public: self.key.public.clone() };
        let machine = Machine {
            folder,
            image: self.image.clone(),
            hardware: self.hardware.clone(),
            instance: self.instance.clone(),
            key,
            room: None,
        };
        machine.overlay(&self.folder.join(qemu::DISK), "qcow2").await?;
        fs::copy(self.folder.join(TEMPORARY_DISK), machine.folder.join(TEMPORARY_DISK))?;
        machine.write_instance()?;
        Ok(machine)
    }
}

impl Machine {
    /// Sets the guest's clock to that of the world.
    ///
    /// # Errors
    /// When the guest doesn't answer.
    pub async fn set_clock(&self) -> anyhow::Result<()> {
        self.set_up(&format!("date -u -s @{} >/dev/null", clock::now().as_second())).await.map(|_| ())
    }

    /// Has the machine no serial port from its next start on, or no console there.
    pub fn set_serial(&mut self, serial: bool, console: bool) {
        self.hardware.serial = serial;
        self.hardware.console = console;
    }
}
