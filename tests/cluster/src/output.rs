//! What a tool said.

use std::fmt;

use anyhow::Context;

/// The captured result of kubectl or helm.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command line, without the path of the program.
    pub command: String,
    /// The exit code; `None` when a signal ended the tool.
    pub code: Option<i32>,
    /// All of the standard output.
    pub stdout: String,
    /// All of the error output.
    pub stderr: String,
}

impl Output {
    /// Whether the tool ended with 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// The standard output of a tool that succeeded, and an error with everything it said otherwise.
    pub fn ok(self) -> anyhow::Result<String> {
        anyhow::ensure!(self.success(), "{self}");
        Ok(self.stdout)
    }

    /// The standard output, read as JSON.
    pub fn json(self) -> anyhow::Result<serde_json::Value> {
        let command = self.command.clone();
        serde_json::from_str(&self.ok()?).with_context(|| format!("`{command}` did not print JSON"))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "`{}` ended with {code}", self.command)?,
            None => writeln!(f, "`{}` was ended by a signal", self.command)?,
        }
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}
