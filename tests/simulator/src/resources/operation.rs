//! Long-running operations.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{machine::Power, record::RecordKind};
use crate::arm::error::ArmError;

/// Under which name an operation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum OperationType {
    /// Gallery side.
    #[serde(rename = "capsOperations")]
    Caps,
    /// Virtual machine side.
    #[serde(rename = "operations")]
    Compute,
    /// Disks and snapshots.
    #[serde(rename = "DiskOperations")]
    Disk,
    /// The Network provider.
    #[serde(rename = "networkOperations")]
    Network,
}

impl OperationType {
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Caps => "capsOperations",
            Self::Compute | Self::Network => "operations",
            Self::Disk => "DiskOperations",
        }
    }
}

/// What an operation does when its time is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Work {
    /// A power change of a machine.
    Power {
        machine: String,
        change: PowerChange,
        /// How it stood with the machine when the change began.
        before: Power,
    },
    MachineCreated {
        machine: String,
    },
    MachineUpdated {
        machine: String,
    },
    MachineDeleted {
        machine: String,
    },
    /// A script; it ends with the guest, not with a timer of its own.
    Script {
        command: String,
    },
    RunCommandDeleted {
        command: String,
    },
    /// Of a record that has nothing but its state to go through.
    Written {
        kind: RecordKind,
        resource: String,
    },
    Deleted {
        kind: RecordKind,
        resource: String,
    },
    GalleryShared {
        gallery: String,
    },
    DisksAttached {
        machine: String,
    },
    VersionWritten {
        version: String,
    },
    VersionDeleted {
        version: String,
        for_good: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum PowerChange {
    Start,
    Restart,
    PowerOff,
    Deallocate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum OperationStatus {
    InProgress,
    Succeeded,
    Failed,
    Canceled,
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Operation {
    pub(crate) id: Uuid,
    pub(crate) kind: OperationType,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) work: Work,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) status: OperationStatus,
    #[serde(skip)]
    pub(crate) error: Option<ArmError>,
    /// What the `Location` address answers at the end.
    pub(crate) output: Option<Value>,
    #[serde(skip)]
    pub(crate) signature: String,
}
