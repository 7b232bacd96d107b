//! Runs what was parsed.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    DEPTH, Flow, Shell, Variable,
    builtins::{self, Builtin},
    expand::Expanded,
    parse::parse,
    pattern::fits,
    stream::{Access, Stream},
    syntax::{Command, Compound, Item, List, Pipeline, Redirect, RedirectKind, Simple},
};
use crate::guest::{disk::absolute, process::Written, tools};

/// Work that may have to wait.
pub(crate) type Step<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Shell {
    /// Runs a script to its end, its trap included, and answers its exit code.
    pub(crate) async fn script(&mut self, text: &str) -> i32 {
        let script = parse(text);
        let flow = self.list(&script.list).await;
        if flow == Flow::Next
            && let Some((line, message)) = &script.error
        {
            let text = format!("{}: {line}: {message}\n", self.name);
            self.stream(2).write(&self.host, text.as_bytes()).await.ok();
            self.status = 2;
        }
        self.ends().await
    }

    /// Runs a list as a shell of its own.
    pub(crate) fn whole<'a>(&'a mut self, list: &'a List) -> Step<'a, i32> {
        Box::pin(async move {
            self.list(list).await;
            self.ends().await
        })
    }

    /// The trap of the end.
    async fn ends(&mut self) -> i32 {
        if let Some(trap) = self.exit_trap.take() {
            let status = self.status;
            let script = parse(&trap);
            self.options.errexit = false;
            self.conditions = 0;
            if self.list(&script.list).await != Flow::Exit {
                self.status = status;
            }
        }
        self.status
    }

    pub(crate) fn list<'a>(&'a mut self, list: &'a [Item]) -> Step<'a, Flow> {
        Box::pin(async move {
            for item in list {
                let flow = if item.background {
                    self.background(item);
                    Flow::Next
                } else {
                    self.item(item).await
                };
                if flow != Flow::Next {
                    return flow;
                }
            }
            Flow::Next
        })
    }

    fn background(&mut self, item: &Item) {
        let mut shell = self.subshell();
        let list = vec![Item { background: false, ..item.clone() }];
        if !matches!(item.first.commands.first(), Some(Command::Compound(_, redirects)) if redirects.iter().any(|one| one.descriptor == 0))
        {
            shell.descriptors.insert(0, Stream::Null);
        }
        shell.process = self.host.with(|system| system.new_process("sh"));
        self.last_background = *shell.process;
        let ended = Arc::new(AtomicBool::new(false));
        self.jobs.push(ended.clone());
        self.status = 0;
        let unit = self.unit.clone();
        self.host.begin(
            &unit,
            Box::pin(async move {
                let status = shell.whole(&list).await;
                ended.store(true, Ordering::Relaxed);
                status
            }),
        );
    }

    async fn item(&mut self, item: &Item) -> Flow {
        let alone = item.rest.is_empty();
        self.conditions += u32::from(!alone);
        let mut flow = self.pipeline(&item.first).await;
        self.conditions -= u32::from(!alone);
        for (index, (and, pipeline)) in item.rest.iter().enumerate() {
            if flow != Flow::Next {
                return flow;
            }
            if (self.status == 0) != *and {
                continue;
            }
            let last = index + 1 == item.rest.len();
            self.conditions += u32::from(!last);
            flow = self.pipeline(pipeline).await;
            self.conditions -= u32::from(!last);
        }
        flow
    }

    async fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        self.conditions += u32::from(pipeline.negated);
        let (flow, checked) = match pipeline.commands.as_slice() {
            [command] => {
                let checked = matches!(command, Command::Simple(_) | Command::Compound(Compound::Subshell(_), _));
                (self.command(command).await, checked)
            }
            commands => {
                self.pipe(commands).await;
                (Flow::Next, true)
            }
        };
        self.conditions -= u32::from(pipeline.negated);
        if pipeline.negated && flow == Flow::Next {
            self.status = i32::from(self.status == 0);
            return flow;
        }
        let fails = self.status != 0 && flow == Flow::Next && checked;
        if fails && self.options.errexit && self.conditions == 0 { Flow::Exit } else { flow }
    }

    /// One command after the other, each with the output of the one before.
    async fn pipe(&mut self, commands: &[Command]) {
        let mut input: Option<Stream> = None;
        for (index, command) in commands.iter().enumerate() {
            let mut shell = self.subshell();
            shell.conditions = self.conditions;
            if let Some(input) = input.take() {
                shell.descriptors.insert(0, input);
            }
            let output = Written::default();
            let last = index + 1 == commands.len();
            if !last {
                shell.descriptors.insert(1, Stream::Buffer(output.clone()));
            }
            shell.depth += 1;
            shell.command(command).await;
            self.status = shell.ends().await;
            if !last {
                let bytes = std::mem::take(&mut *output.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
                input = Some(Stream::source(bytes));
            }
        }
    }

    pub(crate) fn command<'a>(&'a mut self, command: &'a Command) -> Step<'a, Flow> {
        Box::pin(async move {
            if self.depth > DEPTH {
                self.complain("too many levels").await;
                self.status = 2;
                return Flow::Exit;
            }
            self.depth += 1;
            let flow = match command {
                Command::Simple(simple) => self.simple(simple).await,
                Command::Function(name, body) => {
                    Arc::make_mut(&mut self.functions).insert(name.clone(), body.clone());
                    self.status = 0;
                    Flow::Next
                }
                Command::Compound(compound, redirects) if redirects.is_empty() => self.compound(compound).await,
                Command::Compound(compound, redirects) => {
                    let before = self.descriptors.clone();
                    let flow = match self.redirect(redirects).await {
                        Ok(()) => self.compound(compound).await,
                        Err(words) => {
                            self.descriptors.clone_from(&before);
                            self.complain(&words).await;
                            self.status = 2;
                            Flow::Next
                        }
                    };
                    self.descriptors = before;
                    flow
                }
            };
            self.depth -= 1;
            flow
        })
    }

    async fn condition(&mut self, list: &List) -> Flow {
        self.conditions += 1;
        let flow = self.list(list).await;
        self.conditions -= 1;
        flow
    }

    async fn compound(&mut self, compound: &Compound) -> Flow {
        match compound {
            Compound::Group(list) => self.list(list).await,
            Compound::Subshell(list) => {
                let mut shell = self.subshell();
                shell.conditions = self.conditions;
                shell.list(list).await;
                self.status = shell.ends().await;
                Flow::Next
            }
            Compound::If { arms, otherwise } => {
                for (condition, body) in arms {
                    let flow = self.condition(condition).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.status == 0 {
                        return self.list(body).await;
                    }
                }
                self.status = 0;
                match otherwise {
                    Some(body) => self.list(body).await,
                    None => Flow::Next,
                }
            }
            Compound::For { name, words, body } => {
                let words = match words {
                    None => self.arguments.clone(),
                    Some(words) => match self.fields(words).await {
                        Ok(words) => words,
                        Err(words) => return self.gives_up(&words).await,
                    },
                };
                self.status = 0;
                for word in words {
                    self.host.step().await;
                    self.set(name, word);
                    match self.list(body).await {
                        Flow::Next | Flow::Continue(1) => {}
                        Flow::Break(1) => break,
                        Flow::Break(more) => return Flow::Break(more - 1),
                        Flow::Continue(more) => return Flow::Continue(more - 1),
                        other => return other,
                    }
                }
                Flow::Next
            }
            Compound::Case { word, arms } => {
                let subject = match self.text(word).await {
                    Ok(subject) => subject,
                    Err(words) => return self.gives_up(&words).await,
                };
                self.status = 0;
                for (patterns, body) in arms {
                    for pattern in patterns {
                        let pattern = match self.pattern(pattern).await {
                            Ok(pattern) => pattern,
                            Err(words) => return self.gives_up(&words).await,
                        };
                        if fits(&pattern, &subject) {
                            return self.list(body).await;
                        }
                    }
                }
                Flow::Next
            }
            Compound::Loop { until, condition, body } => {
                let mut last = 0;
                loop {
                    self.host.step().await;
                    let flow = self.condition(condition).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if (self.status == 0) == *until {
                        self.status = last;
                        return Flow::Next;
                    }
                    match self.list(body).await {
                        Flow::Next | Flow::Continue(1) => {}
                        Flow::Break(1) => return Flow::Next,
                        Flow::Break(more) => return Flow::Break(more - 1),
                        Flow::Continue(more) => return Flow::Continue(more - 1),
                        other => return other,
                    }
                    last = self.status;
                }
            }
        }
    }

    /// An expansion that can't be: the shell ends.
    pub(crate) async fn gives_up(&mut self, words: &str) -> Flow {
        self.complain(words).await;
        self.status = 2;
        Flow::Exit
    }

    async fn simple(&mut self, simple: &Simple) -> Flow {
        self.host.step().await;
        let before_status = self.status;
        let words = match self.fields(&simple.words).await {
            Ok(words) => words,
            Err(words) => return self.gives_up(&words).await,
        };
        let substituted = self.status != before_status;
        let mut values = Vec::new();
        if words.is_empty() {
            self.status = if substituted { self.status } else { 0 };
        }
        for (name, value) in &simple.assignments {
            match self.text(value).await {
                Ok(value) => values.push((name.clone(), value)),
                Err(words) => return self.gives_up(&words).await,
            }
            if words.is_empty() {
                // Later ones see earlier ones.
                let (name, value) = values[values.len() - 1].clone();
                if !self.set(&name, value) {
                    return self.gives_up(&format!("{name}: is read only")).await;
                }
            }
        }
        let Some(name) = words.first() else {
            let before = self.descriptors.clone();
            if let Err(words) = self.redirect(&simple.redirects).await {
                self.descriptors.clone_from(&before);
                self.complain(&words).await;
                self.status = 2;
            }
            self.descriptors = before;
            return Flow::Next;
        };
        let function = self.functions.get(name).cloned();
        let builtin = if function.is_some() { None } else { builtins::find(name) };
        let before = (!simple.redirects.is_empty()).then(|| self.descriptors.clone());
        if let Err(words) = self.redirect(&simple.redirects).await {
            self.descriptors = before.unwrap_or_default();
            self.complain(&words).await;
            self.status = 2;
            return if builtin.is_some_and(Builtin::is_special) { Flow::Exit } else { Flow::Next };
        }
        let flow = if let Some(body) = function {
            let hidden = self.assign_for_now(&values);
            let flow = self.call(&body, &words).await;
            self.take_back(hidden);
            flow
        } else if let Some(builtin) = builtin {
            if builtin.is_special() {
                for (name, value) in values {
                    self.set(&name, value);
                }
                let flow = self.built_in(builtin, &words).await;
                if builtin == Builtin::Exec && flow == Flow::Next && words.len() == 1 {
                    // The redirections stay.
                    return flow;
                }
                flow
            } else {
                let hidden = self.assign_for_now(&values);
                let flow = self.built_in(builtin, &words).await;
                self.take_back(hidden);
                flow
            }
        } else {
            let hidden = self.assign_for_now(&values);
            self.status = tools::run(self, &words).await;
            self.take_back(hidden);
            Flow::Next
        };
        if let Some(before) = before {
            self.descriptors = before;
        }
        flow
    }

    fn assign_for_now(&mut self, values: &[(String, String)]) -> Vec<(String, Option<Variable>)> {
        let mut hidden = Vec::new();
        for (name, value) in values {
            hidden.push((name.clone(), self.variables.get(name).cloned()));
            self.export(name, value);
        }
        hidden
    }

    pub(crate) fn take_back(&mut self, hidden: Vec<(String, Option<Variable>)>) {
        for (name, variable) in hidden.into_iter().rev() {
            let variables = Arc::make_mut(&mut self.variables);
            match variable {
                Some(variable) => variables.insert(name, variable),
                None => variables.remove(&name),
            };
        }
    }

    /// A function is called.
    async fn call(&mut self, body: &Command, words: &[String]) -> Flow {
        let arguments = std::mem::replace(&mut self.arguments, words[1..].to_vec());
        self.calls += 1;
        self.hidden.push(Vec::new());
        let flow = self.command(body).await;
        let hidden = self.hidden.pop().unwrap_or_default();
        self.take_back(hidden);
        self.calls -= 1;
        self.arguments = arguments;
        if flow == Flow::Return { Flow::Next } else { flow }
    }

    /// Runs words as a command that is no function, as `command` does and tools that start others.
    pub(crate) fn program<'a>(&'a mut self, words: &'a [String]) -> Step<'a, i32> {
        Box::pin(async move {
            self.host.step().await;
            if self.depth > DEPTH {
                self.complain("too many levels").await;
                return 2;
            }
            self.depth += 1;
            let status = tools::run(self, words).await;
            self.depth -= 1;
            status
        })
    }

    /// Opens what redirections name.
    pub(crate) async fn redirect(&mut self, redirects: &[Redirect]) -> Expanded<()> {
        for redirect in redirects {
            let stream = match redirect.kind {
                RedirectKind::Here => Stream::source(self.text(&redirect.target).await?.into_bytes()),
                RedirectKind::Duplicate => {
                    let target = self.text(&redirect.target).await?;
                    match target.parse::<u32>() {
                        Ok(number) => match self.descriptors.get(&number) {
                            Some(stream) => stream.clone(),
                            None => return Err(format!("{number}: Bad file descriptor")),
                        },
                        Err(_) if target == "-" => Stream::Closed,
                        Err(_) => return Err("Syntax error: Bad fd number".to_owned()),
                    }
                }
                kind => {
                    let path = self.text(&redirect.target).await?;
                    self.open(&path, kind)?
                }
            };
            if matches!(stream, Stream::Closed) {
                self.descriptors.remove(&redirect.descriptor);
            } else {
                self.descriptors.insert(redirect.descriptor, stream);
            }
        }
        Ok(())
    }

    fn open(&self, path: &str, kind: RedirectKind) -> Expanded<Stream> {
        let access = match kind {
            RedirectKind::Read => Access::Read,
            RedirectKind::Append => Access::Append,
            RedirectKind::ReadWrite => Access::ReadWrite,
            _ => Access::Write,
        };
        let own = match path {
            "/dev/stdin" => Some(0),
            "/dev/stdout" => Some(1),
            "/dev/stderr" => Some(2),
            _ => path.strip_prefix("/dev/fd/").and_then(|number| number.parse().ok()),
        };
        if let Some(number) = own {
            return self.descriptors.get(&number).cloned().ok_or_else(|| format!("cannot open {path}: No such file"));
        }
        let full = absolute(&self.folder, path);
        Stream::open(&self.host, &full, access, self.umask).map_err(|refusal| {
            let doing = if access == Access::Read { "open" } else { "create" };
            // As dash words it.
            let words = match refusal {
                crate::guest::disk::Refusal::Missing if access == Access::Read => "No such file".to_owned(),
                crate::guest::disk::Refusal::Missing => "Directory nonexistent".to_owned(),
                other => other.to_string(),
            };
            format!("cannot {doing} {path}: {words}")
        })
    }
}
