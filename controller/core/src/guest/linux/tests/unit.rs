use std::os::unix::fs::symlink;

use super::{NONCE, guest::Guest, preparation};
use crate::{
    guest::console::read,
    guest::{
        Preparation,
        hygiene::{Mode, Policy},
        linux::script,
    },
    image_version::facts,
};

const BEGUN: &str = "var/lib/azimage-seal-begun";

fn scheduled(guest: &Guest) {
    let answer = guest.run(&script(&preparation()));
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

#[test]
fn a_guest_is_sealed_and_nothing_of_it_is_left() {
    for shell in super::guest::shells() {
        let guest = Guest::with_shell(shell);
        // Somebody else's, and things of the image itself.
        guest.write("home/carol/notes", "keep\n");
        guest.write("etc/sudoers.d/carol", "carol ALL=(ALL) ALL\n");
        guest.write("var/log/app/app.log", "azureuser did it\n");
        guest.write("var/log/app/app.log-20261128", "azureuser did it\n");
        scheduled(&guest);
        let answer = guest.unit().unwrap();
        let console = guest.console();
        assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, "", ""), "{shell}: {console}");
        assert!(guest.exists("stub/poweroff") && !guest.exists("stub/reboot"), "{shell}: {console}");
        assert_eq!(read(console.as_bytes(), NONCE), facts::Console::Sealed, "{console}");
        // For a minute, each ten seconds, alone in their lines.
        assert_eq!(console.matches(&format!("\nazimage: sealed {NONCE}\n")).count(), 7, "{console}");
        assert!(!console.contains("failed"), "{console}");
        for path in [
            "home/azureuser",
            "etc/passwd-",
            "etc/shadow-",
            "etc/group-",
            "var/backups/shadow.bak",
            "etc/subuid-",
            "etc/sudoers.d/90-cloud-init-users",
            "etc/sudoers.d/waagent",
            "etc/ssh/ssh_host_rsa_key",
            "etc/ssh/ssh_host_rsa_key.pub",
            "etc/netplan/50-cloud-init.yaml",
            "etc/udev/rules.d/70-persistent-net.rules",
            "etc/systemd/system/managedruncommand.service",
            "etc/systemd/system/multi-user.target.wants/managedruncommand.service",
            "root/.bash_history",
            "root/.python_history",
            "var/lib/waagent/ovf-env.xml",
            "var/lib/cloud/data",
            "var/lib/dbus/machine-id",
            "var/lib/systemd/random-seed",
            "var/lib/systemd/credential.secret",
            "var/lib/dhcp/dhclient.eth0.leases",
            "var/lib/hyperv/.kvp_pool_3",
            "var/log/azure/run-command",
            "var/log/journal/0123456789abcdef0123456789abcdef",
            "var/log/auth.log.1",
            "var/lib/lastlog/lastlog2.db",
            "var/log/app/app.log-20261128",
            BEGUN,
        ] {
            assert!(!guest.exists(path), "{shell}: {path} is left");
        }
        for path in
            ["etc/machine-id", "var/log/auth.log", "var/log/wtmp", "var/log/app/app.log", "root/.ssh/authorized_keys"]
        {
            assert!(guest.exists(path) && guest.text(path).is_empty(), "{shell}: {path}: {}", guest.text(path));
        }
        for path in ["etc/passwd", "etc/shadow", "etc/group", "etc/sudoers"] {
            assert!(guest.text(path).contains("root") && !guest.text(path).contains("azureuser:"), "{shell}: {path}");
        }
        assert!(guest.text("etc/sudoers").contains("%sudo") && !guest.text("etc/sudoers").contains("azureuser"));
        for path in [
            "home/carol/notes",
            "etc/sudoers.d/carol",
            "etc/netplan/90-static.yaml",
            "etc/ssh/sshd_config",
            "var/lib/waagent",
        ] {
            assert!(guest.exists(path), "{shell}: {path} is gone");
        }
        let link = guest.path("etc/resolv.conf").read_link().unwrap();
        assert_eq!(link.to_str(), Some("../run/systemd/resolve/stub-resolv.conf"), "names can be resolved");
        let calls = guest.text("stub/calls");
        let position = |call: &str| calls.find(call).unwrap_or_else(|| panic!("{call}: {calls}"));
        assert!(position("stop apt-daily.timer") < position("terminate-user 1000"));
        assert!(position("terminate-user 1000") < position("stop walinuxagent.service"));
        assert!(position("stop walinuxagent.service") < position("cloud-init clean --logs"));
        assert!(position("cloud-init clean --logs") < position("waagent -force -deprovision+user"));
        assert!(!calls.contains("stop apt-daily.service"), "a service that is at work ends by itself: {calls}");
    }
}

