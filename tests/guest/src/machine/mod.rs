//! A machine: a guest on its disk, in a room of its own, with its fabric.

mod commands;
mod frozen;
mod identity;
mod power;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

use crate::{
    command::run,
    disk::{self, Disk},
    door,
    fabric::{Instance, Reports},
    image::{Image, Provisioner},
    qemu::{self, Hardware},
    room::Room,
    wait::until,
};

pub use crate::door::Answer;
pub use frozen::Frozen;
pub use identity::{Identity, Key};

/// A machine with a guest on its disk.
#[derive(Debug)]
pub struct Machine {
    folder: PathBuf,
    image: Image,
    hardware: Hardware,
    instance: Instance,
    key: Key,
    room: Option<Room>,
}

/// How long a guest may take until it is provisioned and its agent is ready.
pub const PROVISIONING: Duration = Duration::from_secs(15 * 60);

impl Machine {
    /// A new machine with an empty overlay over a disk, not started yet.
    ///
    /// # Errors
    /// When a disk can't be made.
    pub async fn create(folder: PathBuf, image: &Image, backing: &Path, identity: &Identity) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        if folder.as_os_str().len() > 85 {
            bail!("{} is too long for the name of a socket; set AZIMAGE_CACHE", folder.display());
        }
        let key = Key::make(&folder).await?;
        let hardware = identity.hardware();
        let instance = Instance {
            specialized: false,
            id: hardware.uuid.clone(),
            name: identity.name.clone(),
            admin: identity.admin.clone(),
            public_key: key.public.clone(),
            password: (image.provisioner == Provisioner::Agent).then(|| "Rig-passw0rd".to_owned()),
            hardware_address: hardware.hardware_address.clone(),
            address: hardware.address(),
            incarnation: 1,
            run_commands: Vec::new(),
        };
        let machine = Self { folder, image: image.clone(), hardware, instance, key, room: None };
        let format = if backing.extension().is_some_and(|extension| extension == "qcow2") { "qcow2" } else { "raw" };
        machine.overlay(backing, format).await?;
        machine.make_disk(qemu::TEMPORARY_DISK, "1G").await?;
        machine.make_seed("provisioning", &machine.instance.environment()).await?;
        machine.write_instance()?;
        Ok(machine)
    }

    async fn overlay(&self, backing: &Path, format: &str) -> anyhow::Result<()> {
        run(
            Command::new("qemu-img")
                .args(["create", "-q", "-f", "qcow2", "-F", format, "-b"])
                .arg(backing)
                .arg(self.folder.join(qemu::DISK)),
            Duration::from_secs(20),
        )
        .await?;
        Ok(())
    }

    /// Makes the disk of a machine that wasn't started yet larger than what it was made from.
    ///
    /// # Errors
    /// When the size isn't larger, or the tool fails.
    pub async fn enlarge_disk(&self, size: &str) -> anyhow::Result<()> {
        let file = self.folder.join(qemu::DISK);
        run(Command::new("qemu-img").args(["resize", "-q"]).arg(file).arg(size), Duration::from_secs(20)).await?;
        Ok(())
    }

    async fn make_disk(&self, name: &str, size: &str) -> anyhow::Result<()> {
        let file = self.folder.join(name);
        run(
            Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(file).arg(size),
            Duration::from_secs(20),
        )
        .await?;
        Ok(())
    }

    /// Another machine around a copy of this one's disk, as it is now: with ids and addresses of its own, the accounts of this one, and
    /// nothing for a first start. Azure makes such machines around disks with a system. This one must not run any more.
    ///
    /// # Errors
    /// When a disk can't be made.
    pub async fn copied(&self, folder: PathBuf, identity: &Identity) -> anyhow::Result<Self> {
        let disk = std::path::absolute(self.folder.join(qemu::DISK))?;
        let mut copy = Self::create(folder, &self.image, &disk, identity).await?;
        copy.instance.specialized = true;
        copy.instance.admin.clone_from(&self.instance.admin);
        copy.instance.public_key.clone_from(&self.instance.public_key);
        copy.key = self.key.clone();
        copy.make_seed("empty", "").await?;
        copy.write_instance()?;
        Ok(copy)
    }

    /// The disc of the first start, by its label and what `ovf-env.xml` says.
    async fn make_seed(&self, label: &str, environment: &str) -> anyhow::Result<()> {
        let content = tempfile::tempdir_in(&self.folder)?;
        if !environment.is_empty() {
            std::fs::write(content.path().join("ovf-env.xml"), environment)?;
        }
        run(
            Command::new("genisoimage")
                .args(["-quiet", "-udf", "-V", label, "-o"])
                .arg(self.folder.join(qemu::SEED))
                .arg(content.path()),
            Duration::from_secs(20),
        )
        .await?;
        Ok(())
    }

    fn write_instance(&self) -> anyhow::Result<()> {
        let fresh = self.folder.join("instance.json.fresh");
        std::fs::write(&fresh, serde_json::to_vec_pretty(&self.instance)?)?;
        Ok(std::fs::rename(fresh, self.folder.join("instance.json"))?)
    }

    /// The folder with everything of this machine.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the fabric knows of it.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What its guest reported.
    pub fn reports(&self) -> Reports {
        Reports::of(&self.folder)
    }

    /// Waits until the guest reported that it is provisioned, and its agent that it is ready.
    ///
    /// # Errors
    /// When it takes too long, or the machine ends.
    pub async fn wait_ready(&mut self, limit: Duration) -> anyhow::Result<()> {
        let reports = self.reports();
        let ready = async || {
            if self.ended()? {
                bail!("the machine ended before its guest was ready");
            }
            if disk::contains(&self.console(), b"Kernel panic") {
                bail!("the guest's kernel panicked");
            }
            Ok((reports.provisioned() && reports.agent().is_some_and(|agent| agent.state == "Ready")).then_some(()))
        };
        until("a ready guest", limit, ready).await
    }

    /// Waits until the agent of its guest says that it is ready, of a machine for which nothing is provisioned.
    ///
    /// # Errors
    /// When it takes too long, or the machine ends.
    pub async fn wait_agent(&mut self, limit: Duration) -> anyhow::Result<()> {
        let reports = self.reports();
        let ready = async || {
            if self.ended()? {
                bail!("the machine ended before its agent was ready");
            }
            Ok(reports.agent().is_some_and(|agent| agent.state == "Ready").then_some(()))
        };
        until("a ready agent", limit, ready).await
    }

    /// Runs a script in the guest through the rig's own door: as root, and whatever was done to the guest.
    ///
    /// # Errors
    /// When the guest doesn't answer.
    pub async fn door(&self, script: &str, limit: Duration) -> anyhow::Result<Answer> {
        door::run(&self.folder, script, limit).await
    }

    /// The same, for a script that has to succeed.
    ///
    /// # Errors
    /// When it doesn't.
    pub async fn set_up(&self, script: &str) -> anyhow::Result<String> {
        let answer = self.door(&format!("set -eu\n{script}"), Duration::from_secs(5 * 60)).await?;
        if answer.code != Some(0) {
            bail!("a script of the set-up failed with {:?}: {}{}", answer.code, answer.out, answer.err);
        }
        Ok(answer.out)
    }

    /// Waits until the door opens, which is soon after the start.
    ///
    /// # Errors
    /// When it doesn't open.
    pub async fn wait_door(&self, limit: Duration) -> anyhow::Result<()> {
        let knock = async || Ok(self.door("true", Duration::from_secs(5)).await.ok());
        until("the guest's door", limit, knock).await.map(|_| ())
    }

    /// What was written to the serial port since the machine was made.
    pub fn console(&self) -> Vec<u8> {
        std::fs::read(self.folder.join(qemu::SERIAL_LOG)).unwrap_or_default()
    }

    /// Runs a command in the guest over ssh, with a key.
    ///
    /// # Errors
    /// When ssh can't be started.
    pub async fn ssh(&self, user: &str, key: &Key, command: &str, limit: Duration) -> anyhow::Result<Answer> {
        identity::ssh(&self.folder, user, key, command, limit).await
    }

    /// A session of the machine's user with a terminal, running a command until one side ends it.
    ///
    /// # Errors
    /// When ssh can't be started.
    pub fn ssh_session(&self, command: &str) -> anyhow::Result<Child> {
        let mut ssh = identity::ssh_command(&self.folder, &self.instance.admin, &self.key)?;
        let ssh = ssh.arg("-tt").arg(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ssh.kill_on_drop(true).spawn().context("cannot start ssh")
    }

    /// The key of the account that it was made with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Its disk, for a look from outside. The machine must be off.
    ///
    /// # Errors
    /// When it still runs.
    pub fn disk(&mut self) -> anyhow::Result<Disk> {
        if self.room.is_some() && !self.ended()? {
            bail!("the machine still runs");
        }
        Ok(Disk::of(self.folder.join(qemu::DISK)))
    }

    fn ended(&mut self) -> anyhow::Result<bool> {
        let Some(room) = &mut self.room else { return Ok(true) };
        let Some(status) = room.ended()? else { return Ok(false) };
        self.room = None;
        if !status.success() {
            let log = std::fs::read_to_string(self.folder.join("room.log")).unwrap_or_default();
            let last = log.lines().last().unwrap_or_default().to_owned();
            return Err(anyhow::anyhow!("{last}")).context("the machine's room ended badly");
        }
        Ok(true)
    }
}
