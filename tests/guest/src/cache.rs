//! Where the rig keeps its files, outside of the work tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// The folder for everything of the rig, outside of the work tree.
///
/// # Errors
/// When there is neither a folder for caches nor a home.
pub fn cache() -> anyhow::Result<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = of("AZIMAGE_CACHE")
        .or_else(|| Some(of("XDG_CACHE_HOME")?.join("azimage")))
        .or_else(|| Some(of("HOME")?.join(".cache/azimage")))
        .context("neither AZIMAGE_CACHE nor HOME is set")?;
    Ok(base.join("guest"))
}

/// Removes what runs that were killed have left in a folder: each name has a process' number in it.
///
/// # Errors
/// When the folder can't be read.
pub fn clean(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let process = name.split(['-', '.']).find(|part| part.parse::<u32>().is_ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another run may be at it as well.
            let _ = fs::remove_dir_all(path);
        }
    }
    Ok(())
}

/// The begin of a sum, as part of a file's name.
pub(crate) fn key(sum: Sha256) -> String {
    let begin = sum.finalize().iter().take(8).fold(0_u64, |begin, byte| (begin << 8) | u64::from(*byte));
    format!("{begin:016x}")
}
