//! Long-running operations (behaviour section 2).

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Answer, Call, Reply, RetryAfter},
    error::ArmError,
    refusals::not_supported,
};
use crate::{
    clock::azure_time,
    regions,
    resources::{
        Resources,
        event::Event,
        operation::{Operation, OperationStatus, OperationType, Work},
    },
};

impl Operation {
    /// The address without query.
    pub(crate) fn path(&self) -> String {
        if self.kind == OperationType::Network {
            return self.network_path(self.kind.segment());
        }
        format!(
            "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/{}/{}",
            self.subscription,
            regions::in_operation_address(&self.location),
            self.kind.segment(),
            self.id
        )
    }

    /// The path of the `Location` address: the same, except in the Network provider.
    pub(crate) fn location_path(&self) -> String {
        if self.kind == OperationType::Network { self.network_path("operationResults") } else { self.path() }
    }

    fn network_path(&self, segment: &str) -> String {
        format!(
            "/subscriptions/{}/providers/Microsoft.Network/locations/{}/{segment}/{}",
            self.subscription, self.location, self.id
        )
    }

    /// The query that belongs to the address besides `api-version`: some 3.4 kB that only the simulator understands.
    pub(crate) fn signed_query(&self, certificate: &str) -> String {
        let partition = if matches!(self.kind, OperationType::Compute | OperationType::Disk) {
            format!("&p={}", self.subscription)
        } else {
            String::new()
        };
        let (signature, hash) = self.signature.split_at(self.signature.len() - 43);
        format!("{partition}&t={}&c={certificate}&s={signature}&h={hash}", self.started.as_millisecond())
    }

    pub(crate) fn body(&self) -> Value {
        if self.kind == OperationType::Network {
            let mut body = json!({"status": self.status});
            if let Some(error) = &self.error {
                body["error"] = error.inner();
            }
            return body;
        }
        let mut body = json!({
            "startTime": azure_time(self.started),
            "status": self.status,
            "name": self.id,
        });
        if let Some(ended) = self.ended {
            body["endTime"] = json!(azure_time(ended));
        }
        if let Some(error) = &self.error {
            body["error"] = error.inner();
        }
        if let Some(output) = &self.output {
            body["properties"] = json!({"output": output});
        }
        body
    }
}

/// Begins an operation; with `seconds` it ends by itself after that simulated time.
pub(crate) fn begin(
    resources: &mut Resources,
    kind: OperationType,
    subscription: &str,
    location: &str,
    work: Work,
    seconds: Option<f64>,
) -> Uuid {
    let id = resources.guid();
    let signature = resources.text(1050);
    let operation = Operation {
        id,
        kind,
        subscription: subscription.to_owned(),
        location: location.to_owned(),
        work,
        started: resources.now,
        ended: None,
        status: OperationStatus::InProgress,
        error: None,
        output: None,
        signature,
    };
    resources.operations.insert(id, operation);
    if let Some(seconds) = seconds {
        resources.plan(seconds, Event::OperationEnds(id));
    }
    id
}

/// Marks an operation as ended, once.
pub(crate) fn end(resources: &mut Resources, id: Uuid, result: Result<Option<Value>, ArmError>) {
    let now = resources.now;
    let Some(operation) = resources.operations.get_mut(&id).filter(|operation| operation.ended.is_none()) else {
        return;
    };
    operation.ended = Some(now);
    resources.activity.ended(id, result.as_ref().err(), now);
    match result {
        Ok(output) => {
            operation.status = OperationStatus::Succeeded;
            operation.output = output;
        }
        Err(error) => {
            let superseded = error.code == "OperationPreempted";
            operation.status = if superseded { OperationStatus::Canceled } else { OperationStatus::Failed };
            operation.error = Some(error);
        }
    }
    resources.graph_changes();
    resources.remember_ended(id);
}

/// `…/locations/{region}/capsOperations|operations/{id}`, as `Azure-AsyncOperation` or, with `monitor=true`, as `Location`.
pub(crate) fn get(resources: &mut Resources, call: &Call<'_>, kind: &str) -> Answer {
    let missing =
        || ArmError::new(StatusCode::NOT_FOUND, "NotFound", "The entity was not found in this Azure location.");
    let network = call.address.namespace.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Network"));
    let wanted = match kind {
        "locations/operations" | "locations/operationresults" if network => OperationType::Network,
        "locations/capsoperations" => OperationType::Caps,
        "locations/diskoperations" => OperationType::Disk,
        "locations/operations" => OperationType::Compute,
        _ => return Err(not_supported(call)),
    };
    let results = kind == "locations/operationresults";
    let id = call.address.name().parse().map_err(|_| missing())?;
    let operation = resources
        .operations
        .get(&id)
        .filter(|operation| {
            operation.kind == wanted && operation.subscription.eq_ignore_ascii_case(&call.address.subscription)
        })
        .ok_or_else(missing)?;
    let signed: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(operation.signed_query(&resources.certificate).as_bytes()).into_owned().collect();
    if signed.iter().any(|(name, value)| call.query.get(name) != Some(value)) {
        return Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "The address of the operation is not complete: it must be used exactly as it was given.",
        ));
    }
    if !results && call.query.get("monitor").is_none_or(|monitor| monitor != "true") {
        return Ok(Reply::ok(operation.body()));
    }
    match (operation.status, &operation.error, &operation.output) {
        (OperationStatus::InProgress, ..) => {
            let machines = matches!(wanted, OperationType::Compute | OperationType::Network);
            Ok(Reply::accepted(id, if machines { RetryAfter::Usual } else { RetryAfter::Never }))
        }
        (_, Some(error), _) => Err(error.clone()),
        (_, None, Some(output)) => Ok(Reply::ok(output.clone())),
        (_, None, None) if wanted == OperationType::Network => Ok(Reply::empty(StatusCode::NO_CONTENT)),
        (_, None, None) => Ok(Reply::empty(StatusCode::OK)),
    }
}
