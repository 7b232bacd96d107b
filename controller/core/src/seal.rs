//! The script that seals a Linux guest.
//!
//! `waagent -deprovision` stops the agent and deletes its state, so a run command that waits for it never reports
//! (Azure/WALinuxAgent issues 489, 1792, 3547). Hence the run command only checks the guest and starts a detached
//! unit; the unit begins a minute later, when the run command has been reported, and powers the machine off only if
//! everything was removed. A machine that still runs after the deadline was not sealed.

use azimage_names::{ResourceIdError, RunCommandId, VirtualMachineId};

/// How long after the run command the detached unit begins, in seconds: the agent reports within about twenty.
pub const DELAY_SECONDS: u32 = 60;

/// How long the run command itself may take, in seconds.
pub const SCRIPT_TIMEOUT_SECONDS: i32 = 300;

/// The run command of an object: its name is the same in every pass, so it is never started twice.
///
/// # Errors
/// When the uid can't be part of a resource's name, which no uid of Kubernetes is.
pub fn run_command(virtual_machine: &VirtualMachineId, uid: &str) -> Result<RunCommandId, ResourceIdError> {
    virtual_machine.run_command(&format!("azimage-seal-{uid}"))
}

/// The script.
pub fn linux_script() -> String {
    format!(
        r#"#!/bin/sh
set -eu
fail() {{ echo "azimage: $2"; exit "$1"; }}
command -v waagent >/dev/null || fail 10 "the Azure Linux agent (waagent) is not installed"
command -v systemd-run >/dev/null || fail 11 "systemd-run is not there: the guest needs systemd"
account=$(sed -n 's:.*UserName>\([^<]*\)<.*:\1:p' /var/lib/waagent/ovf-env.xml | head -n 1)
[ -n "$account" ] || fail 12 "the account that the machine was made with is unknown, so it can't be removed"
if systemctl is-active --quiet azimage-seal.timer azimage-seal.service; then echo "azimage: seal is under way"; exit 0; fi
systemd-run --unit=azimage-seal --collect --on-active={DELAY_SECONDS}s --setenv=ACCOUNT="$account" /bin/sh -c '
set -eu
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
waagent -force -deprovision+user
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
: > /etc/machine-id
if [ -e /var/lib/waagent ] || id "$ACCOUNT" >/dev/null 2>&1; then exit 1; fi
sync
systemctl poweroff'
echo "azimage: seal is scheduled"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_powered_off_only_by_the_detached_unit_and_last() {
        let script = linux_script();
        let (checks, unit) = script.split_once("systemd-run --unit").unwrap();
        assert!(!checks.contains("deprovision") && !checks.contains("poweroff"));
        let position = |needle: &str| unit.find(needle).unwrap();
        assert!(position("-deprovision+user") < position("id \"$ACCOUNT\""));
        assert!(position("id \"$ACCOUNT\"") < position("systemctl poweroff"));
    }
}
