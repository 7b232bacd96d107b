//! The decisions about an `ImageVersion`.
//!
//! ```text
//! object, targets ──validate──▶ Validated ─┐
//! status, process ───────────▶ Memory ─────┼─next──▶ Read(what), which is read and put into Facts; then asked again
//! Azure ─────────────────────▶ Facts ──────┘    └──▶ Plan { step, report, wake } ──next_status──▶ status
//! ```

mod context;
mod doubt;
mod facts;
mod invalid;
mod listed;
mod memory;
mod next;
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

pub use doubt::Doubt;
pub use facts::{
    Absent, BootDiagnostics, ConsoleObserved, DefinitionObserved, Execution, Facts, GOOD_FOR, MarketplacePlan, OsType,
    Power, Provisioning, Question, Read, Reading, Readings, RegionObserved, RegionReplication, SealObserved, SealOf,
    TargetRegionObserved, VersionObserved, VirtualMachineObserved,
};
pub(crate) use listed::{messages, phrases};
pub use memory::Memory;
pub use next::{Next, next};
pub use protocol::{Action, Announced, State, act};
pub use remembered::{Event, Executed, Intent, Remembered};
pub use report::{Plan, Report, Wake};
pub use request::{MachineRequest, Request, RunCommandRequest, SourceId, TargetRegionRequest, VersionRequest};
pub use status::{DOMAIN, next_status, record_intent};
pub use step::{Step, StepKey, Subject};
pub use step_name::StepName;
pub use validate::{Context, GuestSpec, SourceSpec, Validated, Violation, validate};
