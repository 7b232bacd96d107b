//! Crashes at polls: counts the polls of each process, and drops the process after one of them.
//!
//! A process has many tasks: kube runs each pass over an object in a task of its own. A poll shows as a span that is entered:
//! the controller's own span around each pass, and [`span`] around the other parts of a process. The order of polls within an
//! instant depends on a hash map of kube, so polls are counted for each part of the process separately, and the first poll of a
//! pass isn't counted: in it a pass only takes its place in the order, and of several that would crash there, chance would choose.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Metadata, Span, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_core::span::Current;

use crate::process_io::ProcessIo;

/// The span that the controller enters at each poll of a pass.
const PASS: (&str, &str) = ("azimage::controller", "reconcile");

/// The span of a part of a process that is no pass, such as its election.
pub(crate) fn span(replica: u8, part: &'static str) -> Span {
    tracing::info_span!("process", replica, part)
}

struct Known {
    metadata: &'static Metadata<'static>,
    replica: u8,
    /// The name in plans.
    name: String,
    /// The reference count.
    held: usize,
    /// It is a pass that wasn't polled yet.
    unpolled_pass: bool,
    /// The process is dropped after this poll.
    last: bool,
}

#[derive(Default)]
struct Spans {
    known: BTreeMap<u64, Known>,
    /// The entered spans, the innermost last.
    entered: Vec<u64>,
    next: u64,
}

/// Counts the polls of all processes, and drops a process after the poll that its plan names.
pub(crate) struct PollCrashes {
    processes: Vec<ProcessIo>,
    spans: Mutex<Spans>,
}

impl PollCrashes {
    /// The counter for these processes, numbered from 0 in this order.
    pub(crate) fn new(processes: Vec<ProcessIo>) -> Self {
        Self { processes, spans: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_pass(metadata: &Metadata<'_>) -> bool {
    (metadata.target(), metadata.name()) == PASS
}

impl Subscriber for PollCrashes {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Other subscribers run on other threads.
        if self.enabled(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && (is_pass(metadata) || metadata.target() == module_path!())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut spans = self.lock();
        // A pass belongs to the process that starts it.
        let started_in = spans.entered.last().and_then(|id| spans.known.get(id)).map(|known| known.replica);
        let name = if is_pass(attributes.metadata()) {
            format!("poll {}/{}", fields.controller, fields.name)
        } else {
            format!("poll {}", fields.part)
        };
        let replica = fields.replica.or(started_in).unwrap_or(u8::MAX);
        spans.next += 1;
        let id = spans.next;
        let metadata = attributes.metadata();
        let unpolled_pass = is_pass(metadata);
        spans.known.insert(id, Known { metadata, replica, name, held: 1, unpolled_pass, last: false });
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        let spans = &mut *self.lock();
        spans.entered.push(id.into_u64());
        let Some(known) = spans.known.get_mut(&id.into_u64()) else { return };
        if std::mem::take(&mut known.unpolled_pass) {
            return;
        }
        let Some(process) = self.processes.get(usize::from(known.replica)) else { return };
        known.last = process.faults.crashes_at_poll(known.replica, &known.name, !process.crash.is_crashing());
    }

    fn exit(&self, id: &Id) {
        let spans = &mut *self.lock();
        if let Some(at) = spans.entered.iter().rposition(|entered| *entered == id.into_u64()) {
            spans.entered.remove(at);
        }
        let Some(known) = spans.known.get_mut(&id.into_u64()).filter(|known| known.last) else { return };
        known.last = false;
        if let Some(process) = self.processes.get(usize::from(known.replica)) {
            process.crash.trigger();
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(known) = self.lock().known.get_mut(&id.into_u64()) {
            known.held += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.lock();
        let Some(known) = spans.known.get_mut(&id.into_u64()) else { return false };
        known.held -= 1;
        let closed = known.held == 0;
        if closed {
            spans.known.remove(&id.into_u64());
        }
        closed
    }

    fn current_span(&self) -> Current {
        let spans = self.lock();
        let current = spans.entered.last().and_then(|id| Some((id, spans.known.get(id)?.metadata)));
        current.map_or_else(Current::none, |(id, metadata)| Current::new(Id::from_u64(*id), metadata))
    }
}

/// The fields of a span.
#[derive(Default)]
struct Fields {
    replica: Option<u8>,
    part: String,
    controller: String,
    name: String,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "replica" {
            self.replica = u8::try_from(value).ok();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "part" => value.clone_into(&mut self.part),
            "controller" => value.clone_into(&mut self.controller),
            "name" => value.clone_into(&mut self.name),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
