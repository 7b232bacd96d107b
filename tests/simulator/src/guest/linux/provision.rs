//! What a machine's first boot makes: account, keys, ids, the agent's state.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::accounts;
use crate::guest::{disk::Contents, system::Identity};

/// Bytes that look random and are the same for the same machine and purpose.
pub(crate) fn digest(parts: [&str; 2]) -> [u8; 32] {
    Sha256::digest(parts.join("\n")).into()
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A public key of type Ed25519, as text.
pub(crate) fn public_key(seed: [&str; 2]) -> String {
    let mut blob = vec![0, 0, 0, 11];
    blob.extend(b"ssh-ed25519");
    blob.extend([0, 0, 0, 32]);
    blob.extend(digest(seed));
    base64(&blob)
}

/// The hardware address of the machine's network interface.
pub(crate) fn address(vm_id: &str) -> String {
    let bytes = digest([vm_id, "address"]);
    format!("00:0d:3a:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
}

fn machine_id(vm_id: &str) -> String {
    let digest = digest([vm_id, "machine-id"]);
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    uuid::Builder::from_sha1_bytes(half).into_uuid().simple().to_string()
}

impl Contents {
    /// A system that the machine `vm_id` has provisioned with the account `admin`.
    pub(crate) fn provisioned(vm_id: &str, admin: &str) -> Self {
        let mut contents = super::pristine();
        let keys = vec![format!("ssh-ed25519 {} owner", public_key([vm_id, "owner"]))];
        let identity = Identity {
            vm_id: vm_id.to_owned(),
            name: "source".to_owned(),
            admin: admin.to_owned(),
            keys,
            ..Identity::default()
        };
        contents.provision(&identity, true);
        contents.boot_state(&identity);
        contents
    }

    /// systemd and cloud-init, or the agent, on a machine that has not provisioned this system yet.
    pub(crate) fn provision(&mut self, identity: &Identity, cloud_init: bool) {
        if self.machine_id().is_none() {
            self.put("/etc/machine-id", format!("{}\n", machine_id(&identity.vm_id)), 0o444);
        }
        if cloud_init && self.exists(&format!("/var/lib/cloud/instances/{}", identity.vm_id)) {
            // cloud-init has done its work on this machine, and does it only once.
            return self.agent_state(identity);
        }
        self.host_keys(identity);
        self.account(identity, cloud_init);
        if cloud_init {
            self.cloud_init_state(identity);
        }
        self.agent_state(identity);
        self.network(identity, cloud_init);
        self.put("/etc/hostname", format!("{}\n", identity.name), 0o644);
    }

    /// What each boot makes where it is missing.
    pub(crate) fn boot_state(&mut self, identity: &Identity) {
        for (file, purpose) in
            [("/var/lib/systemd/random-seed", "seed"), ("/var/lib/systemd/credential.secret", "credential")]
        {
            if !self.exists(file) {
                self.put(file, digest([&identity.vm_id, purpose]), 0o600);
            }
        }
        let name = &identity.name;
        for (file, text) in [
            ("/var/log/syslog", format!("{name} systemd[1]: Startup finished.\n")),
            ("/var/log/auth.log", format!("{name} sshd[900]: Server listening on 0.0.0.0 port 22.\n")),
            ("/var/log/kern.log", format!("{name} kernel: Linux version 6.8.0-1021-azure\n")),
            ("/var/log/waagent.log", "INFO Daemon Daemon Azure Linux Agent Version: 2.15.0.1\n".to_owned()),
            ("/var/log/wtmp", "reboot   system boot\n".to_owned()),
        ] {
            let before = self.text(file);
            if before.len() < 10_000 {
                self.put(file, before + &text, 0o640);
            }
        }
        if let Some(id) = self.machine_id() {
            self.put(&format!("/var/log/journal/{id}/system.journal"), format!("LPKSHHRH {name}"), 0o640);
        }
        if !self.exists("/var/lib/waagent/Certificates.xml") {
            self.agent_state(identity);
        }
    }

    fn host_keys(&mut self, identity: &Identity) {
        for kind in ["ecdsa", "ed25519", "rsa"] {
            let path = format!("/etc/ssh/ssh_host_{kind}_key");
            let seed = [identity.vm_id.as_str(), kind];
            let private = base64(&digest(seed));
            self.put(
                &path,
                format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{private}\n-----END OPENSSH PRIVATE KEY-----\n"),
                0o600,
            );
            let name = if kind == "ecdsa" { "ecdsa-sha2-nistp256" } else { kind };
            let name = if name.starts_with("ecdsa") { name.to_owned() } else { format!("ssh-{name}") };
            self.put(&format!("{path}.pub"), format!("{name} {} root@{}\n", public_key(seed), identity.name), 0o644);
        }
    }

    fn account(&mut self, identity: &Identity, cloud_init: bool) {
        let name = &identity.admin;
        if name.is_empty() {
            return;
        }
        let known = self.users().contains(name);
        let hash =
            format!("$6$rounds=4096${}", base64(&digest([&identity.vm_id, "password"])).replace(['+', '='], "."));
        accounts::add(self, name, if identity.password { &hash } else { "!" });
        if !known {
            for group in ["adm", "cdrom", "sudo", "dip", "lxd"] {
                accounts::join(self, name, group);
            }
        }
        let keys: String = identity.keys.iter().map(|key| format!("{key}\n")).collect();
        let accounts = self.text("/etc/passwd");
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default().to_owned();
        let id = line.split(':').nth(2).and_then(|id| id.parse().ok()).unwrap_or(1000);
        let home = line.split(':').nth(5).unwrap_or("/home").to_owned();
        if !keys.is_empty() {
            accounts::authorize(self, &home, id, &keys);
        }
        self.put(&format!("{home}/.bash_history"), "sudo -i\n", 0o600);
        let rule = format!("{name} ALL=(ALL) NOPASSWD:ALL\n");
        if !cloud_init {
            let before = self.text("/etc/sudoers.d/waagent");
            self.put("/etc/sudoers.d/waagent", before + &rule, 0o440);
            return;
        }
        let file = "/etc/sudoers.d/90-cloud-init-users";
        let before = self.text(file);
        if !before.contains(&rule) {
            self.put(file, format!("{before}# Created by cloud-init\n\n# User rules for {name}\n{rule}"), 0o440);
        }
        let refused = identity.keys.iter().map(|key| {
            format!(
                "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"{name}\\\" \
                 rather than the user \\\"root\\\".';echo;sleep 10;exit 142\" {key}\n"
            )
        });
        let refused: String = refused.collect();
        accounts::authorize(self, "/root", 0, &refused);
    }

    fn cloud_init_state(&mut self, identity: &Identity) {
        let id = &identity.vm_id;
        let folder = format!("/var/lib/cloud/instances/{id}");
        for (file, text) in [
            ("boot-finished", "84.02 - v. 24.4\n".to_owned()),
            ("datasource", "DataSourceAzure: DataSourceAzure [seed=/dev/sr0]\n".to_owned()),
            ("sem/config_users_groups", "812: 90.0\n".to_owned()),
            ("sem/consume_data", "812: 90.1\n".to_owned()),
            ("user-data.txt", String::new()),
            ("obj.pkl", format!("{{'vmId': '{id}'}}")),
        ] {
            self.put(&format!("{folder}/{file}"), text, 0o600);
        }
        self.take("/var/lib/cloud/instance").ok();
        self.make_link("/var/lib/cloud/instance", &folder).ok();
        self.put("/var/lib/cloud/data/instance-id", format!("{id}\n"), 0o644);
        self.put("/var/lib/cloud/data/result.json", "{\"v1\": {\"errors\": []}}\n", 0o644);
        self.put(
            "/var/log/cloud-init.log",
            format!("Cloud-init v. 24.4 running 'init' for {}\n", identity.name),
            0o640,
        );
        self.put("/var/log/cloud-init-output.log", "Cloud-init v. 24.4 finished\n", 0o640);
    }

    fn agent_state(&mut self, identity: &Identity) {
        let name = &identity.admin;
        let folder = crate::guest::tools::AGENT_FOLDER;
        let password = if identity.password { "        <UserPassword>REDACTED</UserPassword>\n" } else { "" };
        let provisioning = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ns0:Environment xmlns:ns0=\"http://schemas.dmtf.org/ovf/environment/1\" \
             xmlns:ns1=\"http://schemas.microsoft.com/windowsazure\">\n  <ns1:ProvisioningSection>\n    <ns1:Version>1.0</ns1:Version>\n    \
             <ns1:LinuxProvisioningConfigurationSet>\n        <ns1:ConfigurationSetType>LinuxProvisioningConfiguration</ns1:ConfigurationSetType>\n        \
             <ns1:HostName>{}</ns1:HostName>\n        <ns1:UserName>{name}</ns1:UserName>\n{password}    \
             </ns1:LinuxProvisioningConfigurationSet>\n  </ns1:ProvisioningSection>\n</ns0:Environment>\n",
            identity.name
        );
        let certificate = base64(&digest([&identity.vm_id, "certificate"]));
        let private = format!("-----BEGIN PRIVATE KEY-----\n{certificate}\n-----END PRIVATE KEY-----\n");
        for (file, text) in [
            ("ovf-env.xml", provisioning),
            ("provisioned", identity.vm_id.to_uppercase()),
            ("Certificates.xml", format!("<CertificateFile>{certificate}</CertificateFile>\n")),
            ("Certificates.pem", private.clone()),
            ("TransportCert.pem", format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n")),
            ("TransportPrivate.pem", private.clone()),
            ("0A1B2C3D4E5F60718293A4B5C6D7E8F901234567.prv", private),
            (
                "SharedConfig.xml",
                format!("<SharedConfig><Instances><Instance id=\"{}\"/></Instances></SharedConfig>\n", identity.name),
            ),
            ("GoalState.1.xml", "<GoalState><Incarnation>1</Incarnation></GoalState>\n".to_owned()),
            ("waagent_status.json", "{}\n".to_owned()),
        ] {
            self.put(&format!("{folder}/{file}"), text, 0o600);
        }
        self.put("/var/log/azure/run-command-handler/handler.log", "", 0o600);
    }

    fn network(&mut self, identity: &Identity, cloud_init: bool) {
        let address = address(&identity.vm_id);
        if cloud_init {
            let text = format!(
                "# cloud-init writes this file from what the platform says.\nnetwork:\n  ethernets:\n    eth0:\n      dhcp4: true\n      match:\n        macaddress: {address}\n      set-name: eth0\n  version: 2\n"
            );
            self.put("/etc/netplan/50-cloud-init.yaml", text, 0o600);
            self.put("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no\n", 0o600);
        }
        self.put(
            "/var/lib/dhcp/dhclient.eth0.leases",
            format!("lease {{\n  interface \"eth0\";\n  option dhcp-client-identifier {address};\n}}\n"),
            0o644,
        );
    }
}
