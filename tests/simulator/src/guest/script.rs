//! Recognises what a run command's script does: output, exit code, and units that deprovision the guest.

use std::{collections::BTreeMap, sync::LazyLock};

use base64::Engine as _;
use regex::Regex;

use super::{
    contents::Cleaning,
    serial::PORTS,
    shell::{Command, Tie, commands},
};

/// What a script does, as far as the guest model cares.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Script {
    pub(crate) output: String,
    pub(crate) error: String,
    pub(crate) exit_code: i32,
    /// Seconds besides the platform's own time.
    pub(crate) seconds: f64,
    /// A unit that outlives the script and deprovisions the guest.
    pub(crate) detached: Option<Detached>,
    /// The script itself deprovisions, and so stops the agent that would report it.
    pub(crate) deprovisions: bool,
    /// The script itself shuts the machine down.
    pub(crate) powers_off: bool,
    /// What deprovisioning, here or in the unit, cleans.
    pub(crate) cleaning: Cleaning,
    /// What it writes to the serial port.
    pub(crate) serial: String,
}

/// A detached unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detached {
    /// Seconds from the start of the script until the unit starts.
    pub(crate) after: f64,
    pub(crate) powers_off: bool,
    /// What it writes to the serial port once the guest is deprovisioned.
    pub(crate) serial: String,
}

/// What a text does when it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Effects {
    deprovisions: bool,
    powers_off: bool,
    serial: String,
}

static POWER_OFF: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(^|[^\w-])(poweroff|shutdown|halt)($|[^\w-])").ok());
static ENCODED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/]{40,}={0,2}").ok());

/// Reads a script. `parameters` are visible to it as variables, and files of the guest under their paths.
pub(crate) fn read(script: &str, parameters: &BTreeMap<String, String>) -> Script {
    let mut variables = parameters.clone();
    let commands = commands(script, &mut variables);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut result = Script { cleaning: cleaning(script), ..Script::default() };
    for (index, command) in commands.iter().enumerate() {
        remember_files(command, &commands[..index], &mut files);
        if command.tie == Tie::OnFailure {
            continue;
        }
        let Some(head) = command.words.first().map(|word| program(word)) else { continue };
        if let Some(after) = detaches(head, command) {
            let effects = effects_of(command, &commands[..index], &files);
            if effects.deprovisions && result.detached.is_none() {
                result.detached = Some(Detached {
                    after: result.seconds + after,
                    powers_off: effects.powers_off,
                    serial: effects.serial,
                });
            }
            continue;
        }
        match head {
            "echo" | "printf" if !command.nested && to_serial_port(command) => {
                result.serial.push_str(&text_of(command));
            }
            "echo" | "printf" if !command.nested => print(command, commands.get(index + 1), &mut result),
            "cat" if !command.nested && command.redirects.is_empty() && command.input.is_none() => {
                let next_is_pipe = commands.get(index + 1).is_some_and(|next| next.tie == Tie::Pipe);
                for text in command.words[1..].iter().filter_map(|path| variables.get(path)).filter(|_| !next_is_pipe) {
                    result.output.push_str(text.trim_end());
                    result.output.push('\n');
                }
            }
            "sleep" if !command.nested => {
                result.seconds += command.words.get(1).map_or(0.0, |text| seconds(text));
            }
            "exit" if !command.nested => {
                result.exit_code = command.words.get(1).and_then(|code| code.parse().ok()).unwrap_or(0);
                break;
            }
            "poweroff" | "shutdown" | "halt" => result.powers_off = true,
            "systemctl" if command.words.iter().any(|word| word == "poweroff" || word == "halt") => {
                result.powers_off = true;
            }
            "waagent" if command.words.iter().any(|word| is_deprovision(word)) => result.deprovisions = true,
            "sh" | "bash" | "dash" | "nohup" | "setsid" | "systemd-run" | "timeout" | "env" => {
                let effects = effects_of(command, &commands[..index], &files);
                result.deprovisions |= effects.deprovisions;
                result.powers_off |= effects.powers_off;
                result.serial.push_str(&effects.serial);
            }
            path if files.contains_key(path) => {
                let effects = effects_of(command, &commands[..index], &files);
                result.deprovisions |= effects.deprovisions;
                result.powers_off |= effects.powers_off;
                result.serial.push_str(&effects.serial);
            }
            _ => {}
        }
        if result.deprovisions || result.powers_off {
            break;
        }
    }
    result
}

