//! The scheduler gives requests of one instant a fixed order, and each an instant of its own.
//!
//! The order in which a program polls its tasks may depend on a randomly seeded hash map, as in kube's controller. So
//! requests wait until no more can arrive at their virtual instant. Then they go on one by one, a millisecond apart, in an
//! order that the seed and the request's text decide. What follows from an answer, such as the next random number, happens
//! before the next answer.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage_test_api_server::RequestScheduler;
use tokio::{sync::oneshot, time::Instant};

/// The time between two requests.
const INTERVAL: Duration = Duration::from_millis(1);

/// The position of a request in the queue: its instant, its rank by the seed, its text, and its number among equal requests.
type Turn = (Instant, u64, String, usize);

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Turn, oneshot::Sender<()>>,
    /// A task is releasing requests.
    running: bool,
}

/// Releases requests in order. Clones share the queue.
#[derive(Clone)]
pub struct Scheduler {
    seed: u64,
    queue: Arc<Mutex<Queue>>,
}

impl Scheduler {
    /// A scheduler whose seed decides the order within an instant.
    pub fn new(seed: u64) -> Self {
        Self { seed, queue: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a request. Needs tokio's paused time, and one thread.
    pub async fn wait_for_turn(&self, request: String) {
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
            if !queue.running {
                queue.running = true;
                tokio::spawn(self.clone().release());
            }
        }
        let _ = turn.await;
    }

    /// Releases one request after the other, until none is waiting.
    async fn release(self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let mut queue = self.lock();
            let now = Instant::now();
            if queue.waiting.first_key_value().is_some_and(|(turn, _)| turn.0 < now)
                && let Some((_, sender)) = queue.waiting.pop_first()
            {
                let _ = sender.send(());
            }
            if queue.waiting.is_empty() {
                queue.running = false;
                return;
            }
        }
    }
}

#[async_trait]
impl RequestScheduler for Scheduler {
    async fn wait_for_turn(&self, request: String) {
        Self::wait_for_turn(self, request).await;
    }
}
