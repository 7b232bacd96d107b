//! Whether this process may write.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Says whether this process may begin a write to anything outside of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Term(Option<watch::Receiver<Option<Instant>>>);

/// This process may no longer write, as it no longer leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this process no longer leads, so nothing is written")]
pub struct TermEnded;

impl Term {
    /// A term without end, for a process that takes part in no election.
    pub fn always() -> Self {
        Self(None)
    }

    /// Whether we lead at this time: the last successful renewal was *begun* less than the renew deadline ago.
    pub fn still_held(&self, now: Instant) -> bool {
        match &self.0 {
            None => true,
            Some(until) => until.borrow().is_some_and(|until| now < until),
        }
    }

    /// Runs a call for as long as the term holds. When it ends the call is dropped, which closes its connection and
    /// ends its retries. Whether it had an effect by then is open, as after a crash.
    ///
    /// # Errors
    /// When the term doesn't hold or ends before the call does.
    pub async fn while_held<T>(&self, call: impl Future<Output = T>) -> Result<T, TermEnded> {
        let mut call = pin!(call);
        let mut end = pin!(self.ended());
        poll_fn(|context| {
            // Each time anew: between two polls lie waits for tokens, for connections and for retries.
            if !self.still_held(Instant::now()) || end.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(TermEnded));
            }
            call.as_mut().poll(context).map(Ok)
        })
        .await
    }

    /// Waits until the term has ended.
    async fn ended(&self) {
        let Some(until) = &self.0 else { return std::future::pending().await };
        let mut until = until.clone();
        loop {
            let Some(end) = *until.borrow_and_update() else { return };
            tokio::select! {
                biased;
                () = sleep_until(end) => {
                    if !self.still_held(Instant::now()) {
                        return;
                    }
                }
                changed = until.changed() => {
                    if changed.is_err() {
                        // Nobody is left who could renew it.
                        sleep_until(end).await;
                        return;
                    }
                }
            }
        }
    }
}

/// The other end of [`Term`]: who renews it.
#[derive(Debug)]
pub(super) struct Tenure(watch::Sender<Option<Instant>>);

impl Tenure {
    pub(super) fn new() -> (Self, Term) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Term(Some(receiver)))
    }

    /// The term holds until then.
    pub(super) fn hold(&self, until: Instant) {
        self.0.send_replace(Some(until));
    }

    /// The term is over.
    pub(super) fn end(&self) {
        self.0.send_replace(None);
    }

    /// Until when it holds, if it was not ended.
    pub(super) fn until(&self) -> Option<Instant> {
        *self.0.borrow()
    }
}
