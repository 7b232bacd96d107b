//! Watches.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::{
    call::Call,
    failure::Failure,
    interceptor::{Delivery, Interceptor},
    kinds::Kind,
    read::{forbidden_option, revision, unsupported_match},
    selector::Selector,
    server::Shared,
    store::{Key, Store, Write},
};

/// How often a quiet watch is told the current resource version.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// What a watch shows: `type` and `object`, and the object in JSON.
struct Event(&'static str, Arc<Value>, Bytes);

impl Event {
    fn new(kind: &'static str, object: Value) -> Self {
        let text = object.to_string();
        Self(kind, Arc::new(object), text.into())
    }

    fn line(&self) -> Bytes {
        let Self(kind, _, text) = self;
        [br#"{"type":""#, kind.as_bytes(), br#"","object":"#, text, b"}\n"].concat().into()
    }
}

/// A watch that says which list it means, and wants none.
fn watch_alone(call: &Call) -> bool {
    call.parameter("sendInitialEvents").is_empty() && !call.parameter("resourceVersionMatch").is_empty()
}

/// A watch that runs.
pub(super) struct Watch {
    shared: Arc<Shared>,
    interceptor: Arc<dyn Interceptor>,
    call: Call,
    kind: Arc<Kind>,
    kind_number: usize,
    selector: Selector,
    /// All changes up to this resource version are sent or waiting.
    cursor: u64,
    waiting: VecDeque<Event>,
    bookmarks: bool,
    changes: watch::Receiver<u64>,
    cuts: watch::Receiver<u64>,
    deadline: Option<Instant>,
    ended: bool,
}

impl Watch {
    pub(super) fn start(
        shared: &Arc<Shared>,
        interceptor: Arc<dyn Interceptor>,
        store: &Store,
        call: Call,
        kind: usize,
    ) -> Result<Self, Failure> {
        let kind_number = kind;
        let kind = store.kinds[kind].clone();
        let selector = Selector::parse(&call, &kind)?;
        let bookmarks = call.flag("allowWatchBookmarks");
        let streaming = call.flag("sendInitialEvents");
        if streaming && call.parameter("resourceVersionMatch") != "NotOlderThan" {
            let why = "has to be NotOlderThan where sendInitialEvents is set";
            let failure = forbidden_option("resourceVersionMatch", why);
            return Err(match call.parameter("resourceVersionMatch") {
                "" => failure,
                other => unsupported_match(other, failure),
            });
        }
        if watch_alone(&call) {
            return Err(forbidden_option("resourceVersionMatch", "is forbidden for watch without sendInitialEvents"));
        }
        let deadline = match call.parameter("timeoutSeconds") {
            "" | "0" => None,
            seconds => {
                let seconds = seconds.parse().map_err(|_| Failure::bad_request("timeoutSeconds is no number"))?;
                Some(Instant::now() + Duration::from_secs(seconds))
            }
        };
        let mut watch = Self {
            shared: shared.clone(),
            interceptor,
            kind,
            kind_number,
            selector,
            cursor: store.revision,
            waiting: VecDeque::new(),
            bookmarks,
            changes: shared.changes[kind_number].subscribe(),
            cuts: shared.cuts.subscribe(),
            deadline,
            ended: false,
            call,
        };
        let from = match watch.call.parameter("resourceVersion") {
            "" => 0,
            // The real server, too, blames itself here.
            text => revision(text)
                .map_err(|failure| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "", failure.message))?,
        };
        if streaming {
            store.check_fresh(&watch.call)?;
        }
        if from == 0 || streaming {
            for ((namespace, name), object) in store.at(kind_number, store.revision) {
                if watch.shows_namespace(&namespace) && watch.selector.matches(&object) {
                    let text = store.text(&Key { kind: kind_number, namespace, name }, &object);
                    watch.waiting.push_back(Event("ADDED", object, text));
                }
            }
            if streaming && bookmarks {
                let end = watch.bookmark(store.revision, true);
                watch.waiting.push_back(end);
            }
        } else {
            watch.cursor = from;
        }
        Ok(watch)
    }

    fn shows_namespace(&self, namespace: &str) -> bool {
        self.call.namespace.is_empty() || self.call.namespace == namespace
    }

    fn bookmark(&self, revision: u64, initial_end: bool) -> Event {
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let mut object = json!({"apiVersion": self.kind.api_version(), "kind": self.kind.name, "metadata": metadata});
        if self.kind.plural == "leases" {
            // The built-in type always has one.
            object["spec"] = json!({});
        }
        Event::new("BOOKMARK", object)
    }

    /// What this watch shows of a write. An object that leaves the selection looks deleted.
    fn event(&self, store: &Store, write: &Write) -> Option<Event> {
        if write.resource != self.kind.resource() || !self.shows_namespace(&write.namespace) {
            return None;
        }
        let matching = |object: &Option<Arc<Value>>| object.clone().filter(|object| self.selector.matches(object));
        let (kind, object) = match (matching(&write.before), matching(&write.after)) {
            (None, None) => return None,
            (None, Some(after)) => ("ADDED", after),
            (Some(_), Some(after)) => ("MODIFIED", after),
            (Some(before), None) => {
                let last = write.tombstone.clone().unwrap_or_else(|| {
                    let mut last = Value::clone(&before);
                    last["metadata"]["resourceVersion"] = json!(write.revision.to_string());
                    Arc::new(last)
                });
                ("DELETED", last)
            }
        };
        let key = Key { kind: self.kind_number, namespace: write.namespace.clone(), name: write.name.clone() };
        let text = store.text(&key, &object);
        Some(Event(kind, object, text))
    }

    /// Takes what has happened since.
    fn collect(&mut self) {
        let shared = self.shared.clone();
        let store = shared.lock();
        if self.cursor < store.compacted {
            let message = format!("too old resource version: {} ({})", self.cursor, store.compacted);
            self.waiting.push_back(Event::new("ERROR", Failure::expired(message).status()));
            self.ended = true;
            return;
        }
        let events: Vec<Event> =
            store.since(self.cursor).iter().filter_map(|write| self.event(&store, write)).collect();
        self.waiting.extend(events);
        // A watch may be told of a resource version that is still to come, and then waits for what follows it.
        self.cursor = self.cursor.max(store.revision);
    }

    /// The next event, nothing at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            self.changes.borrow_and_update();
            self.collect();
            if !self.waiting.is_empty() || self.ended {
                continue;
            }
            let deadline = self.deadline;
            let until = async move {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                cut = self.cuts.changed() => {
                    let _ = cut;
                    return None;
                }
                change = self.changes.changed() => {
                    if change.is_err() {
                        return None;
                    }
                }
                () = until => self.ended = true,
                () = tokio::time::sleep(BOOKMARK_EVERY), if self.bookmarks => {
                    // Changes of other kinds don't wake it.
                    self.collect();
                    if self.waiting.is_empty() {
                        let bookmark = self.bookmark(self.cursor, false);
                        self.waiting.push_back(bookmark);
                    }
                }
            }
        }
    }

    /// The stream of lines that the client gets.
    pub(super) fn lines(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, |mut watch| async move {
            let event = watch.next().await?;
            let interceptor = watch.interceptor.clone();
            match interceptor.deliver(&watch.call, &event.1).await {
                Delivery::Cut => None,
                Delivery::Deliver => Some((event.line(), watch)),
            }
        })
    }
}
