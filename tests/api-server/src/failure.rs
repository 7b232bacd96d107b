//! Errors, as the `Status` objects that an API server answers with.

use http::StatusCode;
use serde_json::{Value, json};

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Such as `FieldValueRequired`.
    pub reason: &'static str,
    /// What is wrong, without the field.
    pub message: String,
    /// The field's path, such as `spec.version`.
    pub field: String,
}

/// A refusal, or an error that somebody injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The HTTP status code.
    pub code: StatusCode,
    /// The reason that clients decide by, such as `NotFound`, or empty.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// `details` of the status, if any.
    pub details: Option<Value>,
}

impl Failure {
    /// Any error.
    pub fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    /// The request can't be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// This server has no such thing, though a real one may have.
    pub fn not_implemented(what: impl std::fmt::Display) -> Self {
        let message = format!("the in-process API server doesn't implement {what}");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// A resource version that has been compacted.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// The object isn't there. `resource` is plural and qualified, such as `leases.coordination.k8s.io`.
    pub fn not_found(resource: &str, name: &str) -> Self {
        let message = format!("{resource} \"{name}\" not found");
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(resource, name)
    }

    /// An object of that name is there.
    pub fn already_exists(resource: &str, name: &str) -> Self {
        let message = format!("{resource} \"{name}\" already exists");
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message).about(resource, name)
    }

    /// The object isn't as the request presumes.
    pub fn conflict(resource: &str, name: &str, why: impl std::fmt::Display) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(resource, name)
    }

    /// The request is understood and not allowed.
    pub fn forbidden(resource: &str, name: &str, why: impl std::fmt::Display) -> Self {
        let message = format!("{resource} \"{name}\" is forbidden: {why}");
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, name)
    }

    /// Fields are invalid. `kind` is qualified, such as `Lease.coordination.k8s.io`.
    pub fn invalid(kind: &str, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let text = if texts.len() == 1 { texts.join("") } else { format!("[{}]", texts.join(", ")) };
        let message = format!("{kind} \"{name}\" is invalid: {text}");
        let failure = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message);
        let mut failure = Self { details: Some(details(kind, name, "kind")), ..failure };
        failure.add_causes(causes);
        failure
    }

    /// The same with causes.
    #[must_use]
    pub fn with_causes(mut self, causes: &[Cause]) -> Self {
        self.add_causes(causes);
        self
    }

    fn add_causes(&mut self, causes: &[Cause]) {
        let list: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        let details = self.details.get_or_insert_with(|| json!({}));
        details["causes"] = Value::Array(list);
    }

    fn about(self, resource: &str, name: &str) -> Self {
        Self { details: Some(details(resource, name, "kind")), ..self }
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code.as_u16(),
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

fn details(qualified: &str, name: &str, key: &str) -> Value {
    let (kind, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    let mut details = json!({key: kind});
    if !name.is_empty() {
        details["name"] = json!(name);
    }
    if !group.is_empty() {
        details["group"] = json!(group);
    }
    details
}
