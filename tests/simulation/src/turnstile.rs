//! Requests of one instant get a fixed order, and each an instant of its own.
//!
//! A program polls what is ready in an order that a randomly seeded hash map may decide, as kube's controller does with
//! its objects. So requests wait until no more can come at their virtual instant, and then pass one by one, a
//! millisecond apart, in the order of what they are and of the seed. What follows from an answer, such as the next random
//! number, so happens before the next answer.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage_test_api_server::Turns;
use tokio::{sync::oneshot, time::Instant};

/// Between two that pass.
const APART: Duration = Duration::from_millis(1);

/// When it is a request's turn: its instant, what the seed makes of it, the request itself, and how many alike are there.
type Turn = (Instant, u64, String, usize);

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Turn, oneshot::Sender<()>>,
    moves: bool,
}

/// Lets requests pass. Clones are the same.
#[derive(Clone)]
pub struct Turnstile {
    seed: u64,
    queue: Arc<Mutex<Queue>>,
}

impl Turnstile {
    /// One whose seed decides the order within an instant.
    pub fn new(seed: u64) -> Self {
        Self { seed, queue: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a request. Needs tokio's paused time, and one thread.
    pub async fn pass(&self, request: String) {
        let (sender, turn) = oneshot::channel();
        {
            let now = Instant::now();
            let mut hasher = DefaultHasher::new();
            (self.seed, &request).hash(&mut hasher);
            let (rank, mut alike) = (hasher.finish(), 0);
            let mut queue = self.lock();
            let mut turn = (now, rank, request, alike);
            while queue.waiting.contains_key(&turn) {
                alike += 1;
                turn.3 = alike;
            }
            queue.waiting.insert(turn, sender);
            if !queue.moves {
                queue.moves = true;
                tokio::spawn(self.clone().turn());
            }
        }
        let _ = turn.await;
    }

    /// Lets one after the other pass, until nobody waits.
    async fn turn(self) {
        loop {
            tokio::time::sleep(APART).await;
            let mut queue = self.lock();
            let now = Instant::now();
            if queue.waiting.first_key_value().is_some_and(|(turn, _)| turn.0 < now)
                && let Some((_, sender)) = queue.waiting.pop_first()
            {
                let _ = sender.send(());
            }
            if queue.waiting.is_empty() {
                queue.moves = false;
                return;
            }
        }
    }
}

#[async_trait]
impl Turns for Turnstile {
    async fn pass(&self, request: String) {
        Self::pass(self, request).await;
    }
}
