//! Publishes events. Failing to is logged and fails nothing else.

use azimage_core::events::Event;
use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event as KubernetesEvent},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, Resource, api::PostParams};

use super::bounded;
use crate::{seams::Seams, telemetry::metrics::Metrics};

/// Who reports.
const REPORTER: &str = "azimage.dev/azimage";
/// So much of an object's name goes into the name of its event, which has 253 characters in all, 33 of them for its id.
const LONGEST_NAME: usize = 219;

/// Publishes events of one controller process. Times and names come from the seams, which kube's recorder doesn't know.
#[derive(Clone)]
pub(crate) struct Events {
    client: Client,
    instance: String,
    seams: Seams,
    metrics: Metrics,
}

impl Events {
    /// Events reported under the name of the pod, if there is one.
    pub(crate) fn new(client: Client, instance: Option<String>, seams: Seams, metrics: Metrics) -> Self {
        Self { client, instance: instance.unwrap_or_else(|| REPORTER.to_owned()), seams, metrics }
    }

    /// Publishes events about an object.
    pub(crate) async fn publish<K: Resource<DynamicType = ()>>(&self, object: &K, events: Vec<Event>) {
        self.publish_about(object.object_ref(&()), events).await;
    }

    /// The same about one of which only the reference is left.
    pub(crate) async fn publish_about(&self, reference: ObjectReference, events: Vec<Event>) {
        let namespace = reference.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let api: Api<KubernetesEvent> = Api::namespaced(self.client.clone(), &namespace);
        for event in events {
            let reason = event.reason.clone();
            let object: String = reference.name.as_deref().unwrap_or("azimage").chars().take(LONGEST_NAME).collect();
            // A name that was cut mustn't end in what no part of a name may end in.
            let object = object.trim_end_matches(['-', '.']);
            let name = format!("{object}.{}", self.seams.randomness.id().simple());
            let event = KubernetesEvent {
                metadata: ObjectMeta { namespace: Some(namespace.clone()), name: Some(name), ..ObjectMeta::default() },
                type_: Some(if event.warning { "Warning" } else { "Normal" }.to_owned()),
                reason: Some(event.reason),
                note: Some(event.note),
                action: Some(event.action.to_owned()),
                event_time: Some(MicroTime(self.seams.clock.now())),
                regarding: Some(reference.clone()),
                reporting_controller: Some(REPORTER.to_owned()),
                reporting_instance: Some(self.instance.clone()),
                ..KubernetesEvent::default()
            };
            match bounded(api.create(&PostParams::default(), &event)).await {
                Ok(_) => {}
                Err(error) if error.is_of_a_namespace_that_goes() => {
                    tracing::info!(reason, "No event was published, as the namespace is being deleted");
                }
                Err(error) => {
                    self.metrics.event_dropped();
                    tracing::warn!(%error, reason, "Could not publish an event");
                }
            }
        }
    }
}
