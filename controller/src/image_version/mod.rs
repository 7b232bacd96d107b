//! Reconciles an `ImageVersion`: validate, observe, decide, execute, write the status.
//!
//! One pass makes at most one write to Azure, and only one whose intent stands in the status already. Operations of
//! Azure are never awaited: the next pass observes what has come of them.

mod execute;
mod kind;
mod observe;
mod pass;
mod reconcile;
mod targets;
mod write;

pub(crate) use reconcile::{
    Context, concern_of_definition, concern_of_target, concern_of_version, goes_by_others, soonest,
};
