//! What Azure says of an operation that it accepted.

use azimage_crds::StepFailure;

use super::super::StepKey;
use crate::condition::clip;

/// Longest code and text that are kept, in bytes.
const CODE_LIMIT: usize = 100;
const MESSAGE_LIMIT: usize = 1000;

/// An operation: the last attempt at a step, under its correlation id. Where it is read only the process knows that began it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationOf {
    /// The step.
    pub step: StepKey,
    /// The correlation id of the attempt.
    pub id: String,
}

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It didn't end, or Azure says something that this release doesn't know.
    UnderWay,
    /// It ended well.
    Succeeded,
    /// It failed or was canceled.
    Failed(StepFailure),
}

impl Operation {
    /// One that failed with this code and text.
    pub fn failed(code: &str, message: &str) -> Self {
        Self::Failed(bounded(code, message))
    }
}

/// Why something failed, as a status can hold it.
pub fn bounded(code: &str, message: &str) -> StepFailure {
    StepFailure { code: clip(code, CODE_LIMIT), message: clip(message, MESSAGE_LIMIT) }
}
