//! How the simulated guest is made what a case says, where it lacks what the rig's own script for that needs.

use azimage_test_simulated_guest::Azure;
use serde_json::{Value, json};

/// Something that is done to the machine.
pub type Happens = fn(&mut Azure);

/// A case's guest in the simulator. What comes of it stands in the table of cases alone.
pub struct Way {
    /// The case.
    pub name: &'static str,
    /// Further fields of the machine in the scenario.
    pub machine: fn() -> Value,
    /// A run command in the place of the case's own set-up.
    pub set_up: Option<&'static str>,
    /// In the place of the case's own event, at the same moment.
    pub event: Option<Happens>,
    /// In the place of what mends it.
    pub mended_by: Option<Happens>,
    /// In the place of what has to hold in the end.
    pub holds: Option<&'static str>,
}

/// Nothing special: the case's own script does it.
pub const USUAL: Way = Way { name: "", machine: || json!({}), set_up: None, event: None, mended_by: None, holds: None };

/// The scenario says what is the matter, and no script is needed.
const SAID: Way = Way { set_up: Some(""), ..USUAL };

pub fn ways() -> Vec<Way> {
    [sealed(), refused(), failed(), died(), only_here()].into_iter().flatten().collect()
}

fn sealed() -> Vec<Way> {
    vec![
        Way { name: "swap", set_up: Some("echo '/mnt/swap none swap nofail 0 0' >>/etc/fstab"), ..USUAL },
        Way { name: "noise-50", machine: || json!({"serial": {"torn": 0.3}}), ..SAID },
        Way { name: "noise-500", event: Some(|azure| azure.change(&json!({"serial": {"torn": 0.6}}))), ..USUAL },
        Way {
            name: "clock-jumps",
            event: Some(|azure| azure.change(&json!({"guest": {"clockAheadSeconds": 172_800}}))),
            ..USUAL
        },
        Way {
            name: "disk-fills",
            event: Some(|azure| azure.change(&json!({"guest": {"full": ["/var", "/tmp", "/opt"]}}))),
            ..USUAL
        },
        Way { name: "packages-end", machine: || json!({"guest": {"busyPackages": 45}}), ..SAID },
        // Its pgrep knows programs by their names alone.
        Way { name: "script-hangs", holds: Some("! pgrep sleep"), ..USUAL },
        Way { name: "findings-off", set_up: Some(FINDINGS), ..USUAL },
        Way { name: "findings-allowed", set_up: Some(FINDINGS), ..USUAL },
    ]
}

fn refused() -> Vec<Way> {
    vec![
        Way { name: "packages-busy", machine: || json!({"guest": {"busyPackages": 100_000}}), ..SAID },
        Way { name: "packages-half", machine: || json!({"guest": {"halfConfigured": ["psmisc"]}}), ..SAID },
        Way { name: "disk-full", machine: || json!({"guest": {"full": ["/var/lib/dhcp"]}}), ..SAID },
        Way { name: "read-only-root-home", machine: || json!({"guest": {"readOnly": ["/root"]}}), ..SAID },
        Way {
            name: "immutable-resolv",
            machine: || json!({"guest": {"files": {"/etc/resolv.conf": "nameserver 168.63.129.16\n"}, "readOnly": ["/etc/resolv.conf"]}}),
            ..SAID
        },
        Way { name: "read-only-ssh", machine: || json!({"guest": {"readOnly": ["/etc/ssh"]}}), ..SAID },
        Way { name: "read-only-state", machine: || json!({"guest": {"readOnly": ["/var/lib/cloud"]}}), ..SAID },
        Way { name: "port-hangs", machine: || json!({"serial": {"port": "Hangs"}}), ..SAID },
        Way { name: "clock-behind", machine: || json!({"guest": {"clockAheadSeconds": -31_536_000}}), ..SAID },
        Way { name: "clock-ahead", machine: || json!({"guest": {"clockAheadSeconds": 3600}}), ..SAID },
        Way { name: "findings", set_up: Some(FINDINGS), ..USUAL },
    ]
}

