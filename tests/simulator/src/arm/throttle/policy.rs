//! What a request counts against: sizes and names (behaviour section 23).

use http::Method;

use super::bucket::Refill;
use crate::arm::address::Address;

/// In which form Azure refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Resource Manager: `SubscriptionRequestsThrottled`.
    Subscription,
    /// Resource Manager, for one action: `ResourceRequestsThrottled`.
    Resource,
    /// Compute: `OperationNotAllowed` without an `error` around it.
    Compute,
}

/// One limit that a request counts against.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// Name in counts and in bodies of refusals.
    pub(crate) class: String,
    /// Which counter it is.
    pub(crate) key: String,
    pub(crate) size: f64,
    pub(crate) refill: Refill,
    pub(crate) form: Form,
    /// Header, and the policy's name in it where it is a list.
    pub(crate) header: (String, Option<String>),
}

const RESOURCE: &str = "x-ms-ratelimit-remaining-resource";

/// Gallery policies: name, requests in three minutes and in thirty.
fn windows(method: &Method, kind: &str, collection: bool) -> Option<(&'static str, f64, f64)> {
    let write = matches!(*method, Method::PUT | Method::PATCH);
    let delete = *method == Method::DELETE;
    Some(match kind {
        "galleries" if write => ("CreateUpdateGallery", 50.0, 300.0),
        "galleries" if delete => ("DeleteGallery", 50.0, 300.0),
        "galleries" if collection => ("ListGalleryInResourceGroup", 350.0, 2500.0),
        "galleries" => ("GetGallery", 350.0, 2500.0),
        "galleries/images" if write => ("CreateUpdateGalleryImage", 150.0, 750.0),
        "galleries/images" if delete => ("DeleteGalleryImage", 50.0, 300.0),
        "galleries/images" if collection => ("ListGalleryImagesInGallery", 600.0, 3000.0),
        "galleries/images" => ("GetGalleryImage", 600.0, 3000.0),
        "galleries/images/versions" if write => ("CreateUpdateGalleryImageVersion", 375.0, 1200.0),
        "galleries/images/versions" if delete => ("DeleteGalleryImageVersion", 150.0, 1000.0),
        "galleries/images/versions" if collection => ("ListGalleryImageVersionsInGalleryImage", 1500.0, 10000.0),
        "galleries/images/versions" => ("GetGalleryImageVersion", 2000.0, 10000.0),
        "locations/capsoperations" => ("GetOperationStatus", 5000.0, 15000.0),
        _ => return None,
    })
}

/// Machine policies, a minute's refill and the bucket: name, of one resource, of a subscription in a region.
type Minute = (f64, f64);

fn minutes(method: &Method, kind: &str) -> Option<(&'static str, Option<Minute>, Minute)> {
    let write = (Some((4.0, 12.0)), (500.0, 1500.0));
    let (name, (one, all)) = match kind {
        "locations/operations" => ("GetOperation", (Some((15.0, 45.0)), (5000.0, 15000.0))),
        "virtualmachines" if *method == Method::PUT => ("PutVM", write),
        "virtualmachines" if *method == Method::DELETE => ("DeleteVM", write),
        "virtualmachines/deallocate" | "virtualmachines/simulateeviction" => ("DeleteVM", write),
        kind if kind.starts_with("virtualmachines") && *method == Method::GET => {
            ("LowCostGet", (Some((12.0, 36.0)), (8000.0, 24000.0)))
        }
        "virtualmachines/retrievebootdiagnosticsdata" => ("LowCostGet", (Some((12.0, 36.0)), (8000.0, 24000.0))),
        kind if kind.starts_with("virtualmachines") => ("UpdateVM", write),
        _ => return None,
    };
    Some((name, one, all))
}

/// All limits that a request counts against, those of Resource Manager first. `region` is the machine's, where it is
/// known.
pub(crate) fn limits(method: &Method, address: &Address, principal: &str, region: &str) -> Vec<Limit> {
    let subscription = address.subscription.to_lowercase();
    let (word, size, refill) = match *method {
        Method::GET | Method::HEAD => ("reads", 250.0, 25.0),
        Method::DELETE => ("deletes", 200.0, 10.0),
        _ => ("writes", 200.0, 10.0),
    };
    let gateway = |class: &str, principal: &str, times: f64| Limit {
        class: format!("{class}-{word}"),
        key: format!("{subscription}/{principal}/{word}"),
        size: size * times,
        refill: Refill::PerSecond(refill * times),
        form: Form::Subscription,
        header: (format!("x-ms-ratelimit-remaining-{class}-{word}"), None),
    };
    let mut all = vec![gateway("subscription", principal, 1.0), gateway("subscription-global", "", 15.0)];
    let compute = address.namespace.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Compute"));
    if !compute || address.tags || address.is_extension() {
        return all;
    }
    let policy = |name: &str, suffix: &str, key: String, size: f64, refill: Refill, form: Form| Limit {
        class: format!("{name}{suffix}"),
        key,
        size,
        refill,
        form,
        header: (RESOURCE.to_owned(), Some(format!("Microsoft.Compute/{name}{suffix}"))),
    };
    let kind = address.kind();
    if let Some((name, short, long)) = windows(method, &kind, address.is_collection()) {
        for (suffix, size, seconds) in [("3Min", short, 180.0), ("30Min", long, 1800.0)] {
            let key = format!("{subscription}/{name}{suffix}");
            all.push(policy(name, suffix, key, size, Refill::Window(seconds), Form::Compute));
        }
    }
    if kind == "virtualmachines" && address.is_collection() {
        let key = format!("{subscription}/{region}/HighCostGet");
        let refill = Refill::PerSecond(300.0 / 60.0);
        all.push(policy("HighCostGet", "SubscriptionMaximum", key, 900.0, refill, Form::Compute));
    } else if let Some((name, one, (minute, size))) = minutes(method, &kind) {
        let key = format!("{subscription}/{region}/{name}");
        let refill = Refill::PerSecond(minute / 60.0);
        all.push(policy(name, "SubscriptionMaximum", key, size, refill, Form::Compute));
        if let Some((minute, size)) = one {
            let resource = resource(address);
            let key = format!("{resource}/{name}");
            all.push(policy(name, "Resource", key, size, Refill::PerSecond(minute / 60.0), Form::Resource));
        }
    }
    all
}

/// The machine or the operation itself, whatever of it is asked for.
pub(crate) fn resource(address: &Address) -> String {
    let mut whole = address.clone();
    let own = if address.types.first().is_some_and(|kind| kind.eq_ignore_ascii_case("locations")) { 2 } else { 1 };
    whole.types.truncate(own);
    whole.names.truncate(own);
    whole.key()
}
