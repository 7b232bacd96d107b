//! Guests as the rig of real ones meets them, under the same names: what is the matter with a guest or happens to it, and what has
//! to come of its seal.

use std::time::Duration;

use azimage_core::guest::{Preparation, UserScript, hygiene::Mode, linux::script};
use azimage_test_guest::cases::GONE;
use azimage_test_simulated_guest::{Azure, preparation};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What the console says of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Console {
    Sealed,
    Nothing,
    /// The step, and in which state the guest is.
    Failed(&'static str, &'static str),
}

/// What happens to a machine.
type Happens = fn(&mut Azure);

/// A guest, what happens to it, and what has to come of it.
struct Case {
    name: &'static str,
    /// Further fields of the machine in the scenario.
    machine: fn() -> Value,
    /// Run as a run command before.
    set_up: &'static str,
    preparation: fn(&mut Preparation),
    /// So many seconds after the run command has begun.
    event: Option<(i64, Happens)>,
    exit: i64,
    console: Console,
    power: &'static str,
    /// Words of the output.
    says: &'static [&'static str],
    /// Paths of the disk in the end, and what has to stand there; nothing for what must be gone.
    disk: &'static [(&'static str, Option<&'static str>)],
}

const USUAL: Case = Case {
    name: "plain",
    machine: || json!({}),
    set_up: "",
    preparation: |_| {},
    event: None,
    exit: 0,
    console: Console::Sealed,
    power: "stopped",
    says: &[],
    disk: &[],
};

/// The run command refuses, and nothing has changed.
const fn refused(exit: i64) -> Case {
    Case { exit, console: Console::Nothing, power: "running", ..USUAL }
}

/// The unit fails, and the machine is not sealed.
const fn failed(step: &'static str, state: &'static str) -> Case {
    Case { console: Console::Failed(step, state), power: "running", ..USUAL }
}

const BOB: &str = "useradd -m -s /bin/bash bob; mkdir -m 700 /home/bob/.ssh /home/bob/.azure; \
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 bob@elsewhere' >/home/bob/.ssh/authorized_keys; \
    printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nx\\n' >/home/bob/.ssh/id_ed25519; echo '{}' >/home/bob/.azure/msal_token_cache.json; \
    chown -R bob:bob /home/bob; echo 'bob ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/bob; chmod 440 /etc/sudoers.d/bob";

fn user_script(preparation: &mut Preparation, text: &str, seconds: u64) {
    preparation.user_script = Some(UserScript { text: text.to_owned(), time_limit: Duration::from_secs(seconds) });
}

