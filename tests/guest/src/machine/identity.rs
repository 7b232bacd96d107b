//! Who a machine is: names, ids, addresses and the key of its account.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use tokio::process::Command;
use uuid::Uuid;

use crate::{command::run, door::Answer, qemu::Hardware, room::ssh_socket};

/// Who a machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name, of which ids and addresses follow.
    pub name: String,
    /// The account that it is made with.
    pub admin: String,
    /// The third number of its network.
    pub network: u8,
    /// Whether it has a serial port.
    pub serial: bool,
    /// Whether the kernel's console is there.
    pub console: bool,
}

impl Identity {
    /// A machine with a serial console.
    pub fn new(name: &str, admin: &str, network: u8) -> Self {
        Self { name: name.into(), admin: admin.into(), network, serial: true, console: true }
    }

    pub(super) fn hardware(&self) -> Hardware {
        let uuid = Uuid::new_v5(&Uuid::NAMESPACE_DNS, self.name.as_bytes());
        let [a, b, c, ..] = *uuid.as_bytes();
        Hardware {
            uuid: uuid.to_string(),
            hardware_address: format!("00:0d:3a:{a:02x}:{b:02x}:{c:02x}"),
            network: self.network,
            serial: self.serial,
            console: self.console,
            memory: 1024,
        }
    }
}

/// A key for ssh.
#[derive(Clone, Debug)]
pub struct Key {
    /// The file with the private half.
    pub private: PathBuf,
    /// The public half, as a line of `authorized_keys`.
    pub public: String,
}

impl Key {
    /// Makes one in a folder, or takes the one that is there.
    ///
    /// # Errors
    /// When ssh-keygen isn't there.
    pub async fn make(folder: &Path) -> anyhow::Result<Self> {
        let private = folder.join("key");
        if !private.exists() {
            run(
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f"]).arg(&private),
                Duration::from_secs(10),
            )
            .await?;
        }
        let public = std::fs::read_to_string(private.with_extension("pub"))?.trim().to_owned();
        Ok(Self { private, public })
    }
}

/// ssh through the room's socket, with this key and no other, and no host key remembered.
pub(super) fn ssh_command(folder: &Path, user: &str, key: &Key) -> anyhow::Result<Command> {
    let proxy = format!("{} pipe {}", std::env::current_exe()?.display(), ssh_socket(folder).display());
    let mut command = Command::new("ssh");
    command
        .args(["-F", "none", "-q", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=120"])
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o"])
        .arg(format!("ProxyCommand={proxy}"))
        .arg("-i")
        .arg(&key.private)
        .args(["-l", user, "guest"]);
    Ok(command)
}

/// Runs a command over ssh. Code 255 is ssh's own: it got no connection, or wasn't let in.
pub(super) async fn ssh(
    folder: &Path,
    user: &str,
    key: &Key,
    command: &str,
    limit: Duration,
) -> anyhow::Result<Answer> {
    let child = ssh_command(folder, user, key)?
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start ssh")?;
    let Ok(output) = tokio::time::timeout(limit, child.wait_with_output()).await else {
        return Ok(Answer { code: None, out: String::new(), err: String::new() });
    };
    let output = output?;
    let text = |data: &[u8]| String::from_utf8_lossy(data).into_owned();
    Ok(Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}
