//! What of a machine must not be in its sealed disk.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::{disk::Look, machine::Machine};

/// What belongs to one machine alone, as it stands in its files.
#[derive(Clone, Debug)]
pub struct Needles(BTreeMap<&'static str, String>);

impl Needles {
    /// Those of a machine, asked of its guest before the seal.
    ///
    /// # Errors
    /// When the guest doesn't answer.
    pub async fn of(machine: &mut Machine, nonce: &str) -> anyhow::Result<Self> {
        let asked = machine
            .set_up(
                "cat /etc/machine-id; for kind in rsa ecdsa ed25519; do cut -d' ' -f2 /etc/ssh/ssh_host_${kind}_key.pub; done; \
                 for kind in rsa ecdsa ed25519; do sed -n 3p /etc/ssh/ssh_host_${kind}_key; done",
            )
            .await?;
        let mut lines = asked.lines();
        let mut next =
            || lines.next().map(str::to_owned).filter(|line| line.len() > 20).context("the guest lacks an id");
        let instance = machine.instance();
        let body = instance.public_key.split(' ').nth(1).unwrap_or_default();
        let mut needles = BTreeMap::from([
            ("account", instance.admin.clone()),
            ("host name", instance.name.clone()),
            ("machine's id of Azure", instance.id.clone()),
            ("admin's key", body.to_owned()),
            ("hardware address", instance.hardware_address.clone()),
            ("hardware address without colons", instance.hardware_address.replace(':', "")),
            ("address", instance.address.clone()),
            ("nonce", nonce.to_owned()),
        ]);
        if let Some(password) = &instance.password {
            needles.insert("password", password.clone());
        }
        for what in [
            "machine-id",
            "host key rsa",
            "host key ecdsa",
            "host key ed25519",
            "private host key rsa",
            "private host key ecdsa",
            "private host key ed25519",
        ] {
            needles.insert(what, next()?);
        }
        Ok(Self(needles))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Where they stand in a disk: each a line.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn search(&self, look: &Look) -> anyhow::Result<Vec<String>> {
        Ok(look.search(&self.0)?.into_iter().map(|(path, what)| format!("{path} has the {what}")).collect())
    }

    /// Which kinds of them stand in a disk.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn kinds_found(&self, look: &Look) -> anyhow::Result<Vec<String>> {
        let mut kinds: Vec<String> = look.search(&self.0)?.into_iter().map(|(_, what)| what).collect();
        kinds.sort();
        kinds.dedup();
        Ok(kinds)
    }
}

/// Files and folders that a seal removes from every guest.
pub const GONE: [&str; 9] = [
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/sudoers.d/90-cloud-init-users",
    "/etc/sudoers.d/waagent",
    "/var/lib/systemd/random-seed",
    "/var/lib/systemd/credential.secret",
    "/var/lib/cloud/instance",
];

/// What is in a sealed disk and must not be: each a line.
///
/// # Errors
/// When a file can't be read.
pub fn look(look: &Look, needles: &Needles) -> anyhow::Result<Vec<String>> {
    let mut found = needles.search(look)?;
    for folder in ["/var/lib/waagent", "/var/log/journal", "/var/lib/dhcp"] {
        found.extend(look.names(folder).into_iter().map(|name| format!("{folder}/{name} is there")));
    }
    let host_keys = look.names("/etc/ssh").into_iter().filter(|name| name.starts_with("ssh_host_"));
    found.extend(host_keys.map(|name| format!("/etc/ssh/{name} is there")));
    if look.read("/etc/machine-id").is_none_or(|text| !text.is_empty()) {
        found.push("/etc/machine-id isn't empty".to_owned());
    }
    for path in GONE {
        if look.root().join(path.trim_start_matches('/')).symlink_metadata().is_ok() {
            found.push(format!("{path} is there"));
        }
    }
    Ok(found)
}
