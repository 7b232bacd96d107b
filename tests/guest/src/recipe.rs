//! What is in a guest's image. A change here makes another image.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use anyhow::Context as _;

use crate::image::Provisioner;

/// What is installed besides the packages that Debian can't be without.
const PACKAGES: &[&str] = &[
    "linux-image-cloud-amd64",
    "systemd-sysv",
    "libpam-systemd",
    "udev",
    "dbus",
    "openssh-server",
    "sudo",
    "waagent",
    "ifupdown",
    "isc-dhcp-client",
    "iproute2",
    "rsyslog",
    "chrony",
    "unattended-upgrades",
    "locales",
    "e2fsprogs",
    "procps",
    "psmisc",
    "openssl",
];
const CLOUD_INIT: &[&str] = &["cloud-init", "cloud-guest-utils"];
/// By which the agent takes the disc of the first start out.
const AGENT: &[&str] = &["eject"];

/// How large the file system is; what isn't used takes no room on the host.
pub(crate) const SIZE: &str = "3G";
pub(crate) const MIRROR: &str = "http://deb.debian.org/debian";

/// Files of ours in the image, all outside of the folders that are looked through for findings.
const FILES: &[(&str, &str, u32)] = &[
    ("usr/lib/azimage-rig/backdoor", include_str!("../image/backdoor"), 0o755),
    ("usr/lib/systemd/system/azimage-rig.service", include_str!("../image/backdoor.service"), 0o644),
    // As in Ubuntu's unit of the agent (Azure/WALinuxAgent, init/ubuntu/walinuxagent.service).
    (
        "usr/lib/systemd/system/walinuxagent.service.d/restart.conf",
        "[Service]\nRestart=always\nSlice=azure.slice\n",
        0o644,
    ),
    ("etc/fstab", "LABEL=root / ext4 errors=remount-ro 0 1\n", 0o644),
    ("etc/hostname", "localhost\n", 0o644),
    ("etc/default/locale", "LANG=C.UTF-8\n", 0o644),
    ("etc/machine-id", "", 0o444),
];
const CLOUD_CONFIG: &str = "datasource_list: [ Azure ]\nlocale: C.UTF-8\napt_preserve_sources_list: true\n";

/// All that makes one image another one than before.
pub(crate) fn text() -> String {
    format!("{FILES:?}{}", include_str!("recipe.rs"))
}

/// The packages that are named to the archive.
pub(crate) fn packages(provisioner: Provisioner) -> Vec<&'static str> {
    let provisioning = match provisioner {
        Provisioner::CloudInit => CLOUD_INIT,
        Provisioner::Agent => AGENT,
    };
    [PACKAGES, provisioning].concat()
}

/// Makes of an installation an image: what belongs to one machine goes, and ours comes in.
pub(crate) fn finish(root: &Path, provisioner: Provisioner) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join("etc/ssh"))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ssh_host_")) {
            fs::remove_file(path)?;
        }
    }
    for (path, text, mode) in FILES {
        write(&root.join(path), text, *mode)?;
    }
    let wants = root.join("usr/lib/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants)?;
    symlink("../azimage-rig.service", wants.join("azimage-rig.service"))?;
    let agent = root.join("etc/waagent.conf");
    let settings = [
        (
            "Provisioning.Agent",
            match provisioner {
                Provisioner::CloudInit => "cloud-init",
                Provisioner::Agent => "waagent",
            },
        ),
        ("Provisioning.RegenerateSshHostKeyPair", "y"),
        // The fabric offers no newer agent, and takes no logs.
        ("AutoUpdate.Enabled", "n"),
        ("Logs.Collect", "n"),
    ];
    let names: BTreeSet<&str> = settings.iter().map(|(name, _)| *name).collect();
    let kept = fs::read_to_string(&agent)?;
    let kept = kept.lines().filter(|line| !names.contains(line.split('=').next().unwrap_or_default()));
    let text = kept.map(str::to_owned).chain(settings.iter().map(|(name, value)| format!("{name}={value}")));
    write(&agent, &(text.collect::<Vec<_>>().join("\n") + "\n"), 0o644)?;
    if provisioner == Provisioner::CloudInit {
        write(&root.join("etc/cloud/cloud.cfg.d/90_azure.cfg"), CLOUD_CONFIG, 0o644)?;
    } else {
        // What cloud-init would write.
        write(
            &root.join("etc/network/interfaces.d/primary"),
            "auto lo\niface lo inet loopback\nallow-hotplug enp0s2\niface enp0s2 inet dhcp\n",
            0o644,
        )?;
    }
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
