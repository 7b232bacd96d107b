//! A program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use crate::daemon::{Daemon, last_lines};
use crate::watchdog;

/// A program that runs beside the test, with its output in files.
///
/// It runs in a process group of its own. Dropping it kills the group; and when this process ends by a panic, a signal
/// or `kill -9`, a small shell that waits for just that kills the group and removes the files. So no test leaves
/// anything behind.
pub struct Process {
    name: String,
    daemon: Daemon,
    folder: PathBuf,
}

impl Process {
    /// Starts `command`, of which the program, arguments, changed environment variables and the folder are taken. It is
    /// called `name` in errors.
    pub fn start(name: &str, command: &Command) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("azimage-test-process-").tempdir()?;
        watchdog::remove_folder_at_end(folder.path())?;
        let daemon = Daemon::start(name, command, &folder.path().join("stdout"), &folder.path().join("stderr"))?;
        Ok(Self { name: name.to_owned(), daemon, folder: folder.keep() })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.daemon.id()
    }

    /// What it wrote to its standard output so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout_file())
    }

    /// What it wrote to its error output so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr_file())
    }

    /// The file with the standard output.
    pub fn stdout_file(&self) -> PathBuf {
        self.folder.join("stdout")
    }

    /// The file with the error output.
    pub fn stderr_file(&self) -> PathBuf {
        self.folder.join("stderr")
    }

    /// The exit status, or `None` while it runs.
    pub fn exited(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.daemon.exited()
    }

    /// Waits until the standard output has a whole line that `wanted` accepts, and returns it. An error when the
    /// process ends before that or `limit` passes.
    pub async fn wait_for_line(&mut self, limit: Duration, wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            // The status first: what was written before the end is read after it.
            let ended = self.exited()?;
            let output = self.stdout();
            let whole = output.rfind('\n').map_or("", |end| &output[..end]);
            if let Some(line) = whole.lines().find(|line| wanted(line)) {
                return Ok(line.to_owned());
            }
            let words = || format!("The end of its output:\n{output}\n{}", last_lines(&self.stderr_file(), 30));
            if let Some(status) = ended {
                anyhow::bail!("{} ended ({status}) without the expected line. {}", self.name, words());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "{} did not print the expected line in {} s. {}",
                self.name,
                limit.as_secs(),
                words()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for the end of the process; an error when it still runs after `limit`.
    pub async fn wait(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.daemon.wait(limit).await?.with_context(|| format!("{} still runs after {} s", self.name, limit.as_secs()))
    }

    /// SIGTERM, and the exit status; an error when it still runs after `limit`, and it is killed then.
    pub async fn terminate(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.daemon.signal("TERM");
        let ended = self.wait(limit).await;
        if ended.is_err() {
            self.daemon.kill();
        }
        ended.with_context(|| format!("{} did not follow SIGTERM", self.name))
    }

    /// `kill -9`, and waits until the process is gone.
    pub fn kill9(&mut self) {
        self.daemon.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.daemon.kill();
        if std::thread::panicking() {
            eprintln!("The end of what {} said:\n{}", self.name, last_lines(&self.stderr_file(), 50));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
