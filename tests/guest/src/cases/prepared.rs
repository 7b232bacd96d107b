//! The user's script and hygiene.

use std::time::Duration;

use azimage_core::guest::{UserScript, console::Aftermath, hygiene::Mode};

use super::{Case, Event, Is, Moment, Outcome, Played, Power, SEALED, USUAL, refused};
use crate::seal;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "script",
            about: "the user's script succeeds and leaves evidence",
            preparation: |preparation| {
                preparation.user_script =
                    script("echo tuned; echo 'cis 1.1 passed' >$AZIMAGE_EVIDENCE; echo kept >/opt/kept", 60);
            },
            says: &["azimage: script says tuned", "azimage: script exit 0", "azimage: evidence cis 1.1 passed"],
            sealed_disk: &[("/opt/kept", Is::With("kept"))],
            ..USUAL
        },
        Case {
            name: "script-fails",
            about: "the user's script fails",
            preparation: |preparation| preparation.user_script = script("echo 'no such thing' >&2; exit 7", 60),
            expected: refused(21),
            says: &["azimage: script says no such thing", "azimage: script exit 7"],
            ..USUAL
        },
        Case {
            name: "script-hangs",
            about: "the user's script takes longer than it may, and so does what it started",
            preparation: |preparation| {
                preparation.user_script = script("setsid sleep 4321 & trap '' TERM; while :; do sleep 1; done", 5);
            },
            expected: refused(22),
            holds: "! pgrep -f '[s]leep 4321'",
            ..USUAL
        },
        Case {
            name: "script-breaks-out",
            about: "the user's script has quotes, ends of here-documents and expansions in it",
            preparation: |preparation| {
                preparation.user_script = script(
                    "cat <<'AZIMAGE_END_OF_FILE'\n'\"$(touch /root/out)`touch /root/out`\nAZIMAGE_END_OF_FILE\nEOF=1\n",
                    60,
                );
            },
            says: &["$(touch /root/out)"],
            sealed_disk: &[("/root/out", Is::Absent)],
            ..USUAL
        },
        Case {
            name: "script-interpreter",
            about: "the user's script names another interpreter",
            played: Played::Real("no program there is an interpreter but the shells"),
            preparation: |preparation| {
                preparation.user_script = script("#!/usr/bin/env python3\nprint('from', 'python')\n", 60);
            },
            says: &["azimage: script says from python"],
            ..USUAL
        },
        Case {
            name: "findings",
            about: "a private key, keys, credentials and a rule for sudo of a second account",
            set_up: FINDINGS,
            expected: refused(20),
            says: &[
                "azimage: found PrivateKey /home/bob/.ssh/id_ed25519",
                "azimage: found AuthorizedKeys /home/bob/.ssh/authorized_keys",
                "azimage: found CloudCredentials /home/bob/.azure",
                "azimage: found SudoRule /etc/sudoers.d/bob",
            ],
            ..USUAL
        },
        Case {
            name: "findings-off",
            about: "the same, with hygiene switched off",
            set_up: FINDINGS,
            preparation: |preparation| preparation.hygiene.mode = Mode::Off,
            ..USUAL
        },
        Case {
            name: "findings-allowed",
            about: "the same, with all of it allowed",
            set_up: FINDINGS,
            preparation: |preparation| {
                preparation.hygiene.allowed =
                    ["/home/bob/*", "/etc/sudoers.d/bob", "bob", "/etc/passwd*"].map(str::to_owned).to_vec();
            },
            ..USUAL
        },
        Case {
            name: "findings-in-window",
            about: "a private key comes into the guest while the seal waits",
            event: Some((
                Moment::Scheduled,
                Event::Script(concat!(
                    "mkdir -p /root/.ssh; ",
                    "ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519"
                )),
            )),
            expected: Outcome {
                console: seal::failed("hygiene", Aftermath::Restarting),
                machine: Power::Usable,
                ..SEALED
            },
            ..USUAL
        },
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "as the field takes it")]
pub(super) fn script(text: &str, seconds: u64) -> Option<UserScript> {
    Some(UserScript { text: text.to_owned(), time_limit: Duration::from_secs(seconds) })
}

const FINDINGS: &str = "useradd -m -s /bin/bash bob; mkdir -m 700 /home/bob/.ssh /home/bob/.azure; \
    ssh-keygen -q -t ed25519 -N '' -C bob -f /home/bob/.ssh/id_ed25519; cp /home/bob/.ssh/id_ed25519.pub /home/bob/.ssh/authorized_keys; \
    echo '{}' >/home/bob/.azure/msal_token_cache.json; chown -R bob:bob /home/bob; \
    echo 'bob ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/bob; chmod 440 /etc/sudoers.d/bob";
