use std::{fs, os::unix::fs::symlink};

use super::{NONCE, guest::Guest, preparation, with_script};
use crate::guest::{
    Preparation,
    hygiene::{Mode, Policy},
    linux::script,
    output::read,
};

#[test]
fn a_guest_that_can_be_sealed_gets_its_unit() {
    for shell in super::guest::shells() {
        let guest = Guest::with_shell(shell);
        let answer = guest.run(&script(&preparation()));
        assert_eq!(answer.out, "azimage: findings 0 0 0\nazimage: seal is scheduled\n", "{shell}: {}", answer.err);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{shell}");
        assert_eq!(guest.console(), "\nazimage: heard before a seal\n", "{shell}");
        let scheduled = guest.text("stub/calls");
        let scheduled = scheduled.lines().find(|line| line.starts_with("systemd-run")).unwrap();
        // What systemd shows of a unit when it is stopped doesn't hold the nonce.
        assert!(scheduled.contains("--on-active=60s") && !scheduled.contains(NONCE), "{scheduled}");
        assert!(guest.exists("home/azureuser") && guest.exists("var/lib/waagent/ovf-env.xml"), "nothing is removed");
        let before = fs::read_dir(guest.path("etc")).unwrap().count();
        assert!(
            before > 0
                && !fs::read_dir(guest.path("etc"))
                    .unwrap()
                    .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with(".azimage") })
        );
    }
}

/// Whatever is wrong, the guest is left as it was, and the last line says what it is.
fn refused(case: &str, guest: &Guest, preparation: &Preparation, code: i32, words: &str) -> String {
    let answer = guest.run(&script(preparation));
    let last = answer.out.lines().last().unwrap_or_default();
    assert_eq!(answer.code, code, "{case}: {}{}", answer.out, answer.err);
    assert!(last.starts_with("azimage: ") && last.contains(words), "{case}: {last}");
    assert!(last.len() <= 300, "{case}: {last}");
    assert_eq!(answer.err, "", "{case}");
    assert!(!guest.exists("stub/scheduled"), "{case}: nothing is scheduled");
    assert!(
        guest.exists("etc/shadow-") && guest.text("etc/passwd").contains("azureuser"),
        "{case}: nothing is removed"
    );
    answer.out
}

/// A change to a guest that can be sealed.
type Change = Box<dyn Fn(&Guest)>;

fn write(path: &'static str, text: &'static str) -> Change {
    Box::new(move |guest| guest.write(path, text))
}

fn remove(path: &'static str) -> Change {
    Box::new(move |guest| guest.remove(path))
}

/// Without cloud-init's rules for sudo, which name the account as well.
fn without_rules(also: Option<&'static str>, xml: &'static str) -> Change {
    Box::new(move |guest| {
        guest.remove("etc/sudoers.d/90-cloud-init-users");
        match also {
            Some(path) => guest.remove(path),
            None => guest.write("var/lib/waagent/ovf-env.xml", xml),
        }
    })
}

/// The account is told by cloud-init's rules for sudo alone.
fn only_rules(rules: &'static str) -> Change {
    Box::new(move |guest| {
        guest.remove("var/lib/waagent/ovf-env.xml");
        guest.write("etc/sudoers.d/90-cloud-init-users", rules);
    })
}

fn account(xml: &'static str) -> Change {
    write("var/lib/waagent/ovf-env.xml", xml)
}

