//! Requests to the Kubernetes API and to Azure Resource Manager.

use std::{sync::atomic::AtomicU64, time::Duration};

use azimage_azure::Class;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{Seconds, seconds};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    code: String,
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AzureLabels {
    operation: &'static str,
    method: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerbLabels {
    verb: String,
    host: String,
}

/// Counts and lengths of requests.
#[derive(Clone, Debug)]
pub(super) struct RequestMetrics {
    kubernetes: Family<RequestLabels, Counter>,
    kubernetes_seconds: Seconds<VerbLabels>,
    azure: Family<AzureLabels, Counter<u64, AtomicU64>>,
    azure_seconds: Seconds<OperationLabel>,
}

impl RequestMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            kubernetes: Family::default(),
            kubernetes_seconds: Seconds::new_with_constructor(seconds),
            azure: Family::default(),
            azure_seconds: Seconds::new_with_constructor(seconds),
        };
        registry.register("rest_client_requests", "Requests to the Kubernetes API", all.kubernetes.clone());
        let name = "rest_client_request_duration_seconds";
        registry.register(name, "Length of requests to the Kubernetes API", all.kubernetes_seconds.clone());
        registry.register("azimage_azure_requests", "Requests to Azure Resource Manager", all.azure.clone());
        let name = "azimage_azure_request_duration_seconds";
        registry.register(name, "Length of requests to Azure Resource Manager", all.azure_seconds.clone());
        all
    }

    pub(super) fn kubernetes(&self, method: &str, code: &str, host: &str, took: Duration) {
        let verb = VerbLabels { verb: method.to_owned(), host: host.to_owned() };
        self.kubernetes_seconds.get_or_create(&verb).observe(took.as_secs_f64());
        let labels = RequestLabels { method: method.to_owned(), code: code.to_owned(), host: host.to_owned() };
        self.kubernetes.get_or_create(&labels).inc();
    }

    pub(super) fn azure(&self, operation: Class, method: &str, code: &str, took: Duration) {
        let operation = operation.name();
        let labels = AzureLabels { operation, method: method.to_owned(), code: code.to_owned() };
        self.azure.get_or_create(&labels).inc();
        self.azure_seconds.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
    }
}
