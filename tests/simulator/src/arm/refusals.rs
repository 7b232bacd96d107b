//! The words in which Azure Resource Manager says that something is not there, or that it does not know how.

use http::StatusCode;

use super::{address::Address, call::Call, error::ArmError};

/// The 404 of a resource, in the words of Azure Resource Manager.
pub(crate) fn not_found(address: &Address) -> ArmError {
    let mut path = String::new();
    for (kind, name) in address.types.iter().zip(&address.names) {
        path.push('/');
        path.push_str(kind);
        path.push('/');
        path.push_str(name);
    }
    ArmError::new(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!(
            "The Resource '{}{path}' under resource group '{}' was not found. For more details please go to \
             https://aka.ms/ARMResourceNotFoundFix",
            address.namespace.as_deref().unwrap_or_default(),
            address.group.as_deref().unwrap_or("<null>")
        ),
    )
    .by_arm()
}

/// The 404 of a write below something that is not there.
pub(crate) fn parent_not_found(parent: &Address) -> ArmError {
    ArmError::new(
        StatusCode::NOT_FOUND,
        "ParentResourceNotFound",
        format!(
            "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
            parent.names.join("/")
        ),
    )
    .by_arm()
}

pub(crate) fn not_supported(call: &Call<'_>) -> ArmError {
    ArmError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "HttpMethodNotSupported",
        format!("The simulator does not know {} {}.", call.method, call.address.id()),
    )
    .by_arm()
}

pub(crate) fn no_subscription(id: &str) -> ArmError {
    ArmError::new(StatusCode::NOT_FOUND, "SubscriptionNotFound", format!("The subscription '{id}' could not be found."))
        .by_arm()
}

pub(crate) fn no_group(name: &str) -> ArmError {
    ArmError::new(
        StatusCode::NOT_FOUND,
        "ResourceGroupNotFound",
        format!("Resource group '{name}' could not be found."),
    )
    .by_arm()
}
