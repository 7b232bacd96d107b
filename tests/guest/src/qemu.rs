//! The machine that QEMU shows to the guest, and the talk with QEMU itself.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use crate::{image::Image, room::TAP};

/// The hardware of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// The UUID of the firmware.
    pub uuid: String,
    /// The address of the network interface.
    pub hardware_address: String,
    /// The network's third number: 10.77.N.0/24.
    pub network: u8,
    /// Whether there is a serial port.
    pub serial: bool,
    /// Whether the kernel's console is on it.
    pub console: bool,
    /// Memory in MiB.
    pub memory: u32,
}

/// Files in a machine's folder.
pub(crate) const DISK: &str = "disk.qcow2";
pub(crate) const TEMPORARY_DISK: &str = "temporary.qcow2";
pub(crate) const SEED: &str = "seed.iso";
pub(crate) const SERIAL_LOG: &str = "serial.log";
pub(crate) const MONITOR: &str = "qmp.sock";
pub(crate) const DOOR: &str = "door.sock";

impl Hardware {
    /// The guest's network, without its last number.
    pub fn network(&self) -> String {
        format!("10.77.{}", self.network)
    }

    /// The guest's own address.
    pub fn address(&self) -> String {
        format!("{}.20", self.network())
    }

    /// QEMU's arguments. It emulates the processor: where KVM is there, it can't be relied on.
    pub(crate) fn arguments(&self, image: &Image, memory_from: Option<&Path>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut add = |name: &str, value: String| all.extend([format!("-{name}"), value]);
        add("machine", "q35".into());
        add("accel", "tcg,thread=multi,tb-size=512".into());
        // Without the hypervisor's bit systemd goes by the firmware's words, and says "microsoft".
        add("cpu", "qemu64,-svm,-hypervisor".into());
        // One processor: with several, emulated ones may run an instruction of the kernel while another one patches it.
        add("smp", "1".into());
        add("m", self.memory.to_string());
        add("uuid", self.uuid.clone());
        add("smbios", "type=0,vendor=Hyper-V UEFI".into());
        add("smbios", "type=1,manufacturer=Microsoft Corporation,product=Virtual Machine".into());
        // By this both cloud-init and the agent know Azure.
        add("smbios", "type=3,manufacturer=Microsoft Corporation,asset=7783-7084-3265-9085-8269-3286-77".into());
        add("kernel", image.kernel().display().to_string());
        add("initrd", image.initrd().display().to_string());
        let console = if self.console { "console=tty0 console=ttyS0,115200" } else { "console=tty0" };
        // Emulated, and with others beside it, a guest can be slow beyond systemd's usual patience.
        let patience = "systemd.default_device_timeout_sec=300 systemd.default_timeout_start_sec=300";
        add("append", format!("root=LABEL=root ro {console} {patience}"));
        // Fixed places on the bus, so that names of devices don't change with the hardware.
        add("netdev", format!("tap,id=net,ifname={TAP},script=no,downscript=no"));
        add("device", format!("virtio-net-pci,netdev=net,mac={},addr=2", self.hardware_address));
        for (place, file) in [(3, DISK), (4, TEMPORARY_DISK)] {
            add("drive", format!("if=none,id=disk{place},file={file},format=qcow2,discard=unmap"));
            add("device", format!("virtio-blk-pci,drive=disk{place},addr={place}"));
        }
        add("device", "virtio-scsi-pci,addr=5".into());
        add("drive", format!("if=none,id=seed,media=cdrom,readonly=on,format=raw,file={SEED}"));
        add("device", "scsi-cd,drive=seed".into());
        add("device", "virtio-rng-pci,addr=6".into());
        add("device", "virtio-serial-pci,addr=7".into());
        add("chardev", format!("socket,id=door,path={DOOR},server=on,wait=off"));
        add("device", "virtserialport,chardev=door,name=azimage.rig".into());
        add("qmp", format!("unix:{MONITOR},server=on,wait=off"));
        if self.serial {
            add("chardev", format!("file,id=console,path={SERIAL_LOG},append=on"));
            add("serial", "chardev:console".into());
        } else {
            add("serial", "none".into());
        }
        if let Some(memory) = memory_from {
            add("incoming", format!("exec:cat '{}'", memory.display()));
        }
        add("display", "none".into());
        add("monitor", "none".into());
        all.extend(["-nodefaults", "-no-user-config"].map(str::to_owned));
        all
    }
}

/// A connection to QEMU.
pub(crate) struct Monitor {
    stream: BufReader<UnixStream>,
}

impl Monitor {
    /// Connects to the QEMU of the machine in a folder.
    pub(crate) async fn connect(folder: &Path) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(folder.join(MONITOR)).await.context("cannot reach QEMU")?;
        let mut monitor = Self { stream: BufReader::new(stream) };
        monitor.line().await?;
        monitor.execute("qmp_capabilities", json!({})).await?;
        Ok(monitor)
    }

    /// Has QEMU do something, and gives its answer.
    pub(crate) async fn execute(&mut self, command: &str, arguments: Value) -> anyhow::Result<Value> {
        let text = json!({"execute": command, "arguments": arguments}).to_string() + "\n";
        self.stream.get_mut().write_all(text.as_bytes()).await?;
        loop {
            let mut line = self.line().await?;
            if let Some(answer) = line.get_mut("return") {
                return Ok(answer.take());
            }
            if let Some(error) = line.get("error") {
                bail!("QEMU refuses {command}: {error}");
            }
            // Anything else is an event.
        }
    }

    async fn line(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            bail!("QEMU has ended");
        }
        Ok(serde_json::from_str(&line)?)
    }
}
