//! `systemd-run`.

use std::collections::BTreeMap;

use super::{options::Options, start};
use crate::{
    clock::later,
    guest::{
        shell::Shell,
        system::Effect,
        units::{Transient, full_name},
    },
};

const VALUED: &str = "unit u description on-active on-boot on-startup on-calendar on-unit-active on-unit-inactive property p \
                      timer-property setenv E slice uid gid nice working-directory service-type host H machine M \
                      path-property socket-property";
const KNOWN: &str = "collect G quiet q no-block wait pipe P pty t scope same-dir d remain-after-exit r send-sighup \
                     no-ask-password user system shell S slice-inherit";

/// How exact a timer is unless it is told.
const ACCURACY: f64 = 60.0;

#[allow(clippy::too_many_lines, reason = "one kind of unit after the other")]
pub(super) async fn systemd_run(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], VALUED, true);
    let version = shell.host.with(|system| system.setup.systemd);
    let refuse = |words: String| (words, 1);
    let refusal = if version == 0 {
        Some(refuse("Failed to create bus connection: No such file or directory".to_owned()))
    } else if let Some(other) = options.other(&format!("{VALUED} {KNOWN}")) {
        Some(refuse(format!("unrecognized option '--{other}'")))
    } else if version < 236 && options.has(&["collect", "G"]) {
        Some(refuse("unrecognized option '--collect'".to_owned()))
    } else if options.rest.is_empty() && !options.has(&["shell", "S"]) {
        Some(refuse("Command line to execute required.".to_owned()))
    } else if !options.has(&["scope"]) && super::path_of(shell, &options.rest[0]).is_none() {
        Some(refuse(format!("Failed to find executable {}: No such file or directory", options.rest[0])))
    } else {
        None
    };
    if let Some((words, code)) = refusal {
        shell.complain(&format!("systemd-run: {words}")).await;
        return code;
    }
    let now = shell.host.now();
    let stem = match options.value(&["unit", "u"]) {
        Some(name) => {
            [".service", ".timer", ".scope"].iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name).to_owned()
        }
        None => format!("run-u{}", shell.host.with(|system| *system.new_process("systemd"))),
    };
    let mut environment = BTreeMap::new();
    for setting in options.values(&["setenv", "E"]) {
        match setting.split_once('=') {
            Some((name, value)) => environment.insert(name.to_owned(), value.to_owned()),
            None => {
                shell.value(setting).map(str::to_owned).and_then(|value| environment.insert(setting.to_owned(), value))
            }
        };
    }
    let transient = Transient {
        command: options.rest.clone(),
        environment,
        folder: options.value(&["working-directory"]).map(str::to_owned),
        collect: options.has(&["collect", "G"]),
        due: None,
        turn: 0,
    };
    let description = options.value(&["description"]).unwrap_or(&options.rest[0]).to_owned();
    let spans: Vec<&str> =
        ["on-active", "on-boot", "on-startup"].iter().filter_map(|name| options.value(&[name])).collect();
    let kind = if options.has(&["scope"]) {
        "scope"
    } else if spans.is_empty() {
        "service"
    } else {
        "timer"
    };
    let name = format!("{stem}.{kind}");
    if shell.host.with(|system| system.units.get(&name).is_some()) {
        let words = format!(
            "systemd-run: Failed to start transient {kind} unit: Unit {name} was already loaded or has a fragment file."
        );
        shell.complain(&words).await;
        return 1;
    }
    if kind == "timer" {
        let span: f64 = spans.iter().filter_map(|span| start::seconds(span)).fold(f64::INFINITY, f64::min);
        if !span.is_finite() {
            shell.complain("systemd-run: Failed to parse timer value").await;
            return 1;
        }
        let accuracy = options.values(&["timer-property"]).filter_map(|property| property.strip_prefix("AccuracySec="));
        let accuracy = accuracy.filter_map(start::seconds).last().unwrap_or(ACCURACY);
        let said = shell.host.with(|system| {
            // systemd puts wake-ups of a machine together, at a place of its own for each machine.
            let late = if accuracy > 1.0 { spread(&system.identity.vm_id) * accuracy } else { 0.0 };
            let at = later(now, span + late);
            let transient = Transient { due: Some(at), ..transient };
            let turn = system.units.run(&name, transient, &description);
            system.effects.push(Effect::UnitDue { unit: name.clone(), at, turn });
            format!("Running timer as unit: {name}\nWill run service as unit: {stem}.service\n")
        });
        return print_message(shell, &options, &said).await;
    }
    if kind == "scope" {
        print_message(shell, &options, &format!("Running scope as unit: {name}\n")).await;
        shell.host.with(|system| system.units.run(&name, transient, &description));
        let mut inner = shell.subshell();
        inner.unit.clone_from(&name);
        return inside(shell, inner, &name, &options.rest).await;
    }
    if options.has(&["wait", "pipe", "P", "pty", "t"]) {
        shell.host.with(|system| system.units.run(&name, transient.clone(), &description));
        let mut inner = start::service_shell(shell, &name, &transient.environment);
        if !options.has(&["wait"]) || options.has(&["pipe", "P", "pty", "t"]) {
            inner.descriptors.clone_from(&shell.descriptors);
        }
        return inside(shell, inner, &name, &options.rest).await;
    }
    let said = shell.host.with(|system| {
        let turn = system.units.run(&name, transient, &description);
        system.effects.push(Effect::UnitDue { unit: name.clone(), at: now, turn });
        format!("Running as unit: {name}\n")
    });
    print_message(shell, &options, &said).await
}

/// From 0 to 1, for a name.
fn spread(name: &str) -> f64 {
    let hash = name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(hash % 1000) / 1000.0
}

async fn print_message(shell: &Shell, options: &Options, text: &str) -> i32 {
    if !options.has(&["quiet", "q"]) {
        shell.stream(2).write(&shell.host, text.as_bytes()).await.ok();
    }
    0
}

/// A command in a unit that this program waits for.
async fn inside(shell: &mut Shell, mut inner: Shell, name: &str, words: &[String]) -> i32 {
    let host = shell.host.clone();
    let status = host.inside(&full_name(name), inner.program(words)).await.unwrap_or(137);
    host.with(|system| system.units.ended(name, status != 0 && !name.ends_with("scope")));
    status
}
