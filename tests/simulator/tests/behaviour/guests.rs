//! What goes on in a guest: its shell, its files, its units, its agent.

use std::process::Command;

use azimage_simulator::MachineChange;
use serde_json::{Value, json};

use crate::azure::{Answer, Azure, id, machine};

fn scenario(machine: &str) -> String {
    format!(
        "subscriptions: [{{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{{name: images, virtualMachines: [
          {{name: guest, bootDiagnostics: true, {machine}}}]}}]}}]"
    )
}

fn run(azure: &mut Azure, name: &str, script: &str) -> Answer {
    let body = json!({"location": "westeurope", "properties": {"source": {"script": script}}});
    azure.put(&machine("guest", &format!("/runCommands/{name}")), &body)
}

fn view(azure: &mut Azure, name: &str) -> Value {
    let path = format!("{}&$expand=instanceView", machine("guest", &format!("/runCommands/{name}")));
    azure.get(&path).body["properties"]["instanceView"].clone()
}

/// Output and exit code of a script.
fn said(azure: &mut Azure, name: &str, script: &str) -> (String, i64) {
    assert!(run(azure, name, script).status < 300);
    azure.wait(120);
    let view = view(azure, name);
    let text = view["output"].as_str().unwrap_or_default().to_owned();
    (text, view["exitCode"].as_i64().unwrap_or(-1))
}

