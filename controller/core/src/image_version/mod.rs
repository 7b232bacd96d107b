//! The decisions about an `ImageVersion`.
//!
//! ```text
//! object, targets ──validate──▶ Validated ─┐
//! status, process ───────────▶ Memory ─────┼─next──▶ Read(what), which is read and put into Observed; then asked again
//! Azure ─────────────────────▶ Observed ───┘    └──▶ Plan { step, report, wake } ──next_status──▶ status
//! ```

mod context;
mod doubt;
mod invalid;
mod listed;
mod memory;
mod next;
mod observed;
mod protocol;
mod remembered;
mod report;
mod request;
mod route;
mod stage;
mod status;
mod step;
mod step_name;
mod tags;
#[cfg(test)]
mod tests;
mod validate;
mod words;

pub(crate) use listed::{messages, phrases};
pub use memory::{Memory, ProcessMemory};
pub use next::{Next, next};
pub use observed::{
    Absent, BootDiagnostics, ConsoleObserved, DefinitionObserved, Execution, MarketplacePlan, Observed, OsType, Power,
    Provisioning, Read, Reading, RegionObserved, RegionReplication, SealObserved, SourceVersionObserved,
    TargetRegionObserved, VersionObserved, VirtualMachineObserved,
};
pub use protocol::{Action, Announced, State, act};
pub use remembered::{Event, Remembered};
pub use report::{Plan, Report, Wake};
pub use request::{MachineRequest, Request, RunCommandRequest, SourceId, TargetRegionRequest, VersionRequest};
pub use stage::guest::nonce as seal_nonce;
pub use status::{DOMAIN, next_status, record_intent};
pub use step::{Step, Subject};
pub use step_name::StepName;
pub use validate::{Context, GuestSpec, SourceSpec, Validated, Violation, validate};
