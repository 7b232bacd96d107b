//! The programs of a guest. Each is a file on its disk, so one that isn't there can't be run; what a file that is no program of
//! these says is run as a script.

mod accounts;
mod agent;
pub(crate) use agent::{FOLDER as AGENT_FOLDER, deprovision_all};
mod find;
mod grep;
mod list;
mod local;
mod options;
mod packages;
mod regular;
mod remove;
mod sed;
mod start;
pub(crate) mod status;
mod systemctl;
mod systemd_run;
pub(crate) mod test;
mod text;
mod transform;

use crate::{
    guest::{
        disk::{absolute, base_name},
        shell::{Shell, run::Step},
    },
    scenario::Seal,
};

/// How the file of a program begins; its name follows.
const PROGRAM: &str = "\u{7f}ELF ";

/// All programs, with the folder that they are in.
const BIN: &[&str] = &[
    "[",
    "apt-get",
    "base64",
    "basename",
    "bash",
    "cat",
    "chmod",
    "chown",
    "cloud-init",
    "cp",
    "cut",
    "dash",
    "date",
    "dd",
    "dirname",
    "dpkg",
    "dpkg-query",
    "du",
    "df",
    "echo",
    "env",
    "false",
    "find",
    "getent",
    "grep",
    "head",
    "hostname",
    "hostnamectl",
    "id",
    "journalctl",
    "ln",
    "logger",
    "loginctl",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "nice",
    "nohup",
    "printf",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "setsid",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "sync",
    "systemctl",
    "systemd-run",
    "tail",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "truncate",
    "uname",
    "uniq",
    "wc",
    "whoami",
    "xargs",
    "install",
    "cmp",
    "ps",
    "pgrep",
    "mountpoint",
];
const SBIN: &[&str] = &[
    "halt", "poweroff", "reboot", "shutdown", "swapoff", "swapon", "userdel", "groupdel", "useradd", "usermod",
    "waagent", "service", "chpasswd", "passwd",
];

/// Names and folders of all programs.
pub(crate) fn installed() -> impl Iterator<Item = (String, String)> {
    let file = |name: &str| format!("{PROGRAM}{name}\n");
    let bin = BIN.iter().map(move |name| (format!("/usr/bin/{name}"), file(name)));
    bin.chain(SBIN.iter().map(move |name| (format!("/usr/sbin/{name}"), file(name))))
}

/// One run of a program that needs no time.
pub(crate) struct Call<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) name: &'a str,
    /// Its arguments.
    pub(crate) words: &'a [String],
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    pub(crate) code: i32,
}

impl Call<'_> {
    pub(crate) fn say(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    /// A line on the error output, and exit code 1.
    pub(crate) fn fails(&mut self, words: &str) {
        self.complains(words, 1);
    }

    pub(crate) fn complains(&mut self, words: &str, code: i32) {
        self.err.extend_from_slice(format!("{}: {words}\n", self.name).as_bytes());
        self.code = code;
    }

    pub(crate) fn path(&self, path: &str) -> String {
        absolute(&self.shell.folder, path)
    }

    /// What a file holds; `-` is the input.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, crate::guest::disk::Refusal> {
        if path == "-" {
            return Ok(self.input());
        }
        let full = self.path(path);
        let stream = crate::guest::shell::stream::Stream::open(
            &self.shell.host,
            &full,
            crate::guest::shell::stream::Access::Read,
            0,
        )?;
        if stream.is_folder(&self.shell.host) {
            return Err(crate::guest::disk::Refusal::Folder);
        }
        Ok(stream.read_all(&self.shell.host))
    }

    pub(crate) fn input(&self) -> Vec<u8> {
        self.shell.stream(0).read_all(&self.shell.host)
    }

    /// The bytes of all files, or of the input where none are named; a file that can't be read is complained about.
    pub(crate) fn read_all(&mut self, files: &[String]) -> Vec<(String, Vec<u8>)> {
        if files.is_empty() {
            return vec![("-".to_owned(), self.input())];
        }
        let mut all = Vec::new();
        for file in files {
            match self.read(file) {
                Ok(bytes) => all.push((file.clone(), bytes)),
                Err(refusal) => self.fails(&format!("{file}: {refusal}")),
            }
        }
        all
    }

    pub(crate) fn system<T>(&self, work: impl FnOnce(&mut crate::guest::system::System) -> T) -> T {
        self.shell.host.with(work)
    }
}

