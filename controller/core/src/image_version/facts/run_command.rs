//! What Azure says of a run command.

use jiff::Timestamp;

use super::{Console, Execution, Provisioning};
use crate::guest::output::Printed;

/// A run command that seals a guest, or looks into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCommand {
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// How far the script is.
    pub execution: Execution,
    /// The script's exit code.
    pub exit_code: Option<i64>,
    /// The end of what it printed, as it stands there.
    pub output: String,
    /// What it printed, as that of a seal.
    pub printed: Printed,
    /// What it said of the seal itself, in the words of the console: on Windows it waits for the seal's end.
    pub said: Console,
    /// When the script was started, on Azure's clock.
    pub started: Option<Timestamp>,
    /// When it ended, on Azure's clock.
    pub ended: Option<Timestamp>,
    /// The attempt that it belongs to; none if its tag is gone.
    pub nonce: Option<String>,
}

impl RunCommand {
    /// Whether the script ended well. It only starts the unit that seals the guest.
    pub fn is_started(&self) -> bool {
        self.execution == Execution::Succeeded && self.exit_code.unwrap_or(0) == 0
    }
}
