//! A look into a guest's disk from outside, with nothing mounted and nothing of the guest running.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::bail;
use tokio::process::Command;

use crate::command::run;

/// The folders that are looked through.
const FOLDERS: [&str; 7] = ["/etc", "/var", "/root", "/home", "/opt", "/tmp", "/usr/local"];

/// The disk of a machine that is off.
#[derive(Clone, Debug)]
pub struct Disk {
    file: PathBuf,
}

/// What was found: where, and which needle.
pub type Found = Vec<(String, String)>;

/// A disk's folders, written out to be looked through.
#[derive(Debug)]
pub struct Look {
    folder: tempfile::TempDir,
}

impl Disk {
    /// The one in a file.
    pub fn of(file: PathBuf) -> Self {
        Self { file }
    }

    /// The file, to make machines from it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes the folders that matter out of the file system.
    ///
    /// # Errors
    /// When the file system isn't whole, or a tool fails.
    pub async fn look(&self) -> anyhow::Result<Look> {
        let folder = tempfile::tempdir_in(self.file.parent().unwrap_or(Path::new("/tmp")))?;
        let raw = folder.path().join("disk.raw");
        let minutes = Duration::from_secs(3 * 60);
        run(Command::new("qemu-img").args(["convert", "-O", "raw"]).arg(&self.file).arg(&raw), minutes).await?;
        // A file system that wasn't unmounted has its last changes in the journal, which debugfs doesn't read.
        let check = Command::new("e2fsck").args(["-p", "-f"]).arg(&raw).output().await?;
        if !matches!(check.status.code(), Some(0 | 1)) {
            bail!("the file system isn't whole: {}", String::from_utf8_lossy(&check.stdout));
        }
        let root = folder.path().join("root");
        fs::create_dir(&root)?;
        for path in FOLDERS {
            let target = root.join(path.trim_start_matches('/'));
            let parent = target.parent().unwrap_or(&root).to_owned();
            fs::create_dir_all(&parent)?;
            let request = format!("rdump {path} {}", parent.display());
            run(Command::new("debugfs").args(["-R", &request]).arg(&raw), minutes).await?;
            if !target.exists() {
                bail!("{path} can't be read out of the disk");
            }
        }
        fs::remove_file(&raw)?;
        Ok(Look { folder })
    }
}

impl Look {
    /// The root of what was written out.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A file's content, if it is there.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.root().join(path.trim_start_matches('/'))).ok()
    }

    /// The names in a folder; none when it isn't there.
    pub fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root().join(path.trim_start_matches('/')));
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Where any of the needles stands: in a file's content, in a name, or in what a link points to.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn search(&self, needles: &BTreeMap<&str, String>) -> anyhow::Result<Found> {
        let mut found = Found::new();
        let root = self.root();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let path = entry.path();
                let kind = entry.file_type()?;
                let inside = path.strip_prefix(&root).map(|path| format!("/{}", path.display())).unwrap_or_default();
                let name = entry.file_name().into_encoded_bytes();
                let mut here = among(&name, needles);
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_symlink() {
                    here.extend(among(&fs::read_link(&path)?.into_os_string().into_encoded_bytes(), needles));
                } else if kind.is_file() {
                    here.extend(in_file(&path, needles)?);
                }
                found.extend(here.into_iter().map(|what| (inside.clone(), what.to_owned())));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Which needles stand in some bytes.
fn among<'a>(bytes: &[u8], needles: &BTreeMap<&'a str, String>) -> BTreeSet<&'a str> {
    needles.iter().filter(|(_, needle)| contains(bytes, needle.as_bytes())).map(|(what, _)| *what).collect()
}

/// Which needles stand in a file, which may be larger than memory.
fn in_file<'a>(path: &Path, needles: &BTreeMap<&'a str, String>) -> anyhow::Result<BTreeSet<&'a str>> {
    const PIECE: usize = 1 << 20;
    // A needle may lie across the border of two pieces.
    const KEPT: usize = 4096;
    let mut file = fs::File::open(path)?;
    let mut found = BTreeSet::new();
    let mut bytes = Vec::with_capacity(PIECE + KEPT);
    loop {
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut bytes)?;
        if bytes.iter().any(|byte| *byte != 0) {
            found.extend(among(&bytes, needles));
        }
        if read < PIECE {
            return Ok(found);
        }
        bytes.drain(..bytes.len().saturating_sub(KEPT));
    }
}

/// Whether a needle is there, and isn't only part of a longer word.
pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    if needle.is_empty() || haystack.len() < needle.len() {
        return false;
    }
    let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    haystack.windows(needle.len()).enumerate().any(|(at, part)| {
        part == needle && !(at > 0 && word(haystack.get(at - 1))) && !word(haystack.get(at + needle.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_alone_and_not_inside_of_a_longer_word() {
        for (haystack, there) in [
            ("azureuser", true),
            ("user=azureuser;", true),
            ("/home/azureuser/x", true),
            ("azureusers", false),
            ("xazureuser", false),
            ("azureuse", false),
            ("azureusers azureuser\n", true),
            ("\0azureuser\0", true),
            ("", false),
        ] {
            assert_eq!(contains(haystack.as_bytes(), b"azureuser"), there, "{haystack}");
        }
        assert!(!contains(b"anything", b""), "an empty needle isn't one");
    }

    #[test]
    fn a_needle_in_a_large_file_is_found_across_borders_of_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let needles = BTreeMap::from([("account", "azureuser".to_owned()), ("name", "builder-7".to_owned())]);
        let mut bytes = vec![0; 3 << 20];
        let at = (1 << 20) - 4;
        bytes[at..at + 9].copy_from_slice(b"azureuser");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(in_file(&path, &needles).unwrap(), BTreeSet::from(["account"]));
    }
}
