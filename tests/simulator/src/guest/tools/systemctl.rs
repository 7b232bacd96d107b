//! `systemctl`, `journalctl` and `loginctl`.

use super::{Call, options::Options};
use crate::guest::{
    disk::Node,
    shell::Shell,
    system::{Effect, System},
    units::{Activity, Transient, full_name},
};

/// What is printed on output and error output, and the exit code.
type CommandResult = (String, String, i32);

pub(super) async fn systemctl(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(
        &words[1..],
        "p property s signal t type kill-who kill-whom state n lines o output H M job-mode",
        false,
    );
    let now = shell.host.now();
    let (out, err, code) = shell.host.with(|system| done(system, &options, now));
    // Who has ended the unit that this program belongs to doesn't go on.
    shell.host.yields().await;
    if !err.is_empty() {
        shell.stream(2).write(&shell.host, err.as_bytes()).await.ok();
    }
    if !out.is_empty() && shell.stream(1).write(&shell.host, out.as_bytes()).await.is_err() {
        return 1;
    }
    code
}

#[allow(clippy::too_many_lines, reason = "one arm for each verb")]
fn done(system: &mut System, options: &Options, now: jiff::Timestamp) -> CommandResult {
    let nothing = |code| (String::new(), String::new(), code);
    if system.setup.systemd == 0 {
        let words = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
        return (String::new(), words.to_owned(), 1);
    }
    if options.has(&["version"]) {
        let version = system.setup.systemd;
        return (
            format!("systemd {version} ({version}.4-1ubuntu8.4)\n+PAM +AUDIT +SELINUX +APPARMOR\n"),
            String::new(),
            0,
        );
    }
    let Some((verb, names)) = options.rest.split_first() else { return list(system, options) };
    let quiet = options.has(&["q", "quiet"]);
    let mut said = nothing(0);
    match verb.as_str() {
        "poweroff" | "halt" | "reboot" | "kexec" => system.shuts_down(verb == "reboot"),
        "stop" => {
            for name in names {
                if !stop(system, name) {
                    said.1.push_str(&format!("Failed to stop {0}: Unit {0} not loaded.\n", full_name(name)));
                    said.2 = 5;
                }
            }
        }
        "start" | "restart" | "try-restart" | "condrestart" | "reload-or-restart" => {
            for name in names {
                let known = system.units.get(name).is_some();
                if verb != "start" {
                    stop(system, name);
                }
                if !known && verb.contains("try") {
                    continue;
                }
                if is_masked(system, name) {
                    said.1.push_str(&format!("Failed to {verb} {0}: Unit {0} is masked.\n", full_name(name)));
                    said.2 = 1;
                    continue;
                }
                if !start(system, name, now) {
                    said.1.push_str(&format!("Failed to start {0}: Unit {0} not found.\n", full_name(name)));
                    said.2 = 5;
                }
            }
        }
        "kill" => {
            for name in names {
                if system.units.is_active(name) {
                    system.kill(&full_name(name));
                } else {
                    said.1.push_str(&format!("Failed to kill unit {0}: Unit {0} not loaded.\n", full_name(name)));
                    said.2 = 1;
                }
            }
        }
        "reset-failed" => {
            for name in names {
                if !system.units.reset(name) {
                    said.1.push_str(&format!(
                        "Failed to reset failed state of unit {0}: Unit {0} not loaded.\n",
                        full_name(name)
                    ));
                    said.2 = 1;
                }
            }
        }
        "is-active" => {
            said.2 = if names.iter().any(|name| system.units.get(name).is_some()) { 3 } else { 4 };
            for name in names {
                let activity = system.units.get(name).map_or(Activity::Inactive, |unit| unit.activity);
                if activity == Activity::Active {
                    said.2 = 0;
                }
                said.0.push_str(&format!("{}\n", activity.word()));
            }
        }
        "is-failed" => {
            let failed =
                names.iter().any(|name| system.units.get(name).is_some_and(|unit| unit.activity == Activity::Failed));
            said.2 = i32::from(!failed);
        }
        "is-enabled" => {
            for name in names {
                match enabled(system, name) {
                    Some(true) => said.0.push_str("enabled\n"),
                    Some(false) => {
                        said.0.push_str("disabled\n");
                        said.2 = 1;
                    }
                    None => {
                        said.1.push_str(&format!(
                            "Failed to get unit file state for {}: No such file or directory\n",
                            full_name(name)
                        ));
                        said.2 = 1;
                    }
                }
            }
        }
        "is-system-running" => said.0.push_str("running\n"),
        "enable" | "disable" | "mask" | "unmask" => {
            for name in names {
                set_enabled(system, verb, name);
                if options.has(&["now"]) {
                    if verb == "enable" {
                        start(system, name, now);
                    } else {
                        stop(system, name);
                    }
                }
            }
        }
        "show" if names.is_empty() => said.0.push_str(&shown(options, &MANAGER)),
        "show" => {
            for name in names {
                let unit = system.units.get(name);
                let activity = unit.map_or(Activity::Inactive, |unit| unit.activity).word();
                let loaded = match unit {
                    _ if is_masked(system, name) => "masked",
                    None if file_of(system, name).is_none() => "not-found",
                    _ => "loaded",
                };
                let result = if activity == "failed" { "exit-code" } else { "success" };
                let entered = if activity == "active" { entered(name) } else { "0" };
                said.0.push_str(&shown(
                    options,
                    &[
                        ("ActiveState", activity),
                        ("LoadState", loaded),
                        ("Result", result),
                        ("ActiveEnterTimestampMonotonic", entered),
                    ],
                ));
            }
        }
        "status" => {
            for name in names {
                if let Some(unit) = system.units.get(name) {
                    said.0.push_str(&format!(
                        "● {} - {}\n     Active: {}\n",
                        full_name(name),
                        unit.description,
                        unit.activity.word()
                    ));
                    said.2 = if unit.activity == Activity::Active { 0 } else { 3 };
                } else {
                    said.1.push_str(&format!("Unit {} could not be found.\n", full_name(name)));
                    said.2 = 4;
                }
            }
        }
        "cat" => {
            for name in names {
                match file_of(system, name) {
                    Some(path) => said.0.push_str(&system.contents.text(&path)),
                    None => said.2 = 1,
                }
            }
        }
        "list-units" | "list-timers" | "list-unit-files" => return list(system, options),
        "daemon-reload" | "daemon-reexec" | "link" | "preset" | "set-property" | "isolate" => {}
        other => return (String::new(), format!("Unknown command verb '{other}'.\n"), 1),
    }
    if quiet {
        said.0.clear();
    }
    said
}

