//! A script that says it has sealed the guest and hasn't, to see that the rig would notice.

use azimage_core::guest::Preparation;

use super::{Case, USUAL};

/// A guest that lies. It has to look sealed on the console, and its disk must not.
pub fn liar() -> Case {
    Case { name: "liar", about: "a script that only says it has sealed the guest", script, ..USUAL }
}

fn script(preparation: &Preparation) -> String {
    format!(
        "systemd-run --quiet --on-active=5s --timer-property=AccuracySec=1s \\\n  /bin/sh -c 'printf \"\\nazimage: %s %s\\n\" sealed {} >/dev/ttyS0; sleep 2; systemctl poweroff'\n",
        preparation.nonce
    )
}
