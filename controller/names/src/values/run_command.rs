//! What is said of managed run commands.

use super::open_enum::open_enum;

open_enum! {
    /// Where a managed run command stands.
    ExecutionState {
        /// Not known.
        Unknown = "Unknown",
        /// Not started.
        Pending = "Pending",
        /// Started.
        Running = "Running",
        /// Ended with an exit code other than 0.
        Failed = "Failed",
        /// Ended with exit code 0.
        Succeeded = "Succeeded",
        /// Ended by its timeout.
        TimedOut = "TimedOut",
        /// Ended by deletion of the run command.
        Canceled = "Canceled",
    }
}

impl ExecutionState {
    /// Whether the script has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::TimedOut | Self::Canceled)
    }

    /// Whether the script has ended otherwise than with exit code 0.
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Canceled)
    }

    /// Whether the script runs, or is about to.
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}