/// Moments of the system's start, in microseconds since its kernel's.
const MANAGER: [(&str, &str); 2] =
    [("UserspaceTimestampMonotonic", "3120000"), ("FinishTimestampMonotonic", "14870000")];

/// When a unit that is active became so, in microseconds since the kernel's start.
fn entered(name: &str) -> &'static str {
    if name == "multi-user.target" { "11300000" } else { "7540000" }
}

/// The properties that are asked for, or all.
fn shown(options: &Options, properties: &[(&str, &str)]) -> String {
    let names = &["p", "property"];
    let asked = |property: &str| options.values(names).flat_map(|list| list.split(',')).any(|one| one == property);
    let shown = properties.iter().filter(|(property, _)| asked(property) || !options.has(names));
    let line = |(property, value): &(&str, &str)| {
        if options.has(&["value"]) { format!("{value}\n") } else { format!("{property}={value}\n") }
    };
    shown.map(line).collect()
}

/// The units, or those of the states that are asked for (man page of systemctl, `--state`).
fn list(system: &System, options: &Options) -> CommandResult {
    let states: Vec<&str> = options.values(&["state"]).flat_map(|list| list.split(',')).collect();
    let rows = system
        .units
        .iter()
        .filter(|(_, unit)| states.is_empty() || states.contains(&unit.activity.word()))
        .map(|(name, unit)| format!("{name} loaded {0} {0} {1}\n", unit.activity.word(), unit.description));
    (rows.collect(), String::new(), 0)
}

/// Ends a unit; false where there is none.
pub(super) fn stop(system: &mut System, name: &str) -> bool {
    let Some(unit) = system.units.get_mut(name) else { return file_of(system, name).is_some() };
    if unit.activity == Activity::Active {
        let transient = unit.transient.is_some();
        system.units.ended(name, false);
        if transient {
            system.kill(&full_name(name));
        }
    }
    true
}

fn start(system: &mut System, name: &str, now: jiff::Timestamp) -> bool {
    let name = full_name(name);
    if let Some(unit) = system.units.get_mut(&name).filter(|unit| unit.transient.is_none()) {
        unit.activity = Activity::Active;
        return true;
    }
    if system.units.is_active(&name) {
        return true;
    }
    let Some(path) = file_of(system, &name) else { return false };
    let text = system.contents.text(&path);
    let values = |key: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_start_matches(['-', '+', '@', ':', '!']).to_owned())
            .collect()
    };
    if let Some(stem) = name.strip_suffix(".timer") {
        let span = values("OnActiveSec").first().and_then(|span| super::start::seconds(span)).unwrap_or_default();
        let at = crate::clock::later(now, span);
        let unit = values("Unit").first().cloned().unwrap_or_else(|| format!("{stem}.service"));
        let transient = Transient {
            command: vec!["systemctl".to_owned(), "start".to_owned(), unit],
            due: Some(at),
            collect: true,
            ..Transient::default()
        };
        let turn = system.units.run(&name, transient, &name);
        system.effects.push(Effect::UnitDue { unit: name, at, turn });
        return true;
    }
    let lines = values("ExecStart");
    if lines.is_empty() {
        system.units.load(&name, Activity::Active, &name);
        return true;
    }
    let stop: Vec<String> = values("ExecStopPost").into_iter().chain(values("ExecStop")).collect();
    let mut script = lines.join(" && ");
    for line in stop {
        script.push_str(&format!("; {line}"));
    }
    let transient = Transient {
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script],
        collect: false,
        ..Transient::default()
    };
    let turn = system.units.run(&name, transient, &name);
    system.effects.push(Effect::UnitDue { unit: name, at: now, turn });
    true
}