#[test]
fn what_a_guest_doesnt_have_isnt_needed() {
    let guest = Guest::new();
    // Provisioned by the agent, somebody removed the account, its folder is there.
    guest.remove("usr/bin/cloud-init");
    guest.remove("var/lib/cloud");
    guest.remove("etc/netplan");
    guest.remove("root/.ssh");
    guest.remove("etc/sudoers");
    guest.remove("etc/sudoers.d");
    guest.remove("usr/bin/loginctl");
    guest.remove("usr/bin/dpkg-query");
    guest.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    guest.write("etc/shadow", "root:!:1::::::\n");
    guest.write("etc/group", "root:x:0:\n");
    guest.write("etc/subuid", "");
    guest.remove("etc/resolv.conf");
    guest.write("etc/resolv.conf", "nameserver 168.63.129.16\n");
    scheduled(&guest);
    let answer = guest.unit().unwrap();
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", guest.console());
    assert!(guest.exists("stub/poweroff") && !guest.exists("home/azureuser"));
    assert!(!guest.exists("etc/resolv.conf"), "a plain one is made anew at the start");
}

#[test]
fn files_of_the_network_go_only_where_cloud_init_writes_them_anew() {
    let mac = "HWADDR=00:0d:3a:aa:bb:cc\n";
    let header = "# Created by cloud-init automatically, do not edit.\n#\n";
    let cases: [(&str, Change, bool); 9] = [
        (
            "as it comes",
            |guest| guest.write("etc/cloud/cloud.cfg", "system_info:\n  network:\n    renderers: [eni]\n"),
            true,
        ),
        (
            "switched off in a line",
            |guest| guest.write("etc/cloud/cloud.cfg.d/99-x.cfg", "network: {config: disabled}\n"),
            false,
        ),
        (
            "switched off in two lines",
            |guest| guest.write("etc/cloud/cloud.cfg", "users: []\nnetwork:\n  # no\n\n  config: 'disabled'\n"),
            false,
        ),
        (
            "not switched off",
            |guest| guest.write("etc/cloud/cloud.cfg.d/99-x.cfg", "# network: {config: disabled}\n"),
            true,
        ),
        ("cloud-init is switched off", |guest| guest.write("etc/cloud/cloud-init.disabled", ""), false),
        ("it found nothing", |guest| guest.write("run/cloud-init/disabled", ""), false),
        ("by the kernel's command line", |guest| guest.write("proc/cmdline", "quiet cloud-init=disabled\n"), false),
        ("masked", |guest| guest.write("stub/enabled", "masked\n"), false),
        ("the network by the command line", |guest| guest.write("proc/cmdline", "network-config=disabled\n"), false),
    ];
    for (case, change, gone) in cases {
        let guest = Guest::new();
        guest.write("etc/sysconfig/network-scripts/ifcfg-eth0", format!("{header}{mac}"));
        guest.write("etc/sysconfig/network-scripts/ifcfg-eth1", format!("# not written by cloud-init\n{mac}"));
        change(&guest);
        scheduled(&guest);
        let told = guest.text("run/azimage-seal/told");
        assert!(told.contains("Lease /etc/sysconfig/network-scripts/ifcfg-eth1"), "{case}: {told}");
        for (at, path) in
            [("eth0", "etc/sysconfig/network-scripts/ifcfg-eth0"), ("plan", "etc/netplan/50-cloud-init.yaml")]
        {
            assert_eq!(told.contains(&format!("Lease /{path}")), !gone, "{case}, {at}: {told}");
        }
        assert_eq!(guest.unit().unwrap().code, 0, "{case}: {}", guest.console());
        assert_eq!(guest.exists("etc/sysconfig/network-scripts/ifcfg-eth0"), !gone, "{case}");
        assert_eq!(guest.exists("etc/netplan/50-cloud-init.yaml"), !gone, "{case}");
        assert!(guest.exists("etc/sysconfig/network-scripts/ifcfg-eth1"), "{case}");
    }
}

