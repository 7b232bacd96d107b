//! A POSIX shell, run on a guest's files.

pub(crate) mod arithmetic;
pub(crate) mod builtins;
pub(crate) mod expand;
pub(crate) mod format;
pub(crate) mod parse;
pub(crate) mod pattern;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod syntax;

use std::{collections::BTreeMap, sync::Arc};

use self::{stream::Stream, syntax::Command};
use crate::guest::process::Host;

/// A variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) value: String,
    pub(crate) exported: bool,
    pub(crate) read_only: bool,
}

/// `set -…`.
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) errexit: bool,
    pub(crate) nounset: bool,
    pub(crate) noglob: bool,
}

/// Where a script goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return,
    Exit,
}

/// A shell's process.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) host: Host,
    pub(crate) variables: Arc<BTreeMap<String, Variable>>,
    pub(crate) functions: Arc<BTreeMap<String, Arc<Command>>>,
    /// `$0`.
    pub(crate) name: String,
    /// `$1` and further.
    pub(crate) arguments: Vec<String>,
    pub(crate) options: Options,
    /// `$?`.
    pub(crate) status: i32,
    /// A command's output was put in place of it since the last command began.
    pub(crate) substituted: bool,
    /// What runs when the shell ends.
    pub(crate) exit_trap: Option<String>,
    pub(crate) descriptors: BTreeMap<u32, Stream>,
    /// The folder that it is in.
    pub(crate) folder: String,
    pub(crate) umask: u32,
    /// `$$`.
    pub(crate) process: Arc<u32>,
    pub(crate) last_background: u32,
    /// How deep commands are inside of one another.
    pub(crate) depth: u32,
    /// Inside so many conditions, where `set -e` does nothing.
    pub(crate) conditions: u32,
    /// Inside so many functions.
    pub(crate) calls: u32,
    /// Variables that `local` has hidden, by function.
    pub(crate) hidden: Vec<Vec<(String, Option<Variable>)>>,
    /// The unit that its processes belong to.
    pub(crate) unit: String,
    /// Background programs of this shell that haven't ended.
    pub(crate) jobs: Vec<Arc<std::sync::atomic::AtomicBool>>,
}

/// How deep commands may be inside of one another.
pub(crate) const DEPTH: u32 = 60;

impl Shell {
    /// A shell with nothing but an environment.
    pub(crate) fn new(host: Host, unit: &str, descriptors: BTreeMap<u32, Stream>) -> Self {
        let process = host.with(|system| system.new_process("sh"));
        let mut shell = Self {
            host,
            variables: Arc::default(),
            functions: Arc::default(),
            name: "sh".to_owned(),
            arguments: Vec::new(),
            options: Options::default(),
            status: 0,
            substituted: false,
            exit_trap: None,
            descriptors,
            folder: "/".to_owned(),
            umask: 0o22,
            process,
            last_background: 0,
            depth: 0,
            conditions: 0,
            calls: 0,
            hidden: Vec::new(),
            unit: unit.to_owned(),
            jobs: Vec::new(),
        };
        shell.export("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        shell
    }

    pub(crate) fn export(&mut self, name: &str, value: &str) {
        let variable = Variable { value: value.to_owned(), exported: true, read_only: false };
        Arc::make_mut(&mut self.variables).insert(name.to_owned(), variable);
    }

    /// Another value; false where it can't be changed.
    pub(crate) fn set(&mut self, name: &str, value: String) -> bool {
        let variable = Arc::make_mut(&mut self.variables).entry(name.to_owned()).or_default();
        if variable.read_only {
            return false;
        }
        variable.value = value;
        true
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str())
    }

    /// A shell of its own that begins as this one is.
    pub(crate) fn subshell(&self) -> Self {
        Self { exit_trap: None, jobs: Vec::new(), ..self.clone() }
    }

    /// A new program's shell: only the environment goes along.
    pub(crate) fn child(&self) -> Self {
        let environment = self.variables.iter().filter(|(_, variable)| variable.exported);
        let variables = environment.map(|(name, variable)| {
            (name.clone(), Variable { value: variable.value.clone(), exported: true, read_only: false })
        });
        Self {
            variables: Arc::new(variables.collect()),
            functions: Arc::default(),
            options: Options::default(),
            status: 0,
            conditions: 0,
            calls: 0,
            hidden: Vec::new(),
            process: self.host.with(|system| system.new_process("sh")),
            arguments: Vec::new(),
            ..self.subshell()
        }
    }

    pub(crate) fn stream(&self, descriptor: u32) -> Stream {
        self.descriptors.get(&descriptor).cloned().unwrap_or(Stream::Closed)
    }

    /// Words on the error output. A port that hangs takes them with it.
    pub(crate) async fn complain(&self, words: &str) {
        let text = format!("{}: 1: {words}\n", self.name);
        self.stream(2).write(&self.host, text.as_bytes()).await.ok();
    }
}
