//! What a disk says about itself, read from its files: what the control interface and tests see of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::{Contents, Node};

/// The part of a system that must differ between two machines.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    /// The system waits for a new machine to provision it.
    pub(crate) deprovisioned: bool,
    /// `/etc/machine-id`; absent means that the next boot makes one.
    pub(crate) machine_id: Option<String>,
    /// Fingerprint of the SSH host key.
    pub(crate) host_keys: Option<String>,
    /// Accounts besides those of the distribution, in the order of their creation.
    pub(crate) users: Vec<String>,
}

/// Where the agent notes that this machine has been provisioned.
pub(crate) const PROVISIONED: &str = "/var/lib/waagent/provisioned";
/// What Windows says about its own set-up.
pub(crate) const WINDOWS_STATE: &str = "/Windows/Setup/State/State.ini";
/// The state in which a new machine sets Windows up again.
pub(crate) const RESEALED: &str = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE";

impl Contents {
    /// Nothing on the disk says that a machine has provisioned it.
    pub(crate) fn is_deprovisioned(&self) -> bool {
        if self.exists(WINDOWS_STATE) {
            return self.text(WINDOWS_STATE).contains(RESEALED);
        }
        !self.exists(PROVISIONED) && self.host_key().is_none()
    }

    pub(crate) fn machine_id(&self) -> Option<String> {
        let text = self.text("/etc/machine-id");
        let id = text.trim();
        (!id.is_empty() && id != "uninitialized").then(|| id.to_owned())
    }

    /// The fingerprint of the SSH host key, as `ssh-keygen -l` shows it.
    pub(crate) fn host_key(&self) -> Option<String> {
        let text = self.text("/etc/ssh/ssh_host_ed25519_key.pub");
        let blob = base64::engine::general_purpose::STANDARD.decode(text.split_whitespace().nth(1)?).ok()?;
        Some(format!("SHA256:{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(blob))))
    }

    /// Names of the accounts that belong to people, as numbers tell them.
    pub(crate) fn users(&self) -> Vec<String> {
        let accounts = self.text("/etc/passwd");
        let people = accounts.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let id: u32 = fields.nth(1)?.parse().ok()?;
            (1000..65_534).contains(&id).then(|| name.to_owned())
        });
        people.collect()
    }

    /// All files as text and all links, but for programs.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for name in self.list(if folder.is_empty() { "/" } else { &folder }).unwrap_or_default() {
                let path = format!("{folder}/{name}");
                match self.get_itself(&path) {
                    Ok(Node::Folder(_)) => folders.push(path),
                    Ok(Node::Link(target)) => drop(all.insert(path, format!("-> {target}"))),
                    Ok(Node::File(file)) if !file.bytes.starts_with(b"\x7fELF") => {
                        all.insert(path, String::from_utf8_lossy(&file.bytes).into_owned());
                    }
                    _ => {}
                }
            }
        }
        all
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts {
            deprovisioned: self.is_deprovisioned(),
            machine_id: self.machine_id(),
            host_keys: self.host_key(),
            users: self.users(),
        }
    }
}

impl Serialize for Contents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.facts().serialize(serializer)
    }
}
