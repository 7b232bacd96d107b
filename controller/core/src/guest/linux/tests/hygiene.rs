use std::os::unix::fs::symlink;

use strum::IntoEnumIterator as _;

use super::{guest::Guest, preparation};
use crate::guest::{
    Preparation,
    hygiene::{Kind, Mode, Policy},
    linux::script,
};

const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";

/// What is found in the guest, as `KIND PATH`.
fn findings(guest: &Guest) -> Vec<String> {
    let report = Policy { mode: Mode::Report, allowed: vec![] };
    let answer = guest.run(&script(&Preparation { hygiene: report, ..preparation() }));
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", answer.out);
    let found: Vec<String> =
        answer.out.lines().filter_map(|line| line.strip_prefix("azimage: found ")).map(str::to_owned).collect();
    let counts = answer.out.lines().find_map(|line| line.strip_prefix("azimage: findings ")).unwrap();
    assert_eq!(counts.split(' ').next(), Some(found.len().to_string().as_str()), "{}", answer.out);
    found
}

#[test]
fn each_kind_is_found_by_its_path() {
    let passwd = "root:x:0:0:root:/root:/bin/bash\nazureuser:x:1000:1000::/home/azureuser:/bin/bash\nbob:x:1001:1001::/data/bob:/bin/sh\n";
    let mut kinds: Vec<Kind> = Vec::new();
    for (kind, path, text, found) in [
        (Kind::PrivateKey, "root/.ssh/id_ed25519", KEY, None),
        (Kind::PrivateKey, "home/bob/deep/er/key", KEY, None),
        (Kind::PrivateKey, "etc/ssl/private/app.key", "-----BEGIN PRIVATE KEY-----\n", None),
        (Kind::PrivateKey, "opt/app/key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", None),
        (Kind::PrivateKey, "srv/key", "-----BEGIN EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\n", None),
        (Kind::PrivateKey, "usr/local/etc/key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", None),
        (Kind::PrivateKey, "root/.gnupg/private-keys-v1.d/1234.key", "(private-key\n", None),
        (Kind::PrivateKey, "root/putty.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n", None),
        (Kind::PrivateKey, "etc/wireguard/wg0.conf", "[Interface]\nPrivateKey = abc\n", None),
        (Kind::PrivateKey, "root/a name with spaces", KEY, None),
        (Kind::Certificate, "etc/app/server.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", None),
        (Kind::Certificate, "opt/app/app.pfx", "0", None),
        (Kind::Certificate, "home/bob/id.p12", "0", None),
        (Kind::AuthorizedKeys, "root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA other\n", None),
        (Kind::AuthorizedKeys, "home/bob/.ssh/authorized_keys", "# bob\nssh-rsa AAAA bob\n", None),
        (Kind::CloudCredentials, "root/.azure/msal_token_cache.json", "{}", None),
        (Kind::CloudCredentials, "root/.azure/service_principal_entries.json", "{}", None),
        (Kind::CloudCredentials, "home/bob/.aws/credentials", "[default]", None),
        (Kind::CloudCredentials, "root/.aws/sso/cache/1.json", "{}", None),
        (Kind::CloudCredentials, "root/.config/gcloud/credentials.db", "0", None),
        (Kind::CloudCredentials, "root/.kube/config", "users:", None),
        (Kind::CloudCredentials, "etc/skel/.kube/config", "users:", None),
        (Kind::CloudCredentials, "root/.docker/config.json", "{\"auths\":{\"x\":{\"auth\":\"eA==\"}}}", None),
        (Kind::CloudCredentials, "etc/smbcredentials/store.cred", "password=x", None),
        (Kind::CloudCredentials, "etc/rancher/k3s/k3s.yaml", "x", None),
        (Kind::Token, "root/.git-credentials", "https://x:y@z\n", None),
        (Kind::Token, "root/.netrc", "machine x", None),
        (Kind::Token, "root/.npmrc", "//registry/:_authToken=x\n", None),
        (Kind::Token, "root/.pypirc", "[pypi]\npassword = x\n", None),
        (Kind::Token, "root/.config/gh/hosts.yml", "github.com:", None),
        (Kind::Token, "root/.vault-token", "s.x", None),
        (Kind::Token, "root/.terraform.d/credentials.tfrc.json", "{}", None),
        (Kind::Token, "etc/apt/auth.conf.d/90esm", "machine esm.ubuntu.com login bearer password x\n", None),
        (Kind::Token, "etc/apt/sources.list.d/x.list", "deb https://u:p@example.org/ stable main\n", None),
        (Kind::Token, "etc/yum.repos.d/x.repo", "[x]\npassword=y\n", None),
        (Kind::Token, "etc/shadow.orig", "azureuser:$6$salt$hash:1::::::\n", None),
        (Kind::Token, "etc/.git/config", "", Some("/etc/.git")),
        (Kind::MachineId, "var/lib/snapd/device/private-keys-v1/abc", "x", None),
        (Kind::History, "home/bob/.bash_history", "ls\n", None),
        (Kind::History, "home/bob/.psql_history", "ls\n", None),
        (Kind::Mail, "var/mail/root", "From root\n", None),
        (Kind::CrashDump, "var/crash/2026/vmcore", "x", None),
        (Kind::CrashDump, "var/lib/systemd/coredump/core.x.zst", "x", None),
        (Kind::MachineId, "etc/iscsi/initiatorname.iscsi", "InitiatorName=x\n", None),
        (Kind::Lease, "etc/netplan/99-mine.yaml", "macaddress: 00:0D:3A:AA:BB:CC\n", None),
        (Kind::Lease, "etc/sysconfig/network-scripts/ifcfg-eth0", "HWADDR=00:0d:3a:aa:bb:cc\n", None),
        (Kind::DomainMembership, "etc/krb5.keytab", "x", None),
        (Kind::DomainMembership, "etc/sssd/sssd.conf", "[domain/x]\nid_provider = ad\n", None),
        (Kind::DomainMembership, "var/lib/samba/private/secrets.tdb", "x", None),
        (Kind::AgentIdentity, "etc/opt/microsoft/mdatp/mdatp_onboard.json", "{}", None),
        (Kind::AgentIdentity, "var/opt/azcmagent/agentconfig.json", "{}", None),
        (Kind::AgentIdentity, "etc/opt/microsoft/omsagent/0000/conf/omsadmin.conf", "x", None),
        (Kind::AgentIdentity, "etc/pki/consumer/key.pem", "x", None),
        (Kind::AgentIdentity, "opt/actions-runner/.credentials_rsaparams", "{}", None),
        (Kind::AgentIdentity, "etc/salt/pki/minion/minion.pem", "x", None),
        (Kind::SudoRule, "etc/sudoers.d/bob", "bob ALL=(ALL) NOPASSWD: ALL\n", None),
        (Kind::SudoRule, "etc/sudoers", "User_Alias ADMINS = carol, azureuser\n", None),
        (Kind::SudoRule, "etc/sudoers.d/long", "azureuser ALL=(ALL) \\\n  /usr/bin/true\n", None),
        (Kind::SudoRule, "etc/doas.conf", "permit nopass bob\n", None),
        (Kind::Swap, "mnt/swapfile", "x", None),
        (Kind::Swap, "proc/swaps", "Filename Type Size Used Priority\n/swap file 1 0 -2\n", Some("/swap")),
        (
            Kind::Mount,
            "etc/fstab",
            "/dev/disk/cloud/azure_resource-part1 /mnt/res auto defaults 0 2\n",
            Some("/etc/fstab:/mnt/res"),
        ),
        (
            Kind::Extension,
            "var/lib/waagent/Microsoft.Azure.Monitor.AzureMonitorLinuxAgent-1.33.0/config/x",
            "x",
            Some("/var/lib/waagent/Microsoft.Azure.Monitor.AzureMonitorLinuxAgent-1.33.0"),
        ),
        (
            Kind::Account,
            "etc/shadow",
            "root:*:1::::::\nazureuser:$6$x:1::::::\nbob:$6$x:1::::::\n",
            Some("/etc/passwd:bob"),
        ),
        (Kind::Account, "etc/shadow", "root:!:1::::::\nbob::1::::::\n", Some("/etc/passwd:bob")),
    ] {
        let guest = Guest::new();
        guest.write("etc/passwd", passwd);
        guest.write(path, text);
        let path = format!("/{path}");
        let expected = format!("{kind} {}", found.unwrap_or(&path));
        assert_eq!(findings(&guest), [expected], "{path}");
        kinds.push(kind);
    }
    for kind in Kind::iter().filter(|kind| *kind != Kind::UserPackage) {
        assert!(kinds.contains(&kind), "{kind} can be found");
    }
}