/// The program's own name; paths of written files stay whole.
fn program(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    let known = [
        "echo",
        "printf",
        "cat",
        "sleep",
        "exit",
        "poweroff",
        "shutdown",
        "halt",
        "systemctl",
        "waagent",
        "sh",
        "bash",
        "dash",
        "nohup",
        "setsid",
        "systemd-run",
        "at",
        "batch",
        "timeout",
        "env",
    ];
    if known.contains(&name) { name } else { word }
}

fn is_deprovision(word: &str) -> bool {
    word.trim_start_matches('-').starts_with("deprovision")
}

/// After how many seconds a unit starts that the command detaches; `None` where it does not detach anything.
fn detaches(head: &str, command: &Command) -> Option<f64> {
    let words = &command.words;
    match head {
        "systemd-run" => {
            let attached = ["--scope", "--wait", "--pipe", "-P", "--pty", "-t", "--shell", "-S"];
            let options = words.iter().skip(1).take_while(|word| word.starts_with('-'));
            if options.clone().any(|word| attached.contains(&word.as_str())) {
                return None;
            }
            let spaced = words.iter().position(|word| word == "--on-active").and_then(|at| words.get(at + 1));
            let joined = words.iter().find_map(|word| word.strip_prefix("--on-active="));
            Some(joined.or(spaced.map(String::as_str)).map_or(0.0, seconds))
        }
        "systemctl" if words.iter().any(|word| word == "start" || word == "restart") => Some(0.0),
        "at" | "batch" => Some(at_delay(words)),
        "setsid" if words.iter().any(|word| word == "-f" || word == "--fork") => Some(0.0),
        _ if command.background => Some(0.0),
        _ => None,
    }
}

/// `at now + 2 minutes`.
fn at_delay(words: &[String]) -> f64 {
    let Some(plus) = words.iter().position(|word| word == "+") else { return 0.0 };
    let count = words.get(plus + 1).and_then(|count| count.parse::<f64>().ok()).unwrap_or(0.0);
    match words.get(plus + 2).map(String::as_str) {
        Some(unit) if unit.starts_with("min") => count * 60.0,
        Some(unit) if unit.starts_with("hour") => count * 3600.0,
        _ => count,
    }
}

/// A time span as systemd and `sleep` take it: `20`, `20s`, `2min`, `1min 30s`.
fn seconds(text: &str) -> f64 {
    let mut total = 0.0;
    let mut number = String::new();
    let mut unit = String::new();
    let mut add = |number: &mut String, unit: &mut String| {
        let count: f64 = number.parse().unwrap_or(0.0);
        total += count
            * match unit.as_str() {
                "ms" | "msec" => 0.001,
                "m" | "min" | "minute" | "minutes" => 60.0,
                "h" | "hr" | "hour" | "hours" => 3600.0,
                _ => 1.0,
            };
        number.clear();
        unit.clear();
    };
    for character in text.chars() {
        if character.is_ascii_digit() || character == '.' {
            if !unit.is_empty() {
                add(&mut number, &mut unit);
            }
            number.push(character);
        } else if character.is_ascii_alphabetic() {
            unit.push(character);
        }
    }
    add(&mut number, &mut unit);
    total
}

/// Remembers what a command writes into files: here-documents, `echo … > file`, `… | tee file`.
fn remember_files(command: &Command, before: &[Command], files: &mut BTreeMap<String, String>) {
    let printed = |command: &Command| {
        let head = command.words.first().map(|word| program(word));
        matches!(head, Some("echo" | "printf")).then(|| command.words[1..].join("\n"))
    };
    let content = command.input.clone().or_else(|| printed(command)).or_else(|| {
        (command.tie == Tie::Pipe)
            .then(|| before.last().and_then(|last| last.input.clone().or_else(|| printed(last))))?
    });
    let Some(content) = content else { return };
    let written = command.words.iter().skip(1).filter(|word| word.starts_with('/') || word.starts_with('$'));
    for file in command.redirects.iter().chain(written).filter(|file| !file.starts_with("/dev/")) {
        files.entry(file.clone()).or_default().push_str(&content);
    }
}