#[test]
fn each_refusal_has_its_code_and_words_and_removes_nothing() {
    let ovf = "var/lib/waagent/ovf-env.xml";
    let cases: Vec<(&str, Change, i32, &str)> = vec![
        ("no agent", remove("usr/bin/waagent"), 10, "waagent"),
        ("Alpine", write("etc/alpine-release", "3.20\n"), 11, "Alpine"),
        ("no systemd", remove("usr/bin/systemctl"), 11, "systemd"),
        ("no systemd-run", remove("usr/bin/systemd-run"), 11, "systemd"),
        ("a container", remove("run/systemd/system"), 11, "systemd"),
        ("an old systemd", write("stub/systemd", "systemd 208\n"), 11, "systemd 208 is too old"),
        ("an unknown systemd", write("stub/systemd", "\n"), 11, "unknown version"),
        ("no provisioning", without_rules(Some(ovf), ""), 12, "ovf-env.xml is not there"),
        ("empty provisioning", without_rules(None, ""), 12, "ovf-env.xml is not there"),
        ("no account", without_rules(None, "<a:UserName></a:UserName>"), 12, "names no account"),
        ("an account without an end", without_rules(None, "<UserName/>"), 12, "names no account"),
        ("rules of two", only_rules("# User rules for a\n# User rules for b\n"), 12, "ovf-env.xml is not there"),
        ("rules of root", only_rules("# User rules for root\n"), 12, "names root"),
        ("root", account("<UserName>root</UserName>"), 12, "root"),
        (
            "root by another name",
            write("etc/passwd", "azureuser:x:0:0::/home/azureuser:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"),
            12,
            "user id 0",
        ),
        ("a strange account", account("<UserName>$(touch /tmp/x)</UserName>"), 12, "characters"),
        ("an account like an option", account("<UserName>-rf</UserName>"), 12, "characters"),
        ("no port", remove("dev/ttyS0"), 13, "/dev/ttyS0 isn't there"),
        ("no console", write("sys/class/tty/console/active", "tty0\n"), 13, "add console=ttyS0"),
        ("another console", write("sys/class/tty/console/active", "ttyS01 xttyS0\n"), 13, "add console=ttyS0"),
        (
            "a full port",
            Box::new(|guest| {
                guest.remove("dev/ttyS0");
                symlink("full", guest.path("dev/ttyS0")).unwrap();
            }),
            13,
            "nothing can be written to /dev/ttyS0",
        ),
        ("half a package", write("stub/packages", "iF  psmisc\n"), 14, "psmisc"),
        ("cloud-init at work", write("stub/jobs", "12 cloud-final.service start waiting\n"), 14, "cloud-final.service"),
        (
            "a link to nowhere in the place of a folder",
            Box::new(|guest| {
                guest.program(
                    "mktemp",
                    "case $1 in /var/log/azure*) exit 1;; esac; exec /host/usr/bin/mktemp \"$@\"",
                    "/bin/sh",
                );
            }),
            17,
            "/var/log/azure",
        ),
        (
            "a full disk",
            Box::new(|guest| {
                guest.program(
                    "mktemp",
                    "case $1 in /var/lib/.*) echo /dev/full;; *) exec /host/usr/bin/mktemp \"$@\";; esac",
                    "/bin/sh",
                );
                // It is removed afterwards, as any file that was tried.
                guest.program("rm", "[ \"$2\" = /dev/full ] || exec /host/usr/bin/rm \"$@\"", "/bin/sh");
            }),
            17,
            "/var/lib",
        ),
        (
            "findings",
            write("home/bob/.aws/credentials", "[default]\n"),
            20,
            "(1 found, all named in /var/lib/azimage-findings)",
        ),
        ("no unit", write("stub/systemd-run-fails", ""), 1, "systemd-run"),
    ];
    for (case, change, code, words) in cases {
        let guest = Guest::new();
        change(&guest);
        refused(case, &guest, &preparation(), code, words);
        assert!(!guest.exists("run/azimage-seal"), "{case}: nothing of it is left");
        assert_eq!(guest.exists("var/lib/azimage-findings"), code == 20, "{case}");
        assert!(!guest.exists("var/lib/azimage-seal-begun"), "{case}");
    }
}

#[test]
fn the_port_is_the_one_of_the_architecture() {
    let guest = Guest::new();
    guest.write("dev/ttyAMA0", "");
    guest.write("sys/class/tty/console/active", "tty0 ttyAMA0\n");
    assert_eq!(guest.run(&script(&preparation())).code, 0);
    assert!(guest.text("dev/ttyAMA0").contains("heard before a seal") && guest.console().is_empty());
}

