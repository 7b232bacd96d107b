//! Resources that are written and deleted in operations of their own and have nothing but their state to go through: how a
//! write and a deletion begin and end, and what happens to the second of two at once (behaviour section 2).

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{
    address::Address,
    call::{Reply, RetryAfter},
    error::ArmError,
    operation,
    refusals::{not_found, parent_not_found},
};
use crate::{
    clock::later,
    faults::domain::OperationOutcome,
    resources::{
        Resources,
        operation::{OperationType, Work},
        record::RecordKind,
    },
    scenario::AbsentParent,
};

impl RecordKind {
    fn operations(self) -> OperationType {
        match self {
            Self::Gallery | Self::Definition => OperationType::Caps,
            Self::Disk | Self::EncryptionSet => OperationType::Disk,
            Self::Image | Self::RestorePointCollection | Self::RestorePoint => OperationType::Compute,
            Self::Network => OperationType::Network,
        }
    }

    /// Of a deletion. Only the Network provider tells when to ask again.
    fn retry_after(self) -> RetryAfter {
        if self == Self::Network { RetryAfter::Usual } else { RetryAfter::Never }
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

/// For a while after a deletion the gateway still routes to the provider.
pub(crate) fn remember_deletion(resources: &mut Resources, key: &str) {
    let (now, lag) = (resources.now, resources.durations.nested_delete_lag);
    resources.deleted.retain(|_, at| now < later(*at, lag));
    resources.deleted.insert(key.to_owned(), now);
}

/// The 404 of a read: the provider's just after a deletion, the gateway's else.
pub(crate) fn not_there(resources: &Resources, address: &Address) -> ArmError {
    let lag = resources.durations.nested_delete_lag;
    if resources.deleted.get(&address.key()).is_some_and(|at| resources.now < later(*at, lag)) {
        return ArmError::new(StatusCode::NOT_FOUND, "NotFound", "The entity was not found in this Azure location.");
    }
    not_found(address)
}

/// The 404 of a read below something that is not there. The Network provider tells of the resource alone; of Compute it isn't
/// known.
pub(crate) fn below_nothing(resources: &Resources, address: &Address) -> ArmError {
    let parent = address.parent();
    let network = address.namespace.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Network"));
    let told = match resources.unknowns.absent_parent {
        AbsentParent::Told => true,
        AbsentParent::Untold => false,
        AbsentParent::BySeed => resources.seed.is_multiple_of(2),
    };
    match (told && !network, address.is_collection()) {
        (true, _) => parent_not_found(&parent),
        (false, true) => not_found(&parent),
        (false, false) => not_found(address),
    }
}

/// Begins the operation behind a record that was just stored.
pub(crate) fn write_begins(resources: &mut Resources, kind: RecordKind, key: &str, seconds: f64) -> Uuid {
    let work = Work::Written { kind, resource: key.to_owned() };
    begins(resources, kind, key, work, seconds, None)
}

/// What DELETE answers where there is nothing, or where the deletion runs already.
pub(crate) fn deletion_known(resources: &mut Resources, kind: RecordKind, key: &str) -> Option<Reply> {
    match resources.progress(kind, key) {
        None => Some(Reply::empty(StatusCode::NO_CONTENT)),
        Some(progress) if *progress.state == "Deleting" => {
            Some(Reply::accepted(*progress.operation, kind.retry_after()))
        }
        Some(_) => None,
    }
}

/// Begins the deletion of a record that may be deleted; a running write is superseded.
pub(crate) fn deletion_begins(resources: &mut Resources, kind: RecordKind, key: &str, seconds: f64) -> Reply {
    let work = Work::Deleted { kind, resource: key.to_owned() };
    let operation = begins(resources, kind, key, work, seconds, Some("Deleting"));
    Reply::accepted(operation, kind.retry_after())
}

fn begins(
    resources: &mut Resources,
    kind: RecordKind,
    key: &str,
    work: Work,
    seconds: f64,
    state: Option<&'static str>,
) -> Uuid {
    let location = resources.progress(kind, key).map(|progress| progress.location.to_owned()).unwrap_or_default();
    let subscription = resources.subscription_of(key);
    let operation = operation::begin(resources, kind.operations(), &subscription, &location, work, Some(seconds));
    if let Some(progress) = resources.progress(kind, key) {
        *progress.operation = operation;
        *progress.state = state.unwrap_or(progress.state);
    }
    operation
}

/// Ends a write. `output`: what the `Location` address answers then.
pub(crate) fn written(
    resources: &mut Resources,
    operation: Uuid,
    kind: RecordKind,
    key: &str,
    output: impl FnOnce(&Resources) -> Option<Value>,
) {
    let outcome = resources.faults.operation_outcome(key);
    let Some(progress) = resources.progress(kind, key).filter(|progress| *progress.operation == operation) else {
        return operation::end(resources, operation, Err(ArmError::preempted()));
    };
    match outcome {
        OperationOutcome::Fails(error) => {
            *progress.state = "Failed";
            operation::end(resources, operation, Err(error));
        }
        OperationOutcome::Normal => {
            *progress.state = "Succeeded";
            let output = output(resources);
            operation::end(resources, operation, Ok(output));
        }
    }
}

/// Ends a deletion; `gone` takes the record away, and what goes with it.
pub(crate) fn deleted(
    resources: &mut Resources,
    operation: Uuid,
    kind: RecordKind,
    key: &str,
    gone: impl FnOnce(&mut Resources),
) {
    if let OperationOutcome::Fails(error) = resources.faults.operation_outcome(key) {
        if let Some(progress) = resources.progress(kind, key) {
            *progress.state = "Failed";
        }
        return operation::end(resources, operation, Err(error));
    }
    gone(resources);
    operation::end(resources, operation, Ok(None));
}
