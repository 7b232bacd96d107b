//! A small typed client for the parts of Azure Resource Manager that azimage uses.
//!
//! [`Client`] turns typed calls into requests, answers into typed values and failures into one [`Error`] that says
//! what to do next ([`Advice`]). It does no retries, no waiting, no polling: a call for which the budget ([`Budgets`])
//! is used up is not sent, and told for how long. What it needs from the
//! outside comes through two traits, [`Transport`] (one HTTP exchange) and [`TokenSource`] (a bearer token), so the
//! same code runs against Azure, against a simulator and inside a deterministic simulation.
//!
//! Answers are read tolerantly: unknown fields are ignored, unknown values of an enumeration are kept as text,
//! missing optional parts are no error. What Azure must send and did not, or sent with another type, is
//! [`ErrorKind::Malformed`].

mod arm;
mod belonging;
mod compute;
mod http;
mod identity;
mod network;
pub mod rights;
mod temporary;
mod throttle;

#[cfg(test)]
mod fake;

pub use arm::call::{Call, RandomRequestIds, RequestIds};
pub use arm::client::{Accepted, Client, Pages};
pub use arm::cloud::{Cloud, CloudError};
pub use arm::error::{Advice, Error, ErrorKind};
pub use arm::governance::{ManagementLock, Permission};
pub use arm::graph::{ImageUsers, ScaleSet};
pub use arm::locations::Location;
pub use arm::operation::{OperationFailure, OperationStatus, OperationUrl, OperationUrlError};
pub use azimage_names::values::{
    Architecture, BootDiagnostics, DiskController, ExecutionState, HyperVGeneration, ImageSecurityType, OperationState,
    OsState, OsType, PowerState, Priority, ProvisioningState, ReplicationMode, ReplicationState, SecurityType,
    StorageAccountType,
};
pub use belonging::{Belonging, BelongingKind};
pub use compute::blob::LARGEST_LOG;
pub use compute::{
    AdditionalReplicaSet, AgentStatus, AtLeastAtMost, BootRecord, DataDisk, DataDiskEncryption, Disk, DiskBody,
    DiskOnHost, DiskOrigin, ExtendedLocation, ExtendedLocationTarget, Feature, FromImage, Gallery, ImageDefinition,
    ImageDefinitionBody, ImageDefinitionSettings, ImageDisk, ImageReference, ImageSource, ImageVersion,
    ImageVersionBody, ManagedImage, NewImageDefinition, NewMachineBody, NewStorage, OsDisk, OsDiskEncryption,
    OsDiskSecurityProfile, Plan, RegionEncryption, RegionalReplication, ReplicationStatus, RestorePoint,
    RestorePointCollectionBody, RunCommand, RunCommandBody, RunCommandInstance, SafetyProfile, SnapshotBody,
    SoftDeletedVersion, TargetRegion, TrustedLaunch, VirtualMachine, VirtualMachineUpdate,
};
pub use http::http_transport::{HttpTransport, HttpTransportError, HttpTransportOptions};
pub use http::transport::{Transport, TransportError, TransportErrorKind};
pub use identity::assertion::AssertionSource;
pub use identity::azure_identity::{AzureIdentity, Identity, Now, TokenObserver};
pub use identity::credential::{BearerToken, TokenSource};
pub use identity::secret_file::{SecretFile, SecretSource};
pub use identity::token_error::{TokenError, TokenErrorKind};
pub use network::{InterfaceBody, SecurityGroupBody, SecurityRule};
pub use temporary::{RuleOfGroup, TemporaryKind, TemporaryResource};
pub use throttle::{Budgets, Class, Counts, Jitter, Urgency};
