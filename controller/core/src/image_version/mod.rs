//! The decisions about an `ImageVersion`.
//!
//! ```text
//! object, targets ──validate──▶ Validated ─┐
//!                    next_read ◀───────────┤   (asked again until nothing is missing)
//! Azure ──────────────▶ Observed ──────────┴─plan──▶ Plan { step, report, wake } ──next_status──▶ status
//! ```

mod absence;
mod capture;
mod checks;
mod compare;
mod deletion;
mod observed;
mod plan;
mod published;
mod readiness;
mod reads;
mod regions;
mod repair;
mod sealing;
mod status;
mod step;
mod tags;
#[cfg(test)]
mod tests;
mod validate;

pub use observed::{
    Absent, BootDiagnostics, ConsoleObserved, DefinitionObserved, Execution, MarketplacePlan, Observed, OsType, Power,
    Provisioning, Reading, RegionObserved, RegionReplication, SealObserved, SourceVersionObserved,
    TargetRegionObserved, VersionObserved, VirtualMachineObserved,
};
pub use plan::{Memory, Plan, ProcessMemory, Report, Wake, plan};
pub use reads::{Read, next_read};
pub use sealing::nonce as seal_nonce;
pub use status::{DOMAIN, next_status, record_intent};
pub use step::{MachineRequest, Step, StepName, TargetRegionRequest, VersionRequest};
pub use validate::{Context, GuestSpec, SourceSpec, TargetView, Validated, Violation, validate};
