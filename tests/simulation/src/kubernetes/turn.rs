//! Requests of one instant get a fixed order.
//!
//! A program polls what is ready in an order that a randomly seeded hash map may decide, as kube's controller does with
//! its objects. So requests that come at the same virtual instant wait a millisecond, until no more can come, and then
//! take effect in the order of what they are and of the seed.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{sync::oneshot, time::Instant};

use super::{call::Call, failure::Failure, server::Answer};

/// How long requests wait for the others of their instant.
const WAIT: Duration = Duration::from_millis(1);

pub(super) type Outcome = Result<Answer, Failure>;

struct Waiting {
    call: Call,
    body: Value,
    answer: oneshot::Sender<Outcome>,
}

/// When it is a request's turn: its instant, what the seed makes of it, the request itself, and how many alike are there.
type Turn = (Instant, u64, String, usize);

/// Lets requests take turns.
pub(super) struct Turns {
    seed: u64,
    waiting: Mutex<BTreeMap<Turn, Waiting>>,
}

impl Turns {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, waiting: Mutex::default() }
    }

    /// Waits for the request's turn. Whoever comes first after the wait lets all those of the instant take effect.
    pub(super) async fn take(&self, call: Call, body: Value, act: impl Fn(&Call, Value) -> Outcome) -> Option<Outcome> {
        let now = Instant::now();
        let (answer, outcome) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let text = format!("{call:?} {body}");
            let mut hasher = DefaultHasher::new();
            (self.seed, &text).hash(&mut hasher);
            let (rank, mut alike) = (hasher.finish(), 0);
            while waiting.contains_key(&(now, rank, text.clone(), alike)) {
                alike += 1;
            }
            waiting.insert((now, rank, text, alike), Waiting { call, body, answer });
        }
        tokio::time::sleep(WAIT).await;
        let due = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let later = waiting.split_off(&(now + Duration::from_nanos(1), 0, String::new(), 0));
            std::mem::replace(&mut *waiting, later)
        };
        for waiting in due.into_values() {
            // One whose client has gone takes effect all the same; nobody hears of it.
            let _ = waiting.answer.send(act(&waiting.call, waiting.body));
        }
        outcome.await.ok()
    }
}
