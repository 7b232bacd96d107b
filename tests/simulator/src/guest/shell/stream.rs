//! What a file descriptor leads to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    guest::{
        disk::{Node, Refusal},
        process::{BYTES, Host, Written},
        system::Effect,
    },
    scenario::Port,
};

/// Bytes that can be read, and how many have been.
#[derive(Debug, Default)]
pub(crate) struct Source {
    bytes: Vec<u8>,
    at: usize,
}

/// A file that is open.
#[derive(Debug)]
pub(crate) struct Open {
    path: String,
    at: usize,
    append: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Stream {
    Closed,
    Null,
    /// Zeros without an end.
    Zero,
    Full,
    Buffer(Written),
    Source(Arc<Mutex<Source>>),
    File(Arc<Mutex<Open>>),
    /// The serial port.
    Port,
    /// The kernel's log, which goes to its console too.
    Log,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Append,
    ReadWrite,
}

impl Stream {
    pub(crate) fn source(bytes: Vec<u8>) -> Self {
        Self::Source(Arc::new(Mutex::new(Source { bytes, at: 0 })))
    }

    /// A path is opened, relative to nothing.
    pub(crate) fn open(host: &Host, path: &str, access: Access, umask: u32) -> Result<Self, Refusal> {
        if let Ok(real) = host.with(|system| system.contents.real_path(path))
            && let Some(name) = real.strip_prefix("/dev/")
        {
            let device = host.with(|system| matches!(system.contents.get(&real), Ok(Node::Device)));
            if device {
                return Self::device(host, name);
            }
        }
        let open =
            |at: usize, append: bool| Ok(Self::File(Arc::new(Mutex::new(Open { path: path.to_owned(), at, append }))));
        host.with(|system| {
            let contents = &mut system.contents;
            match access {
                Access::Read => {
                    if !matches!(contents.get(path)?, Node::Folder(_)) {
                        contents.read(path)?;
                    }
                }
                Access::Write => contents.write(path, b"", 0o666 & !umask)?,
                Access::Append | Access::ReadWrite => {
                    contents.edit(path, 0o666 & !umask, |_| {})?;
                }
            }
            open(0, access == Access::Append)
        })
    }

    fn device(host: &Host, name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "null" => Self::Null,
            "zero" | "random" | "urandom" => Self::Zero,
            "full" => Self::Full,
            "kmsg" => Self::Log,
            "console" => {
                if host.with(|system| system.serial.console && system.serial.port != Port::Absent) {
                    Self::Port
                } else {
                    Self::Null
                }
            }
            name if host.with(|system| system.port_name() == name) => match host.with(|system| system.serial.port) {
                Port::Broken => return Err(Refusal::Broken),
                _ => Self::Port,
            },
            _ => return Err(Refusal::NoDevice),
        })
    }

    pub(crate) async fn write(&self, host: &Host, bytes: &[u8]) -> Result<(), Refusal> {
        host.costs(bytes.len());
        match self {
            Self::Closed | Self::Source(_) => Err(Refusal::Closed),
            Self::Null | Self::Zero => Ok(()),
            Self::Full => Err(Refusal::Full),
            Self::Buffer(buffer) => {
                let mut buffer = buffer.lock().unwrap_or_else(PoisonError::into_inner);
                let room = BYTES.saturating_sub(buffer.len());
                buffer.extend_from_slice(&bytes[..bytes.len().min(room)]);
                Ok(())
            }
            Self::File(open) => {
                let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                host.with(|system| {
                    let contents = &mut system.contents;
                    // A file that was removed meanwhile isn't created again.
                    let length = contents.read(&open.path).map(|file| file.bytes.len());
                    let Ok(length) = length else { return Ok(()) };
                    let begin = if open.append { length } else { open.at };
                    if begin + bytes.len() > BYTES {
                        return Err(Refusal::Full);
                    }
                    contents.edit(&open.path, 0o644, |old| {
                        if old.len() < begin + bytes.len() {
                            old.resize(begin + bytes.len(), 0);
                        }
                        old[begin..begin + bytes.len()].copy_from_slice(bytes);
                    })?;
                    open.at = begin + bytes.len();
                    Ok(())
                })
            }
            Self::Port => {
                if host.with(|system| system.writes_hang()) {
                    host.hangs().await;
                }
                let text = String::from_utf8_lossy(bytes).into_owned();
                host.with(|system| system.effects.push(Effect::Serial(text)));
                Ok(())
            }
            Self::Log => {
                let text = format!("[  900.000001] {}\n", String::from_utf8_lossy(bytes).trim_end());
                host.with(|system| {
                    if system.serial.console && system.serial.port == Port::Works {
                        system.effects.push(Effect::Serial(text));
                    }
                });
                Ok(())
            }
        }
    }

    /// At most so many bytes; `stop` says behind which byte to stop.
    pub(crate) fn read(&self, host: &Host, most: usize, stop: Option<u8>) -> Vec<u8> {
        let cut = |rest: &[u8]| {
            let rest = &rest[..rest.len().min(most)];
            let end = stop.and_then(|stop| rest.iter().position(|byte| *byte == stop)).map_or(rest.len(), |at| at + 1);
            rest[..end].to_vec()
        };
        let taken = self.read_freely(host, most, cut);
        host.costs(taken.len());
        taken
    }

    fn read_freely(&self, host: &Host, most: usize, cut: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        match self {
            Self::Source(source) => {
                let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
                let taken = cut(&source.bytes[source.at..]);
                source.at += taken.len();
                taken
            }
            Self::File(open) => {
                let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                let file = host.with(|system| system.contents.read(&open.path));
                let taken = file.map(|file| cut(file.bytes.get(open.at..).unwrap_or_default())).unwrap_or_default();
                open.at += taken.len();
                taken
            }
            Self::Zero => vec![0; most.min(BYTES)],
            _ => Vec::new(),
        }
    }

    /// All that is left.
    pub(crate) fn read_all(&self, host: &Host) -> Vec<u8> {
        self.read(host, usize::MAX, None)
    }

    pub(crate) fn is_folder(&self, host: &Host) -> bool {
        let Self::File(open) = self else { return false };
        let path = open.lock().unwrap_or_else(PoisonError::into_inner).path.clone();
        host.with(|system| system.contents.is_folder(&path))
    }
}
