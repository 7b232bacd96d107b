//! Programs that start others, or take time.

use std::collections::BTreeMap;

use super::{Call, agent, find, options::Options, systemctl, systemd_run};
use crate::guest::{
    disk::base_name,
    shell::{Shell, run::Step, stream::Stream},
    system::Effect,
};

/// A time span as `sleep` and systemd take it: `20`, `20s`, `2min`, `1min 30s`, `infinity`.
pub(super) fn seconds(text: &str) -> Option<f64> {
    if text == "infinity" {
        return Some(1.0e9);
    }
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !(one.is_ascii_digit() || one == '.')).unwrap_or(rest.len());
        let count: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(rest.len());
        total += count
            * match &rest[..letters] {
                "" | "s" | "sec" | "second" | "seconds" => 1.0,
                "us" | "usec" => 0.000_001,
                "ms" | "msec" => 0.001,
                "m" | "min" | "minute" | "minutes" => 60.0,
                "h" | "hr" | "hour" | "hours" => 3600.0,
                "d" | "day" | "days" => 86_400.0,
                _ => return None,
            };
        rest = rest[letters..].trim_start();
    }
    Some(total.min(1.0e9))
}

/// The program's run, where it is one of these.
pub(super) fn tool<'a>(shell: &'a mut Shell, name: &str, words: &'a [String]) -> Option<Step<'a, i32>> {
    Some(match name {
        "sleep" => Box::pin(sleep(shell, words)),
        "timeout" => Box::pin(timeout(shell, words)),
        "env" => Box::pin(env(shell, words)),
        "nohup" | "nice" | "setsid" => Box::pin(other(shell, words)),
        "sh" | "dash" | "bash" => Box::pin(sh(shell, words)),
        "xargs" => Box::pin(xargs(shell, words)),
        "find" => Box::pin(find_and_run(shell, words)),
        "waagent" => Box::pin(agent::waagent(shell, words)),
        "systemctl" => Box::pin(systemctl::systemctl(shell, words)),
        "service" => Box::pin(service(shell, words)),
        "systemd-run" => Box::pin(systemd_run::systemd_run(shell, words)),
        "poweroff" | "halt" | "reboot" | "shutdown" => Box::pin(power(shell, words)),
        "logger" => Box::pin(async { 0 }),
        _ => return None,
    })
}

/// A file is run that is none of the programs.
pub(super) async fn file(shell: &mut Shell, path: &str, text: &str, arguments: &[String]) -> i32 {
    let first = text.lines().next().unwrap_or_default();
    let interpreter: Vec<String> = match first.strip_prefix("#!") {
        Some(line) => line.split_whitespace().map(str::to_owned).collect(),
        None => vec!["/bin/sh".to_owned()],
    };
    let shells = ["sh", "dash", "bash"];
    let is_shell = interpreter.first().is_some_and(|program| shells.contains(&base_name(program)))
        || matches!(interpreter.as_slice(), [env, program, ..] if base_name(env) == "env" && shells.contains(&program.as_str()));
    if !is_shell {
        let mut words = interpreter;
        words.push(path.to_owned());
        words.extend(arguments.iter().cloned());
        return shell.program(&words).await;
    }
    let mut child = shell.child();
    path.clone_into(&mut child.name);
    child.arguments = arguments.to_vec();
    child.options.errexit = interpreter.iter().skip(1).any(|word| word.starts_with('-') && word.contains('e'));
    child.script(text).await
}

async fn sleep(shell: &mut Shell, words: &[String]) -> i32 {
    let spans: Option<Vec<f64>> = words[1..].iter().map(|word| seconds(word)).collect();
    match spans {
        Some(spans) if !spans.is_empty() => {
            shell.host.sleep(spans.iter().sum()).await;
            0
        }
        _ => {
            shell.complain("sleep: invalid time interval").await;
            1
        }
    }
}