#[test]
fn an_account_with_a_key_is_one_with_which_somebody_can_log_in() {
    let guest = Guest::new();
    let accounts = "bob:x:1001:1001::/data/bob:/bin/sh\ndave:x:1002:1002::/home/dave:/usr/sbin/nologin\n";
    guest.write("etc/passwd", guest.text("etc/passwd") + accounts);
    guest.write("etc/shadow", guest.text("etc/shadow") + "bob:!:1::::::\ndave:$6$x:1::::::\n");
    guest.write("data/bob/.ssh/authorized_keys", "ssh-rsa AAAA bob\n");
    assert_eq!(findings(&guest), ["Account /etc/passwd:bob", "AuthorizedKeys /data/bob/.ssh/authorized_keys"]);
    // A password of root's that nobody takes away.
    let guest = Guest::new();
    guest.write("etc/shadow", "root:$6$x:1::::::\n");
    assert_eq!(findings(&guest), [""; 0], "the agent takes it away");
    guest.write("stub/active/azimage-seal.timer", "");
    guest.remove("stub/active/azimage-seal.timer");
    guest.write("etc/waagent.conf", "Provisioning.DeleteRootPassword=n\n");
    assert_eq!(findings(&guest), ["Account /etc/passwd:root"]);
}

#[test]
fn what_isnt_of_this_machine_alone_isnt_found() {
    let guest = Guest::new();
    for (path, text) in [
        ("opt/app/source.go", "const key = `-----BEGIN PRIVATE KEY-----`\n"),
        ("opt/app/public.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\n"),
        ("etc/pki/rhui/private/key.pem", KEY),
        ("root/.docker/config.json", "{\"auths\":{}}"),
        ("root/.npmrc", "registry=https://example.org\n"),
        ("root/.kube/config", ""),
        ("etc/apt/sources.list.d/x.list", "deb https://example.org/a@b/ stable main\n"),
        ("etc/sudoers.d/ops", "# %ops ALL=(ALL) NOPASSWD: ALL\n%ops ALL=(ALL) ALL\nDefaults:azureuser !lecture\n"),
        ("etc/sssd/sssd.conf", "[domain/x]\nid_provider = ldap\n"),
        ("etc/netplan/01.yaml", "macaddress: 00:0d:3a:00:00:01\n"),
        ("var/crash/kexec_cmd", "x"),
        ("var/mail/azureuser", "From root\n"),
        ("var/lib/waagent/WALinuxAgent-2.15.0.1/bin/x", "x"),
        ("home/azureuser/.aws/credentials", "[default]\n"),
        ("usr/share/doc/key", KEY),
        ("etc/fstab", "LABEL=root / ext4 defaults 0 1\n//share/x /mnt/x cifs defaults 0 0\n"),
    ] {
        guest.write(path, text);
    }
    assert_eq!(findings(&guest), [""; 0]);
}

