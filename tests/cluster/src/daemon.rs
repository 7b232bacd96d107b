//! A child process in a group of its own that never outlives us.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use crate::watchdog;

/// How often a running process is looked at. Children belong to no async runtime, since a cluster outlives the runtime
/// of the test that started it; so nobody is woken by their end.
const POLL: Duration = Duration::from_millis(20);

/// A running child process with its output in files.
pub(crate) struct Daemon {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
    stderr: PathBuf,
}

impl Daemon {
    /// Starts `command`, of which the program, the arguments, the changes of the environment and the folder are taken.
    pub(crate) fn start(name: &str, command: &Command, stdout: &Path, stderr: &Path) -> anyhow::Result<Self> {
        // The shell waits for a line before it becomes the program, and ends at the end of its input. So a program runs
        // only once the watchdog knows of it, and there is no instant at which killing us leaves it behind.
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", r#"read -r go && exec "$@" </dev/null"#, "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let create = |path: &Path| File::create(path).with_context(|| format!("cannot create {}", path.display()));
        let output = create(stdout)?;
        let errors = if stdout == stderr { output.try_clone()? } else { create(stderr)? };
        let mut child = shell
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stdin = child.stdin.take();
        let mut daemon = Self { name: name.to_owned(), child, status: None, stderr: stderr.to_owned() };
        watchdog::watch_group(daemon.id())?;
        let started = stdin.map(|mut stdin| stdin.write_all(b"go\n"));
        if !matches!(started, Some(Ok(()))) {
            daemon.kill();
            anyhow::bail!("cannot start {name}: {}", daemon.last_words());
        }
        Ok(daemon)
    }

    /// The process id, which is the id of its group too.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, or `None` while it runs.
    pub(crate) fn exited(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Some(status) = self.child.try_wait().with_context(|| format!("cannot look at {}", self.name))?
        {
            self.status = Some(status);
            // Only now: an unwaited child keeps its number from being given to another process.
            watchdog::forget_group(self.id());
        }
        Ok(self.status)
    }

    /// Waits for the end of the process; `None` when it still runs after `limit`.
    pub(crate) async fn wait(&mut self, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.exited()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// SIGTERM, and SIGKILL when the process still runs after `limit`.
    pub(crate) async fn terminate(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.signal("TERM");
        if let Some(status) = self.wait(limit).await? {
            return Ok(status);
        }
        self.kill();
        self.status.with_context(|| format!("{} cannot be killed", self.name))
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        self.signal("KILL");
        // The leader alone, should the shell for the group have failed; an error says that it has ended.
        let _ = self.child.kill();
        if let Ok(status) = self.child.wait() {
            self.status = Some(status);
            watchdog::forget_group(self.id());
        }
    }

    /// The end of what the process wrote to its error output.
    pub(crate) fn last_words(&self) -> String {
        last_lines(&self.stderr, 15)
    }

    /// The file that holds the error output.
    pub(crate) fn stderr_file(&self) -> &Path {
        &self.stderr
    }

    /// Sends a signal, by its name without `SIG`, to the whole group.
    pub(crate) fn signal(&mut self, signal: &str) {
        if !matches!(self.exited(), Ok(None)) {
            return;
        }
        // By the shell's own `kill`: std has no signal but SIGKILL and none for a group. A failure means the group is
        // gone.
        let _ = Command::new("/bin/sh")
            .args(["-c", r#"kill -s "$1" -- "-$2""#, "sh", signal, &self.id().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last `count` lines of a file, or why it cannot be read.
pub(crate) fn last_lines(path: &Path, count: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(count)..].join("\n")
        }
        Err(error) => format!("({}: {error})", path.display()),
    }
}
