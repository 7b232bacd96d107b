//! One request as the providers see it, and what they answer.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use super::{address::Address, error::ArmError};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) client: String,
    pub(crate) object: String,
}

/// A request that Azure Resource Manager has let through.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) address: &'a Address,
    pub(crate) query: &'a BTreeMap<String, String>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Value,
    pub(crate) principal: &'a Principal,
    /// The tenant's id.
    pub(crate) tenant: &'a str,
    /// `https://host:port`.
    pub(crate) base: &'a str,
    /// May the caller do this action on this scope?
    pub(crate) allowed: &'a dyn Fn(&str, &str) -> bool,
}

impl Call<'_> {
    pub(crate) fn api_version(&self) -> &str {
        self.query.get("api-version").map_or("", String::as_str)
    }

    /// The query asks for `$expand=wanted`.
    pub(crate) fn expands(&self, wanted: &str) -> bool {
        self.query
            .get("$expand")
            .is_some_and(|expand| expand.split(',').any(|part| part.trim().eq_ignore_ascii_case(wanted)))
    }

    /// Does the list that the address names hold `resource`?
    pub(crate) fn lists(&self, resource: &Address) -> bool {
        let key = resource.key();
        let prefix = match self.address.group {
            Some(_) => format!("{}/", self.address.key()),
            None => format!("/subscriptions/{}/", self.address.subscription).to_lowercase(),
        };
        key.strip_prefix(&prefix).is_some_and(|rest| self.address.group.is_none() || !rest.contains('/'))
    }

    /// The body's `location`, checked, in compact spelling.
    pub(crate) fn location(&self) -> Result<String, ArmError> {
        let Some(location) = self.body["location"].as_str().filter(|location| !location.is_empty()) else {
            return Err(ArmError::new(
                StatusCode::BAD_REQUEST,
                "LocationRequired",
                "The location property is required for this definition.",
            )
            .by_arm());
        };
        if crate::regions::display(location).is_none() {
            let kind = self.address.types.join("/");
            return Err(ArmError::new(
                StatusCode::BAD_REQUEST,
                "LocationNotAvailableForResourceType",
                format!(
                    "The provided location '{location}' is not available for resource type '{}/{kind}'. List of available \
                     regions for the resource type is '{}'.",
                    self.address.namespace.as_deref().unwrap_or_default(),
                    crate::regions::all()
                ),
            )
            .by_arm());
        }
        Ok(crate::regions::normal(location))
    }
}

/// When a caller is told to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// It is told nothing.
    Never,
    /// After the seconds of machine operations, which a scenario may set.
    Usual,
    Seconds(u32),
}

/// How the long-running operation behind an answer is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsyncOperation {
    pub(crate) operation: Uuid,
    /// `Location` besides `Azure-AsyncOperation`.
    pub(crate) location: bool,
    pub(crate) retry_after: RetryAfter,
}

/// A provider's answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    pub(crate) async_operation: Option<AsyncOperation>,
    pub(crate) etag: Option<String>,
    /// The resource was not there before.
    pub(crate) created: bool,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), async_operation: None, etag: None, created: false }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, body: None, async_operation: None, etag: None, created: false }
    }

    /// The answer of a PUT or PATCH: a body, `Azure-AsyncOperation` and no `Location`.
    pub(crate) fn written(created: bool, body: Value, operation: Uuid) -> Self {
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        Self {
            async_operation: Some(AsyncOperation { operation, location: false, retry_after: RetryAfter::Never }),
            created,
            ..Self::new(status, body)
        }
    }

    /// The answer of a POST or DELETE: 202, nothing else than where to ask.
    pub(crate) fn accepted(operation: Uuid, retry_after: RetryAfter) -> Self {
        Self {
            async_operation: Some(AsyncOperation { operation, location: true, retry_after }),
            ..Self::empty(StatusCode::ACCEPTED)
        }
    }

    /// The same answer with another `Retry-After`.
    pub(crate) fn asking_again(mut self, retry_after: RetryAfter) -> Self {
        if let Some(announced) = &mut self.async_operation {
            announced.retry_after = retry_after;
        }
        self
    }
}

pub(crate) type Answer = Result<Reply, ArmError>;