/// What becomes of a guest whose seal failed.
fn failed(case: &str, guest: &Guest, step: &str, state: &str, words: &str) {
    let answer = guest.unit().unwrap();
    let console = guest.console();
    let line = format!("azimage: failed {NONCE} {step} {state}: ");
    let said: Vec<&str> = console.lines().filter(|said| said.starts_with("azimage: failed")).collect();
    assert!(said.len() >= 3 || step == "mark", "{case}: {console}{}", answer.err);
    for said in said {
        let detail = said.strip_prefix(&line).unwrap_or_else(|| panic!("{case}: {said}"));
        assert!(detail.contains(words) && detail.len() <= 200, "{case}: {detail}");
    }
    assert_eq!(answer.code, 1, "{case}: {}", answer.err);
    assert!(!console.contains("azimage: sealed") && !guest.exists("stub/poweroff"), "{case}: {console}");
    assert_eq!(guest.exists("stub/reboot"), state == "restarting", "{case}");
    assert!(!guest.exists("run/azimage-seal"), "{case}: another try finds nothing of this one");
    // The agent runs its commands again when its state is gone; this one has had its turn.
    assert_eq!(guest.exists(BEGUN), state != "unchanged", "{case}");
    if state != "unchanged" {
        let again = guest.run(&script(&preparation()));
        assert!(again.code == 18 && again.out.contains("was begun in this guest before"), "{case}: {}", again.out);
    }
    if state == "unchanged" {
        assert!(guest.exists("stub/active/walinuxagent.service"), "{case}: the agent runs again");
        assert!(guest.exists("stub/active/apt-daily.timer"), "{case}: what was stopped runs again");
        assert!(guest.exists("home/azureuser") && guest.exists("etc/shadow-"), "{case}");
        for path in ["instance", "sem/config_ssh", "data/instance-id"] {
            assert!(guest.exists(&format!("var/lib/cloud/{path}")), "{case}: {path} is there");
        }
    }
    if state == "broken" {
        assert!(guest.exists("stub/active/waagent.service"), "{case}: the agent is given a chance");
    }
}

type Change = fn(&Guest);