fn console(azure: &mut Azure) -> String {
    let truth = azure.truth("guest");
    truth["guest"]["serial"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect()
}

fn files(azure: &mut Azure) -> std::collections::BTreeMap<String, String> {
    azure.simulator.advance(azure.now);
    azure.simulator.guest_files(&id("virtualMachines/guest")).unwrap()
}

/// Scripts without files of the guest, which a real shell runs to the same end.
const SCRIPTS: &[&str] = &[
    "set -eu\nf() { echo \"in f: $1 $#\"; return 3; }\nf a b || echo \"code $?\"\nx=${y:-none}; echo \"$x ${x#n} ${x%%n*} ${#x}\"",
    "for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done; i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done; echo $i",
    "case abc in a*) echo one ;; *) echo two ;; esac; case '' in '') echo empty ;; esac; case x in y | x) echo either ;; esac",
    "trap 'echo \"bye $?\"' EXIT\nset -e\nfalse || true\n! true\necho still\nfalse\necho never",
    "(exit 4); echo $?; x=$(echo hi; exit 5); echo \"$x $?\"; { echo grouped; } | tr a-z A-Z",
    "printf '%s-%s\\n' a b c; printf '%5d|%-4s|%03d|%x\\n' 7 x 5 255; printf '%b' 'a\\tb\\n'; echo 'a\\nb'",
    "printf 'one two\\nthree\\n' | while read -r a b; do echo \"[$a][$b]\"; done; IFS=: read -r u v <<END\np:q:r\nEND\necho \"$u $v\"",
    "cat <<'END' | sed -n 's/^\\([a-z]*\\)=\\(.*\\)$/\\2:\\1/p'\nkey=va lue\nnot this\nother=x\nEND\n",
    "x='a b  c'; set -- $x; echo $#; set -- \"$x\" ''; echo $#; for w in \"$@\"; do echo \"<$w>\"; done; shift; echo $#; set --; for w in \"$@\"; do echo never; done",
    "printf 'b\\na\\nb\\n' | sort | uniq -c | sed 's/^ *//'; printf 'a:b:c\\n' | cut -d: -f2-; printf 'x\\ny\\nz\\n' | tail -n 2 | head -n 1",
    "printf 'abc\\nxyz\\n' | grep -v b; printf 'a.c\\nabc\\n' | grep -F a.c; printf 'one\\n' | grep -q two || echo none; printf 'aXb\\n' | grep -c X; printf 'foo1\\nbar\\n' | grep -E '^(foo|baz)[0-9]+$'",
    "echo \"$(echo \"nested $(echo deep)\")\" `echo old`; echo \"a'b\" 'c\"d' e\\ f; echo \"${HOME_:-x y}\" ${NONE_-\"q r\"}",
    "f() { local x=inner; echo $x; }; x=outer; f; echo $x; unset x; echo \"${x-unset}\"; (x=sub); echo \"${x-unset}\"",
    "i=0; until [ $i -ge 2 ]; do i=$((i + 1)); for j in a b; do [ $j = b ] && break; echo $i$j; done; done",
    "echo one >&2 2>/dev/null; { echo out; echo err >&2; } 2>&1 | sort; echo x | base64; echo eA== | base64 -d; echo",
    "printf 'a\\n\\nb\\n' | sed '/^$/d'; printf '1\\n2\\n3\\n' | sed '$d'; printf '1\\n2\\n3\\n' | sed 1d; printf '1\\n2\\n3\\n' | sed -n '2,3p'; printf 'aaa\\n' | sed 's/a/b/2;s/a/c/g'",
    "printf 'h\\303\\251 \\001x' | tr -d '\\000-\\037\\177' | tr '\\200-\\377' '?'; echo; printf 'a  b\\n' | tr -s ' '; echo abc | tr -c 'a-b\\n' _",
    "set -f; for w in *; do echo \"$w\"; done; set +f; x='*'; case $x in \\*) echo star ;; esac; case ab in \"a*\") echo no ;; a*) echo yes ;; esac",
    "a=1; a=2 sh -c 'echo $a'; echo $a; export a; sh -c 'echo $a $0 $1' name arg; sh -c 'exit 9' || echo $?",
    "set -u; (echo \"$nothing\") 2>/dev/null || echo refused; echo $((7 / 2)) $((7 % 4 * 2)) $((1 < 2 && 3 > 2)) $((0x10 + 010))",
    "eval 'x=5; echo $x'; y=x; eval \"echo \\$$y\"; command -v echo; nosuchtool 2>/dev/null; echo $?; ! false; echo $?",
    "basename /a/b.txt .txt; dirname /a/b.txt; test -n '' ; echo $?; [ a = a -a 1 -lt 2 ] && echo both; [ ! -e /nonexistent ] && echo not; [ \"!\" = \"!\" ] && echo bang",
    "code=0; (exit 7) || code=$?; echo $code; false; x=$?; echo $x $?; y=$(exit 4) || echo \"y $?\"; set -e; z=$(exit 0)$(false) || echo z",
    "n=0; printf 'a\\nb\\n' | { while read -r l; do n=$((n+1)); done; echo $n; }; echo $n; timeout 5 echo quick; timeout 1 sleep 3; echo $?",
];

#[test]
fn a_script_does_what_a_real_shell_does() {
    let mut azure = Azure::with(&scenario(""));
    for (number, script) in SCRIPTS.iter().enumerate() {
        let real = Command::new("sh").arg("-c").arg(script).env("LC_ALL", "C").output().unwrap();
        let name = format!("s{}", number % 5);
        let got = said(&mut azure, &name, script);
        let expected = (String::from_utf8_lossy(&real.stdout).into_owned(), i64::from(real.status.code().unwrap()));
        assert_eq!(got, expected, "{script}");
    }
}

#[test]
fn a_run_command_that_is_still_there_runs_again_when_its_state_is_gone() {
    let mut azure = Azure::with(&scenario(""));
    let script = "date +%s >>/opt/ran\nif [ $(wc -l </opt/ran) = 1 ]; then systemd-run --on-active=60s --timer-property=AccuracySec=1s sh -c 'cloud-init clean; waagent -force -deprovision+user; systemctl poweroff'; fi\n";
    run(&mut azure, "again", script);
    run(&mut azure, "removed", "echo x >>/opt/removed");
    azure.wait(25);
    assert_eq!(azure.delete(&machine("guest", "/runCommands/removed")).status, 202);
    azure.wait(120);
    assert!(azure.statuses("guest").contains(&"PowerState/stopped".to_owned()));
    assert_eq!(azure.post(&machine("guest", "/start")).status, 202);
    azure.wait(120);
    let files = files(&mut azure);
    assert_eq!(files["/opt/ran"].lines().count(), 2, "{files:?}");
    assert_eq!(files["/opt/removed"].lines().count(), 1);
    assert_eq!(view(&mut azure, "again")["executionState"], "Succeeded");
    azure.post(&machine("guest", "/restart"));
    azure.wait(120);
    assert_eq!(self::files(&mut azure)["/opt/ran"].lines().count(), 2, "its state is there now");
}

#[test]
fn deprovisioning_leaves_what_the_real_agent_leaves() {
    let mut azure = Azure::with(&scenario("users: [bob]"));
    said(&mut azure, "d", "systemd-run sh -c 'waagent -force -deprovision+user'");
    let files = files(&mut azure);
    let there = |path: &str| files.keys().any(|file| file.starts_with(path));
    for gone in ["/etc/ssh/ssh_host_", "/var/lib/waagent/", "/var/log/azure/", "/home/azureuser", "/var/lib/dhcp/"] {
        assert!(!there(gone), "{gone}");
    }
    for left in
        ["/etc/sudoers.d/90-cloud-init-users", "/root/.ssh/authorized_keys", "/var/lib/cloud/instances/", "/home/bob/"]
    {
        assert!(there(left), "{left}");
    }
    assert!(files["/etc/shadow-"].contains("azureuser:"), "the account's old line stays in the copy");
    assert!(files["/root/.ssh/authorized_keys"].contains("Please login as the user"));
    assert_eq!(azure.truth("guest")["guest"]["users"], json!(["bob"]));
    said(&mut azure, "late", "true");
    assert_eq!(view(&mut azure, "late")["executionState"], "Pending", "nobody runs it: the agent is stopped");
}

#[test]
fn what_a_stopped_machine_had_done_stays_and_the_rest_is_not_done() {
    let mut azure = Azure::with(&scenario(""));
    run(
        &mut azure,
        "slow",
        "systemd-run sh -c 'echo 1 >/opt/log; sleep 100; echo 2 >>/opt/log'\nmkdir /run/x; echo y >/tmp/y",
    );
    azure.wait(60);
    azure.post(&machine("guest", "/powerOff"));
    azure.wait(30);
    azure.post(&machine("guest", "/start"));
    azure.wait(300);
    assert_eq!(files(&mut azure)["/opt/log"], "1\n");
    let script = "test -d /run/x; echo $?; systemctl is-active run-u1.service; cat /tmp/y";
    assert_eq!(said(&mut azure, "look", script).0, "1\ninactive\ny\n");
}

#[test]
fn programs_run_beside_each_other_on_the_same_disk() {
    let mut azure = Azure::with(&scenario(""));
    run(&mut azure, "a", "for i in 1 2 3; do echo a$i >>/opt/log; sleep 10; done");
    azure.wait(5);
    run(&mut azure, "b", "for i in 1 2 3; do echo b$i >>/opt/log; sleep 10; done; (sleep 30; echo left >>/opt/log) &");
    azure.wait(200);
    let files = files(&mut azure);
    assert_eq!(files["/opt/log"], "a1\nb1\na2\nb2\na3\nb3\n", "what a script leaves running is killed at its end");
}

#[test]
fn a_port_that_hangs_holds_up_who_writes_to_it_until_a_limit_ends_it() {
    let mut azure = Azure::with(&scenario("serial: {port: Hangs}"));
    let script =
        "timeout 10 sh -c 'echo x >/dev/ttyS0'; echo $?; date +%s >/opt/after; [ -c /dev/ttyS0 ] && echo there";
    assert_eq!(said(&mut azure, "write", script), ("124\nthere\n".to_owned(), 0));
    run(&mut azure, "hang", "echo x >/dev/ttyS0; echo never");
    azure.wait(3600);
    assert_eq!(view(&mut azure, "hang")["executionState"], "Running");
    let absent =
        MachineChange { serial: serde_json::from_str("{\"port\": \"Absent\"}").unwrap(), ..MachineChange::default() };
    azure.simulator.change_machine(&id("virtualMachines/guest"), absent).unwrap();
    assert_eq!(said(&mut azure, "look", "[ -c /dev/ttyS0 ] || echo none").0, "none\n");
}

#[test]
fn lines_are_torn_and_last_bytes_come_late_or_never() {
    let script = "for i in 1 2 3 4 5 6 7 8; do printf \"\\nmark mark mark mark\\n\" >/dev/ttyS0; done; systemd-run systemctl poweroff";
    for (serial, whole, shown) in [
        ("", 8, true),
        ("torn: 1.0", 0, true),
        ("lastMinute: Late", 8, false),
        ("lastMinute: Lost", 8, false),
        ("promptAgain: true, quiet: true", 8, true),
    ] {
        let mut azure = Azure::with(&scenario(&format!("serial: {{{serial}}}")));
        run(&mut azure, "marks", script);
        azure.wait(60);
        let text = console(&mut azure);
        assert_eq!(text.lines().filter(|line| *line == "mark mark mark mark").count(), whole, "{serial}: {text}");
        let end = text.rsplit("mark").next().unwrap_or_default();
        assert_eq!(end.contains("guest login: "), serial.contains("promptAgain"), "{text}");
        // A quiet kernel prints its last messages, too.
        assert!(end.ends_with("reboot: Power down\r\n"), "{text}");
        azure.wait(240);
        let uri = azure.post(&machine("guest", "/retrieveBootDiagnosticsData")).body["serialConsoleLogBlobUri"].clone();
        let mut read = || String::from_utf8(azure.get(uri.as_str().unwrap()).response.body().to_vec()).unwrap();
        assert_eq!(read().contains("mark mark"), shown || serial.contains("torn"), "{serial}");
    }
}

#[test]
fn unknown_details_of_azure_are_chosen_by_the_scenario() {
    for (view_way, log_way, state, log) in [
        ("Kept", "Kept", json!("Succeeded"), 200),
        ("Gone", "Gone", Value::Null, 404),
        ("Unknown", "Kept", json!("Unknown"), 200),
    ] {
        let unknowns = format!("unknowns: {{runCommandView: {view_way}, deallocatedLog: {log_way}}}\n");
        let mut azure = Azure::with(&(unknowns + &scenario("")));
        run(&mut azure, "x", "echo x; systemd-run --on-active=30s --timer-property=AccuracySec=1s systemctl poweroff");
        azure.wait(25);
        assert_eq!(view(&mut azure, "x")["executionState"], "Succeeded", "the agent has reported it");
        azure.wait(200);
        assert_eq!(view(&mut azure, "x")["executionState"], state, "{view_way}");
        azure.post(&machine("guest", "/deallocate"));
        azure.wait(60);
        let uri = azure.post(&machine("guest", "/retrieveBootDiagnosticsData")).body["serialConsoleLogBlobUri"].clone();
        assert_eq!(azure.get(uri.as_str().unwrap()).status, log, "{log_way}");
    }
}

#[test]
fn a_guest_is_set_up_by_its_files_tools_and_folders() {
    let mut azure = Azure::with(&scenario(
        "guest: {files: {/etc/motd: hello, /opt/key: {text: k, mode: '0600'}, /etc/hostname: null, /opt/l: {link: /etc/motd}}, readOnly: [/var],
          full: [/opt], missing: [cloud-init], failing: {dpkg --audit: 3}, slow: {sync: 20}, busyPackages: 60, halfConfigured: [curl], loggedIn: true}",
    ));
    let script = "cat /etc/motd; echo; stat -c '%a %i' /opt/key | cut -d' ' -f1; cat /opt/l; echo; ls /etc/hostname; echo $?; touch /var/x; echo $?
echo more >/opt/more; echo $?; command -v cloud-init; echo $?; dpkg --audit; echo $?; loginctl list-sessions | wc -l
grep -c \":$(stat -c %i /var/lib/dpkg/lock-frontend) \" /proc/locks; sleep 60; grep -c . /proc/locks; userdel azureuser; echo $?";
    let expected = "hello\n600\nhello\n2\n1\n1\n127\n3\n1\n1\n0\n8\n";
    assert_eq!(said(&mut azure, "look", script).0, expected);
}

