//! Guests that are sealed, whatever is special about them.

use std::time::Duration;

use azimage_core::guest::hygiene::Mode;

use super::{Case, Event, Is, Moment, Played, SEALED, USUAL};
use crate::image::Provisioner;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case { name: "plain", about: "provisioned by cloud-init", ..USUAL },
        Case {
            name: "agent",
            about: "provisioned by the agent, without cloud-init",
            provisioner: Provisioner::Agent,
            ..USUAL
        },
        Case { name: "session", about: "its user is logged in over ssh", session: true, ..USUAL },
        Case {
            name: "session-of-another",
            about: "another user is logged in on a pseudo terminal",
            played: Played::Real("its only sessions are those of the machine's own user"),
            set_up: "useradd -m -s /bin/bash bob; systemd-run --quiet script -qec 'su - bob -c \"sleep 600\"' /dev/null; sleep 3; \
                     loginctl list-sessions --no-legend | grep -q bob",
            ..USUAL
        },
        Case {
            name: "second-user",
            about: "a second user with a key and a rule for sudo; hygiene only reports",
            set_up: SECOND_USER,
            preparation: |preparation| preparation.hygiene.mode = Mode::Report,
            says: &["azimage: found AuthorizedKeys /home/bob/.ssh/authorized_keys", "azimage: found SudoRule"],
            sealed_disk: &[("/home/bob/.ssh/authorized_keys", Is::With("bob@elsewhere"))],
            ..USUAL
        },
        Case {
            name: "resolv-link",
            about: "resolv.conf is a link",
            set_up: "cp /etc/resolv.conf /run/resolv.conf; ln -sf /run/resolv.conf /etc/resolv.conf",
            sealed_disk: &[("/etc/resolv.conf", Is::Link)],
            ..USUAL
        },
        Case {
            name: "dbus-id",
            about: "D-Bus' id of the machine is a file",
            set_up: "rm -f /var/lib/dbus/machine-id; cp /etc/machine-id /var/lib/dbus/machine-id",
            sealed_disk: &[("/var/lib/dbus/machine-id", Is::Absent)],
            ..USUAL
        },
        Case {
            name: "swap",
            about: "swap on the temporary disk, in fstab",
            set_up: "mkswap -q -L temporary /dev/vdb; echo 'LABEL=temporary none swap nofail 0 0' >>/etc/fstab; swapon -a; swapon --show | grep -q vdb",
            says: &["azimage: found Swap"],
            ..USUAL
        },
        Case { name: "noise-50", about: "50 lines a second of the kernel on the console", set_up: NOISE_50, ..USUAL },
        Case {
            name: "noise-500",
            about: "500 lines a second of the kernel on the console while the marks are written",
            // From the beginning it would be more than an emulated processor can write.
            event: Some((Moment::IdEmptied, Event::Script(NOISE_500))),
            ..USUAL
        },
        Case {
            name: "clock-jumps",
            about: "the clock jumps by two days while the seal waits",
            event: Some((Moment::Scheduled, Event::Script("date -s '+2 days'"))),
            ..USUAL
        },
        Case {
            name: "disk-fills",
            about: "the disk gets full while the seal waits",
            event: Some((Moment::Scheduled, Event::Script(FILL))),
            ..USUAL
        },
        Case {
            name: "one-line",
            about: "ovf-env.xml is one line",
            set_up: "tr -d '\\n' </var/lib/waagent/ovf-env.xml >/run/one; cat /run/one >/var/lib/waagent/ovf-env.xml",
            ..USUAL
        },
        Case {
            name: "audit-apart",
            about: "the folder of audit's logs is a file system of its own",
            played: Played::Real("its disk is one file system"),
            set_up: "mkfs.ext4 -q -F /dev/vdb; mkdir -p /var/log/audit; mount /dev/vdb /var/log/audit; echo azureuser >/var/log/audit/audit.log; \
                     echo azureuser >/var/log/audit/audit.log.1",
            event: Some((
                Moment::IdEmptied,
                Event::Script(
                    "[ -f /var/log/audit/audit.log ] && [ ! -s /var/log/audit/audit.log ] && [ ! -e /var/log/audit/audit.log.1 ]",
                ),
            )),
            ..USUAL
        },
        Case {
            name: "second-seal",
            about: "another seal is asked for while this one waits",
            preparation: |preparation| preparation.delay = Duration::from_secs(40),
            event: Some((Moment::Scheduled, Event::AnotherSeal)),
            expected: super::Outcome { second: Some(15), ..SEALED },
            ..USUAL
        },
    ]
}

const SECOND_USER: &str = "useradd -m -s /bin/bash bob; mkdir -m 700 /home/bob/.ssh; \
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 bob@elsewhere' >/home/bob/.ssh/authorized_keys; \
    chown -R bob:bob /home/bob/.ssh; echo 'bob ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/bob";

/// Takes all the room of the disk, down to the last block.
const FILL: &str = "n=0; for size in 1G 128M 16M 2M 256K 32K 4K; do \
    while fallocate -l $size /var/tmp/fill.$n 2>/dev/null; do n=$((n + 1)); done; done; sync";

/// Lines as a firewall has the kernel write them.
macro_rules! noise {
    ($pause:literal) => {
        concat!(
            "echo on >/proc/sys/kernel/printk_devkmsg; systemd-run --quiet python3 -c 'import time\n",
            "k = open(\"/dev/kmsg\", \"w\"); begin = time.time(); n = 0\n",
            "while True:\n",
            "    while n < (time.time() - begin) / ",
            $pause,
            ":\n",
            "        k.write(f\"<4>noise: iptables denied {n} IN=eth0 OUT= SRC=10.0.0.4 DST=10.0.0.5 LEN=60 PROTO=TCP\\n\"); k.flush(); n += 1\n",
            "    time.sleep(0.002)'"
        )
    };
}

const NOISE_50: &str = noise!("0.02");
const NOISE_500: &str = noise!("0.002");
