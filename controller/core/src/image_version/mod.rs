//! The decisions about an `ImageVersion`.
//!
//! ```text
//! object, targets ──validate──▶ Validated ─┐
//! status, process ───────────▶ Memory ─────┼─next──▶ Read(what), which is read and put into Facts; then asked again
//! Azure ─────────────────────▶ Facts ──────┘    └──▶ Plan { step, report, wake } ──next_status──▶ status
//! ```

mod belongings_status;
mod clone_spec;
mod context;
mod cycle;
mod doubt;
mod durations;
pub mod facts;
mod figures;
mod good;
mod history;
mod invalid;
mod keep_spec;
mod line;
mod listed;
mod memory;
mod namespace;
mod next;
mod next_end;
mod protocol;
pub mod refusals;
mod report;
mod request;
pub(crate) mod reverts;
mod route;
mod stage;
mod status;
mod step;
mod step_name;
mod tags;
#[cfg(test)]
mod tests;
mod validate;
mod validation_spec;
pub mod wish;
mod words;
mod workspace_spec;

pub use clone_spec::CloneSpec;
pub use doubt::Doubt;
pub use durations::{Durations, durations};
pub use facts::{
    Absent, ActivityOf, BootDiagnostics, DiskState, Execution, Facts, GOOD_FOR, MarketplacePlan, Operation,
    OperationOf, OsType, Power, Provisioning, Question, Read, Reading, Readings, RegionReplication, Scope, SealOf,
};
pub use figures::{Figures, Phase, figures};
pub use good::GoodVersion;
pub use history::History;
pub use keep_spec::KeepSpec;
pub(crate) use listed::{messages, phrases};
pub use memory::{Event, Executed, Intent, Memory};
pub use next::{Next, next};
pub use next_end::next_end;
pub use protocol::{Action, Announced, State, act};
pub use report::{Belongings, Fate, Found, LatestReport, Plan, Report, Requeue};
pub use request::{
    DeletionRequest, DiskOrigin, DiskRequest, FromVersion, InterfaceRequest, MachineRequest, MadeFrom,
    NewMachineRequest, Request, RestorePointsRequest, RunCommandRequest, SecurityGroupRequest, SnapshotRequest,
    SourceId, TargetRegionRequest, TrustedLaunch, VersionRequest,
};
pub use stage::preflight::{
    actions as foreseen_actions, clone_actions as foreseen_clone_actions,
    deletion_actions as foreseen_deletion_actions, validation_actions as foreseen_validation_actions,
};
pub use status::{DOMAIN, next_status, record_intent};
pub use step::{Step, StepKey, Subject};
pub use step_name::StepName;
pub use validate::{Environment, GuestSpec, SourceSpec, Validated, Violation, conflicts_by, is_in_conflict, validate};
pub(crate) use validate::{id_of, stalled_as_it_is};
pub use validation_spec::{SlowdownSpec, ValidationSpec};
pub use workspace_spec::WorkspaceSpec;
