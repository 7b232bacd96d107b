//! Bugs on purpose, which show that the checks can fail.
//!
//! The controller knows nothing of them. Each is put around a seam through which the controller meets the world or its own
//! decisions: what goes in or what comes out is changed on the way, as if the code behind it had the bug. Which bug is by
//! which seam is told in `docs/simulation.md`.

mod bug;
mod decisions;
mod lease;
mod memory;
mod plans;
mod protocol;
mod readings;
mod statuses;
mod transport;
mod wishes;

use std::sync::{Arc, Mutex, PoisonError};

use azimage::{config::Pace, decisions::Decisions, election::Term};
use azimage_azure::Transport;

pub use bug::Bug;

/// The seams of one start of a process, with a bug or as they are.
#[derive(Clone, Debug)]
pub(crate) struct Sabotage {
    bug: Option<Bug>,
    address: Address,
}

impl Sabotage {
    /// Those of a bug, if there is one.
    pub(crate) fn of(bug: Option<Bug>) -> Self {
        Self { bug, address: Address::default() }
    }

    /// What decides.
    pub(crate) fn decisions(&self) -> Decisions {
        self.bug.map_or_else(Decisions::default, |bug| decisions::of(bug, self.address.clone()))
    }

    /// The way to Azure.
    pub(crate) fn transport(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        match self.bug {
            Some(bug) => Arc::new(transport::Sabotaged::new(transport, bug, self.address.clone())),
            None => transport,
        }
    }

    /// The client by which the lease is read and written.
    pub(crate) fn lease(&self, client: kube::Client) -> kube::Client {
        match self.bug {
            Some(bug @ (Bug::LeadTooLong | Bug::TakeLeaseEarly)) => lease::sabotaged(client, bug),
            _ => client,
        }
    }

    /// How many times as long a process leads as its lease says.
    pub(crate) fn lead(&self) -> u32 {
        if self.bug == Some(Bug::LeadTooLong) { lease::TOO_LONG } else { 1 }
    }

    /// How long the controllers may write.
    pub(crate) fn term(&self, term: Term) -> Term {
        if self.bug == Some(Bug::IgnoreTerm) { Term::always() } else { term }
    }

    /// How fast they go.
    pub(crate) fn pace(&self, pace: Pace) -> Pace {
        let retry_max = if self.bug == Some(Bug::NoBackoff) { pace.retry_min } else { pace.retry_max };
        Pace { retry_max, ..pace }
    }
}

/// The address of an operation that Azure told last, until somebody takes it. Clones are the same.
#[derive(Clone, Debug, Default)]
struct Address(Arc<Mutex<Option<String>>>);

impl Address {
    fn set(&self, address: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(address.to_owned());
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
