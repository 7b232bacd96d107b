//! A room: namespaces for processes and network in which one machine lives with its fabric, and nothing else.
//!
//! The rig starts `unshare … azimage-guest room FOLDER` and holds the other end of its standard input. When the rig
//! ends, however it ends, the room reads the end of its input and ends as well; it is the first process of its
//! namespace, so the kernel kills all others with it, and the network goes with the last of them.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpStream, UnixListener},
    process::{Child, Command},
    sync::oneshot,
};

use crate::{
    command::run,
    fabric::{self, METADATA_SERVICE, WIRE_SERVER},
};

/// The room's end of the cable to the guest.
pub const TAP: &str = "tap0";
const SSH_SOCKET: &str = "ssh.sock";
const PLAN: &str = "room.json";

/// What a room is made for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The guest's network, without its last number.
    pub network: String,
    /// The guest's address there.
    pub address: String,
    /// QEMU's arguments.
    pub qemu: Vec<String>,
}

/// A room as the rig sees it.
#[derive(Debug)]
pub struct Room {
    process: Child,
}

impl Room {
    /// Opens a room for the machine in a folder, and starts QEMU in it.
    ///
    /// # Errors
    /// When namespaces can't be made, which needs root.
    pub fn open(folder: &Path, plan: &Plan) -> anyhow::Result<Self> {
        std::fs::write(folder.join(PLAN), serde_json::to_vec(plan)?)?;
        let log = std::fs::File::options().create(true).append(true).open(folder.join("room.log"))?;
        let process = Command::new("unshare")
            .args(["--net", "--pid", "--fork", "--kill-child=SIGKILL", "--"])
            .arg(std::env::current_exe()?)
            .arg("room")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start unshare")?;
        Ok(Self { process })
    }

    /// The end of the room, if it came: success when QEMU ended by itself, as at a power-off.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// Pulls the plug: everything in the room is killed, and QEMU's lock on the disk is free when this returns.
    ///
    /// The room is let go and not killed, since `unshare` would end before QEMU: the first process of a namespace is gone
    /// only after all others.
    ///
    /// # Errors
    /// When the room doesn't end.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        drop(self.process.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(20), self.process.wait()).await;
        ended.context("a room that was let go still lives")?.context("cannot wait for a room")?;
        Ok(())
    }
}

/// What the process in the room does: network, fabric, QEMU; until QEMU ends or nobody holds the input any more.
///
/// # Errors
/// When one of them can't be had.
pub async fn live(folder: PathBuf) -> anyhow::Result<bool> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(folder.join(PLAN))?)?;
    let gateway = format!("{}.1", plan.network);
    for command in [
        "link set lo up",
        &format!("address add {WIRE_SERVER} dev lo"),
        &format!("address add {METADATA_SERVICE} dev lo"),
        &format!("tuntap add {TAP} mode tap"),
        // The same in each room, as a guest that goes on in another one remembers it.
        &format!("link set {TAP} address 12:34:56:78:9a:bc"),
        &format!("address add {gateway}/24 dev {TAP}"),
        &format!("link set {TAP} up"),
    ] {
        run(Command::new("ip").args(command.split(' ')), Duration::from_secs(10)).await?;
    }
    let socket = folder.join(SSH_SOCKET);
    let _ = std::fs::remove_file(&socket);
    let ssh = UnixListener::bind(&socket)?;
    let mut fabric = tokio::spawn({
        let folder = folder.clone();
        async move { fabric::serve(&folder).await }
    });
    let mut dnsmasq = leases(&folder, &plan, &gateway)?;
    let mut qemu = Command::new("qemu-system-x86_64")
        .args(&plan.qemu)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start qemu-system-x86_64; is its package installed?")?;
    let mut let_go = let_go();
    loop {
        tokio::select! {
            status = qemu.wait() => return Ok(status?.success()),
            status = dnsmasq.wait() => bail!("dnsmasq ended: {}", status?),
            ended = &mut fabric => { ended??; bail!("the fabric ended") }
            _ = &mut let_go => bail!("nobody holds this room any more"),
            connection = ssh.accept() => {
                let (mut here, _) = connection?;
                let address = plan.address.clone();
                tokio::spawn(async move {
                    if let Ok(mut there) = TcpStream::connect((address.as_str(), 22)).await {
                        let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                    }
                });
            }
        }
    }
}

/// Gives the guest its address as Azure does: with routes to the fabric, and the wire server in option 245.
fn leases(folder: &Path, plan: &Plan, gateway: &str) -> anyhow::Result<Child> {
    let routes = format!("121,{WIRE_SERVER}/32,{gateway},{METADATA_SERVICE}/32,{gateway},0.0.0.0/0,{gateway}");
    Command::new("dnsmasq")
        .args(["--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--port=0", "--pid-file"])
        .args(["--bind-interfaces", "--dhcp-authoritative", "--no-ping", "--log-facility=-"])
        .arg(format!("--interface={TAP}"))
        .arg(format!("--dhcp-range={0},{0},255.255.255.0,12h", plan.address))
        .arg(format!("--dhcp-leasefile={}", folder.join("leases").display()))
        .arg(format!("--dhcp-option=3,{gateway}"))
        .arg(format!("--dhcp-option=6,{WIRE_SERVER}"))
        .arg(format!("--dhcp-option={routes}"))
        .arg(format!("--dhcp-option-force=245,{WIRE_SERVER}"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start dnsmasq; is its package installed?")
}

/// Comes when the other end of the standard input is closed. A thread of its own, as the runtime waits for its own ones.
fn let_go() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = sender.send(());
    });
    receiver
}

/// The socket behind which the ssh of the guest in a folder is.
pub fn ssh_socket(folder: &Path) -> PathBuf {
    folder.join(SSH_SOCKET)
}
