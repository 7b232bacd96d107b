//! A guest of files: a root of its own, real shells and tools, and stubs for what only a real system has.
//!
//! Each stub does what the tool was seen to do in a real guest (Debian 12 and 13, waagent 2.7 and 2.12, cloud-init 22.4
//! and 25.1), also where that is a surprise: the agent empties its folder and leaves it, and ends with 0 when it failed.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

/// What the script may use. The root has these tools and no other ones.
const TOOLS: [&str; 35] = [
    "base64", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "find", "getent", "grep", "head", "ls",
    "mkdir", "mktemp", "mv", "readlink", "rm", "rmdir", "sed", "sort", "stat", "tail", "timeout", "touch", "tr",
    "true", "truncate", "uniq", "wc", "id", "env", "dd", "du", "ln",
];

/// In the stubs `$STUB` is a folder for their state, and `$HOST` has the tools that the script must not use.
const STUBS: [(&str, &str); 14] = [
    // With state: which units run.
    (
        "systemctl",
        r#"printf 'systemctl %s\n' "$*" >>"$STUB/calls"
case $1 in
--version) cat "$STUB/systemd" ;;
list-jobs) [ ! -e "$STUB/jobs" ] || cat "$STUB/jobs" ;;
is-enabled) [ ! -e "$STUB/enabled" ] || cat "$STUB/enabled" ;;
is-active) shift 2; for unit; do [ ! -e "$STUB/active/$unit" ] || exit 0; done; exit 3 ;;
stop) shift; for unit; do [ -e "$STUB/stubborn/$unit" ] || rm -f "$STUB/active/$unit"; done ;;
start) shift; for unit; do : >"$STUB/active/$unit"; done ;;
mask) [ "$2" = --runtime ] && shift 2 && for unit; do : >"$STUB/masked/$unit"; done ;;
show)
    state=not-found
    if [ -e "$STUB/active/$3" ] || [ -e "$STUB/inactive/$3" ]; then state=loaded; fi
    if [ -e "$STUB/masked/$3" ]; then state=masked; fi
    if [ "$(readlink "/run/systemd/system.control/$3")" = /dev/null ] && [ ! -e "$STUB/systemd-is-old" ]; then state=masked; fi
    [ "$2" != --property=LoadState ] || echo "LoadState=$state" ;;
poweroff | reboot) : >"$STUB/$1" ;;
esac
exit 0"#,
    ),
    // A unit is only remembered; a scope runs, and all in it ends with it, as after `systemctl kill`.
    (
        "systemd-run",
        r#"printf 'systemd-run %s\n' "$*" >>"$STUB/calls"
[ ! -e "$STUB/systemd-run-fails" ] || exit 1
scope=no
while [ $# -gt 0 ]; do
    case $1 in
    --scope) scope=yes ;;
    --timer-property=*) [ ! -e "$STUB/systemd-is-old" ] || exit 1 ;;
    --*) ;;
    *) break ;;
    esac
    shift