/// What a command does besides what its own words say: here-document, pipe and the files it names are followed.
fn effects_of(command: &Command, before: &[Command], files: &BTreeMap<String, String>) -> Effects {
    let mut text = command.words.join(" ");
    let mut add = |more: &str| {
        text.push('\n');
        text.push_str(more);
    };
    if let Some(input) = &command.input {
        add(input);
    }
    if command.tie == Tie::Pipe
        && let Some(last) = before.last()
    {
        add(&last.words.join(" "));
        if let Some(input) = &last.input {
            add(input);
        }
    }
    for word in &command.words {
        for (file, content) in files {
            let unit = [".service", ".timer"].iter().any(|kind| word.ends_with(kind));
            if word.contains(file.as_str()) || (unit && file.ends_with(word.trim_end_matches(".timer"))) {
                add(content);
            }
        }
    }
    // A file may name another one.
    for (file, content) in files {
        if text.contains(file.as_str()) && !text.contains(content.as_str()) {
            text.push('\n');
            text.push_str(content);
        }
    }
    effects(&text, environment(&command.words))
}

/// `--setenv=NAME=VALUE` and `-E NAME=VALUE` of a unit.
fn environment(words: &[String]) -> BTreeMap<String, String> {
    let joined = words.iter().filter_map(|word| word.strip_prefix("--setenv="));
    let spaced = words.windows(2).filter(|pair| pair[0] == "--setenv" || pair[0] == "-E").map(|pair| pair[1].as_str());
    let pairs = joined.chain(spaced).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The text without comments, and what is base64 in it decoded.
fn plain(text: &str) -> String {
    let mut plain: String =
        text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    if plain.contains("base64")
        && let Some(pattern) = ENCODED.as_ref()
    {
        let decoded: Vec<String> = pattern
            .find_iter(&plain)
            .filter_map(|found| base64::engine::general_purpose::STANDARD.decode(found.as_str()).ok())
            .filter_map(|bytes| String::from_utf8(bytes).ok())
            .collect();
        plain.push_str(&decoded.join("\n"));
    }
    plain
}

fn effects(text: &str, mut variables: BTreeMap<String, String>) -> Effects {
    let plain = plain(text);
    let written = commands(&plain, &mut variables).iter().filter(|one| to_serial_port(one)).map(text_of).collect();
    Effects {
        deprovisions: plain.contains("waagent") && plain.contains("-deprovision"),
        powers_off: POWER_OFF.as_ref().is_some_and(|pattern| pattern.is_match(&plain)),
        serial: written,
    }
}

fn to_serial_port(command: &Command) -> bool {
    let prints = command.words.first().is_some_and(|word| matches!(program(word), "echo" | "printf"));
    prints && command.redirects.iter().any(|file| PORTS.contains(&file.as_str()))
}

fn cleaning(script: &str) -> Cleaning {
    let plain = plain(script);
    Cleaning { user: plain.contains("-deprovision+user"), machine_id: plain.contains("machine-id") }
}

fn print(command: &Command, next: Option<&Command>, result: &mut Script) {
    let piped = next.is_some_and(|next| next.tie == Tie::Pipe);
    if piped || command.redirects.iter().any(|file| !file.starts_with("/dev/std")) {
        return;
    }
    let target =
        if command.redirects.iter().any(|file| file == "/dev/stderr") { &mut result.error } else { &mut result.output };
    target.push_str(text_of(command).trim_end_matches('\n'));
    target.push('\n');
}

/// What `echo` or `printf` writes; of formats only `%s` is known.
fn text_of(command: &Command) -> String {
    let mut words = &command.words[1..];
    if program(&command.words[0]) != "printf" {
        let end = if words.first().is_some_and(|word| word == "-n") { "" } else { "\n" };
        if words.first().is_some_and(|word| word == "-n" || word == "-e") {
            words = &words[1..];
        }
        return format!("{}{end}", words.join(" ").replace("\\n", "\n"));
    }
    let [format, arguments @ ..] = words else { return String::new() };
    let mut arguments = arguments.iter();
    let mut parts = format.split("%s");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(arguments.next().map_or("", String::as_str));
        text.push_str(part);
    }
    text.replace("\\n", "\n")
}

#[cfg(test)]
mod tests;