/// The path of a program that a name stands for.
pub(crate) fn path_of(shell: &Shell, name: &str) -> Option<String> {
    let runs = |path: &str| {
        shell
            .host
            .with(|system| system.contents.read(path).is_ok_and(|file| file.mode & 0o111 != 0))
            .then(|| path.to_owned())
    };
    if name.contains('/') {
        let path = absolute(&shell.folder, name);
        return runs(&path).map(|_| name.to_owned());
    }
    let folders = shell.value("PATH").unwrap_or("/usr/sbin:/usr/bin:/sbin:/bin").to_owned();
    folders.split(':').find_map(|folder| runs(&format!("{folder}/{name}")))
}

/// Runs the text of a file.
pub(crate) async fn script(shell: &mut Shell, path: &str, text: &str, arguments: &[String]) -> i32 {
    start::file(shell, path, text, arguments).await
}

/// Runs a program, and answers its exit code.
pub(crate) fn run<'a>(shell: &'a mut Shell, words: &'a [String]) -> Step<'a, i32> {
    Box::pin(async move {
        let Some(name) = words.first() else { return 0 };
        let Some(path) = path_of(shell, name) else {
            let full = absolute(&shell.folder, name);
            let there = name.contains('/') && shell.host.with(|system| system.contents.exists(&full));
            let why = if there { "Permission denied" } else { "not found" };
            shell.complain(&format!("{name}: {why}")).await;
            return if there { 126 } else { 127 };
        };
        let full = absolute(&shell.folder, &path);
        let Ok(file) = shell.host.with(|system| system.contents.read(&full)) else { return 127 };
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        match text.strip_prefix(PROGRAM) {
            Some(tool) => tool_runs(shell, tool.trim_end(), words).await,
            None => start::file(shell, &path, &text, &words[1..]).await,
        }
    })
}

async fn tool_runs(shell: &mut Shell, tool: &str, words: &[String]) -> i32 {
    let (setup, seal) = shell.host.with(|system| (system.setup.clone(), system.seal));
    let deprovisions = match tool {
        "waagent" => words.iter().any(|word| word.contains("-deprovision")),
        "cloud-init" => words.iter().any(|word| word == "clean"),
        _ => false,
    };
    if seal == Seal::Fails && deprovisions {
        shell.complain(&format!("{tool}: failed")).await;
        return 1;
    }
    if !setup.slow.is_empty() || !setup.failing.is_empty() {
        let line = format!("{} {}", base_name(&words[0]), words[1..].join(" "));
        let begins =
            |beginning: &str| line.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        if let Some((_, seconds)) = setup.slow.iter().find(|(beginning, _)| begins(beginning)) {
            shell.host.sleep(*seconds).await;
        }
        if let Some((_, code)) = setup.failing.iter().find(|(beginning, _)| begins(beginning)) {
            shell.complain(&format!("{tool}: failed")).await;
            return *code;
        }
    }
    if let Some(running) = start::tool(shell, tool, words) {
        return running.await;
    }
    let mut call = Call { shell, name: tool, words: &words[1..], out: Vec::new(), err: Vec::new(), code: 0 };
    regular::tool(&mut call);
    let Call { out, err, mut code, .. } = call;
    if !err.is_empty() {
        shell.stream(2).write(&shell.host, &err).await.ok();
    }
    if !out.is_empty()
        && let Err(refusal) = shell.stream(1).write(&shell.host, &out).await
    {
        let words = format!("{tool}: write error: {refusal}\n");
        shell.stream(2).write(&shell.host, words.as_bytes()).await.ok();
        code = 1;
    }
    code
}