done
if [ $scope = yes ]; then exec "$HOST/usr/bin/unshare" --pid --fork --kill-child "$@"; fi
printf '%s\n' "$*" >"$STUB/scheduled"
: >"$STUB/active/azimage-seal.timer""#,
    ),
    // `rm_dirs` empties the folders and leaves them. Whatever fails in it, it ends with 0.
    (
        "waagent",
        r#"printf 'waagent %s\n' "$*" >>"$STUB/calls"
[ ! -e "$STUB/waagent-fails" ] || exit 1
user=$(sed -n 's/.*UserName>\([^<]*\)<.*/\1/p' /var/lib/waagent/ovf-env.xml)
systemctl stop walinuxagent.service waagent.service
rm -f /etc/ssh/ssh_host_*
if [ -e "$STUB/waagent-stops" ]; then
    echo "2026-05-31T08:12:29.760610Z INFO MainThread something"
    echo "2026-05-31T08:12:29.760610Z ERROR MainThread Failed to run 'deprovision+user': [Errno 1] Operation not permitted: '/x'"
    printf 'Traceback (most recent call last):\n  File "/x"\nOSError\n'
    exit 0
fi
# `set_dhcp_hostname` of its families reads a file first.
file=
[ ! -e /etc/redhat-release ] || file=/etc/sysconfig/network-scripts/ifcfg-eth0
[ ! -e "$STUB/suse" ] || file=/etc/sysconfig/network/dhcp
if [ -n "$file" ] && [ ! -e "$file" ]; then
    echo "2026-05-31T08:12:29.760610Z ERROR MainThread Failed to run 'deprovision+user': [Errno 2] No such file or directory: '$file'"
    exit 0
fi
[ -z "$file" ] || echo DHCP_HOSTNAME=localhost.localdomain >>"$file"
find /var/lib/dhcp /var/lib/dhclient -mindepth 1 -delete 2>/dev/null
echo localhost.localdomain >/etc/hostname
sed -i 's/^root:.*/root:*LOCK*:14600::::::/' /etc/shadow
find /var/lib/waagent /var/log/azure -mindepth 1 -delete
rm -f /root/.bash_history /var/log/waagent.log /etc/resolv.conf
userdel -f -r "$user"
sed -i "/$user/d" /etc/sudoers.d/waagent 2>/dev/null
[ ! -e "$STUB/agent-comes-back" ] || systemctl start waagent.service
exit 0"#,
    ),
    // Copies of the files as they were stay behind.
    (
        "userdel",
        r#"printf 'userdel %s\n' "$*" >>"$STUB/calls"
[ ! -e "$STUB/userdel-fails" ] || exit 8
! grep -q "^azureuser:" /etc/group || echo "userdel meets the group" >>"$STUB/calls"
for user; do :; done
home=$(getent passwd "$user" | cut -d : -f 6)
for file in passwd shadow group subuid; do
    [ -e "/etc/$file" ] || continue
    cp "/etc/$file" "/etc/$file-"
    sed -i "/^$user:/d" "/etc/$file"
done
[ -z "$home" ] || rm -rf "$home""#,
    ),
    (
        "groupdel",
        r#"! grep -q "^$1:[^:]*:[^:]*:$(getent group "$1" | cut -d : -f 3):" /etc/passwd || exit 8
sed -i "/^$1:/d" /etc/group"#,
    ),
    (
        "usermod",
        r#"group=$(getent group "$2" | cut -d : -f 3)
[ -n "$group" ] || exit 6
sed -i "s/^\($3:[^:]*:[^:]*\):[^:]*:/\1:$group:/" /etc/passwd"#,
    ),
    (
        "cloud-init",
        r#"printf 'cloud-init %s\n' "$*" >>"$STUB/calls"
[ ! -e "$STUB/cloud-init-fails" ] || { rm -rf $(cat "$STUB/cloud-init-fails"); echo "Could not remove /var/lib/cloud/data"; exit 1; }
find /var/lib/cloud -mindepth 1 -delete
rm -f /var/log/cloud-init.log /var/log/cloud-init-output.log"#,
    ),
    ("loginctl", r#"printf 'loginctl %s\n' "$*" >>"$STUB/calls"; [ "$1" != list-users ] || echo "1000 azureuser""#),
    // What it is asked for at this moment of the seal is a place to have something happen in between.
    ("journalctl", r#"[ ! -e "$STUB/meanwhile" ] || . "$STUB/meanwhile""#),
    // Only the question that the script asks.
    (
        "dpkg-query",
        r#"[ "$*" = '-W -f ${db:Status-Abbrev} ${Package}\n' ] || exit 2
printf 'ii  htop\nrc  old\nun  never\nhi  held\n'
[ ! -e "$STUB/packages" ] || cat "$STUB/packages""#,
    ),
    ("sync", ":"),
    ("swapoff", ":"),
    // Nobody waits for a guest of files; but something may happen in between.
    ("sleep", r#"printf 'sleep %s\n' "$*" >>"$STUB/calls"; [ ! -e "$STUB/while-asleep" ] || . "$STUB/while-asleep""#),
    // Processes are files here, whose owner is root.
    (
        "stat",
        r#"case "$*" in
*%u*) [ ! -e "$STUB/processes" ] || cat "$STUB/processes" ;;
*) exec "$HOST/usr/bin/stat" "$@" ;;
esac"#,
    ),
];