fn sealed() -> Vec<Case> {
    vec![
        USUAL,
        Case { name: "agent", machine: || json!({"guest": {"cloudInit": false}}), ..USUAL },
        Case { name: "session", machine: || json!({"guest": {"loggedIn": true}}), ..USUAL },
        Case {
            name: "second-user",
            set_up: BOB,
            preparation: |preparation| preparation.hygiene.mode = Mode::Report,
            says: &["azimage: found AuthorizedKeys /home/bob/.ssh/authorized_keys", "azimage: found SudoRule"],
            disk: &[("/home/bob/.ssh/authorized_keys", Some("bob@elsewhere"))],
            ..USUAL
        },
        Case {
            name: "packages-end",
            machine: || json!({"guest": {"busyPackages": 60}}),
            preparation: |preparation| preparation.packages_wait = Duration::from_secs(120),
            ..USUAL
        },
        Case {
            name: "resolv-link",
            disk: &[("/etc/resolv.conf", Some("-> ../run/systemd/resolve/stub-resolv.conf"))],
            ..USUAL
        },
        Case {
            name: "dbus-id",
            set_up: "rm -f /var/lib/dbus/machine-id; cp /etc/machine-id /var/lib/dbus/machine-id",
            disk: &[("/var/lib/dbus/machine-id", None)],
            ..USUAL
        },
        Case { name: "noise-50", machine: || json!({"serial": {"torn": 0.3}}), ..USUAL },
        Case { name: "last-words", machine: || json!({"serial": {"promptAgain": true, "quiet": true}}), ..USUAL },
        Case {
            name: "clock-jumps",
            event: Some((60, |azure| azure.change(&json!({"guest": {"clockAheadSeconds": 172_800}})))),
            ..USUAL
        },
        Case {
            name: "disk-fills",
            event: Some((60, |azure| azure.change(&json!({"guest": {"full": ["/var", "/tmp", "/opt"]}})))),
            ..USUAL
        },
        Case {
            name: "one-line",
            set_up: "tr -d '\\n' </var/lib/waagent/ovf-env.xml >/run/one; cat /run/one >/var/lib/waagent/ovf-env.xml",
            ..USUAL
        },
        Case {
            name: "script",
            preparation: |preparation| {
                user_script(
                    preparation,
                    "echo tuned; echo 'cis 1.1 passed' >$AZIMAGE_EVIDENCE; echo kept >/opt/kept",
                    60,
                );
            },
            says: &["azimage: script says tuned", "azimage: script exit 0", "azimage: evidence cis 1.1 passed"],
            disk: &[("/opt/kept", Some("kept"))],
            ..USUAL
        },
        Case {
            name: "script-breaks-out",
            preparation: |preparation| {
                let text =
                    "cat <<'AZIMAGE_END_OF_FILE'\n'\"$(touch /root/out)`touch /root/out`\nAZIMAGE_END_OF_FILE\nEOF=1\n";
                user_script(preparation, text, 60);
            },
            says: &["$(touch /root/out)"],
            disk: &[("/root/out", None)],
            ..USUAL
        },
        Case {
            name: "findings-off",
            set_up: BOB,
            preparation: |preparation| preparation.hygiene.mode = Mode::Off,
            ..USUAL
        },
        Case {
            name: "findings-allowed",
            set_up: BOB,
            preparation: |preparation| {
                preparation.hygiene.allowed =
                    ["/home/bob/*", "/etc/sudoers.d/bob", "bob", "/etc/passwd*"].map(str::to_owned).to_vec();
            },
            ..USUAL
        },
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        Case {
            name: "packages-busy",
            machine: || json!({"guest": {"busyPackages": 100_000}}),
            says: &["/var/lib/dpkg/lock-frontend"],
            ..refused(14)
        },
        Case {
            name: "packages-half",
            machine: || json!({"guest": {"halfConfigured": ["psmisc"]}}),
            says: &["psmisc"],
            ..refused(14)
        },
        Case {
            name: "disk-full",
            machine: || json!({"guest": {"full": ["/etc", "/root", "/home", "/opt"]}}),
            ..refused(17)
        },
        Case {
            name: "read-only-root-home",
            machine: || json!({"guest": {"readOnly": ["/root"]}}),
            says: &["/root"],
            ..refused(17)
        },
        Case {
            name: "read-only-ssh",
            machine: || json!({"guest": {"readOnly": ["/etc/ssh"]}}),
            says: &["/etc/ssh"],
            ..refused(17)
        },
        Case {
            name: "read-only-state",
            machine: || json!({"guest": {"readOnly": ["/var/lib/cloud"]}}),
            says: &["/var/lib/cloud"],
            ..refused(17)
        },
        Case { name: "no-console", machine: || json!({"serial": {"console": false}}), says: &["ttyS0"], ..refused(13) },
        Case {
            name: "no-port",
            machine: || json!({"serial": {"port": "Absent", "console": false}}),
            says: &["ttyS0"],
            ..refused(13)
        },
        Case { name: "port-hangs", machine: || json!({"serial": {"port": "Hangs"}}), ..refused(13) },
        Case { name: "port-broken", machine: || json!({"serial": {"port": "Broken"}}), ..refused(13) },
        Case { name: "clock-behind", machine: || json!({"guest": {"clockAheadSeconds": -31_536_000}}), ..refused(16) },
        Case { name: "clock-ahead", machine: || json!({"guest": {"clockAheadSeconds": 3600}}), ..refused(16) },
        Case {
            name: "expired",
            preparation: |preparation| preparation.not_after = preparation.not_before + SignedDuration::from_secs(1),
            ..refused(16)
        },
        Case {
            name: "no-account",
            set_up: "rm /var/lib/waagent/ovf-env.xml /etc/sudoers.d/90-cloud-init-users",
            ..refused(12)
        },
        Case { name: "no-agent", machine: || json!({"guest": {"missing": ["waagent"]}}), ..refused(10) },
        Case { name: "no-systemd", machine: || json!({"guest": {"systemd": 0}}), ..refused(11) },
        Case { name: "old-systemd", machine: || json!({"guest": {"systemd": 204}}), ..refused(11) },
        Case {
            name: "script-fails",
            preparation: |preparation| user_script(preparation, "echo 'no such thing' >&2; exit 7", 60),
            says: &["azimage: script says no such thing", "azimage: script exit 7"],
            ..refused(21)
        },
        Case {
            name: "script-hangs",
            preparation: |preparation| {
                user_script(preparation, "setsid sleep 4321 & trap '' TERM; while :; do sleep 1; done", 5);
            },
            ..refused(22)
        },
        Case {
            name: "findings",
            set_up: BOB,
            says: &[
                "azimage: found PrivateKey /home/bob/.ssh/id_ed25519",
                "azimage: found AuthorizedKeys /home/bob/.ssh/authorized_keys",
                "azimage: found SudoRule /etc/sudoers.d/bob",
            ],
            ..refused(20)
        },
    ]
}

