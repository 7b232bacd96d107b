//! A distribution's own image: nothing in it belongs to a machine.

use std::sync::LazyLock;

use crate::guest::{disk::Contents, tools};

/// Systems accounts as a distribution brings them.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\nsync:x:4:65534:sync:/bin:/bin/sync\nman:x:6:12:man:/var/cache/man:/usr/sbin/nologin\nmail:x:8:8:mail:/var/mail:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\nsystemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin\nmessagebus:x:101:101::/nonexistent:/usr/sbin/nologin\nsyslog:x:102:102::/nonexistent:/usr/sbin/nologin\nsshd:x:103:65534::/run/sshd:/usr/sbin/nologin\n_chrony:x:104:104:Chrony daemon,,,:/var/lib/chrony:/usr/sbin/nologin\n";
const GROUPS: &str = "root:x:0:\ndaemon:x:1:\nadm:x:4:syslog\nmail:x:8:\nsudo:x:27:\ncdrom:x:24:\naudio:x:29:\ndip:x:30:\nwww-data:x:33:\nplugdev:x:46:\nusers:x:100:\nnogroup:x:65534:\nlxd:x:105:\nsystemd-network:x:998:\nmessagebus:x:101:\nsyslog:x:102:\n";

const FOLDERS: &[&str] = &[
    "/boot",
    "/dev",
    "/etc/NetworkManager/system-connections",
    "/etc/cloud/clean.d",
    "/etc/netplan",
    "/etc/network/interfaces.d",
    "/etc/ssh/sshd_config.d",
    "/etc/systemd/network",
    "/etc/udev/rules.d",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/var/cache/apt/archives/partial",
    "/var/crash",
    "/var/lib/apt/lists/partial",
    "/var/lib/cloud",
    "/var/lib/dhcp",
    "/var/lib/NetworkManager",
    "/var/lib/private",
    "/var/lib/systemd/coredump",
    "/var/lib/waagent",
    "/var/log/apt",
    "/var/log/azure",
    "/var/log/journal",
    "/var/mail",
    "/var/spool/cron/crontabs",
    "/var/tmp",
];

const FILES: &[(&str, &str, u32)] = &[
    ("/etc/group", GROUPS, 0o644),
    ("/etc/group-", GROUPS, 0o644),
    ("/etc/passwd", PASSWD, 0o644),
    ("/etc/passwd-", PASSWD, 0o644),
    ("/etc/subuid", "", 0o644),
    ("/etc/subgid", "", 0o644),
    ("/etc/hostname", "ubuntu\n", 0o644),
    ("/etc/hosts", "127.0.0.1 localhost\n", 0o644),
    ("/etc/machine-id", "", 0o444),
    (
        "/etc/os-release",
        "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n",
        0o644,
    ),
    ("/etc/debian_version", "trixie/sid\n", 0o644),
    (
        "/etc/fstab",
        "LABEL=cloudimg-rootfs\t/\t ext4\tdiscard,commit=30,errors=remount-ro\t0 1\nLABEL=UEFI\t/boot/efi\tvfat\tumask=0077\t0 1\n",
        0o644,
    ),
    (
        "/etc/sudoers",
        "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
        0o440,
    ),
    ("/etc/sudoers.d/README", "# As of Debian version 1.7.2p1-1 …\n", 0o440),
    ("/etc/ssh/ssh_config", "Host *\n", 0o644),
    ("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n", 0o644),
    (
        "/etc/waagent.conf",
        "Provisioning.Agent=auto\nProvisioning.DeleteRootPassword=y\nProvisioning.RegenerateSshHostKeyPair=y\nResourceDisk.Format=y\n",
        0o644,
    ),
    ("/etc/cloud/cloud.cfg", "users:\n  - default\ndisable_root: true\n", 0o644),
    ("/etc/cloud/cloud.cfg.d/90-azure.cfg", "datasource_list: [ Azure ]\n", 0o644),
    ("/etc/crontab", "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n", 0o644),
    ("/root/.bashrc", "# ~/.bashrc\n", 0o644),
    ("/root/.profile", "# ~/.profile\n", 0o644),
    (
        "/usr/lib/systemd/system/walinuxagent.service",
        "[Unit]\nDescription=Azure Linux Agent\n[Service]\nExecStart=/usr/bin/python3 -u /usr/sbin/waagent -daemon\nRestart=always\n[Install]\nWantedBy=multi-user.target\n",
        0o644,
    ),
    ("/var/lib/dpkg/lock", "", 0o640),
    ("/var/lib/dpkg/lock-frontend", "", 0o640),
    ("/var/log/lastlog", "", 0o664),
    ("/var/log/wtmp", "", 0o664),
    ("/var/log/btmp", "", 0o660),
];

const LINKS: &[(&str, &str)] = &[
    ("/bin", "usr/bin"),
    ("/sbin", "usr/sbin"),
    ("/lib", "usr/lib"),
    ("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"),
    ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
    ("/etc/mtab", "../proc/self/mounts"),
    (
        "/etc/systemd/system/multi-user.target.wants/walinuxagent.service",
        "/usr/lib/systemd/system/walinuxagent.service",
    ),
    ("/var/lib/dbus/machine-id", "/etc/machine-id"),
    ("/var/lock", "/run/lock"),
    ("/var/run", "/run"),
];

static PRISTINE: LazyLock<Contents> = LazyLock::new(|| {
    let mut contents = Contents::default();
    for folder in FOLDERS {
        contents.make_folders(folder).ok();
    }
    for (path, text, mode) in FILES {
        contents.put(path, text, *mode);
    }
    contents.put(tools::status::FILE, tools::status::usual(), 0o644);
    let locked: String = PASSWD
        .lines()
        .filter_map(|line| line.split(':').next())
        .map(|name| format!("{name}:*:19700:0:99999:7:::\n"))
        .collect();
    contents.put("/etc/shadow", &locked, 0o640);
    contents.put("/etc/shadow-", locked, 0o640);
    let groups: String = GROUPS
        .lines()
        .filter_map(|line| Some(format!("{}:*::{}\n", line.split(':').next()?, line.split(':').nth(3)?)))
        .collect();
    contents.put("/etc/gshadow", &groups, 0o640);
    contents.put("/etc/gshadow-", groups, 0o640);
    for (path, text) in tools::installed() {
        contents.put(&path, text, 0o755);
    }
    for (path, target) in LINKS {
        contents.make_folders(crate::guest::disk::folder_of(path)).ok();
        contents.make_link(path, target).ok();
    }
    for (folder, mode) in [
        ("/root", 0o700),
        ("/tmp", 0o1777),
        ("/var/tmp", 0o1777),
        ("/var/lib/waagent", 0o700),
        ("/var/lib/private", 0o700),
    ] {
        contents.set_mode(folder, mode).ok();
    }
    contents
});

/// The disk of a distribution's image.
pub(crate) fn pristine() -> Contents {
    PRISTINE.clone()
}
