//! Publishes events. Failing to is logged and fails nothing else.

use azimage_core::events::Event;
use kube::{
    Client, Resource,
    runtime::events::{EventType, Recorder, Reporter},
};

use super::bounded;

/// Publishes events of one controller process.
#[derive(Clone)]
pub(crate) struct Events(Recorder);

impl Events {
    /// Events reported under the name of the pod, if there is one.
    pub(crate) fn new(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter { controller: "azimage.dev/azimage".to_owned(), instance };
        Self(Recorder::new(client, reporter))
    }

    /// Publishes events about an object.
    pub(crate) async fn publish<K: Resource<DynamicType = ()>>(&self, object: &K, events: Vec<Event>) {
        let reference = object.object_ref(&());
        for event in events {
            let event = kube::runtime::events::Event {
                type_: if event.warning { EventType::Warning } else { EventType::Normal },
                reason: event.reason,
                note: Some(event.note),
                action: event.action.to_owned(),
                secondary: None,
            };
            if let Err(error) = bounded(self.0.publish(&event, &reference)).await {
                tracing::warn!(%error, reason = event.reason, "Could not publish an event");
            }
        }
    }
}
