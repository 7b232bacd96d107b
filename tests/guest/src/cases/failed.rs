//! Guests in which the unit meets what the run command couldn't see: it says so, and the machine can be used.

use azimage_core::{guest::console::Aftermath, image_version::facts};

use super::{Case, Event, Moment, Outcome, Power, USUAL, packages::LOCK, refused::HANG};
use crate::seal;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "again",
            about: "a package manager begins while the seal waits; when it is stopped, another seal is asked for",
            event: Some((Moment::Scheduled, Event::Script(LOCK))),
            mended_by: Some("pkill -f [d]pkg/lock-frontend"),
            expected: Outcome { second: Some(0), ..failed("packages", Aftermath::Unchanged) },
            ..USUAL
        },
        Case {
            name: "packages-in-window",
            about: "a package manager begins while the seal waits, and doesn't end",
            event: Some((Moment::Scheduled, Event::Script(LOCK))),
            expected: failed("packages", Aftermath::Unchanged),
            ..USUAL
        },
        Case {
            name: "port-hangs-in-window",
            about: "the serial port hangs while the seal waits",
            event: Some((Moment::Scheduled, Event::Script(HANG))),
            expected: Outcome { console: facts::Console::NoMark, ..failed("port", Aftermath::Unchanged) },
            ..USUAL
        },
        Case {
            name: "cloud-init-fails",
            about: "cloud-init can't clean its folder",
            event: Some((Moment::Scheduled, Event::Script("chattr +i /var/lib/cloud/data/instance-id"))),
            expected: failed("cloud-init", Aftermath::Unchanged),
            holds: "[ -s /var/lib/cloud/instance/obj.pkl ] && ls /var/lib/cloud/instance/sem/config_* /var/lib/cloud/sem/*",
            ..USUAL
        },
        Case {
            name: "deprovision-fails",
            about: "the agent's folder can't be emptied",
            event: Some((
                Moment::Scheduled,
                Event::Script("touch /var/lib/waagent/kept; chattr +i /var/lib/waagent/kept"),
            )),
            // The agent ends at the file with an error in its log and exit code 0. If it has removed all else of the folder
            // before, which is up to the file system's order, the look at the folder tells.
            expected: failed("agent-state", Aftermath::Restarting),
            ..USUAL
        },
        Case {
            name: "account-fails",
            about: "a file in the account's home can't be removed",
            event: Some((
                Moment::Scheduled,
                Event::Script("touch /home/azureuser/kept; chattr +i /home/azureuser/kept"),
            )),
            expected: failed("account", Aftermath::Restarting),
            ..USUAL
        },
        Case {
            name: "host-keys-fail",
            about: "a host key can't be removed",
            event: Some((Moment::Scheduled, Event::Script("chattr +i /etc/ssh/ssh_host_rsa_key"))),
            expected: failed("deprovision", Aftermath::Restarting),
            ..USUAL
        },
        Case {
            name: "logs-fail",
            about: "a log can't be emptied",
            event: Some((
                Moment::Scheduled,
                Event::Script("chattr +i /var/log/wtmp /var/log/auth.log 2>/dev/null || chattr +i /var/log/syslog"),
            )),
            expected: failed("logs", Aftermath::Restarting),
            ..USUAL
        },
    ]
}

fn failed(step: &str, aftermath: Aftermath) -> Outcome {
    Outcome { exit: Some(0), console: seal::failed(step, aftermath), machine: Power::Usable, second: None }
}