/// What goes wrong after the unit was scheduled; the step, what becomes of the guest, and what is said of it.
const FAILURES: [(&str, Change, &str, &str, &str); 32] = [
    ("packages", |guest| guest.write("stub/packages", "iF  psmisc\n"), "packages", "unchanged", "psmisc"),
    ("no console", |guest| guest.write("sys/class/tty/console/active", "tty0\n"), "port", "unchanged", "console=ttyS0"),
    (
        "a process",
        |guest| guest.write("stub/processes", "0 /proc/1\n1000 /proc/99999999\n"),
        "sessions",
        "unchanged",
        "/proc/99999999",
    ),
    (
        "the agent",
        |guest| guest.write("stub/stubborn/walinuxagent.service", ""),
        "agent",
        "unchanged",
        "walinuxagent.service",
    ),
    (
        "cloud-init at work",
        |guest| guest.write("stub/jobs", " 83 cloud-final.service start running\n"),
        "packages",
        "unchanged",
        "cloud-final.service",
    ),
    (
        "no sign",
        |guest| guest.program("dd", "exit 1", "/bin/sh"),
        "sign",
        "unchanged",
        "/var/lib/azimage-seal-begun can't be written",
    ),
    (
        "cloud-init",
        |guest| guest.write("stub/cloud-init-fails", ""),
        "cloud-init",
        "unchanged",
        "Could not remove /var/lib/cloud/data",
    ),
    (
        "cloud-init in the middle",
        |guest| guest.write("stub/cloud-init-fails", "/var/lib/cloud/instance /var/lib/cloud/sem"),
        "cloud-init",
        "unchanged",
        "Could not remove /var/lib/cloud/data",
    ),
    (
        "cloud-init in the middle, and it can't be put back",
        |guest| {
            guest.write("stub/cloud-init-fails", "/var/lib/cloud/instance");
            guest.program("cp", "case $2 in */cloud/.) exit 1;; *) exec /host/usr/bin/cp \"$@\";; esac", "/bin/sh");
        },
        "cloud-init",
        "restarting",
        "Could not remove /var/lib/cloud/data",
    ),
    (
        "cloud-init leaves it",
        |guest| guest.program("cloud-init", "", "/bin/sh"),
        "cloud-init",
        "unchanged",
        "/var/lib/cloud/instance is",
    ),
    ("waagent fails", |guest| guest.write("stub/waagent-fails", ""), "deprovision", "restarting", "ended with 1"),
    (
        "waagent stops",
        |guest| guest.write("stub/waagent-stops", ""),
        "deprovision",
        "restarting",
        "stopped half-way and left /var/lib/waagent/ovf-env.xml: Failed to run 'deprovision+user': [Errno 1] Operation not permitted",
    ),
    (
        "no user deleted",
        |guest| guest.write("stub/userdel-fails", ""),
        "account",
        "restarting",
        "account azureuser can't be removed",
    ),
    ("a group", |guest| guest.program("groupdel", "exit 8", "/bin/sh"), "", "", ""),
    (
        "a rule",
        |guest| {
            guest.program(
                "sed",
                "case $1 in -i) [ \"$2\" != -E ] || exit 0;; esac; exec /host/usr/bin/sed \"$@\"",
                "/bin/sh",
            );
        },
        "account",
        "restarting",
        "/etc/sudoers still has a rule",
    ),
    (
        "a crontab",
        |guest| guest.write("var/spool/cron/crontabs/azureuser/x", ""),
        "account",
        "restarting",
        "crontabs/azureuser",
    ),
    ("a copy", |guest| guest.write("etc/gshadow-/x", ""), "leftovers", "restarting", "/etc/gshadow- is still there"),
    ("a history", |guest| guest.write("root/.zsh_history/x", ""), "leftovers", "restarting", ".zsh_history"),
    (
        "the agent comes back",
        |guest| guest.write("stub/agent-comes-back", ""),
        "agent-state",
        "restarting",
        "started again",
    ),
    (
        "a log of the agent",
        |guest| guest.write("var/log/waagent.log/x", ""),
        "agent-state",
        "restarting",
        "/var/log/waagent.log is still",
    ),
    (
        "a host key",
        |guest| guest.write("etc/ssh/ssh_host_key/x", ""),
        "identity",
        "restarting",
        "/etc/ssh/ssh_host_key is",
    ),
    (
        "a seed",
        |guest| {
            guest.remove("var/lib/systemd/random-seed");
            guest.write("var/lib/systemd/random-seed/x", "");
        },
        "identity",
        "restarting",
        "random-seed is still there",
    ),
    (
        "a rule of udev",
        |guest| guest.write("etc/udev/rules.d/85-persistent-net-cloud-init.rules/x", ""),
        "network",
        "restarting",
        "85-persistent",
    ),
    (
        "no link",
        |guest| {
            guest.program(
                "cp",
                "case $3 in /etc/resolv.conf) echo x >/etc/resolv.conf;; *) exec /host/usr/bin/cp \"$@\";; esac",
                "/bin/sh",
            );
        },
        "network",
        "restarting",
        "/etc/resolv.conf was a link",
    ),
    ("a log", |guest| guest.program("truncate", "", "/bin/sh"), "logs", "restarting", "/var/log/auth.log isn't empty"),
    (
        "a key that came late",
        |guest| guest.write("stub/meanwhile", "echo '-----BEGIN RSA PRIVATE KEY-----' >/root/late\n"),
        "hygiene",
        "restarting",
        "PrivateKey /root/late",
    ),
    (
        "packages that came late",
        |guest| guest.write("stub/meanwhile", "echo 'iU  late' >/stub/packages\n"),
        "packages",
        "restarting",
        "late",
    ),
    (
        "no machine id",
        |guest| guest.write("stub/meanwhile", "rm /etc/machine-id; mkdir /etc/machine-id\n"),
        "machine-id",
        "restarting",
        "isn't empty",
    ),
    (
        "no provisioning again",
        |guest| {
            guest.write("stub/waagent-fails", "");
            guest.write("etc/cloud/cloud-init.disabled", "");
        },
        "deprovision",
        "broken",
        "ended with 1",
    ),
    (
        "no cloud-init",
        |guest| {
            guest.write("stub/waagent-stops", "");
            guest.remove("usr/bin/cloud-init");
        },
        "deprovision",
        "broken",
        "stopped half-way",
    ),
    (
        "services were stopped",
        |guest| {
            guest.remove("usr/bin/cloud-init");
            guest.write("stub/active/networking.service", "");
            guest.write("stub/active/rsyslog.service", "");
            guest.program("truncate", "", "/bin/sh");
        },
        "logs",
        "broken",
        "/var/log/auth.log isn't empty",
    ),
    // Nothing can be said where nothing can be written.
    (
        "no mark",
        |guest| guest.write("stub/meanwhile", "rm /dev/ttyS0; cp -P /stub/full /dev/ttyS0\n"),
        "mark",
        "restarting",
        "",
    ),
];

