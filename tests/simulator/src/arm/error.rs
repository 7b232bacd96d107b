//! Azure's errors: a status, a code, a message.

use http::StatusCode;
use serde_json::{Value, json};

/// An answer that refuses a request, or the end of a failed operation (behaviour section 4).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArmError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) target: Option<String>,
    /// Azure Resource Manager itself refused, not the provider behind it.
    pub(crate) gateway: bool,
    /// `additionalInfo`, or null.
    pub(crate) additional_info: Value,
}

impl ArmError {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            target: None,
            gateway: false,
            additional_info: Value::Null,
        }
    }

    /// Refused by the provider because a parameter is wrong.
    pub(crate) fn parameter(target: &str, message: impl Into<String>) -> Self {
        Self { target: Some(target.to_owned()), ..Self::new(StatusCode::BAD_REQUEST, "InvalidParameter", message) }
    }

    pub(crate) fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// The 409 of a state that does not allow the operation.
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::conflict("OperationNotAllowed", message)
    }

    pub(crate) fn property_change(property: &str) -> Self {
        Self {
            target: Some(property.to_owned()),
            ..Self::conflict("PropertyChangeNotAllowed", format!("Changing property '{property}' is not allowed."))
        }
    }

    /// The 409 of two writes at once.
    pub(crate) fn concurrent() -> Self {
        Self::conflict(
            "Conflict",
            "The request failed due to conflict with a concurrent request. To resolve it, please refer to \
             https://aka.ms/activitylog to get more details on the conflicting requests.",
        )
    }

    /// How an operation ends that a newer one took over.
    pub(crate) fn preempted() -> Self {
        Self::conflict("OperationPreempted", "Operation execution has been preempted by a more recent operation.")
    }

    /// Marks the error as Azure Resource Manager's own.
    pub(crate) fn by_arm(self) -> Self {
        Self { gateway: true, ..self }
    }

    /// `{code, message[, target][, additionalInfo]}`, as operations carry it.
    pub(crate) fn inner(&self) -> Value {
        let mut inner = json!({"code": self.code, "message": self.message});
        if let Some(target) = &self.target {
            inner["target"] = json!(target);
        }
        if !self.additional_info.is_null() {
            inner["additionalInfo"] = self.additional_info.clone();
        }
        inner
    }

    /// The envelope of a refused request.
    pub(crate) fn envelope(&self) -> Value {
        json!({"error": self.inner()})
    }
}