/// Where units' files are: the first one holds (man page of systemd.unit, "System Unit Search Path").
const FOLDERS: [&str; 4] =
    ["/run/systemd/system.control", "/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"];

/// Whether a unit's file is a link to `/dev/null`: then it can't be started.
fn is_masked(system: &System, name: &str) -> bool {
    let itself = |path: &String| system.contents.get_itself(path);
    let first = FOLDERS.iter().map(|folder| format!("{folder}/{}", full_name(name))).find(|path| itself(path).is_ok());
    first.is_some_and(|path| matches!(itself(&path), Ok(Node::Link(to)) if &*to == "/dev/null"))
}

/// Where a unit's file is.
fn file_of(system: &System, name: &str) -> Option<String> {
    let name = full_name(name);
    FOLDERS.iter().map(|folder| format!("{folder}/{name}")).find(|path| system.contents.exists(path))
}

fn enabled(system: &System, name: &str) -> Option<bool> {
    let name = full_name(name);
    let folder = "/etc/systemd/system";
    let linked = system.contents.list(folder).unwrap_or_default().iter().any(|below| {
        below.ends_with(".wants") && system.contents.get_itself(&format!("{folder}/{below}/{name}")).is_ok()
    });
    (linked || file_of(system, &name).is_some() || system.units.get(&name).is_some()).then_some(linked)
}

fn set_enabled(system: &mut System, verb: &str, name: &str) {
    let name = full_name(name);
    let folder = "/etc/systemd/system";
    let own = format!("{folder}/{name}");
    match verb {
        "mask" => {
            system.contents.take(&own).ok();
            system.contents.make_link(&own, "/dev/null").ok();
        }
        "unmask" => {
            if matches!(system.contents.get_itself(&own), Ok(Node::Link(_))) {
                system.contents.take(&own).ok();
            }
        }
        "enable" => {
            let wants = format!("{folder}/multi-user.target.wants");
            system.contents.make_folders(&wants).ok();
            system.contents.make_link(&format!("{wants}/{name}"), &format!("/usr/lib/systemd/system/{name}")).ok();
        }
        _ => {
            for below in system.contents.list(folder).unwrap_or_default() {
                if below.ends_with(".wants") {
                    system.contents.take(&format!("{folder}/{below}/{name}")).ok();
                }
            }
        }
    }
}

pub(super) fn journalctl(call: &mut Call<'_>) {
    let options =
        Options::read(call.words, "u unit n lines o output S since vacuum-time vacuum-size vacuum-files", false);
    let journal = call.system(|system| {
        let id = system.contents.machine_id().unwrap_or_default();
        let folder = format!("/var/log/journal/{id}");
        (!id.is_empty() && system.contents.is_folder(&folder)).then_some(folder)
    });
    if options.has(&[
        "relinquish-var",
        "flush",
        "sync",
        "rotate",
        "vacuum-time",
        "vacuum-size",
        "vacuum-files",
        "smart-relinquish-var",
    ]) {
        return;
    }
    call.say(if journal.is_some() { "-- No entries --\n" } else { "No journal files were found.\n-- No entries --\n" });
}

pub(super) fn loginctl(call: &mut Call<'_>) {
    let options = Options::read(call.words, "s signal p property kill-whom kill-who", false);
    let sessions = call.system(|system| system.sessions.clone());
    let accounts = call.system(|system| system.contents.text("/etc/passwd"));
    let number = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name));
        line.and_then(|line| line.split(':').nth(2)).unwrap_or("1000").to_owned()
    };
    match options.rest.first().map_or("list-sessions", String::as_str) {
        "list-sessions" => {
            let rows: Vec<String> = sessions
                .iter()
                .enumerate()
                .map(|(index, name)| format!("{} {} {name} - pts/{index}\n", index + 1, number(name)))
                .collect();
            call.say(rows.concat());
        }
        "list-users" => {
            let rows: Vec<String> = sessions.iter().map(|name| format!("{} {name}\n", number(name))).collect();
            call.say(rows.concat());
        }
        "terminate-user" | "kill-user" => {
            for user in &options.rest[1..] {
                let name = sessions.iter().find(|name| *name == user || number(name) == *user).cloned();
                match name {
                    Some(name) => call.system(|system| system.sessions.retain(|one| *one != name)),
                    None => call.fails(&format!("Failed to look up user {user}: No such process")),
                }
            }
        }
        "terminate-session" | "kill-session" => {
            for session in &options.rest[1..] {
                let name =
                    session.parse::<usize>().ok().and_then(|number| sessions.get(number.checked_sub(1)?)).cloned();
                match name {
                    Some(name) => call.system(|system| system.sessions.retain(|one| *one != name)),
                    None => call.fails(&format!("Failed to terminate session: No session '{session}' known")),
                }
            }
        }
        _ => {}
    }
}