#[test]
fn units_come_at_their_time_and_may_die() {
    let mut azure = Azure::with(&scenario("guest: {unitDiesAfter: 30}"));
    let script = "systemd-run --unit=u --on-active=10s --timer-property=AccuracySec=1s sh -c 'echo begin >/opt/u; sleep 60; echo end >>/opt/u'
systemctl is-active u.timer; systemd-run --unit=u --on-active=1s true; echo $?; sleep 15; systemctl is-active u.service; sleep 40; systemctl is-failed --quiet u.service; echo $?
systemd-run --unit=u true; echo $?; systemctl reset-failed u.service; systemd-run --scope --unit=s sh -c 'echo in; systemctl kill --signal=KILL s.scope; echo never'; echo $?";
    assert_eq!(said(&mut azure, "units", script).0, "active\n1\nactive\n0\n1\nin\n137\n");
    assert_eq!(files(&mut azure)["/opt/u"], "begin\n");
}

#[test]
fn an_endless_script_disturbs_no_other_machine() {
    let mut azure = Azure::with(&scenario(""));
    for (number, script) in [
        "while :; do :; done",
        "f() { f; }; f",
        ":(){ :|:& };:",
        "while true; do echo x; done",
        "yes | head -c 10; seq 1 99999999 | tail -n 1",
    ]
    .into_iter()
    .enumerate()
    {
        run(&mut azure, &format!("e{number}"), script);
        azure.wait(100);
    }
    azure.wait(6000);
    assert_eq!(said(&mut azure, "after", "echo fine").0, "fine\n");
}

