//! Resources that are written and deleted in operations of their own and have nothing but their state to go through: how a
//! write and a deletion begin and end, and what happens to the second of two at once (behaviour section 2).

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{call::Reply, error::ArmError};
use crate::{
    faults::domain::OperationFate,
    resources::{
        Resources,
        disk::DiskEncryptionSet,
        operation::{OperationType, Work},
        record::RecordKind,
    },
};

impl RecordKind {
    fn operations(self) -> OperationType {
        match self {
            Self::Gallery | Self::Definition => OperationType::Caps,
            Self::Disk | Self::EncryptionSet => OperationType::Disk,
            Self::Image => OperationType::Compute,
            Self::Network => OperationType::Network,
        }
    }

    /// Compute's machine side and the Network provider tell when to ask again.
    fn retry_after(self) -> bool {
        matches!(self.operations(), OperationType::Compute | OperationType::Network)
    }
}

/// Nothing but deletion may follow once a resource is being deleted.
pub(crate) fn not_leaving(state: &str, operation: &str, name: &str) -> Result<(), ArmError> {
    if state == "Deleting" {
        return Err(ArmError::not_allowed(format!(
            "Operation '{operation}' is not allowed on '{name}' since it is marked for deletion. You can only retry the \
             Delete operation (or wait for an ongoing one to complete)."
        )));
    }
    Ok(())
}

/// The same, and no write before the running one has ended.
pub(crate) fn writable(state: &str, operation: &str, name: &str) -> Result<(), ArmError> {
    not_leaving(state, operation, name)?;
    if matches!(state, "Creating" | "Updating") { Err(ArmError::concurrent()) } else { Ok(()) }
}

impl Resources {
    /// Begins the operation behind a record that was just stored.
    pub(crate) fn write_begins(&mut self, kind: RecordKind, key: &str, seconds: f64) -> Uuid {
        let work = Work::Written { kind, resource: key.to_owned() };
        self.record_begins(kind, key, work, seconds, None)
    }

    /// What DELETE answers where there is nothing, or where the deletion runs already.
    pub(crate) fn deletion_known(&mut self, kind: RecordKind, key: &str) -> Option<Reply> {
        match self.progress(kind, key) {
            None => Some(Reply::empty(StatusCode::NO_CONTENT)),
            Some(progress) if *progress.state == "Deleting" => {
                Some(Reply::accepted(*progress.operation, kind.retry_after()))
            }
            Some(_) => None,
        }
    }

    /// Begins the deletion of a record that may be deleted; a running write is superseded.
    pub(crate) fn deletion_begins(&mut self, kind: RecordKind, key: &str, seconds: f64) -> Reply {
        let work = Work::Deleted { kind, resource: key.to_owned() };
        let operation = self.record_begins(kind, key, work, seconds, Some("Deleting"));
        Reply::accepted(operation, kind.retry_after())
    }

    fn record_begins(
        &mut self,
        kind: RecordKind,
        key: &str,
        work: Work,
        seconds: f64,
        state: Option<&'static str>,
    ) -> Uuid {
        let location = self.progress(kind, key).map(|progress| progress.location.to_owned()).unwrap_or_default();
        let subscription = self.subscription_of(key);
        let operation = self.begin(kind.operations(), &subscription, &location, work, Some(seconds));
        if let Some(progress) = self.progress(kind, key) {
            *progress.operation = operation;
            *progress.state = state.unwrap_or(progress.state);
        }
        operation
    }

    pub(crate) fn record_written(&mut self, operation: Uuid, kind: RecordKind, key: &str) {
        let fate = self.faults.operation_fate(key);
        let Some(progress) = self.progress(kind, key).filter(|progress| *progress.operation == operation) else {
            return self.end(operation, Err(ArmError::preempted()));
        };
        match fate {
            OperationFate::Fails(error) => {
                *progress.state = "Failed";
                self.end(operation, Err(error));
            }
            OperationFate::Normal => {
                *progress.state = "Succeeded";
                let output = self.record_output(kind, key);
                self.end(operation, Ok(output));
            }
        }
    }

    /// What the `Location` address of a write answers in the end; only disks and their like have one.
    fn record_output(&self, kind: RecordKind, key: &str) -> Option<Value> {
        match kind {
            RecordKind::Disk => self.disks.get(key).map(|disk| self.disk_view(disk)),
            RecordKind::EncryptionSet => self.encryption_sets.get(key).map(DiskEncryptionSet::view),
            _ => None,
        }
    }

    pub(crate) fn record_deleted(&mut self, operation: Uuid, kind: RecordKind, key: &str) {
        if let OperationFate::Fails(error) = self.faults.operation_fate(key) {
            if let Some(progress) = self.progress(kind, key) {
                *progress.state = "Failed";
            }
            return self.end(operation, Err(error));
        }
        match kind {
            RecordKind::Gallery => self.gallery_gone(key),
            RecordKind::Definition => self.definition_gone(key),
            RecordKind::Disk => drop(self.disks.remove(key)),
            RecordKind::EncryptionSet => drop(self.encryption_sets.remove(key)),
            RecordKind::Image => drop(self.images.remove(key)),
            RecordKind::Network => self.network_gone(key),
        }
        self.end(operation, Ok(None));
    }
}
