//! The regions of each subscription: one list for all objects, kept for long, as there is a new region some times a year.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage_azure::{Call, Client, ErrorKind, Urgency};
use azimage_core::image_version::Reading;
use azimage_names::{Region, SubscriptionId};
use tokio::{sync::OnceCell, time::Instant};

use super::{CallError, failure::absent};

/// How long a list is good for.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// How long it counts that a list can't be had.
const FAILED_FOR: Duration = Duration::from_secs(600);

/// Which list it is: of whose right to read, and of which subscription.
type Key = (String, SubscriptionId);

#[derive(Debug)]
struct Answer {
    /// Who asks then or later gets a new list.
    due: Instant,
    regions: Reading<BTreeSet<Region>>,
    /// How long Azure or the budget asks to wait.
    wait: Option<Duration>,
}

/// The lists. All of them may be lost.
#[derive(Debug, Default)]
pub(crate) struct Regions(Mutex<BTreeMap<Key, Arc<OnceCell<Answer>>>>);

impl Regions {
    /// The regions of a subscription, as far as the client may know them. Besides, how long to wait, if there is no answer because
    /// of too many requests.
    pub(super) async fn of(
        &self,
        client: &Client,
        call: &Call,
        subscription: &SubscriptionId,
    ) -> (Reading<BTreeSet<Region>>, Option<Duration>) {
        let list = self.list((client.principal().to_owned(), subscription.clone()), Instant::now());
        let answer = list
            .get_or_init(|| async {
                let call = call.with_urgency(Urgency::Refresh);
                let answer = client.locations(&call, subscription).await;
                let now = Instant::now();
                match answer {
                    Ok(found) => {
                        let regions = found.iter().filter_map(azimage_azure::Location::region).collect();
                        Answer { due: now + GOOD_FOR, regions: Reading::Found(regions), wait: None }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "Could not list the regions of a subscription");
                        let throttled = matches!(error.kind(), ErrorKind::Throttled { .. });
                        let due = if throttled { now } else { now + FAILED_FOR };
                        let failed = absent(&error).ok_or_else(|| CallError::from(error));
                        let (regions, wait) = match failed {
                            Ok(absent) => (Reading::Missing(absent), None),
                            Err(error) => (Reading::Failed(error.failure.clone()), error.throttled()),
                        };
                        Answer { due, regions, wait }
                    }
                }
            })
            .await;
        (answer.regions.clone(), answer.wait)
    }

    fn list(&self, key: Key, now: Instant) -> Arc<OnceCell<Answer>> {
        let mut lists = self.lock();
        let list = lists.entry(key).or_default();
        if list.get().is_some_and(|answer| answer.due <= now) {
            *list = Arc::default();
        }
        list.clone()
    }

    /// Forgets what is too old, and what nobody reads any more.
    pub(super) fn sweep(&self, now: Instant) {
        self.lock().retain(|_, list| match list.get() {
            Some(answer) => answer.due > now,
            None => Arc::strong_count(list) > 1,
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<OnceCell<Answer>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