#[test]
fn disks_are_told_apart_by_what_the_kernel_says() {
    let guest = Guest::new();
    // The root is a volume on sda; sdb is the temporary disk, sdc another one.
    for (path, to) in [
        ("sys/dev/block/254:0", "../../devices/virtual/block/dm-0"),
        ("sys/class/block/dm-0", "../../devices/virtual/block/dm-0"),
        ("sys/class/block/sda2", "../../devices/pci/block/sda/sda2"),
        ("sys/class/block/sda1", "../../devices/pci/block/sda/sda1"),
        ("sys/class/block/sda", "../../devices/pci/block/sda"),
        ("sys/class/block/sdb1", "../../devices/pci/block/sdb/sdb1"),
        ("sys/class/block/sdc1", "../../devices/pci/block/sdc/sdc1"),
        ("dev/mapper/vg-home", "../dm-0"),
        ("dev/disk/by-uuid/AAAA-1111", "../../sda1"),
        ("dev/disk/by-uuid/CCCC-3333", "../../sdc1"),
        ("dev/disk/by-label/data", "../../sdc1"),
    ] {
        std::fs::create_dir_all(guest.path(path).parent().unwrap()).unwrap();
        symlink(to, guest.path(path)).unwrap();
    }
    for path in [
        "sys/devices/virtual/block/dm-0/slaves/sda2",
        "sys/devices/pci/block/sda/sda1/partition",
        "sys/devices/pci/block/sda/sda2/partition",
        "sys/devices/pci/block/sdb/sdb1/partition",
        "sys/devices/pci/block/sdc/sdc1/partition",
        "dev/dm-0",
        "dev/sda1",
        "dev/sdb1",
        "dev/sdc1",
    ] {
        guest.write(path, "1\n");
    }
    guest.write(
        "proc/self/mountinfo",
        "22 1 0:21 / /proc rw - proc proc rw\n23 1 254:0 /root / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw\n",
    );
    guest.write("proc/mounts", "/dev/mapper/vg-root / ext4 rw 0 0\n/dev/sdc1 /opt/data ext4 rw 0 0\n/dev/mapper/vg-home /opt/app ext4 rw 0 0\n");
    guest.write(
        "proc/swaps",
        "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n/dev/dm-0 partition 1 0 -3\n",
    );
    guest.write(
        "etc/fstab",
        "/dev/mapper/vg-home / ext4 defaults 0 1\nUUID=AAAA-1111 /boot/efi vfat defaults 0 1\nUUID=\"CCCC-3333\" /data ext4 defaults 0 2
LABEL=data /data2 ext4 defaults 0 2\nLABEL=data none swap nofail 0 0\n/mnt/more none swap nofail 0 0\nUUID=gone /gone ext4 defaults 0 2\n# UUID=old /old ext4 defaults 0 2\ntmpfs /tmp tmpfs defaults 0 0\n",
    );
    assert_eq!(
        findings(&guest),
        [
            "Mount /etc/fstab:/data",
            "Mount /etc/fstab:/data2",
            "Mount /etc/fstab:/gone",
            "Swap /dev/dm-0",
            "Swap /etc/fstab:LABEL=data",
            "Swap /mnt/more"
        ]
    );
    assert_eq!(guest.text("run/azimage-seal/mounts"), "/opt/app\n", "another disk isn't in the image");
}

