//! Subscriptions and resource groups (behaviour section 3).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Reply},
    refusals::{no_group, no_subscription},
    tags,
};
use crate::{
    regions,
    resources::{Group, Resources, Subscription},
};

fn subscription_view(subscription: &Subscription, tenant: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "displayName": subscription.name,
        "tenantId": tenant,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off",
        },
    })
}

fn group_view(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    })
}

/// The subscriptions that the caller may see.
pub(crate) fn subscriptions(resources: &Resources, tenant: &str, visible: impl Fn(&str) -> bool) -> Value {
    let views: Vec<Value> = resources
        .subscriptions
        .values()
        .filter(|subscription| visible(&format!("/subscriptions/{}", subscription.id)))
        .map(|subscription| subscription_view(subscription, tenant))
        .collect();
    let count = views.len();
    json!({"value": views, "count": {"type": "Total", "value": count}})
}

pub(crate) fn subscription(resources: &Resources, id: &str, tenant: &str) -> Answer {
    let subscription = resources.subscriptions.get(&id.to_lowercase()).ok_or_else(|| no_subscription(id))?;
    Ok(Reply::ok(subscription_view(subscription, tenant)))
}

/// The regions of a subscription. A name for several is no region by itself.
pub(crate) fn locations(call: &Call<'_>) -> Reply {
    let entry = |name: &str, display: &str, kind: &str| {
        json!({
            "id": format!("/subscriptions/{}/locations/{name}", call.address.subscription),
            "name": name,
            "type": "Region",
            "displayName": display,
            "regionalDisplayName": display,
            "metadata": {"regionType": kind, "regionCategory": "Other"},
        })
    };
    let physical = regions::both_names().map(|(name, display)| entry(name, display, "Physical"));
    let logical = [("europe", "Europe"), ("global", "Global")].map(|(name, display)| entry(name, display, "Logical"));
    Reply::ok(json!({"value": physical.chain(logical).collect::<Vec<_>>()}))
}

pub(crate) fn list(resources: &Resources, call: &Call<'_>) -> Reply {
    let prefix = format!("/subscriptions/{}/", call.address.subscription).to_lowercase();
    let views: Vec<Value> = resources
        .groups
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix))
        .map(|(_, group)| group_view(group))
        .collect();
    Reply::ok(json!({"value": views}))
}

pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.group_key();
    let missing = || no_group(call.address.group.as_deref().unwrap_or_default());
    match *call.method {
        Method::GET => Ok(Reply::ok(group_view(resources.groups.get(&key).ok_or_else(missing)?))),
        Method::HEAD if resources.groups.contains_key(&key) => Ok(Reply::empty(StatusCode::NO_CONTENT)),
        Method::HEAD => Err(missing()),
        Method::PUT => {
            let location = call.location()?;
            let tags = tags::from_body(&call.body)?.unwrap_or_default();
            let created = !resources.groups.contains_key(&key);
            let group = Group {
                id: call.address.id(),
                name: call.address.group.clone().unwrap_or_default(),
                location,
                tags: json!(tags),
            };
            let view = group_view(&group);
            resources.groups.insert(key, group);
            Ok(Reply::new(if created { StatusCode::CREATED } else { StatusCode::OK }, view))
        }
        _ => Err(super::refusals::not_supported(call)),
    }
}
