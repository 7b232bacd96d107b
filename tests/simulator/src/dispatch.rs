//! The dispatcher: which provider answers a request, and which one handles an event that is due.

use http::Method;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    arm::{
        address::Extension,
        call::{Answer, Call},
        groups, locks,
        provider::Provider,
        records,
        refusals::not_supported,
        registration, resource_list, tags,
    },
    authorization::Authorization,
    compute::{Compute, machine},
    entra::Entra,
    insights::Insights,
    network::Network,
    resources::{Resources, event::Event, operation::OperationType},
};

/// Answers a request that is authenticated, authorized and well-formed.
pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    if call.address.tags {
        return tags::interface(resources, call);
    }
    let kind = call.address.kind();
    if call.address.is_provider() {
        return registration::call(resources, call);
    }
    // A read below something that is not there tells of the parent.
    if call.method == Method::GET && !call.address.is_collection() && call.address.types.len() > 1 {
        let parent = call.address.parent();
        if !kind.starts_with("locations/") && kind != "eventtypes/values" && !resources.is_parent(&parent.key()) {
            return Err(records::below_nothing(resources, call.address));
        }
    }
    let Some(namespace) = &call.address.namespace else {
        return match (call.address.group.is_some(), kind.as_str()) {
            (true, "") => groups::call(resources, call),
            (_, "resources") if call.method == Method::GET => resource_list::list(resources, call),
            (false, "resourcegroups") if call.method == Method::GET => Ok(groups::list(resources, call)),
            (false, "locations") if call.method == Method::GET => Ok(groups::locations(call)),
            _ => Err(not_supported(call)),
        };
    };
    let provider: &dyn Provider = if namespace.eq_ignore_ascii_case("Microsoft.Network") {
        &Network
    } else if kind == "eventtypes/values" {
        &Insights
    } else {
        &Compute
    };
    let answer = provider.call(resources, call);
    if call.method != Method::GET && namespace.eq_ignore_ascii_case("Microsoft.Network") {
        machine::exposure::network_changed(resources);
    }
    answer
}

/// Answers a request to `Microsoft.Authorization` about what the address names.
pub(crate) fn extension(
    resources: &mut Resources,
    directory: &Entra,
    call: &Call<'_>,
    extension: &Extension,
) -> Answer {
    if extension.kind == "locks" {
        locks::call(resources, call, extension)
    } else {
        Authorization { directory }.call(resources, call)
    }
}

/// Handles all events that are due until `now`, each at its own time. Time never goes back.
pub(crate) fn advance(resources: &mut Resources, now: Timestamp) {
    while let Some(event) = resources.due(now) {
        match event {
            Event::OperationEnds(id) => operation_ends(resources, id),
            event => Compute.happens(resources, event),
        }
    }
    resources.now = resources.now.max(now);
}

fn operation_ends(resources: &mut Resources, id: Uuid) {
    let Some(operation) = resources.operations.get(&id).filter(|operation| operation.ended.is_none()) else { return };
    let work = operation.work.clone();
    let provider: &dyn Provider = if operation.kind == OperationType::Network { &Network } else { &Compute };
    provider.operation_ends(resources, id, work);
}
