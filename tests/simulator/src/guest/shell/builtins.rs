//! Commands that the shell itself has.

use std::sync::{Arc, atomic::Ordering};

use super::{
    Flow, Shell, Variable, format,
    parse::{is_name, parse},
    stream::Stream,
};
use crate::guest::{disk::absolute, tools};

/// A command of the shell's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    Break,
    Continue,
    Cd,
    Colon,
    Command,
    Dot,
    Echo,
    Eval,
    Exec,
    Exit,
    Export,
    False,
    Kill,
    Local,
    Nothing,
    Printf,
    Pwd,
    Read,
    ReadOnly,
    Return,
    Set,
    Shift,
    Test,
    Trap,
    True,
    Type,
    Umask,
    Unset,
    Wait,
}

pub(crate) fn find(name: &str) -> Option<Builtin> {
    Some(match name {
        "break" => Builtin::Break,
        "continue" => Builtin::Continue,
        "cd" => Builtin::Cd,
        ":" => Builtin::Colon,
        "command" => Builtin::Command,
        "." => Builtin::Dot,
        "echo" => Builtin::Echo,
        "eval" => Builtin::Eval,
        "exec" => Builtin::Exec,
        "exit" => Builtin::Exit,
        "export" => Builtin::Export,
        "false" => Builtin::False,
        "kill" => Builtin::Kill,
        "local" => Builtin::Local,
        "hash" | "ulimit" | "times" | "alias" | "unalias" | "jobs" => Builtin::Nothing,
        "printf" => Builtin::Printf,
        "pwd" => Builtin::Pwd,
        "read" => Builtin::Read,
        "readonly" => Builtin::ReadOnly,
        "return" => Builtin::Return,
        "set" => Builtin::Set,
        "shift" => Builtin::Shift,
        "test" | "[" => Builtin::Test,
        "trap" => Builtin::Trap,
        "true" => Builtin::True,
        "type" => Builtin::Type,
        "umask" => Builtin::Umask,
        "unset" => Builtin::Unset,
        "wait" => Builtin::Wait,
        _ => return None,
    })
}

impl Builtin {
    /// Whether an error in it ends the shell, and assignments before it stay.
    pub(crate) fn is_special(self) -> bool {
        matches!(
            self,
            Self::Break
                | Self::Continue
                | Self::Colon
                | Self::Dot
                | Self::Eval
                | Self::Exec
                | Self::Exit
                | Self::Export
                | Self::ReadOnly
                | Self::Return
                | Self::Set
                | Self::Shift
                | Self::Trap
                | Self::Unset
        )
    }
}