#[test]
fn each_failure_names_its_step_and_what_becomes_of_the_guest() {
    for (case, change, step, state, words) in FAILURES {
        let guest = Guest::new();
        symlink("/dev/full", guest.path("stub/full")).unwrap();
        scheduled(&guest);
        change(&guest);
        let runs = |unit: &str| guest.exists(&format!("stub/active/{unit}"));
        let services = ["networking.service", "rsyslog.service"].map(runs);
        if step.is_empty() {
            // The stub of userdel removes the group, as the real one does.
            assert_eq!(guest.unit().unwrap().code, 0, "{case}");
            continue;
        }
        failed(case, &guest, step, state, words);
        assert_eq!(["networking.service", "rsyslog.service"].map(runs), services, "{case}");
    }
}

#[test]
fn another_seal_of_a_guest_that_was_provisioned_anew_leaves_nothing_of_the_failed_one() {
    let guest = Guest::new();
    scheduled(&guest);
    guest.write("stub/waagent-fails", "");
    failed("the first", &guest, "deprovision", "restarting", "ended with 1");
    guest.remove("stub/waagent-fails");
    guest.remove("stub/reboot");
    let second = Preparation { nonce: "second".to_owned(), ..preparation() };
    let answer = guest.run(&script(&second));
    assert_eq!(answer.code, 0, "{}", answer.out);
    guest.unit().unwrap();
    assert_eq!(read(guest.console().as_bytes(), "second"), facts::Console::Sealed, "{}", guest.console());
    assert!(!guest.exists(BEGUN));
}

