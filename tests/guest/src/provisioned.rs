//! Guests that are provisioned and ready, kept frozen in the cache, so that not every case begins with a first start.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tokio::{process::Command, time::Instant};

use crate::{
    cache::{self, cache},
    command::run,
    image::Image,
    machine::{Frozen, Identity, Machine, PROVISIONING},
};

/// Who the machine is of which all cases are made.
pub fn identity() -> Identity {
    Identity::new("builder-7", "azureuser", 41)
}

/// A ready guest: out of the cache, or started and provisioned for it.
///
/// # Errors
/// When it doesn't get ready.
pub async fn get(image: &Image) -> anyhow::Result<Frozen> {
    let folder = folder(image).await?;
    if let Some(frozen) = Frozen::load(&folder, image)? {
        return Ok(frozen);
    }
    let begin = Instant::now();
    let parent = folder.parent().context("the cache has no folder")?;
    fs::create_dir_all(parent)?;
    let work = cache()?.join("run").join(format!("fresh-{}", std::process::id()));
    let mut machine = Machine::create(work.clone(), image, &image.disk(), &identity()).await?;
    machine.start()?;
    machine.wait_ready(PROVISIONING).await.with_context(|| format!("see {}", work.display()))?;
    // What a first start leaves to be done later is done.
    machine.set_up("systemctl is-system-running --wait >/dev/null || true").await?;
    let ready = begin.elapsed();
    machine.freeze().await?;
    match fs::rename(&work, &folder) {
        Err(_) if folder.exists() => fs::remove_dir_all(&work)?,
        other => other?,
    }
    eprintln!("provisioned a guest in {} s, frozen after {} s", ready.as_secs(), begin.elapsed().as_secs());
    Frozen::load(&folder, image)?.context("a frozen guest can't be read")
}

/// Memory can be read only by the same QEMU with the same machine.
async fn folder(image: &Image) -> anyhow::Result<PathBuf> {
    let version = run(Command::new("qemu-system-x86_64").arg("--version"), Duration::from_secs(10)).await?;
    let mut sum = Sha256::new();
    sum.update(&version);
    sum.update(include_str!("qemu.rs"));
    sum.update(include_str!("fabric/instance.rs"));
    sum.update(format!("{:?} {}", identity(), image.folder.display()));
    let key = cache::key(sum);
    let name = image.folder.file_name().context("the image has no name")?.to_string_lossy().into_owned();
    Ok(cache()?.join("provisioned").join(format!("{name}-{key}")))
}
