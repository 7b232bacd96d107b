//! Lists that many objects share: one per image definition and period, shared by all objects that ask for one of its versions.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage_azure::{Call, Client, ErrorKind, ImageVersion, Pages, Urgency};
use azimage_core::image_version::{Absent, GOOD_FOR, Reading, facts};
use azimage_names::{ImageVersionId, VersionNumber};
use tokio::{sync::OnceCell, time::Instant};

use super::{CallError, convert, failure::absent, regions::Regions};

/// Which list it is: of whose right to read, and of which definition.
type Key = (String, String);

/// What came of a list.
#[derive(Debug)]
struct Answer {
    /// Who asks then or later gets a new list.
    due: Instant,
    versions: Result<BTreeMap<VersionNumber, Arc<facts::Version>>, Unlisted>,
}

#[derive(Debug)]
enum Unlisted {
    Missing(Absent),
    Failed(CallError),
}

/// The lists of this period. All of them may be lost.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    versions: Mutex<State>,
    regions: Regions,
}

#[derive(Debug, Default)]
struct State {
    lists: BTreeMap<Key, Arc<OnceCell<Answer>>>,
    /// Lists that had to stop between two pages, and since when.
    stopped: BTreeMap<Key, (Pages<ImageVersion>, Instant)>,
}

impl Lists {
    /// The entry of a version in its definition's list, which is read if there is none that is good for now. Who asks
    /// while it is being read gets the same answer. `period` is asked how long a new list is good for.
    ///
    /// Besides, how long Azure or the budget asks to wait, if there is no answer for that reason.
    pub(crate) async fn entry(
        &self,
        client: &Client,
        call: &Call,
        id: &ImageVersionId,
        period: impl FnOnce() -> Duration,
    ) -> (Reading<Arc<facts::Version>>, Option<Duration>) {
        let key = key(client.principal(), id);
        let list = self.list(key.clone(), Instant::now());
        let answer = list
            .get_or_init(|| async {
                let call = call.with_urgency(Urgency::Refresh);
                let (mut pages, begun) = self.go_on(&key, Instant::now());
                let end = client.image_versions_on(&call, id.definition(), &mut pages).await;
                let now = Instant::now();
                match end {
                    Ok(()) => {
                        let versions = pages.into_values();
                        let entries =
                            versions.into_iter().map(|version| (version.version, Arc::new(convert::version(version))));
                        Answer { due: now + period(), versions: Ok(entries.collect()) }
                    }
                    // Those who wait for it share the failure; who comes later tries again.
                    Err(error) => {
                        if matches!(error.kind(), ErrorKind::Throttled { .. }) {
                            self.lock().stopped.insert(key.clone(), (pages, begun));
                        }
                        let unlisted = absent(&error).map_or_else(|| Unlisted::Failed(error.into()), Unlisted::Missing);
                        Answer { due: now, versions: Err(unlisted) }
                    }
                }
            })
            .await;
        match &answer.versions {
            Ok(versions) => {
                let entry = versions.get(&id.version());
                (entry.cloned().map_or(Reading::Missing(Absent::Resource), Reading::Found), None)
            }
            Err(Unlisted::Missing(absent)) => (Reading::Missing(*absent), None),
            Err(Unlisted::Failed(error)) => {
                tracing::debug!(error = %error.error, "Could not list from Azure");
                (Reading::Failed(error.failure.clone()), error.throttled())
            }
        }
    }

    /// The regions of subscriptions.
    pub(super) fn regions(&self) -> &Regions {
        &self.regions
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pages of a list that had to stop, or none, and when the first was read.
    fn go_on(&self, key: &Key, now: Instant) -> (Pages<ImageVersion>, Instant) {
        let stopped = self.lock().stopped.remove(key);
        stopped.filter(|(_, begun)| now.duration_since(*begun) <= GOOD_FOR).unwrap_or_else(|| (Pages::default(), now))
    }

    fn list(&self, key: Key, now: Instant) -> Arc<OnceCell<Answer>> {
        let mut state = self.lock();
        let list = state.lists.entry(key).or_default();
        if list.get().is_some_and(|answer| answer.due <= now) {
            *list = Arc::default();
        }
        list.clone()
    }

    /// How long the list in which a version stands is still good for. Its versions are looked at again when it is not,
    /// all of them then, so that one list serves them all and no change stays unseen for longer than a period.
    pub(crate) fn good_for(&self, principal: &str, id: &ImageVersionId, now: Instant) -> Option<Duration> {
        let state = self.lock();
        let answer = state.lists.get(&key(principal, id))?.get()?;
        (answer.versions.is_ok() && answer.due > now).then(|| answer.due.duration_since(now))
    }

    /// Forgets the lists that nobody asked for in a period, and those that nobody reads any more.
    pub(crate) fn sweep(&self, period: Duration, now: Instant) {
        self.regions.sweep(now);
        let mut state = self.lock();
        state.stopped.retain(|_, (_, begun)| now.duration_since(*begun) <= GOOD_FOR);
        state.lists.retain(|_, list| match list.get() {
            Some(answer) => answer.due + period > now,
            None => Arc::strong_count(list) > 1,
        });
    }
}

fn key(principal: &str, id: &ImageVersionId) -> Key {
    (principal.to_owned(), id.definition().to_string().to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
