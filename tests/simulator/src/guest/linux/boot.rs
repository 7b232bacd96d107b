//! A boot: what exists only while the system runs, and the units that it starts.

use jiff::Timestamp;

use crate::{
    clock::later,
    guest::{
        disk::{Limits, Node},
        system::System,
        units::Activity,
    },
    scenario::{FileSetup, Port},
};

const SERVICES: &[(&str, &str)] = &[
    ("walinuxagent.service", "Azure Linux Agent"),
    ("ssh.service", "OpenBSD Secure Shell server"),
    ("cron.service", "Regular background program processing daemon"),
    ("dbus.service", "D-Bus System Message Bus"),
    ("rsyslog.service", "System Logging Service"),
    ("syslog.socket", "Syslog Socket"),
    ("systemd-journald.service", "Journal Service"),
    ("systemd-journald.socket", "Journal Sockets"),
    ("systemd-logind.service", "User Login Management"),
    ("systemd-networkd.service", "Network Configuration"),
    ("systemd-resolved.service", "Network Name Resolution"),
    ("systemd-random-seed.service", "Load/Save OS Random Seed"),
    ("unattended-upgrades.service", "Unattended Upgrades Shutdown"),
    ("apt-daily.timer", "Daily apt download activities"),
    ("apt-daily-upgrade.timer", "Daily apt upgrade and clean activities"),
    ("chrony.service", "chrony, an NTP client/server"),
    ("serial-getty@ttyS0.service", "Serial Getty on ttyS0"),
    ("multi-user.target", "Multi-User System"),
];

/// The system's disk, and its partitions: where each begins and how long it is, in sectors of 512 bytes. The root file system lies
/// in the one at the end of the disk.
const DISK: (&str, u64) = ("/sys/devices/pci0000:00/block/sda", 62_914_560);
const PARTITIONS: [(u32, u64, u64); 3] = [(1, 227_328, 62_687_199), (14, 2048, 8192), (15, 10_240, 217_088)];

impl System {
    /// What the kernel tells of the disk.
    fn shows_disk(&mut self) {
        let (disk, sectors) = DISK;
        let contents = &mut self.contents;
        contents.put(&format!("{disk}/size"), format!("{sectors}\n"), 0o444);
        for (number, start, size) in PARTITIONS {
            let folder = format!("{disk}/sda{number}");
            for (name, value) in [("partition", u64::from(number)), ("start", start), ("size", size)] {
                contents.put(&format!("{folder}/{name}"), format!("{value}\n"), 0o444);
            }
        }
        contents.make_folders("/sys/dev/block").ok();
        contents.make_link("/sys/dev/block/8:1", &format!("{disk}/sda1")).ok();
    }

    /// The kernel and systemd have come up.
    pub(crate) fn boots(&mut self, now: Timestamp) {
        self.goes_off();
        self.booted = Some(now);
        if self.identity.windows {
            return;
        }
        let port = self.port_name();
        let contents = &mut self.contents;
        for folder in [
            "/run/lock",
            "/run/systemd/system",
            "/run/systemd/transient",
            "/run/systemd/netif/leases",
            "/run/systemd/resolve",
            "/run/user",
            "/run/sshd",
            "/run/log/journal",
            "/run/cloud-init",
            "/proc/self",
            "/proc/sys/kernel/random",
            "/dev/pts",
            "/dev/disk",
        ] {
            contents.make_folders(folder).ok();
        }
        let lag = if self.serial.console { format!("tty0 {port}\n") } else { "tty0\n".to_owned() };
        let command_line =
            if self.serial.console { format!("console=tty0 console={port},115200") } else { "console=tty0".to_owned() };
        for (path, text) in [
            ("/sys/class/tty/console/active", lag),
            ("/sys/class/net/eth0/address", format!("{}\n", super::provision::address(&self.identity.vm_id))),
            ("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n".to_owned()),
            ("/proc/cmdline", format!("BOOT_IMAGE=/boot/vmlinuz root=PARTUUID=1 ro {command_line}\n")),
            ("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".to_owned()),
            ("/proc/self/mounts", "/dev/root / ext4 rw,relatime 0 0\n".to_owned()),
            ("/proc/mounts", "/dev/root / ext4 rw,relatime 0 0\n".to_owned()),
            ("/proc/locks", String::new()),
            ("/proc/uptime", "120.00 200.00\n".to_owned()),
            ("/proc/sys/kernel/random/boot_id", format!("{}\n", self.identity.vm_id)),
            ("/proc/1/comm", "systemd\n".to_owned()),
            ("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n".to_owned()),
            ("/run/systemd/netif/leases/2", "ADDRESS=10.0.0.4\n".to_owned()),
            ("/run/utmp", String::new()),
        ] {
            contents.put(path, text, 0o444);
        }
        self.shows_disk();
        let contents = &mut self.contents;
        for device in ["null", "zero", "full", "random", "urandom", "tty", "tty0", "console", "kmsg"] {
            contents.make_device(&format!("/dev/{device}")).ok();
        }
        if self.serial.port != Port::Absent {
            contents.make_device(&format!("/dev/{port}")).ok();
        }
        self.units = crate::guest::units::Units::default();
        if self.setup.systemd > 0 {
            for (name, description) in SERVICES {
                self.units.load(name, Activity::Active, description);
            }
        } else {
            self.contents.take("/run/systemd").ok();
        }
        if !self.has("waagent") {
            self.units.load("walinuxagent.service", Activity::Inactive, "Azure Linux Agent");
        }
        if self.setup.busy_packages > 0.0 {
            self.busy_until = Some(later(now, self.setup.busy_packages));
        }
        let limits = Limits { read_only: self.setup.read_only.clone(), full: self.setup.full.clone() };
        self.contents.limit(limits);
        self.refresh(now);
    }

