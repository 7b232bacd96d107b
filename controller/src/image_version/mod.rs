//! Reconciles an `ImageVersion`: observe, validate, plan, execute, status.
//!
//! One pass makes at most one write to Azure, and only one whose intent stands in the status already. Operations of
//! Azure are never awaited: the next pass observes what has come of them.

mod attempts;
mod kept;
mod kind;
mod pass;
mod patience;
mod reconcile;

pub(crate) use kept::Kept;
pub(crate) use reconcile::Shared;
