//! Deliberate bugs, which show that the checks can fail.
//!
//! The controller has no code for them. Each bug wraps a seam of the controller and changes the input or the output, as if the
//! code behind the seam had the bug. `docs/simulation.md` lists the seam of each bug.

mod bug;
mod decisions;
mod desired;
mod lease;
mod memory;
mod observations;
mod plans;
mod protocol;
mod statuses;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};

use azimage::{config::Pace, decisions::Decisions, election::Term};
use azimage_azure::Transport;

pub use bug::Bug;

/// The seams of one start of a process, with or without a bug.
#[derive(Clone, Debug)]
pub(crate) struct Sabotage {
    bug: Option<Bug>,
    address: Address,
}

impl Sabotage {
    /// The seams with a bug, if there is one.
    pub(crate) fn of(bug: Option<Bug>) -> Self {
        Self { bug, address: Address::default() }
    }

    /// The controller's decisions.
    pub(crate) fn decisions(&self) -> Decisions {
        self.bug.map_or_else(Decisions::default, |bug| decisions::of(bug, self.address.clone()))
    }

    /// The transport to Azure.
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

    /// By what factor a process leads longer than its lease says.
    pub(crate) fn lead(&self) -> u32 {
        if self.bug == Some(Bug::LeadTooLong) { lease::LEAD_FACTOR } else { 1 }
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

/// The last operation address in an answer of Azure's, until it is taken. Clones share it.
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
