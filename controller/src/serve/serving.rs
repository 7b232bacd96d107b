//! All kinds together: when they may begin, what is swept meanwhile, and their end.

use std::{future::Future, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use kube::runtime::reflector::Store;
use tokio_util::sync::CancellationToken;

use super::{kind::Kind, runner::Runner, watched::Watched};
use crate::{controller::Options, stores::Guarded};

/// How often stores that aren't filled are asked anew.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// The kinds that are served.
pub(crate) struct Serving<'a> {
    options: &'a Options,
    /// No pass begins before.
    synced: CancellationToken,
    /// Of each kind by scope.
    controllers: Vec<Vec<BoxFuture<'static, ()>>>,
    kinds: Vec<Served>,
}

/// What is to be done for a kind while its controllers run.
struct Served {
    /// Ends when each of its stores has been filled once.
    filled: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
    /// See [`Kind::sweep`].
    sweep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl<'a> Serving<'a> {
    /// None yet.
    pub(crate) fn new(options: &'a Options) -> Self {
        Self { options, synced: CancellationToken::new(), controllers: Vec::new(), kinds: Vec::new() }
    }

    /// Adds a kind. Nothing is done before [`Serving::run`].
    pub(crate) fn serve<K: Kind>(&mut self, watched: Watched<K>, context: &Arc<K::Context>) {
        let stores = watched.stores();
        let runner = Arc::new(Runner::<K>::new(context.clone(), self.options, &self.synced));
        let driven = watched.into_controllers().map(|controller| runner.clone().drive(controller).boxed());
        self.controllers.push(driven.collect());
        let context = context.clone();
        self.kinds.push(Served {
            filled: Box::new(move || filled(stores.clone()).boxed()),
            sweep: Box::new(move |period| K::sweep(&context, period)),
        });
    }

    /// Runs all of them until they are told to stop, or until one ends by itself.
    pub(crate) async fn run(self) {
        let Self { options, synced, controllers, kinds } = self;
        let lost = CancellationToken::new();
        let watched = |controller: BoxFuture<'static, ()>| {
            let (lost, stop) = (lost.clone(), options.stop.clone());
            async move {
                controller.await;
                if !stop.is_cancelled() {
                    lost.cancel();
                }
            }
        };
        let controllers = by_scope(controllers).into_iter().map(watched);
        let announce = async {
            ready(&kinds).await;
            synced.cancel();
            options.ready.cancel();
        };
        let sweep = sweep(&kinds, &options.stop, options.config.pace.resync);
        let all = async { futures::join!(join_all(controllers), announce.or_stop(&options.stop), sweep) };
        tokio::select! {
            biased;
            _ = all => {}
            // Whoever calls this ends: objects of which nobody hears any more would wait for ever.
            () = lost.cancelled() => tracing::error!("A controller ended without being told to"),
        }
    }
}

/// Waits until every store has been filled once. Before, an empty one means nothing.
///
/// Only one task may wait here: a store wakes the last of those that wait for it, and nobody else. So it is also asked
/// anew from time to time, for its own controller waits as well.
async fn ready(kinds: &[Served]) {
    let all = || join_all(kinds.iter().map(|kind| (kind.filled)()));
    while tokio::time::timeout(ASK_AGAIN, all()).await.is_err() {}
}

async fn sweep(kinds: &[Served], stop: &CancellationToken, every: Duration) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        for kind in kinds {
            (kind.sweep)(every);
        }
    }
}

async fn filled<K: Kind>(stores: Vec<Store<Guarded<K>>>) {
    // An error means that the watch has ended, which ends the process elsewhere.
    join_all(stores.iter().map(Store::wait_until_ready)).await;
}

/// All kinds of the first scope, then all of the second, and so on: this is the order in which they begin.
fn by_scope<T>(kinds: Vec<Vec<T>>) -> Vec<T> {
    let mut kinds: Vec<_> = kinds.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(kinds.iter_mut().filter_map(Iterator::next));
        if all.len() == before {
            return all;
        }
    }
}

pub(crate) trait OrStop: Future<Output = ()> + Sized {
    /// Ends at the latest when told to stop.
    async fn or_stop(self, stop: &CancellationToken) {
        tokio::select! {
            biased;
            () = self => {}
            () = stop.cancelled() => {}
        }
    }
}

impl<F: Future<Output = ()>> OrStop for F {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_begin_scope_by_scope() {
        assert_eq!(
            by_scope(vec![vec!["v1", "v2", "v3"], vec!["t1", "t2", "t3"]]),
            ["v1", "t1", "v2", "t2", "v3", "t3"]
        );
        assert_eq!(by_scope(vec![vec!["v"]]), ["v"]);
        assert_eq!(by_scope::<&str>(vec![]), [""; 0]);
    }
}
