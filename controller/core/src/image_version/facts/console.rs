//! What a serial console log says.

use crate::guest::console::SealFailure;

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
