//! Leader election: of several processes one works, the others wait.
//!
//! The processes agree through one `Lease` (coordination.k8s.io/v1). What is decided about it is pure (`decide`);
//! the [`Elector`] reads and writes. Whoever leads has a [`Term`], which says at each moment, by this process's own
//! monotonic clock alone, whether a write may still be begun.
//!
//! A lease is no fence. A request that is on its way when the term ends can't be called back, and a machine whose
//! clock stood still doesn't know that time has passed. So a term ends earlier than others may take over, and every
//! step stays safe to be begun twice.

mod decide;
mod elector;
mod guard;
mod leadership;
mod record;
mod settings;
mod term;
#[cfg(test)]
mod tests;

pub use decide::Loss;
pub use elector::Elector;
pub(crate) use guard::guarded;
pub use leadership::Leadership;
pub use settings::{Settings, SettingsError, Timing};
pub use term::{Term, TermEnded};

/// The name of the lease. It never changes: releases that used different names would both lead.
pub const LEASE_NAME: &str = "azimage.dev-controller";
