//! What is on an operating system disk: folders, files and links. It goes from a machine into images and on into new machines
//! (behaviour section 8). A copy costs nothing until one of the two changes.

mod change;
mod facts;
mod path;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use facts::{PROVISIONED, WINDOWS_STATE};
pub(crate) use path::{absolute, base_name, folder_of};

/// Why a file can't be had, in the words of the C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("No such file or directory")]
    Missing,
    #[error("Not a directory")]
    NotAFolder,
    #[error("Is a directory")]
    Folder,
    #[error("File exists")]
    Exists,
    #[error("Directory not empty")]
    NotEmpty,
    #[error("Read-only file system")]
    ReadOnly,
    #[error("No space left on device")]
    Full,
    #[error("Too many levels of symbolic links")]
    Loop,
    #[error("No such device or address")]
    NoDevice,
    #[error("Input/output error")]
    Broken,
    #[error("Bad file descriptor")]
    Closed,
    #[error("Permission denied")]
    Denied,
}

/// Who may do what with a file, as a number.
pub(crate) type Mode = u32;

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) mode: Mode,
    pub(crate) owner: u32,
    entries: BTreeMap<Arc<str>, Node>,
}

impl Folder {
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Node)> {
        self.entries.iter()
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self { mode: 0o755, owner: 0, entries: BTreeMap::new() }
    }
}

/// A file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) mode: Mode,
    pub(crate) owner: u32,
    pub(crate) bytes: Vec<u8>,
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Folder(Arc<Folder>),
    File(Arc<File>),
    Link(Arc<str>),
    /// A character device.
    Device,
}

impl Node {
    pub(crate) fn mode(&self) -> Mode {
        match self {
            Self::Folder(folder) => folder.mode,
            Self::File(file) => file.mode,
            Self::Link(_) => 0o777,
            Self::Device => 0o660,
        }
    }

    pub(crate) fn owner(&self) -> u32 {
        match self {
            Self::Folder(folder) => folder.owner,
            Self::File(file) => file.owner,
            Self::Link(_) | Self::Device => 0,
        }
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Folder(_) => 4096,
            Self::File(file) => file.bytes.len(),
            Self::Link(target) => target.len(),
            Self::Device => 0,
        }
    }

    /// As `find -type` calls it.
    pub(crate) fn kind(&self) -> char {
        match self {
            Self::Folder(_) => 'd',
            Self::File(_) => 'f',
            Self::Link(_) => 'l',
            Self::Device => 'c',
        }
    }
}

/// Folders that can't be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Mounted read-only.
    pub(crate) read_only: Vec<String>,
    /// Without space: what makes a file longer fails.
    pub(crate) full: Vec<String>,
}

/// A tree of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    root: Arc<Folder>,
    limits: Arc<Limits>,
}

/// How many links are followed on one way.
const LINKS: usize = 40;

impl Contents {
    /// Where a path leads, link by link. The last part need not be there; `last` says whether a link there is followed.
    fn resolve(&self, path: &str, last: bool) -> Result<Vec<Arc<str>>, Refusal> {
        let mut todo: Vec<Arc<str>> = path.split('/').rev().filter(|part| !part.is_empty()).map(Arc::from).collect();
        let mut done: Vec<Arc<str>> = Vec::new();
        // What each part so far is.
        let mut nodes: Vec<Node> = Vec::new();
        let root = Node::Folder(self.root.clone());
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match &*part {
                "." => continue,
                ".." => {
                    done.pop();
                    nodes.pop();
                    continue;
                }
                _ => {}
            }
            let next = match nodes.last().unwrap_or(&root) {
                Node::Folder(folder) => match folder.entries.get(&part).cloned() {
                    Some(Node::Link(target)) if last || !todo.is_empty() => {
                        links += 1;
                        if links > LINKS {
                            return Err(Refusal::Loop);
                        }
                        if target.starts_with('/') {
                            done.clear();
                            nodes.clear();
                        }
                        todo.extend(target.split('/').rev().filter(|part| !part.is_empty()).map(Arc::from));
                        continue;
                    }
                    Some(node) => node.clone(),
                    // The last part may be missing; nothing is below it.
                    None if todo.is_empty() => Node::Device,
                    None => return Err(Refusal::Missing),
                },
                _ => return Err(Refusal::NotAFolder),
            };
            nodes.push(next);
            done.push(part);
        }
        Ok(done)
    }

    fn at(&self, parts: &[Arc<str>]) -> Option<Node> {
        let mut node = Node::Folder(self.root.clone());
        for part in parts {
            let Node::Folder(folder) = &node else { return None };
            node = folder.entries.get(part)?.clone();
        }
        Some(node)
    }

    /// The way without links, which most paths are; nothing where it isn't so simple.
    fn straight(&self, path: &str, last: bool) -> Option<Result<Node, Refusal>> {
        let mut folder = &self.root;
        let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            if part == "." || part == ".." {
                return None;
            }
            let ends = parts.peek().is_none();
            match folder.entries.get(part) {
                Some(Node::Link(_)) if !ends || last => return None,
                Some(node) if ends => return Some(Ok(node.clone())),
                Some(Node::Folder(next)) => folder = next,
                Some(_) => return Some(Err(Refusal::NotAFolder)),
                None => return Some(Err(Refusal::Missing)),
            }
        }
        Some(Ok(Node::Folder(self.root.clone())))
    }

    /// What a path leads to, links followed.
    pub(crate) fn get(&self, path: &str) -> Result<Node, Refusal> {
        if let Some(found) = self.straight(path, true) {
            return found;
        }
        self.at(&self.resolve(path, true)?).ok_or(Refusal::Missing)
    }

    /// The same, but a link at the end is itself.
    pub(crate) fn get_itself(&self, path: &str) -> Result<Node, Refusal> {
        if let Some(found) = self.straight(path, false) {
            return found;
        }
        self.at(&self.resolve(path, false)?).ok_or(Refusal::Missing)
    }

    /// The path without links, if what it leads to is there.
    pub(crate) fn real_path(&self, path: &str) -> Result<String, Refusal> {
        let parts = self.resolve(path, true)?;
        self.at(&parts).map(|_| path::join(&parts)).ok_or(Refusal::Missing)
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.get(path).is_ok()
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        matches!(self.get(path), Ok(Node::Folder(_)))
    }

    /// A file's bytes.
    pub(crate) fn read(&self, path: &str) -> Result<Arc<File>, Refusal> {
        match self.get(path)? {
            Node::File(file) => Ok(file),
            Node::Folder(_) => Err(Refusal::Folder),
            Node::Link(_) | Node::Device => Err(Refusal::Missing),
        }
    }

    /// A file as text; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> String {
        self.read(path).map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
    }

    /// The names in a folder, in order.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Arc<str>>, Refusal> {
        match self.get(path)? {
            Node::Folder(folder) => Ok(folder.entries.keys().cloned().collect()),
            _ => Err(Refusal::NotAFolder),
        }
    }

    /// A number that tells files apart: that of an inode.
    pub(crate) fn number(&self, path: &str) -> u64 {
        let path = self.real_path(path).unwrap_or_else(|_| path.to_owned());
        path.bytes().fold(14_695_981_039_346_656_037, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
        }) % 999_983
            + 12
    }
}