#[test]
fn a_look_that_doesnt_end_is_no_look() {
    for (mode, code) in [(Mode::Enforce, 20), (Mode::Report, 0)] {
        let guest = Guest::new();
        // The limit comes sooner here.
        guest.program("timeout", "case $2 in find) exit 124;; *) exec /host/usr/bin/timeout \"$@\";; esac", "/bin/sh");
        let preparation = Preparation { hygiene: Policy { mode, allowed: vec![] }, ..preparation() };
        let answer = guest.run(&script(&preparation));
        assert_eq!(answer.code, code, "{}", answer.out);
        assert_eq!(answer.out.contains("didn't end within 120 seconds"), code == 20, "{}", answer.out);
    }
}

#[test]
fn names_of_files_cant_say_anything_else() {
    let guest = Guest::new();
    guest.write("root/a\nazimage: findings 0 0 0\nazimage: sealed/id\u{1b}[31m", KEY);
    guest.write("root/$(touch x)`touch y`/*", KEY);
    let answer = guest.run(&script(&preparation()));
    assert_eq!((answer.code, answer.err.as_str()), (20, ""), "{}", answer.out);
    assert!(answer.out.lines().filter(|line| line.starts_with("azimage: findings")).count() == 1, "{}", answer.out);
    assert!(answer.out.contains("azimage: found PrivateKey /root/$(touch x)`touch y`/*\n"), "{}", answer.out);
    assert!(!answer.out.contains('\u{1b}'));
}