#[test]
fn a_command_is_for_its_time_alone() {
    let far = |text: &str| text.parse().unwrap();
    for (case, not_before, not_after) in [
        ("too late", far("2020-01-01T00:00:00Z"), far("2020-01-01T00:20:00Z")),
        ("a clock that is behind", far("2100-01-01T00:00:00Z"), far("2100-01-01T00:20:00Z")),
    ] {
        let guest = Guest::new();
        let preparation = Preparation { not_before, not_after, ..preparation() };
        let out = refused(case, &guest, &preparation, 16, &not_before.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        assert_eq!(out.lines().count(), 1, "{out}");
        assert!(!guest.exists("run/azimage-seal") && !guest.exists("stub/calls"), "{case}: it does nothing at all");
    }
    let guest = Guest::new();
    guest.program("date", "echo", "/bin/sh");
    refused("no clock", &guest, &preparation(), 16, "can't be read");
}

#[test]
fn a_guest_that_was_provisioned_after_the_command_was_made_isnt_sealed() {
    let sem = "var/lib/cloud/instances/one/sem/consume_data";
    let cases: [(&str, &str, Change, bool); 6] = [
        ("before it", "2099-01-01T00:00:00Z", write(sem, "1\n"), true),
        ("after it, by cloud-init", "2020-01-01T00:00:00Z", write(sem, "1\n"), false),
        ("after it, by the agent", "2020-01-01T00:00:00Z", write("stub/x", ""), false),
        (
            "provisioning is switched off",
            "2020-01-01T00:00:00Z",
            write("etc/waagent.conf", "Provisioning.Agent=disabled\n"),
            true,
        ),
        ("in an older way", "2020-01-01T00:00:00Z", write("etc/waagent.conf", "Provisioning.Enabled=n\n"), true),
        (
            "by nobody that is known",
            "2020-01-01T00:00:00Z",
            Box::new(|guest| {
                guest.remove("var/lib/waagent/provisioned");
                guest.remove("var/lib/cloud");
            }),
            true,
        ),
    ];
    for (case, asked_at, change, is_sealed) in cases {
        let guest = Guest::new();
        change(&guest);
        let preparation = Preparation { asked_at: asked_at.parse().unwrap(), ..preparation() };
        if is_sealed {
            assert_eq!(guest.run(&script(&preparation)).code, 0, "{case}");
        } else {
            let out = refused(case, &guest, &preparation, 18, "2020-01-01T00:00:00Z");
            assert_eq!(out.matches('Z').count(), 2, "{case}: both times: {out}");
        }
    }
    // The first provisioning may end some seconds after somebody has asked for the seal.
    let now = jiff::Timestamp::from_second(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap());
    let asked_at = now.unwrap() - jiff::SignedDuration::from_secs(50);
    assert_eq!(Guest::new().run(&script(&Preparation { asked_at, ..preparation() })).code, 0);
}

#[test]
fn the_account_is_found_however_the_file_is_written() {
    for xml in [
        "<UserName>azureuser</UserName>",
        "<a><ns1:HostName>builder</ns1:HostName><ns1:UserName>azureuser</ns1:UserName><ns1:UserPassword>x</ns1:UserPassword></a>",
        "<a>\r\n  <ns1:UserName>\r\n    azureuser\r\n  </ns1:UserName>\r\n</a>\r\n",
        "<a><x:DomainUserName>nobody</x:DomainUserName><x:UserName kind=\"admin\">azureuser</x:UserName></a>",
    ] {
        let guest = Guest::new();
        guest.write("var/lib/waagent/ovf-env.xml", xml);
        let answer = guest.run(&script(&preparation()));
        assert_eq!(answer.code, 0, "{xml}: {}", answer.out);
        assert_eq!(guest.text("run/azimage-seal/settings").lines().nth(1), Some("azureuser"), "{xml}");
    }
    // After a provisioning without its disc there is no such file.
    for xml in [None, Some(""), Some("<UserName></UserName>")] {
        let guest = Guest::new();
        guest.remove("var/lib/waagent/ovf-env.xml");
        if let Some(xml) = xml {
            guest.write("var/lib/waagent/ovf-env.xml", xml);
        }
        assert_eq!(guest.run(&script(&preparation())).code, 0, "{xml:?}");
        assert_eq!(guest.text("run/azimage-seal/settings").lines().nth(1), Some("azureuser"), "{xml:?}");
    }
}

#[test]
fn a_seal_under_way_is_left_alone() {
    let guest = Guest::new();
    assert_eq!(guest.run(&script(&preparation())).code, 0);
    let again = guest.run(&script(&preparation()));
    assert_eq!((again.code, again.out.as_str()), (0, "azimage: this seal is under way\n"));
    let other = Preparation { nonce: "another".to_owned(), ..preparation() };
    let answer = guest.run(&script(&other));
    assert!(answer.code == 15 && answer.out.contains("another seal is under way"), "{}", answer.out);
    assert_eq!(guest.text("run/azimage-seal/nonce").trim(), NONCE, "it is still the first one's");
    // It has ended, badly, and left its unit behind.
    guest.remove("stub/active/azimage-seal.timer");
    assert_eq!(guest.run(&script(&other)).code, 0);
    assert_eq!(guest.text("run/azimage-seal/nonce").trim(), "another");
    let calls = guest.text("stub/calls");
    assert!(calls.contains("reset-failed azimage-seal.timer azimage-seal.service"), "{calls}");
    // A command that was killed at its checks isn't under way.
    guest.remove("stub/active/azimage-seal.timer");
    guest.write("run/azimage-seal/pid", "4194305\n");
    assert_eq!(guest.run(&script(&preparation())).code, 0);
}

#[test]
fn an_old_systemd_doesnt_know_how_exact_a_timer_should_be() {
    let guest = Guest::new();
    guest.write("stub/systemd-is-old", "");
    assert_eq!(guest.run(&script(&preparation())).code, 0);
    assert!(guest.exists("stub/scheduled"));
}

#[test]
fn a_package_manager_is_waited_for_and_not_for_ever() {
    use std::os::unix::fs::MetadataExt as _;
    for lock in ["var/lib/dpkg/lock-frontend", "var/lib/rpm/.rpm.lock"] {
        let guest = Guest::new();
        guest.write(lock, "");
        let inode = fs::metadata(guest.path(lock)).unwrap().ino();
        guest.write(
            "proc/locks",
            format!("1: POSIX  ADVISORY  WRITE 822 08:01:{inode} 0 EOF\n2: FLOCK  ADVISORY  WRITE 1 00:19:1 0 EOF\n"),
        );
        refused(lock, &guest, &preparation(), 14, lock);
        let waits = guest.text("stub/calls").lines().filter(|call| *call == "sleep 5").count();
        assert_eq!(waits, 12, "{lock}: sixty seconds");
        // It ends meanwhile.
        guest.write("stub/while-asleep", ": >/proc/locks\n");
        assert_eq!(guest.run(&script(&preparation())).code, 0);
    }
    // The lock's file is there and nobody holds it; another one's inode begins the same.
    let guest = Guest::new();
    guest.write("var/lib/dpkg/lock-frontend", "");
    let inode = fs::metadata(guest.path("var/lib/dpkg/lock-frontend")).unwrap().ino();
    guest.write("proc/locks", format!("{inode}: POSIX  ADVISORY  WRITE 822 08:01:{inode}1 0 EOF\n"));
    assert_eq!(guest.run(&script(&preparation())).code, 0);
}

#[test]
fn packages_in_the_middle_of_their_installation_are_told_from_others() {
    for (state, half) in [
        ("ii ", false),
        ("hi ", false),
        ("rc ", false),
        ("un ", false),
        ("iH ", true),
        ("iU ", true),
        ("iF ", true),
        ("iW ", true),
        ("it ", true),
        ("rF ", true),
        ("iiR", true),
    ] {
        let guest = Guest::new();
        guest.write("stub/packages", format!("{state} psmisc\n"));
        assert_eq!(guest.run(&script(&preparation())).code, if half { 14 } else { 0 }, "{state}");
    }
}

#[test]
fn cloud_init_is_waited_for_and_other_jobs_arent() {
    for (jobs, waits) in [
        ("12 cloud-init.service start running\n", true),
        ("  7 cloud-init-local.service    start waiting\n", true),
        ("  7 cloud-init-main.service start running\n8 x.service start waiting\n", true),
        ("No jobs running.\n", false),
        ("9 cloud-init-hotplugd.service start running\n", false),
        ("9 cloud-final.service stop waiting\n", false),
        ("9 apt-daily.service start running\n", false),
    ] {
        let guest = Guest::new();
        guest.write("stub/jobs", jobs);
        assert_eq!(guest.run(&script(&preparation())).code, if waits { 14 } else { 0 }, "{jobs}");
        let count = guest.text("stub/calls").lines().filter(|call| *call == "sleep 5").count();
        assert_eq!(count, if waits { 12 } else { 0 }, "{jobs}: sixty seconds");
    }
    // It ends meanwhile.
    let guest = Guest::new();
    guest.write("stub/jobs", "12 cloud-final.service start running\n");
    guest.write("stub/while-asleep", "rm -f /stub/jobs\n");
    assert_eq!(guest.run(&script(&preparation())).code, 0);
}

#[test]
fn the_users_script_decides_whether_it_goes_on() {
    for (case, text, code, lines, last) in [
        ("it succeeds", "echo hello", 0, "azimage: script says hello\nazimage: script exit 0\n", "seal is scheduled"),
        ("it fails", "echo bad >&2\nexit 3", 21, "azimage: script says bad\nazimage: script exit 3\n", "exit code 3"),
        ("a shebang", "#! /bin/sh -e\nfalse\necho no", 21, "azimage: script exit 1\n", "exit code 1"),
        ("a shebang with Windows' line ends", "#!/bin/sh\r\nexit 4\n", 21, "azimage: script exit 4\n", "exit code 4"),
        (
            "no such interpreter",
            "#!/usr/bin/nothing\n",
            21,
            "azimage: script says timeout: failed to run command '/usr/bin/nothing': No such file or directory\nazimage: script exit 127\n",
            "exit code 127",
        ),
        (
            "its surroundings",
            "umask; pwd; echo $HOME ${LC_ALL-unset} $PATH",
            0,
            "azimage: script says 0022\nazimage: script says /\nazimage: script says /root unset /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nazimage: script exit 0\n",
            "seal is scheduled",
        ),
        ("nothing in it", "", 0, "azimage: script exit 0\n", "seal is scheduled"),
        (
            "it reads",
            "read line || echo nothing",
            0,
            "azimage: script says nothing\nazimage: script exit 0\n",
            "scheduled",
        ),
        (
            "evidence",
            "printf 'one\\ntwo\\n' >\"$AZIMAGE_EVIDENCE\"",
            0,
            "azimage: script exit 0\nazimage: evidence one\nazimage: evidence two\n",
            "scheduled",
        ),
        ("its own limit", "timeout 1 /host/usr/bin/sleep 5", 21, "azimage: script exit 124\n", "exit code 124"),
        (
            "control characters",
            "printf '\\033[31mred\\rlast\\tone\\000\\n\\303\\274\\n'",
            0,
            "azimage: script says [31mred\nazimage: script says last one\nazimage: script says ??\nazimage: script exit 0\n",
            "scheduled",
        ),
    ] {
        for shell in super::guest::shells() {
            let guest = Guest::with_shell(shell);
            let answer = guest.run(&script(&with_script(text, 20)));
            assert_eq!(answer.code, code, "{case} in {shell}: {}{}", answer.out, answer.err);
            assert!(answer.out.starts_with(lines), "{case} in {shell}: {}", answer.out);
            assert!(answer.out.lines().last().unwrap().contains(last), "{case} in {shell}: {}", answer.out);
            assert_eq!(answer.err, "", "{case} in {shell}");
            assert_eq!(guest.exists("stub/scheduled"), code == 0, "{case} in {shell}");
            assert!(!guest.exists("run/azimage-seal/script"), "{case}: the text of it is gone");
        }
    }
}

#[test]
fn a_script_that_takes_too_long_is_ended_with_all_that_it_began() {
    let guest = Guest::new();
    let text = "echo begun; (trap '' TERM; /host/usr/bin/sleep 300; touch /late) & /host/usr/bin/sleep 300";
    let answer = guest.run(&script(&with_script(text, 1)));
    assert_eq!(answer.code, 22, "{}{}", answer.out, answer.err);
    assert_eq!(answer.out.lines().next(), Some("azimage: script says begun"));
    assert_eq!(answer.out.lines().nth(1), Some("azimage: script exit 124"));
    assert!(answer.out.contains("longer than its 1 seconds") && !guest.exists("late"), "{}", answer.out);
}

#[test]
fn what_a_script_leaves_running_doesnt_hold_the_seal_up() {
    // It keeps the output open, and has left its process group.
    let guest = Guest::new();
    let text = "/host/usr/bin/setsid /host/usr/bin/sleep 300 & echo done";
    let answer = guest.run(&script(&with_script(text, 100)));
    assert_eq!(answer.code, 0, "{}", answer.out);
    let calls = guest.text("stub/calls");
    assert!(calls.contains("systemctl kill --signal=KILL azimage-script.scope"), "{calls}");
}

#[test]
fn a_script_that_kills_everything_has_failed() {
    let guest = Guest::new();
    let answer = guest.run(&script(&with_script("kill -KILL -1", 100)));
    // Nobody is left there to say how it ended.
    assert_eq!(answer.code, 21, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("script exit 137"), "{}", answer.out);
}

#[test]
fn output_is_bounded_however_much_there_is() {
    let guest = Guest::new();
    for number in 0..10_000 {
        // Each with a long name.
        guest.write(&format!("home/bob/keys/{number}-{}/id", "x".repeat(100)), "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    }
    guest.write("home/bob/.bash_history", "ls\n");
    let text = "i=0; while [ $i -lt 20000 ]; do echo \"line $i of the output\"; i=$((i+1)); done; cat /etc/passwd >$AZIMAGE_EVIDENCE
        for i in 1 2 3 4 5 6 7 8 9; do cat $AZIMAGE_EVIDENCE $AZIMAGE_EVIDENCE >$AZIMAGE_EVIDENCE.more; mv $AZIMAGE_EVIDENCE.more $AZIMAGE_EVIDENCE; done; echo the last of it >>$AZIMAGE_EVIDENCE";
    let answer = guest.run(&script(&with_script(text, 100)));
    assert_eq!((answer.code, answer.err.as_str()), (20, ""), "{}", answer.out);
    assert!(answer.out.len() < 4000, "{}", answer.out.len());
    assert!(answer.out.lines().all(|line| line.starts_with("azimage: ") && line.len() <= 300), "{}", answer.out);
    assert!(answer.out.contains("azimage: script says line 19999 of the output\n"), "{}", answer.out);
    assert!(answer.out.contains("\nazimage: evidence the last of it\n"), "{}", answer.out);
    assert!(answer.out.contains("\nazimage: findings 10001 10000 0\n"), "{}", answer.out);
    // All of them are named in a file that root alone can read.
    assert!(answer.out.contains("all named in /var/lib/azimage-findings"), "{}", answer.out);
    let kept = guest.text("var/lib/azimage-findings");
    assert!(kept.starts_with("PrivateKey /home/bob/keys/") && kept.len() == 1_000_000, "{}", kept.len());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(guest.path("var/lib/azimage-findings")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    guest.remove("home/bob");
    assert_eq!(guest.run(&script(&preparation())).code, 0);
    assert!(!guest.exists("var/lib/azimage-findings"), "it goes with the next attempt");
    assert!(answer.out.matches("azimage: found PrivateKey /home/bob/keys/").count() > 5, "{}", answer.out);
    for (prefix, most) in [("azimage: script says", 1000), ("azimage: evidence", 1000), ("azimage: found ", 1400)] {
        let bytes: usize = answer.out.lines().filter(|line| line.starts_with(prefix)).map(|line| line.len() + 1).sum();
        assert!(bytes <= most && bytes > most - 300, "{prefix}: {bytes}");
    }
}

/// A made-up key of 2,048 bits, as a PEM file.
fn key() -> Vec<String> {
    let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body: Vec<char> = (0..1624_usize).map(|at| char::from(signs[(at * at + 7 * at) / 3 % 64])).collect();
    let lines = body.chunks(64).map(|line| line.iter().collect());
    [format!("-----BEGIN {} KEY-----", "PRIVATE")]
        .into_iter()
        .chain(lines)
        .chain([format!("-----END {} KEY-----", "PRIVATE")])
        .collect()
}

#[test]
fn a_private_key_that_a_script_prints_isnt_told_though_its_beginning_is_cut_off() {
    for (case, text) in [
        ("alone", format!("cat <<X\n{}\nX\n", key().join("\n"))),
        ("with more", format!("cat <<X\n{}\nX\necho more; echo and more", key().join("\n"))),
        ("evidence", format!("cat >$AZIMAGE_EVIDENCE <<X\n{}\nX\n", key().join("\n"))),
        ("without its ends", format!("cat <<X | grep -v -e -----\n{}\nX\n", key().join("\n"))),
    ] {
        let guest = Guest::new();
        let answer = guest.run(&script(&with_script(&text, 20)));
        assert_eq!(answer.code, 0, "{case}: {}", answer.out);
        assert!(answer.out.len() > 900 && !answer.out.contains("BEGIN"), "{case}: it is cut: {}", answer.out);
        let report = read(&answer.out, "").report.unwrap();
        let told = format!("{:?}{:?}", report.script_output, report.evidence);
        assert!(key()[1..].iter().all(|line| !told.contains(&line[..line.len().min(20)])), "{case}: {told}");
        assert!(told.contains("***") && told.contains("more") == (case == "with more"), "{case}: {told}");
    }
}

#[test]
fn what_is_allowed_or_only_told_doesnt_stop() {
    for (mode, allowed, code, findings) in [
        (Mode::Enforce, vec![], 20, Some("azimage: findings 3 2 0")),
        (Mode::Report, vec![], 0, Some("azimage: findings 3 2 0")),
        (Mode::Off, vec![], 0, None),
        (Mode::Enforce, vec!["/home/bob/*"], 0, Some("azimage: findings 3 0 3")),
        (Mode::Enforce, vec!["/home/bob/.netrc", "/home/bob/.ssh/id_rsa"], 0, Some("azimage: findings 3 0 2")),
        (Mode::Enforce, vec!["/home/bob/.ssh/id_*"], 20, Some("azimage: findings 3 1 1")),
        // Other patterns are letters.
        (
            Mode::Enforce,
            vec!["/home/b?b/*", "/home/bob", "*.netrc", "/home/bob/.net[r]c"],
            20,
            Some("azimage: findings 3 2 0"),
        ),
        (Mode::Enforce, vec!["*"], 0, Some("azimage: findings 3 0 3")),
    ] {
        let guest = Guest::new();
        guest.write("home/bob/.netrc", "machine x login y password z\n");
        guest.write("home/bob/.ssh/id_rsa", "-----BEGIN RSA PRIVATE KEY-----\n");
        guest.write("home/bob/.bash_history", "ls\n");
        let allowed: Vec<String> = allowed.into_iter().map(str::to_owned).collect();
        let preparation = Preparation { hygiene: Policy { mode, allowed: allowed.clone() }, ..preparation() };
        let answer = guest.run(&script(&preparation));
        assert_eq!(answer.code, code, "{mode:?} {allowed:?}: {}", answer.out);
        let line = answer.out.lines().find(|line| line.starts_with("azimage: findings"));
        assert_eq!(line, findings, "{mode:?} {allowed:?}: {}", answer.out);
        if code == 20 {
            let first = answer.out.lines().next().unwrap();
            assert!(!first.contains("History"), "enforced ones come first: {}", answer.out);
        }
    }
}

/// Units that mustn't run in a copy.
fn masking(units: &[&str]) -> Preparation {
    Preparation { mask_units: units.iter().map(ToString::to_string).collect(), ..with_script("ls /stub/active", 60) }
}

#[test]
fn units_that_must_not_run_are_masked_and_stopped_before_anything_else_runs() {
    for shell in super::guest::shells() {
        for old in [false, true] {
            let guest = Guest::with_shell(shell);
            guest.write("stub/active/jobs.service", "");
            guest.write("stub/inactive/backup@one.timer", "");
            if old {
                guest.write("stub/systemd-is-old", "");
            }
            let answer = guest.run(&script(&masking(&["jobs.service", "backup@one.timer"])));
            assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{shell}: {}", answer.out);
            assert!(!answer.out.contains("says jobs.service"), "the user's script met it: {}", answer.out);
            assert!(answer.out.contains("says apt-daily.timer"), "others run on: {}", answer.out);
            let calls = guest.text("stub/calls");
            let at = |call: &str| calls.lines().position(|line| line.contains(call)).expect(call);
            assert!(
                at("daemon-reload") < at("stop jobs.service") && at("stop jobs.service") < at("list-jobs"),
                "{calls}"
            );
            assert_eq!(guest.exists("stub/masked/jobs.service"), old, "{shell}");
            assert!(!guest.exists("etc/systemd/system/jobs.service"), "the image isn't masked");
        }
    }
}

#[test]
fn a_unit_that_is_not_there_or_cannot_be_stopped_ends_the_preparation() {
    let guest = Guest::new();
    refused("a slip of the pen", &guest, &masking(&["job.service"]), 23, "no unit job.service");
    assert!(!guest.exists("run/systemd/system.control"), "nothing is masked");
    guest.write("stub/active/jobs.service", "");
    guest.write("stub/stubborn/jobs.service", "");
    refused("it goes on", &guest, &masking(&["jobs.service"]), 23, "jobs.service can't be stopped");
    let guest = Guest::new();
    guest.write("stub/active/jobs.service", "");
    guest.write("stub/systemd-is-old", "");
    guest.remove("stub/masked");
    refused("it can't be masked", &guest, &masking(&["jobs.service"]), 23, "jobs.service can't be masked");
}
