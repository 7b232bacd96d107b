//! No script harms the simulator: whatever its text, it ends or stands still, in little time, and nothing panics.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    linux,
    process::{Process, Purpose},
    shell::{Shell, stream::Stream},
    system::{Identity, System},
    tools,
};
use crate::clock::later;

fn guest() -> System {
    let identity =
        Identity { vm_id: "v".to_owned(), name: "n".to_owned(), admin: "a".to_owned(), ..Identity::default() };
    let mut contents = linux::pristine();
    contents.provision(&identity, true);
    let mut system = System { contents, identity, ..System::default() };
    system.boots(Timestamp::UNIX_EPOCH);
    system
}

/// Runs a script for an hour of the guest's time; its exit code, if it has ended.
fn run(system: &mut System, script: &str) -> Option<i32> {
    let text = script.to_owned();
    let mut process = Process::new("m", 1, Purpose::Aside, "u", |host, output, error| {
        Box::pin(async move {
            let descriptors =
                BTreeMap::from([(0, Stream::Null), (1, Stream::Buffer(output)), (2, Stream::Buffer(error))]);
            let mut shell = Shell::new(host, "u", descriptors);
            tools::script(&mut shell, "/script", &text, &[]).await
        })
    });
    let mut now = Timestamp::UNIX_EPOCH;
    for _ in 0..200 {
        let progress = process.goes_on(system, now);
        if progress.ended.is_some() {
            return progress.ended;
        }
        now = progress.wake.filter(|wake| *wake < later(Timestamp::UNIX_EPOCH, 3600.0))?;
    }
    None
}

const SCRIPTS: &[&str] = &[
    "set -eu; f() { local x=$1; echo \"${x%%.*}\" | sed 's/a*/b/g'; }; for i in 1 2 \"$@\"; do f $i.x || break; done",
    "case $(cat /etc/passwd | head -n 1) in root:*) echo \"$((1 + 2 * (3 - 4)))\" ;; [a-z]?*) : ;; esac >/tmp/x 2>&1",
    "cat <<E >/tmp/y\n$(date +%s) ${HOME:-none} `echo x`\nE\nwhile read -r a b; do [ -n \"$a\" ] && echo $b; done </etc/group",
    "find / -xdev -type f ! -name '*.x' \\( -size +0 -o -perm -4000 \\) -exec grep -l -e 'a[[:alpha:]]*' {} + | sort | uniq -c",
    "trap 'echo $?' EXIT; timeout 5 sh -c 'sleep 9' || stat -c '%a %i' /etc; printf '%5d%%\\n' 7 | tr 'a-z\\n' 'A-Z ' | cut -c 1-3",
    "systemd-run --unit=x --on-active=5s true; systemctl stop x.timer; systemctl is-active x; loginctl list-users; journalctl -u x",
    "cp -a /etc /tmp/e; rm -rf /tmp/e/*; mv /tmp/e /tmp/f; ln -s /tmp/f /tmp/g; chmod -R u+x,g-w /tmp; truncate -s 5 /tmp/z; tail -c 3 /tmp/z | base64",
    "x=abc; echo ${#x} ${x#a} ${x##*b} ${x:+y} ${z:=w}; set -- a b; shift; echo $# \"$*\"; eval echo \\$x; (exit 3) & wait; kill -0 $$",
];

#[test]
fn spoiled_scripts_do_no_harm() {
    let mut random = StdRng::seed_from_u64(7);
    let guest = guest();
    let signs = [
        "$(", ")", "`", "\"", "'", "\\", "${", "}", "((", "))", "<<E\n", ";;", "|", "&", "&&", "{", "é", "\0", "[",
        "*", "\n", "$", "!", "#", "if ", "do ",
    ];
    for round in 0..1500 {
        let mut text = SCRIPTS[round % SCRIPTS.len()].to_owned();
        for _ in 0..random.random_range(1..5) {
            let mut at = random.random_range(0..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match random.random_range(0..4) {
                0 => text.insert_str(at, signs[random.random_range(0..signs.len())]),
                1 => text.truncate(at.max(1).min(text.len())),
                2 if at < text.len() => drop(text.remove(at)),
                _ => {
                    let piece: String = text.chars().skip(at / 2).take(random.random_range(1..30)).collect();
                    text.insert_str(at, &piece);
                }
            }
            while !text.is_char_boundary(text.len()) {
                text.pop();
            }
        }
        run(&mut guest.clone(), &text);
    }
}

#[test]
fn deep_and_long_scripts_do_no_harm() {
    let deep = |open: &str, close: &str| format!("{}true{}", open.repeat(500), close.repeat(500));
    for script in [
        deep("( ", " )"),
        deep("{ ", "; }"),
        deep("echo $(", ")"),
        deep("if true; then ", "; fi"),
        deep("echo \"${x:-", "}\""),
        format!("echo $(({}1{}))", "(".repeat(500), ")".repeat(500)),
        format!("[ {} x ]", "! ".repeat(500)),
        format!("find / {} -name x", "! ".repeat(500)),
        format!("sed '{}p' /etc/passwd", "1{".repeat(500)),
        "eval \"$0\"; f() { eval f; }; f".to_owned(),
        "printf '. /tmp/s' >/tmp/s; . /tmp/s".to_owned(),
        "printf '#!/tmp/i\\n' >/tmp/i; chmod 755 /tmp/i; /tmp/i".to_owned(),
        "x=a; while :; do x=$x$x; done".to_owned(),
        "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxx >>/tmp/big; done".to_owned(),
        "ln -s /tmp/l /tmp/l; cat /tmp/l; cp -r /tmp /tmp/in; find /tmp".to_owned(),
        "timeout 5 timeout 5 timeout 5 timeout 5 env nice nohup sh -c 'xargs sh -c true'".to_owned(),
    ] {
        run(&mut guest(), &script);
    }
}

#[test]
fn a_syntax_error_ends_a_script_where_it_stands() {
    assert_eq!(run(&mut guest(), "echo fine >/tmp/x\nif true; then\n"), Some(2));
    assert_eq!(run(&mut guest(), "exit 3\n)"), Some(3));
    assert_eq!(run(&mut guest(), "cat /nonexistent"), Some(1));
    assert_eq!(run(&mut guest(), "nosuch"), Some(127));
}
