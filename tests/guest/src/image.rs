//! The guest's image: Debian's own packages in an ext4 file system, with kernel and initrd beside it for a direct boot.
//!
//! It needs root, for the packages' own scripts run in a chroot. Nothing is mounted by us, and there is no boot loader.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tokio::{process::Command, time::Instant};

use crate::{cache::cache, clock, command::run};

/// A release of Debian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Suite {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

/// Who provisions the guest at its first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Provisioner {
    /// cloud-init, as in nearly all images of today.
    CloudInit,
    /// The agent itself; cloud-init isn't installed.
    Agent,
}

/// An image in the cache.
#[derive(Clone, Debug)]
pub struct Image {
    /// The folder that holds it.
    pub folder: PathBuf,
    /// Debian's release.
    pub suite: Suite,
    /// Who provisions it.
    pub provisioner: Provisioner,
}

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
const SIZE: &str = "3G";
const MIRROR: &str = "http://deb.debian.org/debian";

/// Files of ours in the image, all outside of the folders that are looked through for findings.
const FILES: &[(&str, &str, u32)] = &[
    ("usr/lib/azimage-rig/backdoor", include_str!("../image/backdoor"), 0o755),
    ("usr/lib/systemd/system/azimage-rig.service", include_str!("../image/backdoor.service"), 0o644),
    // As in Ubuntu's unit of the agent (Azure/WALinuxAgent, init/ubuntu/walinuxagent.service).
    ("usr/lib/systemd/system/walinuxagent.service.d/restart.conf", "[Service]\nRestart=always\nSlice=azure.slice\n", 0o644),
    ("etc/fstab", "LABEL=root / ext4 errors=remount-ro 0 1\n", 0o644),
    ("etc/hostname", "localhost\n", 0o644),
    ("etc/default/locale", "LANG=C.UTF-8\n", 0o644),
    ("etc/machine-id", "", 0o444),
];
const CLOUD_CONFIG: &str = "datasource_list: [ Azure ]\nlocale: C.UTF-8\napt_preserve_sources_list: true\n";

impl Image {
    /// Takes the image out of the cache, or builds it.
    ///
    /// # Errors
    /// When a program is missing or fails, packages can't be had, or the cache can't be written.
    pub async fn get(suite: Suite, provisioner: Provisioner) -> anyhow::Result<Self> {
        let name = format!("{}-{}", name(suite), key(suite, provisioner));
        let image = Self { folder: cache()?.join("images").join(name), suite, provisioner };
        if !image.folder.exists() {
            image.build().await?;
        }
        Ok(image)
    }

    /// The file system.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("root.ext4")
    }

    /// The kernel.
    pub fn kernel(&self) -> PathBuf {
        self.folder.join("kernel")
    }

    /// The first file system, out of which the kernel finds the disk.
    pub fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    async fn build(&self) -> anyhow::Result<()> {
        let begin = Instant::now();
        let parent = self.folder.parent().context("the image has no folder")?;
        fs::create_dir_all(parent)?;
        let work = tempfile::Builder::new().prefix("build-").tempdir_in(parent)?;
        let root = work.path().join("root");
        let mut packages: Vec<&str> = PACKAGES.to_vec();
        packages.extend(match self.provisioner {
            Provisioner::CloudInit => CLOUD_INIT,
            Provisioner::Agent => AGENT,
        });
        eprintln!("building a guest of Debian {} with {} packages named", name(self.suite), packages.len());
        let mirror = std::env::var("AZIMAGE_GUEST_MIRROR").unwrap_or_else(|_| MIRROR.to_owned());
        run(
            Command::new("mmdebstrap")
                .args(["--quiet", "--mode=root", "--variant=minbase", "--aptopt=Acquire::Languages \"none\""])
                .args(["man", "doc", "locale"].map(|folder| format!("--dpkgopt=path-exclude=/usr/share/{folder}/*")))
                .arg(format!("--include={}", packages.join(",")))
                .arg(name(self.suite))
                .arg(&root)
                .arg(mirror),
            Duration::from_mins(10),
        )
        .await?;
        let packaged = begin.elapsed();
        finish(&root, self.provisioner)?;
        let done = work.path().join("image");
        fs::create_dir(&done)?;
        for (prefix, target) in [("vmlinuz-", "kernel"), ("initrd.img-", "initrd")] {
            fs::copy(boot_file(&root, prefix)?, done.join(target))?;
        }
        run(
            Command::new("mke2fs")
                .args(["-q", "-t", "ext4", "-L", "root", "-E", "root_owner=0:0", "-d"])
                .arg(&root)
                .arg(done.join("root.ext4"))
                .arg(SIZE),
            Duration::from_mins(3),
        )
        .await?;
        match fs::rename(&done, &self.folder) {
            // Somebody else has built the same meanwhile.
            Err(_) if self.folder.exists() => {}
            other => other?,
        }
        use std::os::unix::fs::MetadataExt as _;
        eprintln!(
            "built in {} s ({} s of it packages), {} MB on disk, in {}",
            begin.elapsed().as_secs(),
            packaged.as_secs(),
            fs::metadata(self.disk())?.blocks() * 512 / 1_000_000,
            self.folder.display(),
        );
        Ok(())
    }
}

/// As Debian's archive names it.
pub fn name(suite: Suite) -> &'static str {
    match suite {
        Suite::Bookworm => "bookworm",
        Suite::Trixie => "trixie",
    }
}

/// Another recipe is another image; so is another month, which has newer packages.
fn key(suite: Suite, provisioner: Provisioner) -> String {
    let mut sum = Sha256::new();
    let month = clock::now().strftime("%Y-%m").to_string();
    sum.update(format!("{suite:?} {provisioner:?} {month} {PACKAGES:?} {CLOUD_INIT:?} {AGENT:?} {FILES:?} {CLOUD_CONFIG} {SIZE}"));
    sum.update(include_str!("image.rs"));
    sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes of an installation an image: what belongs to one machine goes, and ours comes in.
fn finish(root: &Path, provisioner: Provisioner) -> anyhow::Result<()> {
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
        ("Provisioning.Agent", match provisioner {
            Provisioner::CloudInit => "cloud-init",
            Provisioner::Agent => "waagent",
        }),
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

fn boot_file(root: &Path, prefix: &str) -> anyhow::Result<PathBuf> {
    let found = fs::read_dir(root.join("boot"))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    found.with_context(|| format!("the image has no {prefix}…"))
}