/// What dpkg-query says of the guest's packages, as a real one says it of the same file.
#[test]
fn packages_are_told_as_a_real_dpkg_query_tells_them() {
    const FORMAT: &str = "${db:Status-Abbrev}|${Package;-12}|${Version;8}|${db:Status-Want} ${db:Status-Status} \
                          ${db:Status-Eflag}\\t${nothing}${binary:Synopsis}\\n";
    let mut azure = Azure::with(&scenario("guest: {halfConfigured: [curl, openssl]}"));
    let questions = [
        "-W".to_owned(),
        "--show openssl".to_owned(),
        format!("-W -f '{FORMAT}'"),
        format!("--show --showformat='{FORMAT}' 'linux-*' openssl"),
        "-W -f '${db:Status-Abbrev} ${Package}\\n'".to_owned(),
        "-W nothing-such bash".to_owned(),
        "-s curl".to_owned(),
        "-W -f '${Package'".to_owned(),
    ];
    let folder = std::env::temp_dir().join(format!("azimage-dpkg-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("info")).unwrap();
    std::fs::create_dir_all(folder.join("updates")).unwrap();
    std::fs::write(folder.join("status"), &files(&mut azure)["/var/lib/dpkg/status"]).unwrap();
    let there = Command::new("dpkg-query").arg("--version").output().is_ok();
    for (number, question) in questions.iter().enumerate() {
        let got = said(&mut azure, &format!("q{number}"), &format!("dpkg-query {question} 2>&1"));
        assert_eq!(got.1, [0, 0, 0, 0, 0, 1, 0, 1][number], "{question}: {}", got.0);
        if there {
            let command = format!("dpkg-query --admindir={} {question} 2>&1", folder.display());
            let real = Command::new("sh").arg("-c").arg(command).env("LC_ALL", "C").output().unwrap();
            let expected = String::from_utf8_lossy(&real.stdout).into_owned();
            assert_eq!(got, (expected, i64::from(real.status.code().unwrap())), "{question}");
        }
    }
    std::fs::remove_dir_all(folder).ok();
    let (audit, _) = said(&mut azure, "audit", "dpkg --audit");
    assert!(audit.contains("\n curl ") && audit.contains("\n openssl "), "{audit}");
    azure
        .simulator
        .change_machine(&id("virtualMachines/guest"), serde_json::from_value(json!({"guest": {}})).unwrap())
        .unwrap();
    assert_eq!(
        said(&mut azure, "mended", "dpkg --audit; dpkg-query -W -f '${db:Status-Abbrev}\\n' curl"),
        ("ii \n".to_owned(), 0)
    );
}
