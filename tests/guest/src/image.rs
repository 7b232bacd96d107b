//! The guest's image: Debian's own packages in an ext4 file system, with kernel and initrd beside it for a direct boot.
//!
//! It needs root, for the packages' own scripts run in a chroot. Nothing is mounted by us, and there is no boot loader.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tokio::{process::Command, time::Instant};

use crate::{
    cache::{self, cache},
    clock,
    command::run,
    recipe,
};

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
        cache::clean(parent)?;
        let work = tempfile::Builder::new().prefix(&format!("build-{}-", std::process::id())).tempdir_in(parent)?;
        let root = work.path().join("root");
        let packages = recipe::packages(self.provisioner);
        eprintln!(
            "building a guest of Debian {} with {} packages named, in {}",
            name(self.suite),
            packages.len(),
            self.folder.display()
        );
        let mirror = std::env::var("AZIMAGE_GUEST_MIRROR").unwrap_or_else(|_| recipe::MIRROR.to_owned());
        run(
            // It ends with this process, and all that it has started with it.
            Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=SIGKILL", "mmdebstrap"])
                .args(["--quiet", "--mode=root", "--variant=minbase", "--aptopt=Acquire::Languages \"none\""])
                .args(["man", "doc", "locale"].map(|folder| format!("--dpkgopt=path-exclude=/usr/share/{folder}/*")))
                .arg(format!("--include={}", packages.join(",")))
                .arg(name(self.suite))
                .arg(&root)
                .arg(mirror),
            Duration::from_secs(20 * 60),
        )
        .await?;
        let after_packages = begin.elapsed();
        recipe::finish(&root, self.provisioner)?;
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
                .arg(recipe::SIZE),
            Duration::from_secs(3 * 60),
        )
        .await?;
        match fs::rename(&done, &self.folder) {
            // Somebody else has built the same meanwhile.
            Err(_) if self.folder.exists() => {}
            other => other?,
        }
        eprintln!(
            "built in {} s ({} s of it packages), {} MB on disk, in {}",
            begin.elapsed().as_secs(),
            after_packages.as_secs(),
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
    sum.update(format!("{suite:?} {provisioner:?} {month}"));
    sum.update(recipe::text());
    cache::key(sum)
}

fn boot_file(root: &Path, prefix: &str) -> anyhow::Result<PathBuf> {
    let found = fs::read_dir(root.join("boot"))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    found.with_context(|| format!("the image has no {prefix}…"))
}