#[test]
fn a_seal_that_was_begun_isnt_begun_again_also_when_the_guest_died_in_the_middle() {
    for (case, dies_in, code) in [
        ("nothing was removed yet", "loginctl", 0),
        ("before the first thing is removed", "cloud-init", 18),
        ("in the middle", "waagent", 18),
        ("at the marks", "sleep", 0),
    ] {
        let guest = Guest::new();
        scheduled(&guest);
        assert_ne!(guest.text(BEGUN).trim(), NONCE, "a unit that never begins leaves no sign");
        let died = guest.path("usr/bin").join(dies_in);
        let alive = std::fs::read_to_string(&died).unwrap();
        guest.program(dies_in, "kill -KILL $(cat /stub/pid); exit 1", "/host/usr/bin/dash");
        assert_eq!(guest.unit().unwrap().code, -1, "{case}");
        assert_eq!(guest.text(BEGUN).trim() == NONCE, code == 18, "{case}");
        // A start; what is in memory is gone, and the machine is provisioned anew.
        guest.program(dies_in, &alive, "/host/usr/bin/dash");
        guest.remove("run/azimage-seal");
        guest.write("var/lib/waagent/ovf-env.xml", "<UserName>azureuser</UserName>");
        assert_eq!(guest.run(&script(&preparation())).code, code, "{case}");
        assert_eq!(guest.exists("stub/active/azimage-seal.timer"), code == 0, "{case}");
        let second = Preparation { nonce: "second".to_owned(), ..preparation() };
        guest.write("run/azimage-seal/nonce", "");
        let _ = std::fs::remove_file(guest.path("stub/active/azimage-seal.timer"));
        assert_eq!(guest.run(&script(&second)).code, 0, "{case}");
        assert_ne!(guest.text(BEGUN).trim(), NONCE, "{case}: another attempt is another one");
    }
}

#[test]
fn the_agent_comes_to_its_end_where_a_file_of_the_network_isnt_there() {
    for (case, change, made) in [
        (
            "Red Hat",
            (|guest: &Guest| guest.write("etc/redhat-release", "Red Hat Enterprise Linux release 9.4\n")) as Change,
            "etc/sysconfig/network-scripts",
        ),
        (
            "SUSE",
            |guest| {
                guest.write("etc/os-release", "NAME=SLES\nID=\"sles\"\nID_LIKE=\"suse\"\n");
                guest.write("stub/suse", "");
            },
            "etc/sysconfig/network",
        ),
    ] {
        let guest = Guest::new();
        change(&guest);
        scheduled(&guest);
        assert_eq!(guest.unit().unwrap().code, 0, "{case}: {}", guest.console());
        assert!(!guest.exists(made), "{case}: what was made for the agent is gone");
        // A file that is there stays, with what the agent writes to it.
        let guest = Guest::new();
        change(&guest);
        let file = format!("{made}/{}", if case == "SUSE" { "dhcp" } else { "ifcfg-eth0" });
        guest.write(&file, "BOOTPROTO=dhcp\n");
        scheduled(&guest);
        assert_eq!(guest.unit().unwrap().code, 0, "{case}: {}", guest.console());
        assert_eq!(guest.text(&file), "BOOTPROTO=dhcp\nDHCP_HOSTNAME=localhost.localdomain\n", "{case}");
    }
}

#[test]
fn the_accounts_group_goes_before_the_account() {
    let guest = Guest::new();
    scheduled(&guest);
    assert_eq!(guest.unit().unwrap().code, 0, "{}", guest.console());
    assert!(!guest.text("stub/calls").contains("userdel meets the group"), "{}", guest.text("stub/calls"));
    // Where that doesn't work it is removed as before.
    let guest = Guest::new();
    guest.program("usermod", "exit 1", "/bin/sh");
    scheduled(&guest);
    assert_eq!(guest.unit().unwrap().code, 0, "{}", guest.console());
    assert!(
        guest.text("stub/calls").contains("userdel meets the group") && !guest.text("etc/group").contains("azureuser:")
    );
}

