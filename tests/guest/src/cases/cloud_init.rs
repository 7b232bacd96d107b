//! Guests in which cloud-init is at work, or won't do what it mostly does.

use std::time::Duration;

use super::{Case, Is, Played, STARTED_AT_ONCE, USUAL, refused};

/// cloud-init's last stage runs once more, with a command that takes so many seconds. Newer versions are one process for
/// all stages, which ends with the start.
macro_rules! runcmd {
    ($seconds:literal) => {
        concat!(
            "echo 'runcmd: [[sleep, \"",
            $seconds,
            "\"]]' >/etc/cloud/cloud.cfg.d/99-busy.cfg; cloud-init single --name runcmd --frequency always; ",
            "rm -f /var/lib/cloud/instance/sem/config_scripts_user; mkdir -p /run/systemd/system/cloud-final.service.d; ",
            "printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/cloud-init modules --mode=final\\n' ",
            ">/run/systemd/system/cloud-final.service.d/again.conf; systemctl daemon-reload; ",
            "systemctl restart --no-block cloud-final; timeout 60 sh -c \"until pgrep -f '^sleep ",
            $seconds,
            "'; do sleep 1; done\""
        )
    };
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "first-boot-busy",
            about: "cloud-init is at a command of the user data that doesn't end",
            played: Played::Real("its cloud-init has ended before the agent comes"),
            set_up: runcmd!("900"),
            expected: refused(14),
            says: &["cloud-final.service"],
            ..USUAL
        },
        Case {
            name: "first-boot-ends",
            about: "cloud-init is at a command of the user data that ends in time",
            played: Played::Real("its cloud-init has ended before the agent comes"),
            set_up: runcmd!("25"),
            preparation: |preparation| preparation.packages_wait = Duration::from_secs(120),
            ..USUAL
        },
        Case {
            name: "network-by-hand",
            about: "cloud-init doesn't write the network's files; the machine is started afterwards",
            played: Played::Real("its interfaces have no names of udev's"),
            // Without cloud-init the interface keeps the name that udev gave it.
            set_up: "echo 'network: {config: disabled}' >/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg; \
                     name=$(udevadm info --query=property /sys/class/net/eth0 | sed -n 's/^ID_NET_NAME_PATH=//p'); [ -n \"$name\" ]; \
                     sed -i \"s/eth0/$name/\" /etc/network/interfaces.d/50-cloud-init",
            sealed_disk: &[("/etc/network/interfaces.d/50-cloud-init", Is::With("dhcp"))],
            ..STARTED_AT_ONCE
        },
        Case {
            name: "no-ovf-env",
            about: "only cloud-init's rules for sudo name the account",
            set_up: "rm /var/lib/waagent/ovf-env.xml",
            ..USUAL
        },
    ]
}
