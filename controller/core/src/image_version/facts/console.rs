//! What a serial console log says.

use crate::guest::console::SealFailure;

/// The end of what boot diagnostics recorded of a machine, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleEnd {
    /// The last lines of the serial console log, bounded, without control characters and secrets; empty if there is nothing in it.
    pub log: String,
    /// Whether there is a screenshot.
    pub has_screenshot: bool,
}

/// What a serial console log says of one attempt at a seal.
#[derive(Clone, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Console {
    /// There is nothing in it.
    Empty,
    /// The guest hasn't said that it is sealed, or the log doesn't show it yet.
    NoMark,
    /// It has, and it wasn't started since.
    Sealed,
    /// It has, and it was started since.
    StartedSince,
    /// It has said that it couldn't go on.
    Failed(SealFailure),
}