    /// Another set-up, while the system runs or not.
    pub(crate) fn changes_set_up(&mut self) {
        let limits = Limits { read_only: self.setup.read_only.clone(), full: self.setup.full.clone() };
        self.contents.limit(Limits::default());
        self.set_up();
        if self.booted.is_some() {
            self.contents.limit(limits);
        }
        if self.setup.logged_in && self.sessions.is_empty() && self.booted.is_some() {
            self.sessions.push(self.identity.admin.clone());
        }
    }

    /// The port's device comes or goes.
    pub(crate) fn changes_port(&mut self) {
        if self.booted.is_none() {
            return;
        }
        let port = self.port_name();
        self.contents.take(&format!("/dev/{port}")).ok();
        if self.serial.port != Port::Absent {
            self.contents.make_device(&format!("/dev/{port}")).ok();
        }
        let active = if self.serial.console { format!("tty0 {port}\n") } else { "tty0\n".to_owned() };
        self.contents.put("/sys/class/tty/console/active", active, 0o444);
    }

    /// Somebody else has deprovisioned it, or provisioned it.
    pub(crate) fn is_deprovisioned(&mut self, deprovisioned: bool) {
        if self.identity.windows {
            self.contents = crate::guest::windows::disk(deprovisioned);
        } else if deprovisioned {
            crate::guest::tools::deprovision_all(&mut self.contents);
        } else {
            self.contents.provision(&self.identity, self.setup.cloud_init);
        }
    }

    /// Whether a program is installed.
    pub(crate) fn has(&self, name: &str) -> bool {
        ["/usr/sbin", "/usr/bin"].iter().any(|folder| self.contents.exists(&format!("{folder}/{name}")))
    }

    /// What the scenario changes on the disk, for ever.
    pub(crate) fn set_up(&mut self) {
        let setup = self.setup.clone();
        for name in &setup.missing {
            for folder in ["/usr/sbin", "/usr/bin"] {
                self.contents.take(&format!("{folder}/{name}")).ok();
            }
        }
        if !setup.cloud_init {
            self.contents.take("/usr/bin/cloud-init").ok();
            self.contents.take("/etc/cloud").ok();
        }
        crate::guest::tools::status::set_half_configured(&mut self.contents, &setup.half_configured);
        for (path, file) in &setup.files {
            if !path.starts_with('/') {
                continue;
            }
            if matches!(self.contents.get_itself(path), Ok(Node::Link(_))) || file.is_none() {
                self.contents.take(path).ok();
            }
            match file {
                None => {}
                Some(FileSetup::Text(text)) => self.contents.put(path, text, 0o644),
                Some(FileSetup::Entry(entry)) => {
                    let mode = entry.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
                    if let Some(target) = &entry.link {
                        self.contents.make_folders(crate::guest::disk::folder_of(path)).ok();
                        self.contents.take(path).ok();
                        self.contents.make_link(path, target).ok();
                    } else if entry.folder {
                        self.contents.make_folders(path).ok();
                        self.contents.set_mode(path, mode.unwrap_or(0o755)).ok();
                    } else {
                        self.contents.put(path, entry.text.as_deref().unwrap_or_default(), mode.unwrap_or(0o644));
                    }
                }
            }
        }
    }

    /// What is only true at this moment: who holds which lock.
    pub(crate) fn refresh(&mut self, now: Timestamp) {
        let Some(until) = self.busy_until else { return };
        let lock = self.contents.number("/var/lib/dpkg/lock-frontend");
        let text =
            if now < until { format!("1: POSIX  ADVISORY  WRITE 4242 08:01:{lock} 0 EOF\n") } else { String::new() };
        if now >= until {
            self.busy_until = None;
        }
        if self.contents.text("/proc/locks") != text {
            self.contents.put("/proc/locks", text, 0o444);
        }
    }

    /// The last things that a system does before it is off.
    pub(crate) fn shut_down(&mut self) {
        if self.identity.windows || self.booted.is_none() {
            return;
        }
        let vm_id = self.identity.vm_id.clone();
        if self.units.is_active("systemd-random-seed.service") {
            let seed = super::provision::digest([&vm_id, "seed at shutdown"]);
            self.contents.put("/var/lib/systemd/random-seed", seed, 0o600);
        }
        if self.contents.exists("/var/log/wtmp") {
            self.contents.append("/var/log/wtmp", "shutdown system down\n").ok();
        }
    }
}
