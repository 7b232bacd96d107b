//! What is on an operating system disk: the truth that goes from a machine into images and on into new machines (behaviour
//! section 8).

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// What deprovisioning removes besides the agent's own state and the host keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cleaning {
    /// `-deprovision+user`: the account of the last provisioning goes, too.
    pub(crate) user: bool,
    /// `/etc/machine-id` is emptied.
    pub(crate) machine_id: bool,
}

/// The part of a system that must differ between two machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contents {
    /// The system waits for a new machine to provision it.
    pub(crate) deprovisioned: bool,
    /// `/etc/machine-id`; absent means that the next boot makes one.
    pub(crate) machine_id: Option<String>,
    /// Fingerprint of the SSH host key.
    pub(crate) host_keys: Option<String>,
    /// Accounts besides those of the distribution, in the order of their creation.
    pub(crate) users: Vec<String>,
}

fn digest(parts: [&str; 2]) -> [u8; 32] {
    Sha256::digest(parts.join("\n")).into()
}

fn first_half(digest: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|index| digest[index])
}

impl Contents {
    /// A distribution's own image: nothing in it belongs to a machine.
    pub(crate) fn pristine() -> Self {
        Self { deprovisioned: true, ..Self::default() }
    }

    /// A system that the machine `vm_id` has provisioned with the account `user`.
    pub(crate) fn provisioned(vm_id: &str, user: &str) -> Self {
        let mut contents = Self::pristine();
        contents.provision(vm_id, user);
        contents
    }

    /// The first boot of a deprovisioned system on the machine `vm_id`.
    pub(crate) fn provision(&mut self, vm_id: &str, user: &str) {
        self.deprovisioned = false;
        let key = base64::engine::general_purpose::STANDARD_NO_PAD.encode(digest([vm_id, "host key"]));
        self.host_keys = Some(format!("SHA256:{key}"));
        self.machine_id.get_or_insert_with(|| {
            uuid::Builder::from_sha1_bytes(first_half(digest([vm_id, "machine-id"]))).into_uuid().simple().to_string()
        });
        if !user.is_empty() && !self.users.iter().any(|known| known == user) {
            self.users.push(user.to_owned());
        }
    }

    /// `waagent -deprovision`, and what a script cleans besides.
    pub(crate) fn deprovision(&mut self, cleaning: Cleaning) {
        self.deprovisioned = true;
        self.host_keys = None;
        if cleaning.user {
            self.users.pop();
        }
        if cleaning.machine_id {
            self.machine_id = None;
        }
    }

    /// Files that scripts may read.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let users: Vec<String> = self
            .users
            .iter()
            .map(|user| {
                format!(
                    "{user}:x:1000:1000::/home/{user}:/bin/bash
"
                )
            })
            .collect();
        BTreeMap::from([
            ("/etc/machine-id".to_owned(), self.machine_id.clone().unwrap_or_default()),
            (
                "/etc/ssh/ssh_host_ed25519_key.pub".to_owned(),
                self.host_keys.as_ref().map(|key| format!("ssh-ed25519 {key}")).unwrap_or_default(),
            ),
            ("/etc/passwd".to_owned(), format!("root:x:0:0:root:/root:/bin/bash\n{}", users.concat())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_cleaned_differs_in_the_next_machine() {
        let before = Contents::provisioned("one", "builder");
        for (name, cleaning, same_id, user_stays) in [
            ("everything is cleaned", Cleaning { user: true, machine_id: true }, false, false),
            ("the machine id is forgotten", Cleaning { user: true, machine_id: false }, true, false),
            ("the account stays", Cleaning { user: false, machine_id: true }, false, true),
        ] {
            let mut after = before.clone();
            after.deprovision(cleaning);
            assert_eq!(after.host_keys, None, "{name}");
            after.provision("two", "admin");
            assert_ne!(after.host_keys, before.host_keys, "{name}");
            assert_eq!(after.machine_id == before.machine_id, same_id, "{name}");
            assert_eq!(after.users.contains(&"builder".to_owned()), user_stays, "{name}");
            assert!(after.users.contains(&"admin".to_owned()) && !after.deprovisioned, "{name}");
        }
    }
}
