//! Guests with package managers at work, and packages that aren't as they should be.

use std::time::Duration;

use super::{Case, Played, USUAL, refused};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "packages-end",
            about: "a package manager that ends in time",
            set_up: "systemd-run --quiet python3 -c 'import fcntl, time; f = open(\"/var/lib/dpkg/lock-frontend\", \"w\"); \
                     fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(25)'; sleep 1",
            preparation: |preparation| preparation.packages_wait = Duration::from_secs(60),
            ..USUAL
        },
        Case {
            name: "no-md5sums",
            about: "a package without checksums, of which dpkg's audit tells",
            played: Played::Real("dpkg keeps no files of single packages there"),
            set_up: "rm /var/lib/dpkg/info/psmisc.md5sums; dpkg --audit | grep -q psmisc",
            ..USUAL
        },
        Case {
            name: "packages-busy",
            about: "a package manager that doesn't end",
            set_up: LOCK,
            expected: refused(14),
            says: &["/var/lib/dpkg/lock-frontend"],
            ..USUAL
        },
        Case {
            name: "packages-half",
            about: "a package that is half configured",
            set_up: "sed -i '/^Package: psmisc$/,/^$/s/^Status: install ok installed/Status: install ok half-configured/' /var/lib/dpkg/status; dpkg --audit | grep -q psmisc",
            expected: refused(14),
            says: &["psmisc"],
            ..USUAL
        },
    ]
}

/// As dpkg locks.
pub(super) const LOCK: &str = "systemd-run --quiet python3 -c 'import fcntl, time; f = open(\"/var/lib/dpkg/lock-frontend\", \"w\"); \
    fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(900)'; sleep 1";
