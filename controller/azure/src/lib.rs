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

mod assertion;
mod azure_identity;
mod blob;
mod call;
mod certificate;
mod classify;
mod client;
mod cloud;
mod compute;
mod credential;
mod denied;
mod error;
mod error_body;
mod http_transport;
mod json;
mod metadata_service;
mod operation;
mod over_transport;
mod proof;
mod retry_after;
pub mod rights;
mod secret_file;
mod throttle;
mod tls_error;
mod token_error;
mod transport;

#[cfg(test)]
mod fake;

pub use assertion::AssertionSource;
pub use azure_identity::{AzureIdentity, Identity, Now};
pub use blob::LARGEST_LOG;
pub use call::{Call, RandomRequestIds, RequestIds};
pub use client::{Accepted, Client, Pages};
pub use cloud::{Cloud, CloudError};
pub use compute::{
    AdditionalReplicaSet, AgentStatus, Architecture, BootDiagnostics, DataDisk, DataDiskEncryption, DiskController,
    ExecutionState, ExtendedLocation, ExtendedLocationTarget, Feature, Gallery, HyperVGeneration, ImageDefinition,
    ImageSecurityType, ImageSource, ImageVersion, ImageVersionBody, OsDisk, OsDiskEncryption, OsDiskSecurityProfile,
    OsState, OsType, Plan, PowerState, Priority, ProvisioningState, RegionEncryption, RegionState, RegionalReplication,
    ReplicationMode, ReplicationStatus, RunCommand, RunCommandBody, RunCommandInstance, SafetyProfile, SecurityType,
    StorageAccountType, TargetRegion, VirtualMachine, VirtualMachineUpdate,
};
pub use credential::{BearerToken, TokenSource};
pub use error::{Advice, Error, ErrorKind};
pub use http_transport::{HttpTransport, HttpTransportError, HttpTransportOptions};
pub use operation::{OperationFailure, OperationState, OperationStatus, OperationUrl, OperationUrlError};
pub use secret_file::{SecretFile, SecretSource};
pub use throttle::{Budgets, Class, Counts, Jitter, Urgency};
pub use token_error::{TokenError, TokenErrorKind};
pub use transport::{Transport, TransportError, TransportErrorKind};