impl Shell {
    pub(crate) async fn print(&mut self, bytes: &[u8], what: &str) -> i32 {
        match self.stream(1).write(&self.host, bytes).await {
            Ok(()) => 0,
            Err(refusal) => {
                self.complain(&format!("{what}: I/O error: {refusal}")).await;
                1
            }
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each command")]
    pub(crate) async fn built_in(&mut self, builtin: Builtin, words: &[String]) -> Flow {
        let given: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let number = |text: Option<&&str>, usual: i64| text.map_or(Some(usual), |text| text.parse::<i64>().ok());
        self.status = match builtin {
            Builtin::Colon | Builtin::True | Builtin::Nothing => 0,
            Builtin::False => 1,
            Builtin::Break | Builtin::Continue => {
                let levels = number(given.first(), 1).and_then(|levels| u32::try_from(levels).ok()).unwrap_or(1).max(1);
                self.status = 0;
                return if builtin == Builtin::Break { Flow::Break(levels) } else { Flow::Continue(levels) };
            }
            Builtin::Exit | Builtin::Return => {
                let Some(code) = number(given.first(), i64::from(self.status)) else {
                    return self.gives_up(&format!("Illegal number: {}", given[0])).await;
                };
                self.status = i32::try_from(code & 0xff).unwrap_or_default();
                return if builtin == Builtin::Exit { Flow::Exit } else { Flow::Return };
            }
            Builtin::Echo => {
                let (text, end) = match given.first() {
                    Some(&"-n") => (given[1..].join(" "), ""),
                    _ => (given.join(" "), "\n"),
                };
                let (mut bytes, stop) = format::unescape(&text, true);
                bytes.extend(if stop { "" } else { end }.bytes());
                self.print(&bytes, "echo").await
            }
            Builtin::Printf => {
                let Some((format, arguments)) = words[1..].split_first() else {
                    return self.gives_up("printf: usage: printf format [arg ...]").await;
                };
                let (format, arguments) = if format == "--" {
                    arguments.split_first().map_or((format, arguments), |(format, rest)| (format, rest))
                } else {
                    (format, arguments)
                };
                let (bytes, complaint) = format::printf(format, arguments);
                let status = self.print(&bytes, "printf").await;
                match complaint {
                    Some(words) => {
                        self.complain(&words).await;
                        1
                    }
                    None => status,
                }
            }
            Builtin::Cd => {
                let target = given
                    .iter()
                    .find(|word| !word.starts_with('-'))
                    .copied()
                    .map_or_else(|| self.home_folder(), str::to_owned);
                let path = absolute(&self.folder, &target);
                if let Some(Ok(real)) =
                    self.host.with(|system| system.contents.is_folder(&path).then(|| system.contents.real_path(&path)))
                {
                    self.folder = real;
                    0
                } else {
                    self.complain(&format!("cd: can't cd to {target}")).await;
                    2
                }
            }
            Builtin::Pwd => {
                let text = format!("{}\n", self.folder);
                self.print(text.as_bytes(), "pwd").await
            }
            Builtin::Command => return self.command_builtin(words).await,
            Builtin::Type => {
                let mut status = 0;
                for name in &words[1..] {
                    let text = match self.command_path(name) {
                        Some(path) if path == *name => format!("{name} is a shell builtin\n"),
                        Some(path) => format!("{name} is {path}\n"),
                        None => {
                            status = 127;
                            format!("{name}: not found\n")
                        }
                    };
                    self.print(text.as_bytes(), "type").await;
                }
                status
            }
            Builtin::Dot => return self.dot(&given).await,
            Builtin::Eval => {
                let script = parse(&given.join(" "));
                self.status = 0;
                let flow = self.list(&script.list).await;
                if flow == Flow::Next
                    && let Some((_, message)) = &script.error
                {
                    return self.gives_up(message).await;
                }
                return flow;
            }
            Builtin::Exec => {
                if given.is_empty() {
                    0
                } else {
                    self.exit_trap = None;
                    self.status = tools::run(self, &words[1..]).await;
                    return Flow::Exit;
                }
            }
            Builtin::Export | Builtin::ReadOnly => return self.export_builtin(builtin, &given).await,
            Builtin::Local => {
                for word in &given {
                    let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
                    let before = self.variables.get(name).cloned();
                    if let Some(hidden) = self.hidden.last_mut() {
                        hidden.push((name.to_owned(), before));
                    }
                    if let Some(value) = value {
                        self.set(name, value.to_owned());
                    }
                }
                0
            }
            Builtin::Kill => self.kill(&given).await,
            Builtin::Read => self.read(&given),
            Builtin::Set => return self.set_builtin(&given).await,
            Builtin::Shift => {
                let count =
                    number(given.first(), 1).and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
                if count > self.arguments.len() {
                    return self.gives_up("shift: can't shift that many").await;
                }
                self.arguments.drain(..count);
                0
            }
            Builtin::Test => match tools::test::test(self, words) {
                Ok(true) => 0,
                Ok(false) => 1,
                Err(message) => {
                    self.complain(&format!("{}: {message}", words[0])).await;
                    2
                }
            },
            Builtin::Trap => self.trap(&given),
            Builtin::Umask => match given.first() {
                None => {
                    let text = format!("{:04o}\n", self.umask);
                    self.print(text.as_bytes(), "umask").await
                }
                Some(text) => match u32::from_str_radix(text, 8) {
                    Ok(mask) => {
                        self.umask = mask & 0o777;
                        0
                    }
                    Err(_) => 2,
                },
            },
            Builtin::Unset => {
                let functions = given.first() == Some(&"-f");
                for name in given.iter().filter(|name| !name.starts_with('-')) {
                    if functions {
                        Arc::make_mut(&mut self.functions).remove(*name);
                    } else if self.variables.get(*name).is_some_and(|variable| variable.read_only) {
                        return self.gives_up(&format!("unset: {name}: is read only")).await;
                    } else {
                        Arc::make_mut(&mut self.variables).remove(*name);
                    }
                }
                0
            }
            Builtin::Wait => {
                while self.jobs.iter().any(|job| !job.load(Ordering::Relaxed)) {
                    self.host.sleep(1.0).await;
                }
                self.jobs.clear();
                0
            }
        };
        Flow::Next
    }

    fn home_folder(&self) -> String {
        self.value("HOME").unwrap_or("/").to_owned()
    }

    /// What a name would run: a builtin or function's own name, or a program's path.
    pub(crate) fn command_path(&self, name: &str) -> Option<String> {
        if find(name).is_some() || self.functions.contains_key(name) {
            return Some(name.to_owned());
        }
        tools::path_of(self, name)
    }

    async fn command_builtin(&mut self, words: &[String]) -> Flow {
        let mut rest = &words[1..];
        let mut shows = false;
        while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
            shows |= option.contains(['v', 'V']);
            rest = &rest[1..];
        }
        let Some(name) = rest.first() else {
            self.status = 0;
            return Flow::Next;
        };
        if shows {
            self.status = match self.command_path(name) {
                Some(path) => self.print(format!("{path}\n").as_bytes(), "command").await,
                None => 127,
            };
            return Flow::Next;
        }
        if let Some(builtin) = find(name) {
            return Box::pin(self.built_in(builtin, rest)).await;
        }
        self.status = self.program(rest).await;
        Flow::Next
    }

    async fn dot(&mut self, given: &[&str]) -> Flow {
        let Some(name) = given.first() else { return self.gives_up(".: filename argument required").await };
        let path = if name.contains('/') {
            absolute(&self.folder, name)
        } else {
            tools::path_of(self, name).unwrap_or_default()
        };
        let file = self.host.with(|system| system.contents.read(&path));
        let Ok(file) = file else { return self.gives_up(&format!(".: cannot open {name}: No such file")).await };
        let script = parse(&String::from_utf8_lossy(&file.bytes));
        self.status = 0;
        if self.depth > super::DEPTH {
            return self.gives_up("too many levels").await;
        }
        self.depth += 1;
        let flow = self.list(&script.list).await;
        self.depth -= 1;
        if flow == Flow::Next
            && let Some((_, message)) = &script.error
        {
            return self.gives_up(message).await;
        }
        if flow == Flow::Return { Flow::Next } else { flow }
    }

    async fn export_builtin(&mut self, builtin: Builtin, given: &[&str]) -> Flow {
        for word in given.iter().filter(|word| !word.starts_with('-')) {
            let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
            if !is_name(name) {
                return self.gives_up(&format!("{name}: bad variable name")).await;
            }
            if let Some(value) = value
                && !self.set(name, value.to_owned())
            {
                return self.gives_up(&format!("{name}: is read only")).await;
            }
            let variable = Arc::make_mut(&mut self.variables).entry(name.to_owned()).or_default();
            variable.exported |= builtin == Builtin::Export;
            variable.read_only |= builtin == Builtin::ReadOnly;
        }
        self.status = 0;
        Flow::Next
    }

    async fn kill(&mut self, given: &[&str]) -> i32 {
        let asks = given.first() == Some(&"-0") || given.windows(2).any(|pair| pair == ["-s", "0"]);
        let mut status = 0;
        let mut skip = false;
        for word in given {
            if std::mem::take(&mut skip)
                || (word.starts_with('-') && !word[1..].chars().all(|one| one.is_ascii_digit() && *word != "-0"))
            {
                skip = *word == "-s";
                continue;
            }
            if word.starts_with('-') {
                continue;
            }
            let process: Option<u32> = word.parse().ok();
            let lives = process.is_some_and(|process| self.host.with(|system| system.lives(process)));
            if !lives {
                self.complain("kill: No such process").await;
                status = 1;
            } else if !asks && process == Some(*self.process) {
                self.exit_trap = None;
                self.host.hangs().await;
            }
        }
        status
    }

    fn read(&mut self, given: &[&str]) -> i32 {
        let raw = given.iter().any(|word| word.starts_with('-') && word.contains('r'));
        let names: Vec<&str> = given.iter().copied().filter(|word| !word.starts_with('-')).collect();
        let input = self.stream(0);
        let mut line = Vec::new();
        let mut complete = false;
        loop {
            let part = input.read(&self.host, 65_536, Some(b'\n'));
            if part.is_empty() {
                break;
            }
            line.extend(part);
            if line.ends_with(b"\n") {
                if !raw && line.ends_with(b"\\\n") {
                    line.truncate(line.len() - 2);
                    continue;
                }
                line.pop();
                complete = true;
                break;
            }
        }
        let mut text = String::from_utf8_lossy(&line).replace('\0', "");
        if !raw {
            let mut plain = String::new();
            let mut letters = text.chars();
            while let Some(one) = letters.next() {
                plain.extend(if one == '\\' { letters.next() } else { Some(one) });
            }
            text = plain;
        }
        let separators = self.value("IFS").unwrap_or(" \t\n").to_owned();
        let blank = |one: char| separators.contains(one) && one.is_whitespace();
        let mut rest = text.trim_matches(blank);
        for (index, name) in names.iter().enumerate() {
            if index + 1 == names.len() {
                self.set(name, rest.to_owned());
                break;
            }
            let end = rest.find(|one| separators.contains(one)).unwrap_or(rest.len());
            let value = rest[..end].to_owned();
            rest = rest[end..].trim_start_matches(blank);
            if let Some(first) = rest.chars().next().filter(|one| separators.contains(*one) && !one.is_whitespace()) {
                rest = rest[first.len_utf8()..].trim_start_matches(blank);
            }
            self.set(name, value);
        }
        i32::from(!complete)
    }

    async fn set_builtin(&mut self, given: &[&str]) -> Flow {
        self.status = 0;
        let mut rest = given.iter();
        let mut words: Option<Vec<String>> = None;
        while let Some(word) = rest.next() {
            match *word {
                "--" => {
                    words = Some(rest.map(|word| (*word).to_owned()).collect());
                    break;
                }
                "-o" | "+o" => {
                    let on = *word == "-o";
                    if let Some(name) = rest.next() {
                        match *name {
                            "errexit" => self.options.errexit = on,
                            "nounset" => self.options.nounset = on,
                            "noglob" => self.options.noglob = on,
                            "noclobber" | "xtrace" | "verbose" | "noexec" | "notify" | "monitor" | "allexport" => {}
                            other => return self.gives_up(&format!("set: Illegal option -o {other}")).await,
                        }
                    }
                }
                word if word.len() > 1 && (word.starts_with('-') || word.starts_with('+')) => {
                    let on = word.starts_with('-');
                    for letter in word.chars().skip(1) {
                        match letter {
                            'e' => self.options.errexit = on,
                            'u' => self.options.nounset = on,
                            'f' => self.options.noglob = on,
                            'x' | 'v' | 'C' | 'n' | 'm' | 'b' | 'a' => {}
                            other => return self.gives_up(&format!("set: Illegal option -{other}")).await,
                        }
                    }
                }
                word => {
                    let mut all = vec![word.to_owned()];
                    all.extend(rest.map(|word| (*word).to_owned()));
                    words = Some(all);
                    break;
                }
            }
        }
        if let Some(words) = words {
            self.arguments = words;
        }
        Flow::Next
    }

    fn trap(&mut self, given: &[&str]) -> i32 {
        let Some((action, signals)) = given.split_first() else { return 0 };
        let at_exit = |word: &&str| matches!(*word, "EXIT" | "0");
        if signals.is_empty() {
            if at_exit(action) {
                self.exit_trap = None;
            }
            return 0;
        }
        if signals.iter().any(at_exit) {
            self.exit_trap = (!matches!(*action, "-" | "")).then(|| (*action).to_owned());
        }
        0
    }

    /// The input of a program without one: empty.
    pub(crate) fn no_input(&mut self) {
        self.descriptors.insert(0, Stream::Null);
    }

    pub(crate) fn environment(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.variables.iter().filter(|(_, variable)| variable.exported)
    }
}
