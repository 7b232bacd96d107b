//! Units that mustn't run in a copy.

use super::{Case, Is, USUAL, prepared::script, refused};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "units-masked",
            about: "a timer and a service that mustn't run in a copy",
            set_up: JOBS,
            preparation: |preparation| {
                preparation.mask_units = ["jobs.service", "jobs-again.timer"].map(str::to_owned).to_vec();
                // Nothing starts them again, and they aren't at work.
                preparation.user_script = script(
                    "systemctl start jobs.service jobs-again.timer jobs-again.service; systemctl is-active jobs.service jobs-again.timer; pgrep -f '[s]leep 4322'; true",
                    60,
                );
            },
            says: &["azimage: script says inactive", "azimage: script exit 0", "jobs.service is masked"],
            sealed_disk: &[
                ("/etc/systemd/system/jobs.service", Is::With("sleep 4322")),
                ("/etc/systemd/system.control", Is::Absent),
            ],
            ..USUAL
        },
        Case {
            name: "units-not-there",
            about: "a unit that is to be masked isn't there",
            set_up: JOBS,
            preparation: |preparation| preparation.mask_units = vec!["job.service".to_owned()],
            expected: refused(23),
            says: &["the guest has no unit job.service"],
            holds: "systemctl is-active jobs.service",
            ..USUAL
        },
    ]
}

/// What somebody's machine does by itself: its unit's file lies in /etc, where a mask of /run/systemd/system doesn't hold.
const JOBS: &str = r"
printf '[Service]\nExecStart=/bin/sleep 4322\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/jobs.service
printf '[Timer]\nOnActiveSec=3600\nUnit=jobs.service\n' >/etc/systemd/system/jobs-again.timer
systemctl daemon-reload
systemctl start jobs.service jobs-again.timer
";
