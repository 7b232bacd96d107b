//! Changes of a tree of files.

use std::sync::Arc;

use super::{Contents, File, Folder, Limits, Mode, Node, Refusal, folder_of, path::join};

impl Contents {
    /// Which folders can't be written from now on.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.limits = Arc::new(limits);
    }

    fn may_change(&self, parts: &[Arc<str>], grows: bool) -> Result<(), Refusal> {
        if self.limits.read_only.is_empty() && self.limits.full.is_empty() {
            return Ok(());
        }
        let path = join(parts);
        let below = |folders: &[String]| {
            folders.iter().any(|folder| {
                path.strip_prefix(folder.trim_end_matches('/'))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if below(&self.limits.read_only) {
            return Err(Refusal::ReadOnly);
        }
        if grows && below(&self.limits.full) {
            return Err(Refusal::Full);
        }
        Ok(())
    }

    /// The entry's folder, ready to be changed.
    fn holder(&mut self, parts: &[Arc<str>]) -> Result<(&mut Folder, Arc<str>), Refusal> {
        let (last, folders) = parts.split_last().ok_or(Refusal::Exists)?;
        let mut folder = Arc::make_mut(&mut self.root);
        for part in folders {
            match folder.entries.get_mut(part) {
                Some(Node::Folder(next)) => folder = Arc::make_mut(next),
                Some(_) => return Err(Refusal::NotAFolder),
                None => return Err(Refusal::Missing),
            }
        }
        Ok((folder, last.clone()))
    }

    /// The file of that path with other bytes; `change` gets those of before, none for a new file. Answers whether it is new.
    pub(crate) fn edit(&mut self, path: &str, mode: Mode, change: impl FnOnce(&mut Vec<u8>)) -> Result<bool, Refusal> {
        let parts = self.resolve(path, true)?;
        let is_new = match self.at(&parts) {
            Some(Node::File(_)) => false,
            Some(Node::Folder(_)) => return Err(Refusal::Folder),
            Some(_) => return Err(Refusal::NoDevice),
            None => true,
        };
        // Names take no space worth telling, as the kernel keeps some back for them.
        self.may_change(&parts, false)?;
        let before = if self.limits.full.is_empty() { None } else { self.at(&parts) };
        let (folder, name) = self.holder(&parts)?;
        let new = || Node::File(Arc::new(File { mode, owner: 0, bytes: Vec::new() }));
        let Node::File(file) = folder.entries.entry(name.clone()).or_insert_with(new) else {
            return Err(Refusal::NoDevice);
        };
        let file = Arc::make_mut(file);
        let length = file.bytes.len();
        change(&mut file.bytes);
        let grows = file.bytes.len() > length;
        if grows && let Err(refusal) = self.may_change(&parts, true) {
            let (folder, name) = self.holder(&parts)?;
            folder.entries.insert(name, before.unwrap_or_else(new));
            return Err(refusal);
        }
        Ok(is_new)
    }

    /// The file of that path has these bytes now.
    pub(crate) fn write(&mut self, path: &str, bytes: impl AsRef<[u8]>, mode: Mode) -> Result<(), Refusal> {
        self.edit(path, mode, |old| {
            old.clear();
            old.extend_from_slice(bytes.as_ref());
        })
        .map(|_| ())
    }

    pub(crate) fn append(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Refusal> {
        self.edit(path, 0o640, |old| old.extend_from_slice(bytes.as_ref())).map(|_| ())
    }

    /// A file with all folders above it, for those who lay a disk out.
    pub(crate) fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>, mode: Mode) {
        self.make_folders(folder_of(path)).ok();
        self.write(path, bytes, mode).ok();
        self.set_mode(path, mode).ok();
    }

    fn insert(&mut self, path: &str, node: Node) -> Result<(), Refusal> {
        let parts = self.resolve(path, false)?;
        if self.at(&parts).is_some() {
            return Err(Refusal::Exists);
        }
        self.may_change(&parts, matches!(node, Node::Folder(_)))?;
        let (folder, name) = self.holder(&parts)?;
        folder.entries.insert(name, node);
        Ok(())
    }

    pub(crate) fn make_folder(&mut self, path: &str, mode: Mode) -> Result<(), Refusal> {
        self.insert(path, Node::Folder(Arc::new(Folder { mode, ..Folder::default() })))
    }

    /// The folder and all above it that aren't there.
    pub(crate) fn make_folders(&mut self, path: &str) -> Result<(), Refusal> {
        match self.get(path) {
            Ok(Node::Folder(_)) => return Ok(()),
            Ok(_) => return Err(Refusal::Exists),
            Err(Refusal::Missing) => {}
            Err(other) => return Err(other),
        }
        let above = folder_of(path);
        if above != path && above != "." {
            self.make_folders(above)?;
        }
        self.make_folder(path, 0o755)
    }

    pub(crate) fn make_link(&mut self, path: &str, target: &str) -> Result<(), Refusal> {
        self.insert(path, Node::Link(target.into()))
    }

    pub(crate) fn make_device(&mut self, path: &str) -> Result<(), Refusal> {
        self.insert(path, Node::Device)
    }

    /// Takes away a file or a link.
    pub(crate) fn unlink(&mut self, path: &str) -> Result<(), Refusal> {
        if matches!(self.get_itself(path)?, Node::Folder(_)) {
            return Err(Refusal::Folder);
        }
        self.take(path)
    }

    /// Takes away an empty folder.
    pub(crate) fn remove_folder(&mut self, path: &str) -> Result<(), Refusal> {
        match self.get_itself(path)? {
            Node::Folder(folder) if folder.entries.is_empty() => self.take(path),
            Node::Folder(_) => Err(Refusal::NotEmpty),
            _ => Err(Refusal::NotAFolder),
        }
    }

    /// Takes away whatever is there, with all below it.
    pub(crate) fn take(&mut self, path: &str) -> Result<(), Refusal> {
        let parts = self.resolve(path, false)?;
        if self.at(&parts).is_none() {
            return Err(Refusal::Missing);
        }
        self.may_change(&parts, false)?;
        let within = format!("{}/", join(&parts));
        if self.limits.read_only.iter().any(|path| path.starts_with(&within) && self.get_itself(path).is_ok()) {
            return Err(Refusal::ReadOnly);
        }
        let (folder, name) = self.holder(&parts)?;
        folder.entries.remove(&name);
        Ok(())
    }

    /// Takes away all that is in a folder.
    pub(crate) fn empty(&mut self, path: &str) -> Result<(), Refusal> {
        for name in self.list(path)? {
            self.take(&format!("{}/{name}", path.trim_end_matches('/')))?;
        }
        Ok(())
    }

    /// Puts what is at `from` to `to`, in place of what was there.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let node = self.get_itself(from)?;
        if self.get_itself(to).is_ok() {
            self.take(to)?;
        }
        self.insert(to, node)?;
        self.take(from)
    }

    /// A copy of a file, folder or link, with all below it.
    pub(crate) fn copy(&mut self, from: &str, to: &str, itself: bool) -> Result<(), Refusal> {
        let node = if itself { self.get_itself(from)? } else { self.get(from)? };
        match node {
            Node::File(file) if self.exists(to) => self.write(to, &file.bytes, file.mode),
            node => self.insert(to, node),
        }
    }

    fn alter(&mut self, path: &str, alter: impl FnOnce(&mut Mode, &mut u32)) -> Result<(), Refusal> {
        let parts = self.resolve(path, true)?;
        if self.at(&parts).is_none() {
            return Err(Refusal::Missing);
        }
        self.may_change(&parts, false)?;
        if parts.is_empty() {
            return Ok(());
        }
        let (folder, name) = self.holder(&parts)?;
        match folder.entries.get_mut(&name) {
            Some(Node::Folder(folder)) => {
                let folder = Arc::make_mut(folder);
                alter(&mut folder.mode, &mut folder.owner);
            }
            Some(Node::File(file)) => {
                let file = Arc::make_mut(file);
                alter(&mut file.mode, &mut file.owner);
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn set_mode(&mut self, path: &str, mode: Mode) -> Result<(), Refusal> {
        self.alter(path, |old, _| *old = mode)
    }

    pub(crate) fn set_owner(&mut self, path: &str, owner: u32) -> Result<(), Refusal> {
        self.alter(path, |_, old| *old = owner)
    }
}

impl Contents {
    /// What is there isn't on a read-only file system.
    pub(crate) fn can_be_written(&self, path: &str) -> bool {
        self.resolve(path, true).is_ok_and(|parts| self.at(&parts).is_some() && self.may_change(&parts, false).is_ok())
    }
}
