//! Copies of machines.

use super::{Case, Played, USUAL};

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        name: "copied",
        about: "it is a copy of a machine that ran and wrote to its disk when it was copied",
        played: Played::Real("copies are tried end to end on the simulator"),
        copied: true,
        set_up: "systemctl is-active -q walinuxagent; cat /var/lib/writer/count; journalctl --verify >/dev/null 2>&1 || true",
        ..USUAL
    }]
}