fn failed() -> Vec<Way> {
    vec![
        Way { name: "again", event: Some(lock), mended_by: Some(unlock), ..USUAL },
        Way { name: "packages-in-window", event: Some(lock), ..USUAL },
        Way {
            name: "port-hangs-in-window",
            event: Some(|azure| azure.change(&json!({"serial": {"port": "Hangs"}}))),
            ..USUAL
        },
        Way {
            name: "findings-in-window",
            event: Some(|azure| {
                azure.begin(
                    "window",
                    "mkdir -p /root/.ssh; printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nx\\n' >/root/.ssh/id_ed25519",
                );
            }),
            ..USUAL
        },
        Way {
            name: "cloud-init-fails",
            machine: || json!({"guest": {"failing": {"cloud-init clean": 1}}}),
            event: Some(|_| {}),
            holds: Some("[ -d /var/lib/cloud/instance ] && ls /var/lib/cloud/instance/sem/config_*"),
            ..USUAL
        },
        Way {
            name: "deprovision-fails",
            set_up: Some("touch /var/lib/waagent/kept"),
            event: Some(|azure| keep(azure, "/var/lib/waagent/kept")),
            ..USUAL
        },
        Way {
            name: "account-fails",
            set_up: Some("touch /home/azureuser/kept"),
            event: Some(|azure| keep(azure, "/home/azureuser/kept")),
            ..USUAL
        },
        Way { name: "host-keys-fail", event: Some(|azure| keep(azure, "/etc/ssh/ssh_host_rsa_key")), ..USUAL },
        Way { name: "logs-fail", event: Some(|azure| keep(azure, "/var/log/wtmp")), ..USUAL },
    ]
}

/// In a guest whose programs take no time, those moments would be over before they are seen.
fn died() -> Vec<Way> {
    let slow =
        || json!({"guest": {"slow": {"systemctl stop": 3, "cloud-init clean": 3, "userdel": 3, "find": 1, "sync": 3}}});
    [
        "reset-begun",
        "reset-agent",
        "reset-deprovisioned",
        "reset-id",
        "host-agent",
        "host-deprovisioned",
        "host-id",
        "died-and-at-once",
    ]
    .into_iter()
    .map(|name| Way { name, machine: slow, ..USUAL })
    .collect()
}

fn only_here() -> Vec<Way> {
    vec![
        Way { name: "no-agent", machine: || json!({"guest": {"missing": ["waagent"]}}), ..USUAL },
        Way { name: "no-systemd", machine: || json!({"guest": {"systemd": 0}}), ..USUAL },
        Way { name: "old-systemd", machine: || json!({"guest": {"systemd": 204}}), ..USUAL },
        Way { name: "port-broken", machine: || json!({"serial": {"port": "Broken"}}), ..USUAL },
        Way { name: "last-words", machine: || json!({"serial": {"promptAgain": true, "quiet": true}}), ..USUAL },
        Way { name: "deprovision-refused", machine: || json!({"seal": "Fails"}), ..USUAL },
        Way { name: "deprovision-hangs", machine: || json!({"seal": "Hangs"}), ..USUAL },
        Way { name: "unit-dies", machine: || json!({"guest": {"unitDiesAfter": 5}}), ..USUAL },
        Way { name: "never-powers-off", machine: || json!({"seal": "NeverPowersOff"}), ..USUAL },
    ]
}

/// From now on this file can be neither changed nor removed.
fn keep(azure: &mut Azure, path: &str) {
    azure.change(&json!({"guest": {"readOnly": [path]}}));
}

/// As dpkg locks.
fn lock(azure: &mut Azure) {
    azure.begin(
        "lock",
        "echo \"1: POSIX ADVISORY WRITE 4242 08:01:$(stat -c %i /var/lib/dpkg/lock-frontend) 0 EOF\" >/proc/locks",
    );
}

fn unlock(azure: &mut Azure) {
    azure.run("unlock", "true >/proc/locks", 60);
}

/// There is no ssh-keygen.
const FINDINGS: &str = "useradd -m -s /bin/bash bob; mkdir -m 700 /home/bob/.ssh /home/bob/.azure; \
    printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nx\\n' >/home/bob/.ssh/id_ed25519; \
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 bob' >/home/bob/.ssh/authorized_keys; \
    echo '{}' >/home/bob/.azure/msal_token_cache.json; chown -R bob:bob /home/bob; \
    echo 'bob ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/bob; chmod 440 /etc/sudoers.d/bob";