fn failures() -> Vec<Case> {
    vec![
        Case {
            name: "cloud-init-fails",
            machine: || json!({"guest": {"failing": {"cloud-init clean": 1}}}),
            ..failed("cloud-init", "unchanged")
        },
        Case {
            name: "deprovision-fails",
            machine: || json!({"seal": "Fails", "guest": {"cloudInit": false}}),
            ..failed("deprovision", "broken")
        },
        Case {
            name: "port-hangs-later",
            event: Some((60, |azure| azure.change(&json!({"serial": {"port": "Hangs"}})))),
            console: Console::Nothing,
            power: "running",
            ..USUAL
        },
        Case {
            name: "findings-in-window",
            event: Some((20, |azure| {
                let key = "mkdir -p /root/.ssh; printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nx\\n' >/root/.ssh/id_ed25519";
                azure.begin("window", key);
            })),
            ..failed("hygiene", "restarting")
        },
        Case {
            name: "reset-scheduled",
            event: Some((60, |azure| {
                azure.machine(&Method::POST, "/restart?api-version=2025-04-01", &Value::Null);
            })),
            console: Console::Nothing,
            power: "running",
            ..USUAL
        },
        Case {
            name: "unit-dies",
            machine: || json!({"guest": {"unitDiesAfter": 5}}),
            console: Console::Nothing,
            power: "running",
            ..USUAL
        },
        Case { name: "never-powers-off", machine: || json!({"seal": "NeverPowersOff"}), power: "running", ..USUAL },
        Case { name: "deprovision-hangs", machine: || json!({"seal": "Hangs"}), ..failed("deprovision", "restarting") },
    ]
}

fn verdict(console: &str, nonce: &str) -> Console {
    let mark = format!("azimage: sealed {nonce}");
    let failure = format!("azimage: failed {nonce} ");
    let lines: Vec<&str> = console.lines().map(str::trim_end).collect();
    if lines.contains(&mark.as_str()) {
        return Console::Sealed;
    }
    let words = lines.iter().find_map(|line| line.strip_prefix(&failure)).map(|rest| rest.replace(':', " "));
    let Some(words) = words else { return Console::Nothing };
    let mut words = words.split_whitespace();
    // For the comparison they may live as long as the test.
    let mut next = || String::leak(words.next().unwrap_or_default().to_owned());
    Console::Failed(next(), next())
}

/// What is wrong with a case; nothing where all is as it should be.
fn play(case: &Case) -> Vec<String> {
    let mut azure = Azure::new(&(case.machine)());
    if !case.set_up.is_empty() {
        let ended = azure.run("set-up", case.set_up, 60);
        if ended.as_ref().is_none_or(|ended| ended.exit != 0) {
            return vec![format!("the set-up failed: {ended:?}")];
        }
    }
    let mut asked = preparation("n-1");
    (case.preparation)(&mut asked);
    azure.begin("seal", &script(&asked));
    let mut ended = None;
    let mut event = case.event;
    for second in 0..1400 {
        azure.wait(1);
        if let Some((_, happens)) = event.take_if(|(at, _)| second >= *at) {
            happens(&mut azure);
        }
        if ended.is_none() && second % 5 == 0 {
            ended = azure.ended("seal");
        }
    }
    let mut wrong = Vec::new();
    let Some(ended) = ended else { return vec!["it never ended".to_owned()] };
    if ended.exit != case.exit {
        wrong.push(format!("exit {} instead of {}", ended.exit, case.exit));
    }
    let console = azure.console();
    let got = verdict(&console, "n-1");
    if got != case.console {
        wrong.push(format!("{got:?} instead of {:?}", case.console));
    }
    let power = azure.power();
    if power != case.power {
        wrong.push(format!("{power} instead of {}", case.power));
    }
    wrong.extend(
        case.says
            .iter()
            .filter(|words| !ended.output.contains(**words))
            .map(|words| format!("it doesn't say: {words}")),
    );
    let files = azure.files();
    for (path, text) in case.disk {
        let there = files.get(*path);
        let fits = match text {
            Some(text) => there.is_some_and(|there| there.contains(text)),
            None => there.is_none(),
        };
        if !fits {
            wrong.push(format!("{path} is {there:?}"));
        }
    }
    if case.console == Console::Sealed && case.power == "stopped" {
        wrong.extend(left(&files));
    }
    if !wrong.is_empty() {
        wrong.push(format!("output: {}\nerrors: {}\nconsole: {console}", ended.output, ended.error));
    }
    wrong
}

