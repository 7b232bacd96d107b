//! Guests that aren't sealed, since the run command sees why not: nothing is changed, and the machine can be used.

use jiff::SignedDuration;

use super::{Case, USUAL, refused};

pub(super) fn cases() -> Vec<Case> {
    vec![
        // With no room at all on the disk of the system, the agent can't even keep the run command: it never begins.
        Case {
            name: "disk-full",
            about: "a folder's disk is full",
            set_up: "mkdir -p /var/lib/dhcp; mount -t tmpfs -o size=64k none /var/lib/dhcp; \
                     head -c 65536 /dev/zero >/var/lib/dhcp/fill; ! head -c 4096 /dev/zero >/var/lib/dhcp/more",
            expected: refused(17),
            says: &["/var/lib/dhcp"],
            ..USUAL
        },
        Case {
            name: "read-only-root-home",
            about: "/root is read-only",
            set_up: "mount --bind /root /root; mount -o remount,bind,ro /root",
            expected: refused(17),
            says: &["/root"],
            ..USUAL
        },
        Case {
            name: "immutable-resolv",
            about: "resolv.conf is a file that can't be changed",
            set_up: "cp --remove-destination $(readlink -f /etc/resolv.conf) /run/resolv.conf; rm -f /etc/resolv.conf; \
                     cp /run/resolv.conf /etc/resolv.conf; chattr +i /etc/resolv.conf",
            expected: refused(17),
            says: &["/etc/resolv.conf"],
            ..USUAL
        },
        Case {
            name: "read-only-ssh",
            about: "/etc/ssh is read-only",
            set_up: "mount --bind /etc/ssh /etc/ssh; mount -o remount,bind,ro /etc/ssh",
            expected: refused(17),
            says: &["/etc/ssh"],
            ..USUAL
        },
        Case {
            name: "read-only-state",
            about: "/var/lib/cloud is read-only",
            set_up: "mount --bind /var/lib/cloud /var/lib/cloud; mount -o remount,bind,ro /var/lib/cloud",
            expected: refused(17),
            says: &["/var/lib/cloud"],
            ..USUAL
        },
        Case {
            name: "no-console",
            about: "the kernel's console isn't on the serial port",
            serial: (true, false),
            expected: refused(13),
            says: &["ttyS0"],
            ..USUAL
        },
        Case {
            name: "no-port",
            about: "there is no serial port",
            serial: (false, false),
            expected: refused(13),
            says: &["ttyS0"],
            ..USUAL
        },
        Case {
            name: "port-hangs",
            about: "writes to the serial port hang",
            set_up: HANG,
            expected: refused(13),
            ..USUAL
        },
        Case {
            name: "clock-behind",
            about: "the clock is behind by a year",
            set_up: "date -s '-1 year'",
            expected: refused(16),
            ..USUAL
        },
        Case {
            name: "clock-ahead",
            about: "the clock is ahead by an hour",
            set_up: "date -s '+1 hour'",
            expected: refused(16),
            ..USUAL
        },
        Case {
            name: "expired",
            about: "the command comes after its time",
            preparation: |preparation| preparation.not_after = preparation.not_before + SignedDuration::from_secs(1),
            expected: refused(16),
            ..USUAL
        },
        Case {
            name: "no-account",
            about: "the account of the provisioning is unknown",
            set_up: "rm /var/lib/waagent/ovf-env.xml /etc/sudoers.d/90-cloud-init-users; \
                     echo '%sudo ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/60-group",
            expected: refused(12),
            ..USUAL
        },
    ]
}

/// The port's output is stopped, as by a device that takes no more; a buffer's worth still fits.
pub(super) const HANG: &str = "python3 -c 'import os, termios\n\
    port = os.open(\"/dev/ttyS0\", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)\n\
    termios.tcflow(port, termios.TCOOFF)\n\
    try:\n    while True: os.write(port, b\"x\" * 512)\nexcept BlockingIOError: pass'; ! timeout 3 sh -c 'echo >/dev/ttyS0'";