async fn timeout(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], "k s kill-after signal", true);
    let Some((limit, rest)) = options.rest.split_first() else { return 125 };
    let Some(limit) = seconds(limit) else {
        shell.complain(&format!("timeout: invalid time interval '{limit}'")).await;
        return 125;
    };
    let host = shell.host.clone();
    let mut inner = shell.clone();
    let work = inner.program(rest);
    if limit <= 0.0 {
        return work.await;
    }
    match host.at_most(limit, work).await {
        Some(status) => status,
        None if matches!(options.value(&["s", "signal"]), Some("KILL" | "9" | "SIGKILL")) => 137,
        None => 124,
    }
}

async fn env(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], "u C S unset chdir", true);
    let mut inner = shell.subshell();
    if options.has(&["i", "ignore-environment"]) {
        inner.variables = std::sync::Arc::default();
    }
    for name in options.values(&["u", "unset"]) {
        std::sync::Arc::make_mut(&mut inner.variables).remove(name);
    }
    let mut rest = options.rest.as_slice();
    while let Some((name, value)) = rest.first().and_then(|word| word.split_once('=')) {
        inner.export(name, value);
        rest = &rest[1..];
    }
    if rest.is_empty() {
        let text: String = inner.environment().map(|(name, variable)| format!("{name}={}\n", variable.value)).collect();
        return inner.print(text.as_bytes(), "env").await;
    }
    inner.program(rest).await
}

/// `nohup`, `nice` and `setsid`: the command that they are given.
async fn other(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], "n", true);
    if options.rest.is_empty() {
        return 125;
    }
    if base_name(&words[0]) == "setsid" && options.has(&["f", "fork"]) {
        let mut inner = shell.clone();
        let rest = options.rest.clone();
        let unit = shell.unit.clone();
        shell.host.begin(&unit, Box::pin(async move { inner.program(&rest).await }));
        return 0;
    }
    shell.program(&options.rest).await
}

async fn sh(shell: &mut Shell, words: &[String]) -> i32 {
    let mut child = shell.child();
    let mut rest = &words[1..];
    let (mut command, mut from_input) = (false, false);
    while let Some(option) = rest.first().filter(|word| word.len() > 1 && word.starts_with(['-', '+'])) {
        rest = &rest[1..];
        if option == "--" {
            break;
        }
        if option == "-o" {
            match rest.first().map(String::as_str) {
                Some("errexit") => child.options.errexit = true,
                Some("nounset") => child.options.nounset = true,
                _ => {}
            }
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        for letter in option.chars().skip(1) {
            match letter {
                'c' => command = true,
                's' => from_input = true,
                'e' => child.options.errexit = true,
                'u' => child.options.nounset = true,
                'f' => child.options.noglob = true,
                _ => {}
            }
        }
    }
    if command {
        let Some((text, rest)) = rest.split_first() else { return 2 };
        if let Some((name, arguments)) = rest.split_first() {
            name.clone_into(&mut child.name);
            child.arguments = arguments.to_vec();
        }
        return child.script(text).await;
    }
    match rest.split_first() {
        Some((path, arguments)) if !from_input => {
            let full = crate::guest::disk::absolute(&shell.folder, path);
            let Ok(file) = shell.host.with(|system| system.contents.read(&full)) else {
                shell.complain(&format!("cannot open {path}: No such file")).await;
                return 2;
            };
            path.clone_into(&mut child.name);
            child.arguments = arguments.to_vec();
            child.script(&String::from_utf8_lossy(&file.bytes)).await
        }
        _ => {
            child.arguments = rest.to_vec();
            let text = shell.stream(0).read_all(&shell.host);
            child.script(&String::from_utf8_lossy(&text)).await
        }
    }
}

async fn xargs(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], "n I L P d max-args replace max-procs delimiter", true);
    let input = shell.stream(0).read_all(&shell.host);
    let text = String::from_utf8_lossy(&input).into_owned();
    let replaced = options.value(&["I", "replace"]).map(str::to_owned);
    let items: Vec<String> = if options.has(&["0", "null"]) {
        text.split('\0').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    } else if replaced.is_some() {
        text.lines().map(|line| line.trim_start().to_owned()).filter(|line| !line.is_empty()).collect()
    } else {
        text.split_whitespace().map(str::to_owned).collect()
    };
    let command = if options.rest.is_empty() { vec!["echo".to_owned()] } else { options.rest.clone() };
    let mut lines: Vec<Vec<String>> = Vec::new();
    if let Some(sign) = replaced {
        lines = items.iter().map(|item| command.iter().map(|word| word.replace(&sign, item)).collect()).collect();
    } else {
        let most =
            options.number(&["n", "max-args"]).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX).max(1);
        for chunk in items.chunks(most.min(5000)) {
            lines.push(command.iter().chain(chunk).cloned().collect());
        }
        if items.is_empty() && !options.has(&["r", "no-run-if-empty"]) {
            lines.push(command);
        }
    }
    let mut inner = shell.subshell();
    inner.no_input();
    let mut failed = false;
    for line in &lines {
        failed |= inner.program(line).await != 0;
    }
    if failed { 123 } else { 0 }
}

