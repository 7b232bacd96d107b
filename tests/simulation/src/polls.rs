//! The polls of a process, and its end at one of them.
//!
//! A process is many tasks: kube gives each pass over an object one of its own. What is polled is seen by the spans that
//! are entered for it: the controller's own around each pass, and [`span`] around what else a process does. Which task is
//! polled first within an instant is up to a hash map of kube, so polls are counted for each part of the process by itself.

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

/// The span that the controller enters whenever it goes on with a pass.
const PASS: (&str, &str) = ("azimage::controller", "reconcile");

/// The span of a part of a process that is no pass, such as its election.
pub(crate) fn span(replica: u8, part: &'static str) -> Span {
    tracing::info_span!("process", replica, part)
}

struct Known {
    metadata: &'static Metadata<'static>,
    replica: u8,
    /// As plans name it.
    name: String,
    /// How many hold the span.
    held: usize,
    /// The process ends when this poll does.
    last: bool,
}

#[derive(Default)]
struct Spans {
    known: BTreeMap<u64, Known>,
    /// Those that are entered, the innermost last.
    entered: Vec<u64>,
    next: u64,
}

/// Counts the polls of all processes, and ends a process where one is to be its last.
pub(crate) struct Polls {
    processes: Vec<ProcessIo>,
    spans: Mutex<Spans>,
}

impl Polls {
    /// Those of processes, which are numbered as they stand here.
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

impl Subscriber for Polls {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Others run on other threads.
        if self.enabled(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && (is_pass(metadata) || metadata.target() == module_path!())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut spans = self.lock();
        // A pass belongs to the process in which it is begun.
        let begun_in = spans.entered.last().and_then(|id| spans.known.get(id)).map(|known| known.replica);
        let name = if is_pass(attributes.metadata()) {
            format!("poll {}/{}", fields.controller, fields.name)
        } else {
            format!("poll {}", fields.part)
        };
        let replica = fields.replica.or(begun_in).unwrap_or(u8::MAX);
        spans.next += 1;
        let id = spans.next;
        let metadata = attributes.metadata();
        spans.known.insert(id, Known { metadata, replica, name, held: 1, last: false });
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        let spans = &mut *self.lock();
        spans.entered.push(id.into_u64());
        let Some(known) = spans.known.get_mut(&id.into_u64()) else { return };
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

/// What the fields of a span say.
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
