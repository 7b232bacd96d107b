//! The values of Azure's enumerations, each once. Azure adds values without a new api-version, so an unknown one is never
//! an error: it is kept as it came.

mod gallery;
mod machine;
mod open_enum;
mod operation;
mod run_command;

pub use gallery::{ImageSecurityType, OsState, ReplicationMode, ReplicationState, StorageAccountType};
pub use machine::{
    Architecture, BootDiagnostics, DiskController, DiskState, HyperVGeneration, NO_CAPACITY, OsType, PowerState,
    Priority, SecurityType, takes_snapshots_at_once,
};
pub use operation::{OperationState, ProvisioningState};
pub use run_command::ExecutionState;