async fn find_and_run(shell: &mut Shell, words: &[String]) -> i32 {
    let mut call = Call { shell, name: "find", words: &words[1..], out: Vec::new(), err: Vec::new(), code: 0 };
    let commands = find::find(&mut call);
    let Call { out, err, mut code, .. } = call;
    shell.stream(2).write(&shell.host, &err).await.ok();
    if !out.is_empty() && shell.stream(1).write(&shell.host, &out).await.is_err() {
        code = 1;
    }
    for command in commands {
        for line in command.lines() {
            if shell.program(&line).await != 0 && line.len() > 1 {
                code = code.max(i32::from(line.len() > 2));
            }
        }
    }
    code
}

async fn service(shell: &mut Shell, words: &[String]) -> i32 {
    match words {
        [_, name, verb, ..] => {
            let line: Vec<String> = ["systemctl", verb, name].into_iter().map(str::to_owned).collect();
            systemctl::systemctl(shell, &line).await
        }
        _ => 1,
    }
}

/// `poweroff`, `halt`, `reboot` and `shutdown`.
async fn power(shell: &mut Shell, words: &[String]) -> i32 {
    let options = Options::read(&words[1..], "", false);
    let comes_back = base_name(&words[0]) == "reboot" || options.has(&["r", "reboot"]);
    if options.has(&["c"]) {
        return 0;
    }
    let wait = options.rest.iter().find_map(|word| word.strip_prefix('+')).and_then(|text| text.parse::<f64>().ok());
    if let Some(minutes) = wait.filter(|minutes| *minutes > 0.0) {
        let host = shell.host.clone();
        let later = host.clone();
        host.begin(
            "systemd-shutdownd.service",
            Box::pin(async move {
                later.sleep(minutes * 60.0).await;
                later.with(|system| system.shuts_down(comes_back));
                0
            }),
        );
        return 0;
    }
    shell.host.with(|system| system.shuts_down(comes_back));
    shell.host.yields().await;
    0
}

/// A new program's shell below systemd: a plain environment, and no input.
pub(crate) fn service_shell(shell: &Shell, unit: &str, environment: &BTreeMap<String, String>) -> Shell {
    let descriptors = BTreeMap::from([(0, Stream::Null), (1, Stream::Null), (2, Stream::Null)]);
    let mut inner = Shell::new(shell.host.clone(), unit, descriptors);
    for (name, value) in environment {
        inner.export(name, value);
    }
    inner
}

/// Effects of shutting down.
impl crate::guest::system::System {
    /// The system begins to go down, unless something holds it up for ever.
    pub(crate) fn shuts_down(&mut self, comes_back: bool) {
        if self.seal != crate::scenario::Seal::NeverPowersOff {
            self.effects.push(Effect::ShutsDown { comes_back });
        }
    }
}