/// What of the machine is left in a sealed disk.
fn left(files: &std::collections::BTreeMap<String, String>) -> Vec<String> {
    let empty = ["/var/lib/waagent/", "/etc/ssh/ssh_host_", "/var/log/journal/", "/var/lib/dhcp/", "/home/azureuser"];
    let gone: Vec<&str> = empty.into_iter().chain(GONE).collect();
    let mut wrong: Vec<String> = files
        .keys()
        .filter(|path| gone.iter().any(|gone| path.starts_with(gone)))
        .map(|path| format!("{path} is left"))
        .collect();
    for (path, text) in files {
        for needle in ["azureuser", "builder", "n-1", "00:0d:3a", "Please login as the user"] {
            if text.contains(needle) {
                wrong.push(format!("{path} has {needle}"));
            }
        }
    }
    if files.get("/etc/machine-id").is_none_or(|id| !id.is_empty()) {
        wrong.push("/etc/machine-id isn't empty".to_owned());
    }
    wrong
}

#[test]
fn each_guest_comes_to_its_end() {
    let mut wrong = Vec::new();
    for case in sealed().iter().chain(&refusals()).chain(&failures()) {
        let found = play(case);
        if !found.is_empty() {
            wrong.push(format!("== {}: {}", case.name, found.join("\n   ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A failure that promises a usable guest keeps its promise: when what failed works again, the same machine can be sealed.
#[test]
fn a_guest_that_came_back_from_a_failed_seal_can_be_sealed() {
    let ways = [("unchanged", "cloud-init clean"), ("restarting", "truncate -s 0 /etc/machine-id")];
    for (state, step) in ways {
        let mut azure = Azure::new(&json!({"guest": {"failing": {step: 1}}}));
        for nonce in ["n-1", "n-2"] {
            let mut asked = preparation(nonce);
            asked.asked_at = azure.now;
            asked.not_after = azure.now + SignedDuration::from_mins(30);
            asked.not_before = azure.now - SignedDuration::from_mins(5);
            let ended = azure.run(&format!("seal-{nonce}"), &script(&asked), 600);
            assert!(ended.as_ref().is_some_and(|ended| ended.exit == 0), "{state}, {nonce}: {ended:?}");
            azure.wait(1200);
            azure.change(&json!({"guest": {}}));
            let console = azure.console();
            match (nonce, verdict(&console, nonce)) {
                ("n-1", Console::Failed(_, said)) if said == state => {}
                ("n-2", Console::Sealed) => {}
                (_, other) => panic!("{state}, {nonce}: {other:?}: {console}"),
            }
        }
    }
}

/// The agent runs the command again, whose memory of it went with the seal.
#[test]
fn a_sealed_guest_that_is_started_at_once_is_not_sealed_again() {
    let mut azure = Azure::new(&json!({}));
    let ended = azure.run("seal", &script(&preparation("n-1")), 300);
    assert!(ended.as_ref().is_some_and(|ended| ended.exit == 0), "{ended:?}");
    let sealed = (0..600).any(|_| {
        azure.wait(1);
        azure.power() == "stopped"
    });
    assert!(sealed && verdict(&azure.console(), "n-1") == Console::Sealed, "{}", azure.console());
    azure.machine(&Method::POST, "/start?api-version=2025-04-01", &Value::Null);
    azure.wait(600);
    let again = azure.ended("seal");
    assert!(again.as_ref().is_some_and(|again| again.exit == 18), "{again:?}");
    assert_eq!(azure.power(), "running");
}