#[test]
fn logs_on_file_systems_of_their_own_are_emptied_too() {
    let guest = Guest::new();
    guest.write("var/log/audit/audit.log", "azureuser logged in\n");
    guest.write("var/log/remote/x.log", "azureuser\n");
    guest.write(
        "proc/mounts",
        "/dev/sda1 / ext4 rw 0 0\n/dev/mapper/vg-audit /var/log/audit xfs rw 0 0\nserver:/x /var/log/remote nfs4 rw 0 0\n",
    );
    // Each file system alone, as with -xdev.
    guest.program(
        "find",
        "p=; case \"$1 $2\" in '/var/log -xdev') p='! -path /var/log/audit/* ! -path /var/log/remote/*';; esac
folder=$1; shift; set -f; exec /host/usr/bin/find $folder $p \"$@\"",
        "/host/usr/bin/dash",
    );
    scheduled(&guest);
    assert_eq!(guest.unit().unwrap().code, 0, "{}", guest.console());
    assert!(guest.exists("var/log/audit/audit.log") && guest.text("var/log/audit/audit.log").is_empty());
    assert!(!guest.text("var/log/remote/x.log").is_empty(), "what is on another machine stays");
}

#[test]
fn the_second_look_has_more_time() {
    let guest = Guest::new();
    scheduled(&guest);
    // Each look takes five minutes.
    guest.program("date", "n=$(cat /stub/now 2>/dev/null || echo 1000); case $1 in +%s) n=$((n+20)); echo $n >/stub/now; echo $n;; *) exec /host/usr/bin/date \"$@\";; esac", "/host/usr/bin/dash");
    guest.unit().unwrap();
    assert!(guest.exists("stub/poweroff"), "{}", guest.console());
}

#[test]
fn findings_that_came_late_stop_only_where_they_are_enforced() {
    for (mode, allowed, sealed) in [
        (Mode::Enforce, vec![], false),
        (Mode::Enforce, vec!["/root/late".to_owned()], true),
        (Mode::Report, vec![], true),
        (Mode::Off, vec![], true),
    ] {
        let guest = Guest::new();
        let preparation = Preparation { hygiene: Policy { mode, allowed: allowed.clone() }, ..preparation() };
        assert_eq!(guest.run(&script(&preparation)).code, 0);
        guest.write("root/late", "-----BEGIN RSA PRIVATE KEY-----\n");
        guest.unit().unwrap();
        assert_eq!(guest.exists("stub/poweroff"), sealed, "{mode:?} {allowed:?}: {}", guest.console());
    }
}

#[test]
fn a_mark_that_was_written_once_counts() {
    let guest = Guest::new();
    scheduled(&guest);
    // From the first pause on, which comes after the first mark, nothing can be written.
    guest.write(
        "stub/while-asleep",
        "cp /dev/ttyS0 /stub/console; rm /dev/ttyS0; cp -P /stub/full /dev/ttyS0; rm /stub/while-asleep\n",
    );
    symlink("/dev/full", guest.path("stub/full")).unwrap();
    assert_eq!(guest.unit().unwrap().code, 0);
    let console = guest.text("stub/console");
    assert!(guest.exists("stub/poweroff") && read(console.as_bytes(), NONCE) == facts::Console::Sealed, "{console}");
    assert!(!console.contains("failed"));
}

#[test]
fn a_unit_that_is_stopped_says_so_and_never_that_it_sealed() {
    for (case, from, step, state) in
        [("before", "cloud-init", "cloud-init", "unchanged"), ("in the middle", "userdel", "deprovision", "restarting")]
    {
        let guest = Guest::new();
        scheduled(&guest);
        if case == "in the middle" {
            guest.write("stub/userdel-fails", "");
        }
        // systemd ends all processes of a unit.
        guest.program(from, "kill -TERM $(cat /stub/pid); exit 143", "/host/usr/bin/dash");
        let answer = guest.unit().unwrap();
        let console = guest.console();
        assert_eq!(answer.code, 1, "{case}: {console}");
        assert!(console.contains(&format!("azimage: failed {NONCE} {step} {state}: ")), "{case}: {console}");
        assert!(
            !console.contains("sealed") && !guest.exists("stub/poweroff") && !guest.exists("stub/reboot"),
            "{case}"
        );
    }
    // At the marks: what was said is true.
    let guest = Guest::new();
    scheduled(&guest);
    guest.write("stub/while-asleep", "kill -TERM $(cat /stub/pid)\n");
    guest.unit().unwrap();
    assert!(!guest.console().contains("failed"), "{}", guest.console());
}
