//! Long-running operations (behaviour section 2).

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ArmError;
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

impl Resources {
    /// Begins an operation; with `seconds` it ends by itself after that simulated time.
    pub(crate) fn begin(
        &mut self,
        kind: OperationType,
        subscription: &str,
        location: &str,
        work: Work,
        seconds: Option<f64>,
    ) -> Uuid {
        let id = self.guid();
        let signature = self.text(1050);
        let operation = Operation {
            id,
            kind,
            subscription: subscription.to_owned(),
            location: location.to_owned(),
            work,
            started: self.now,
            ended: None,
            status: OperationStatus::InProgress,
            error: None,
            output: None,
            signature,
        };
        self.operations.insert(id, operation);
        if let Some(seconds) = seconds {
            self.plan(seconds, Event::OperationEnds(id));
        }
        id
    }

    /// Marks an operation as ended, once.
    pub(crate) fn end(&mut self, id: Uuid, result: Result<Option<Value>, ArmError>) {
        let now = self.now;
        let Some(operation) = self.operations.get_mut(&id).filter(|operation| operation.ended.is_none()) else {
            return;
        };
        operation.ended = Some(now);
        self.activity.ended(id, result.as_ref().err(), now);
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
        self.graph_changes();
        self.remember_ended(id);
    }

    /// A timed operation's time is up.
    pub(crate) fn operation_ends(&mut self, id: Uuid) {
        let Some(operation) = self.operations.get(&id).filter(|operation| operation.ended.is_none()) else { return };
        let work = operation.work.clone();
        match work {
            Work::Power { machine, change, before } => self.power_changed(id, &machine, change, before),
            Work::MachineCreated { machine } => self.machine_created(id, &machine),
            Work::MachineUpdated { machine } => self.machine_updated(id, &machine),
            Work::MachineDeleted { machine } => self.machine_deleted(id, &machine),
            Work::RunCommandDeleted { command } => self.run_command_deleted(id, &command),
            Work::Written { kind, resource } => self.record_written(id, kind, &resource),
            Work::Deleted { kind, resource } => self.record_deleted(id, kind, &resource),
            Work::GalleryShared { gallery } => self.gallery_shared(id, &gallery),
            Work::DisksAttached { machine } => self.disks_attached(id, &machine),
            Work::VersionDeleted { version, for_good } => self.version_deleted(id, &version, for_good),
            Work::Script { .. } | Work::VersionWritten { .. } => {}
        }
    }
}
