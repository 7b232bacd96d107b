//! Providers that a subscription uses: `/subscriptions/{id}/providers/{namespace}` (behaviour section 24).

use http::{Method, StatusCode};
use serde_json::json;

use super::{
    call::{Answer, Call, Reply},
    error::ArmError,
    refusals::not_supported,
};
use crate::resources::Resources;

/// The simulated providers.
pub(crate) const KNOWN: [&str; 4] =
    ["Microsoft.Authorization", "Microsoft.Compute", "Microsoft.Insights", "Microsoft.Network"];

/// GET of a provider, POST `register` and `unregister`.
pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let asked = call.address.namespace.as_deref().unwrap_or_default();
    let Some(namespace) = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(asked)) else {
        return Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "InvalidResourceNamespace",
            format!("The resource namespace '{asked}' is invalid."),
        )
        .by_arm());
    };
    let missing = resources.governance.unregistered.entry(call.address.subscription.to_lowercase()).or_default();
    let registered = !missing.iter().any(|missing| missing.eq_ignore_ascii_case(namespace));
    let state = match (call.address.kind().as_str(), call.method) {
        ("", &Method::GET) if registered => "Registered",
        ("", &Method::GET) => "NotRegistered",
        ("register", &Method::POST) => {
            missing.retain(|missing| !missing.eq_ignore_ascii_case(namespace));
            if registered { "Registered" } else { "Registering" }
        }
        ("unregister", &Method::POST) => {
            if registered {
                missing.push(namespace.to_owned());
            }
            "Unregistering"
        }
        _ => return Err(not_supported(call)),
    };
    Ok(Reply::ok(json!({
        "id": format!("/subscriptions/{}/providers/{namespace}", call.address.subscription),
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": state,
        "resourceTypes": [],
    })))
}
