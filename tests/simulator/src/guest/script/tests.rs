use super::*;

fn script(text: &str) -> Script {
    read(text, &BTreeMap::new())
}

const fn unit(after: f64, powers_off: bool) -> Detached {
    Detached { after, powers_off, serial: String::new() }
}

#[test]
fn detached_units_that_deprovision_are_recognised_in_many_forms() {
    let cases = [
        (
            "a transient unit with a delay",
            "systemd-run --unit=seal --on-active=20s --collect /bin/sh -c 'waagent -force -deprovision+user && systemctl poweroff'",
            Some(unit(20.0, true)),
        ),
        (
            "the same over several lines",
            "set -eu\nsystemd-run --unit=seal \\\n  --on-active=20s \\\n  --collect \\\n  /bin/sh -c 'cloud-init clean\nwaagent -force -deprovision+user && sync && systemctl poweroff'\necho started",
            Some(unit(20.0, true)),
        ),
        (
            "a unit that runs a file from a here-document",
            "cat > /run/seal.sh <<'END'\n#!/bin/sh\nwaagent -force -deprovision+user\nshutdown -h now\nEND\nchmod +x /run/seal.sh\nsystemd-run --on-active=5 /run/seal.sh\nexit 0",
            Some(unit(5.0, true)),
        ),
        (
            "a file whose name is a variable",
            "F=/run/seal.sh\ncat > \"$F\" <<END\nwaagent -deprovision\nEND\nsystemd-run --no-block \"$F\"",
            Some(unit(0.0, false)),
        ),
        (
            "a unit file that is started",
            "cat > /run/systemd/system/seal.service <<EOF\n[Service]\nExecStart=/usr/sbin/waagent -force -deprovision\nExecStopPost=/sbin/poweroff\nEOF\nsystemctl daemon-reload\nsystemctl start --no-block seal.service",
            Some(unit(0.0, true)),
        ),
        (
            "nohup in the background",
            "nohup sh -c 'waagent -deprovision; poweroff' >/dev/null 2>&1 &",
            Some(unit(0.0, true)),
        ),
        ("a new session", "setsid -f sh -c 'sleep 5; waagent -force -deprovision'", Some(unit(0.0, false))),
        (
            "at from a pipe",
            "echo 'waagent -force -deprovision && poweroff' | at now + 1 minute",
            Some(unit(60.0, true)),
        ),
        (
            "a subshell in the background",
            "( sleep 3; waagent -force -deprovision; poweroff ) &",
            Some(unit(0.0, false)),
        ),
        (
            "the agent's path in a variable, inside a branch",
            "W=$(command -v waagent)\nif true; then\n  systemd-run sh -c \"$W -force -deprovision+user && poweroff\"\nfi",
            Some(unit(0.0, true)),
        ),
        (
            "after earlier sleeps",
            "sleep 4\nsystemd-run --on-active=1min sh -c 'waagent -deprovision; halt'",
            Some(unit(64.0, true)),
        ),
        ("another unit", "systemd-run --on-active=20s /usr/bin/apt-get update", None),
        ("a mention in an echo", "echo 'systemd-run waagent -deprovision'", None),
        ("a mention in a comment", "# systemd-run waagent -deprovision\ntrue", None),
        ("the branch of a failure", "true || systemd-run waagent -deprovision", None),
    ];
    for (name, text, expected) in cases {
        let got = script(text);
        if name == "a subshell in the background" {
            assert!(got.detached.is_some() && !got.deprovisions, "{name}: {got:?}");
            continue;
        }
        assert_eq!(got.detached, expected, "{name}: {got:?}");
        assert!(!got.deprovisions, "{name}");
    }
}

#[test]
fn what_a_unit_writes_to_the_serial_port_is_followed() {
    for (name, text, expected) in [
        (
            "a file that the unit redirects to",
            "systemd-run sh -c 'waagent -deprovision; echo done > /dev/ttyS0; poweroff'",
            "done\n",
        ),
        (
            "a format, a port that is looked for, and variables of the unit",
            "port=\nfor name in ttyAMA0 ttyS0; do if [ -c \"/dev/$name\" ]; then port=\"/dev/$name\"; fi; done\nsystemd-run --setenv=PORT=\"$port\" --setenv=WORD=yes /bin/sh -c '\nwaagent -deprovision\nprintf \"\\nsealed: %s\\n\" \"$WORD\" > \"$PORT\"\npoweroff'",
            "\nsealed: yes\n",
        ),
        ("another file", "systemd-run sh -c 'waagent -deprovision; echo done > /tmp/ttyS0; poweroff'", ""),
    ] {
        assert_eq!(script(text).detached.map(|unit| unit.serial).as_deref(), Some(expected), "{name}");
    }
    let got = script("echo begins > /dev/ttyS0\necho said");
    assert_eq!((got.serial.as_str(), got.output.as_str()), ("begins\n", "said\n"));
}

#[test]
fn deprovisioning_in_the_foreground_is_told_apart() {
    for text in [
        "/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync",
        "sh -c 'waagent -force -deprovision'",
        "systemd-run --wait waagent -force -deprovision",
        "cat > /tmp/x <<E\nwaagent -deprovision\nE\nsh /tmp/x",
    ] {
        let got = script(text);
        assert!(got.deprovisions && got.detached.is_none(), "{text}: {got:?}");
    }
    assert!(script("poweroff").powers_off);
    assert!(!script("waagent --version\nif ! command -v waagent >/dev/null; then exit 3; fi").deprovisions);
}

#[test]
fn output_exit_code_and_time_come_from_the_simple_lines() {
    let got = script(
        "echo hello \"big world\"\nif [ -e /x ]; then echo no; exit 9; fi\ncommand -v waagent || { echo none; exit 4; }\nsleep 2\necho bad >&2\necho bye; exit 3\necho never",
    );
    assert_eq!(got.exit_code, 3, "{got:?}");
    assert!(got.output.starts_with("hello big world\n"), "{got:?}");
    assert!(got.output.contains("bye") && !got.output.contains("never"), "{got:?}");
    assert!((got.seconds - 2.0).abs() < 1e-9);
    assert_eq!(script("true").exit_code, 0);
}

#[test]
fn parameters_are_variables_of_the_script() {
    let parameters = BTreeMap::from([("CODE".to_owned(), "7".to_owned())]);
    assert_eq!(read("exit $CODE", &parameters).exit_code, 7);
}

#[test]
fn a_careful_script_with_functions_checks_and_a_long_unit_is_followed() {
    let text = r#"#!/bin/sh
set -eu
stop() { echo "no: $2"; exit "$1"; }
command -v waagent >/dev/null || stop 10 "no agent"
user=$(sed -n 's:.*User>\([^<]*\)<.*:\1:p' /var/lib/waagent/ovf-env.xml | head -n 1)
[ -n "$user" ] || stop 12 "no user"
if systemctl is-active --quiet seal.timer; then echo "already"; exit 0; fi
systemd-run --unit=seal --collect --on-active=60s --setenv=WHO="$user" /bin/sh -c '
set -eu
waagent -force -deprovision+user
if id "$WHO" >/dev/null 2>&1; then exit 1; fi
systemctl poweroff'
echo "scheduled"
"#;
    let got = script(text);
    assert_eq!(got.detached, Some(unit(60.0, true)), "{got:?}");
    assert_eq!((got.exit_code, got.deprovisions), (0, false), "{got:?}");
    assert_eq!(got.output, "scheduled\n");
}
