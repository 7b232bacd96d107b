//! Leading with or without an election.

use kube::Client;
use tokio_util::sync::CancellationToken;

use super::{Elector, Loss, Settings, Term};
use crate::{seams::Seams, telemetry::metrics::Metrics};

/// The right to work: won in an election, or taken for granted.
pub struct Leadership(Option<Elector>);

impl Leadership {
    /// For a process that is alone, because whoever started it says so.
    pub fn granted() -> (Self, Term) {
        (Self(None), Term::always())
    }

    /// For one of several.
    pub fn elected(client: Client, settings: Settings, seams: Seams, metrics: Metrics) -> (Self, Term) {
        let (elector, term) = Elector::new(client, settings, seams, metrics);
        (Self(Some(elector)), term)
    }

    /// Waits until this process leads. `ready` is set when it stands by: it does all that it can then, and a rollout
    /// that waited for more would wait for the very process that it is to replace.
    pub async fn win(&mut self, ready: &CancellationToken) {
        if let Some(elector) = &mut self.0 {
            elector.win(|| ready.cancel()).await;
        }
    }

    /// Keeps leading for as long as possible.
    pub async fn keep(&mut self) -> Loss {
        match &mut self.0 {
            Some(elector) => elector.keep().await,
            None => std::future::pending().await,
        }
    }

    /// Lets another process lead. Only when nothing of ours runs any more.
    pub async fn release(self) {
        if let Some(elector) = self.0 {
            elector.release().await;
        }
    }
}