/// Files of a guest that cloud-init and the agent have provisioned for `azureuser`, with traces of its life.
const FILES: [(&str, &str); 45] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\nazureuser:x:1000:1000::/home/azureuser:/bin/bash\n",
    ),
    ("etc/shadow", "root:!:1::::::\ndaemon:*:1::::::\nazureuser:$6$salt$hash:1::::::\n"),
    ("etc/group", "root:x:0:\nsudo:x:27:azureuser\nusers:x:100:\nazureuser:x:1000:\n"),
    ("etc/subuid", "azureuser:100000:65536\n"),
    ("etc/passwd-", "azureuser:x:1000:1000::/home/azureuser:/bin/bash\n"),
    ("etc/shadow-", "azureuser:$6$salt$hash:1::::::\n"),
    ("var/backups/shadow.bak", "azureuser:$6$salt$hash:1::::::\n"),
    ("etc/hostname", "builder\n"),
    ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
    (
        "etc/fstab",
        "LABEL=root / ext4 defaults 0 1\n/dev/disk/cloud/azure_resource-part1 /mnt auto defaults,nofail,comment=cloudconfig 0 2\n",
    ),
    (
        "etc/sudoers",
        "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\nazureuser ALL=(ALL) NOPASSWD:/usr/bin/true\n",
    ),
    ("etc/sudoers.d/90-cloud-init-users", "# User rules for azureuser\nazureuser ALL=(ALL) NOPASSWD:ALL\n"),
    ("etc/sudoers.d/waagent", "azureuser ALL=(ALL) ALL\n"),
    ("etc/ssh/ssh_host_rsa_key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
    ("etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa AAAA\n"),
    ("etc/ssh/sshd_config", "Port 22\n"),
    ("etc/waagent.conf", "Provisioning.DeleteRootPassword=y\n"),
    ("etc/netplan/50-cloud-init.yaml", "# Changes to it will not persist\nmacaddress: 00:0d:3a:aa:bb:cc\n"),
    ("etc/netplan/90-static.yaml", "network: {}\n"),
    ("etc/network/interfaces", "auto lo\n"),
    ("etc/udev/rules.d/70-persistent-net.rules", "00:0d:3a:aa:bb:cc\n"),
    ("etc/systemd/system/managedruncommand.service", "[Service]\n"),
    ("etc/systemd/system/multi-user.target.wants/managedruncommand.service", "[Service]\n"),
    (
        "root/.ssh/authorized_keys",
        "no-port-forwarding,command=\"echo 'Please login as the user \\\"azureuser\\\" rather than the user \\\"root\\\".';echo;sleep 10;exit 142\" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDazureuser a@b\n",
    ),
    ("root/.bash_history", "secret\n"),
    ("root/.python_history", "secret\n"),
    ("home/azureuser/.ssh/authorized_keys", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDazureuser a@b\n"),
    ("home/azureuser/.bash_history", "secret\n"),
    ("home/azureuser/.ssh/id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
    (
        "var/lib/waagent/ovf-env.xml",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ns0:Environment xmlns:ns1=\"http://schemas.microsoft.com/windowsazure\">\n<ns1:UserName>azureuser</ns1:UserName>\n<ns1:UserPassword>secret</ns1:UserPassword>\n</ns0:Environment>\n",
    ),
    ("var/lib/waagent/provisioned", "1\n"),
    ("var/lib/waagent/Microsoft.CPlat.Core.RunCommandHandlerLinux-1.3.28/config/0.settings", "{}\n"),
    ("var/lib/cloud/data/instance-id", "1\n"),
    ("var/lib/cloud/sem/config_ssh", "1\n"),
    ("var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n"),
    ("var/lib/systemd/random-seed", "seed\n"),
    ("var/lib/systemd/credential.secret", "secret\n"),
    ("var/lib/dhcp/dhclient.eth0.leases", "00:0d:3a:aa:bb:cc\n"),
    ("var/lib/hyperv/.kvp_pool_3", "HostName\n"),
    ("var/log/azure/run-command/handler.log", "log\n"),
    ("var/log/journal/0123456789abcdef0123456789abcdef/system.journal", "log\n"),
    ("var/log/auth.log", "azureuser logged in\n"),
    ("var/log/auth.log.1", "azureuser logged in\n"),
    ("var/log/wtmp", "azureuser\n"),
    ("var/lib/lastlog/lastlog2.db", "azureuser\n"),
];

const FOLDERS: [&str; 14] = [
    "usr/bin",
    "host/usr",
    "dev",
    "proc/self",
    "sys/class/tty/console",
    "sys/class/net/eth0",
    "run/systemd/system",
    "run/systemd/resolve",
    "stub/active",
    "stub/inactive",
    "stub/masked",
    "stub/stubborn",
    "var/log/journal",
    "tmp",
];

/// A guest of files.
pub struct Guest {
    folder: tempfile::TempDir,
}

/// What a script ended with.
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Guest {
    /// One that can be sealed, with the first of the shells.
    pub fn new() -> Self {
        Self::with_shell(shells()[0])
    }

    /// One that can be sealed, in which `/bin/sh` is this shell of the host.
    pub fn with_shell(shell: &'static str) -> Self {
        let guest = Self { folder: tempfile::tempdir().unwrap() };
        for folder in FOLDERS {
            fs::create_dir_all(guest.path(folder)).unwrap();
        }
        for (path, text) in FILES {
            guest.write(path, text);
        }
        for tool in TOOLS {
            symlink(on_host(tool), guest.path("usr/bin").join(tool)).unwrap();
        }
        let mut words = shell.split(' ');
        let program = on_host(words.next().unwrap()).display().to_string();
        let arguments = words.collect::<Vec<_>>().join(" ");
        if arguments.is_empty() {
            symlink(program, guest.path("usr/bin/sh")).unwrap();
        } else {
            guest.program("sh", &format!("exec {program} {arguments} \"$@\""), &program);
        }
        for (name, text) in STUBS {
            let head = "STUB=/stub HOST=/host\n";
            guest.program(name, &format!("{head}{text}"), "/host/usr/bin/dash");
        }
        for (link, to) in [
            ("bin", "usr/bin"),
            ("sbin", "usr/bin"),
            ("usr/sbin", "bin"),
            ("usr/lib", "/host/usr/lib"),
            ("lib", "/host/usr/lib"),
            ("lib64", "/host/usr/lib64"),
            ("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"),
            ("var/lib/cloud/instance", "/var/lib/cloud/instances/one"),
        ] {
            symlink(to, guest.path(link)).unwrap();
        }
        for device in ["dev/null", "dev/zero", "dev/full"] {
            guest.write(device, "");
        }
        guest.write("run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n");
        guest.write("dev/ttyS0", "");
        guest.write("sys/class/tty/console/active", "tty0 ttyS0\n");
        guest.write("sys/class/net/eth0/address", "00:0d:3a:aa:bb:cc\n");
        guest.write("proc/locks", "");
        guest.write("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n");
        guest.write("proc/swaps", "Filename Type Size Used Priority\n");
        guest.write("stub/systemd", "systemd 252 (252.38-1~deb12u1)\n+PAM\n");
        guest.write("stub/active/walinuxagent.service", "");
        guest.write("stub/active/apt-daily.timer", "");
        guest
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// A program in the guest, in the place of whatever had its name.
    pub fn program(&self, name: &str, text: &str, shell: &str) {
        let path = self.path("usr/bin").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!{shell}\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn text(&self, path: &str) -> String {
        // A link may lead to a device that never ends.
        let path = self.path(path);
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file { fs::read_to_string(path).unwrap() } else { String::new() }
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// What was written to the serial port.
    pub fn console(&self) -> String {
        self.text("dev/ttyS0")
    }

    /// The run command.
    pub fn run(&self, script: &str) -> Answer {
        // A file stands for the port here, which is no device.
        self.write(
            "var/lib/waagent/run-command/script.sh",
            script.replace("[ ! -c ", "[ ! -e ").replace("[ -c ", "[ -e "),
        );
        self.run_file("/var/lib/waagent/run-command/script.sh")
    }

    /// The unit, if it was scheduled.
    pub fn unit(&self) -> Option<Answer> {
        let command = self.text("stub/scheduled");
        let file = command.trim().strip_prefix("/bin/sh ")?;
        fs::remove_file(self.path("stub/active/azimage-seal.timer")).unwrap();
        Some(self.run_file(file))
    }

    fn run_file(&self, file: &str) -> Answer {
        let root = self.folder.path().display();
        let inside = format!(
            "mount --bind /usr {root}/host/usr && for device in null zero full; do mount --bind /dev/$device {root}/dev/$device; done &&
echo $$ >{root}/stub/pid; PATH=$PATH:/usr/sbin exec chroot {root} /usr/bin/env -i PATH=/usr/bin /bin/sh {file}"
        );
        let output = Command::new("unshare")
            .args(own_mounts())
            .args(["sh", "-c", &inside])
            .stdin(std::process::Stdio::null())
            .output()
            .expect("unshare can be run");
        Answer {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Where a tool of the host lies, as the guest sees it.
fn on_host(tool: &str) -> PathBuf {
    let found = ["usr/bin", "usr/sbin"].into_iter().find(|folder| Path::new("/").join(folder).join(tool).exists());
    Path::new("/host").join(found.unwrap_or_else(|| panic!("{tool} is not installed"))).join(tool)
}

/// The shells of this host that distributions with systemd have as `/bin/sh`.
pub fn shells() -> Vec<&'static str> {
    ["dash", "bash --posix"]
        .into_iter()
        .filter(|shell| Path::new("/usr/bin").join(shell.split(' ').next().unwrap()).exists())
        .collect()
}

/// Everybody may mount in a user namespace of their own, where those are allowed; root needs none.
fn own_mounts() -> &'static [&'static str] {
    let tried = Command::new("unshare").args(["--map-root-user", "--mount", "true"]).output();
    if tried.is_ok_and(|output| output.status.success()) { &["--map-root-user", "--mount"] } else { &["--mount"] }
}
