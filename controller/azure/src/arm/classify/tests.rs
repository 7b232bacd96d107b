use http::Method;
use uuid::Uuid;

use super::*;
use crate::Advice;

fn error(status: u16, retry_after: Option<&str>, body: &str) -> Error {
    let exchange = Exchange {
        method: Method::PUT,
        changes: true,
        subject: "/subscriptions/s".to_owned(),
        correlation_id: Uuid::nil(),
        namespace: "".into(),
        object: None,
        urgency: crate::Urgency::Write,
    };
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    classify(&exchange, &response.body(Bytes::from(body.to_owned())).unwrap())
}

fn wrapped(code: &str, message: &str) -> String {
    serde_json::json!({"error": {"code": code, "message": message}}).to_string()
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn answers_are_told_apart_by_what_to_do_about_them() {
    let wait = |seconds| Advice::ThrottledUntil(Duration::from_secs(seconds));
    for (name, status, code, message, advice) in [
        ("a resource that is missing", 404, "ResourceNotFound", "The Resource '…' was not found.", Advice::NeedsChange),
        (
            "a resource the provider misses",
            404,
            "NotFound",
            "The entity was not found in this Azure location.",
            Advice::NeedsChange,
        ),
        ("a missing right", 403, "AuthorizationFailed", "…", Advice::NeedsChange),
        ("a policy", 403, "RequestDisallowedByPolicy", "…", Advice::NeedsChange),
        ("an expired token", 401, "ExpiredAuthenticationToken", "…", Advice::Retry),
        ("a lock", 409, "ScopeLocked", "…", Advice::NeedsChange),
        (
            "a parallel write",
            409,
            "Conflict",
            "The request failed due to conflict with a concurrent request.",
            Advice::WaitForState,
        ),
        ("a superseded operation", 409, "OperationPreempted", "…", Advice::WaitForState),
        (
            "a machine that is busy",
            409,
            "OperationNotAllowed",
            "Operation 'x' is not allowed on VM 'v' since another operation is in progress.",
            Advice::WaitForState,
        ),
        (
            "a machine that still runs",
            409,
            "OperationNotAllowed",
            "Operation 'generalize' is not allowed on VM 'v' since the VM is running. Please power off explicitly …",
            Advice::WaitForState,
        ),
        (
            "a version that is being deleted",
            409,
            "OperationNotAllowed",
            "Operation 'Update Gallery Image Version' is not on allowed on 1.0.0; since it is marked for deletion.",
            Advice::WaitForState,
        ),
        (
            "a gallery whose children still go",
            409,
            "CannotDeleteResource",
            "Can not delete resource before nested resources are deleted.",
            Advice::WaitForState,
        ),
        (
            "an interface of a machine that failed",
            400,
            "NicReservedForAnotherVm",
            "Nic(s) in request is reserved for another Virtual Machine for 180 seconds.",
            Advice::WaitForState,
        ),
        (
            "a generalized machine",
            409,
            "OperationNotAllowed",
            "Operation 'start' is not allowed on VM 'v' since the VM is generalized.",
            Advice::NeedsChange,
        ),
        (
            "a quota",
            409,
            "OperationNotAllowed",
            "Operation could not be completed as it results in exceeding approved quota.",
            Advice::NeedsChange,
        ),
        (
            "another source",
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'galleryImageVersion…' is not allowed.",
            Advice::NeedsChange,
        ),
        (
            "a version under protection",
            409,
            "DeleteGalleryImageVersionBlockedBeforeEndOfLife",
            "…",
            Advice::NeedsChange,
        ),
        (
            "duplicate regions",
            400,
            "InvalidParameter",
            "Duplicate regions are not allowed in target publishing regions.",
            Advice::NeedsChange,
        ),
        ("a busy source", 409, "OperationNotAllowed", "Too many requests on source 'x'.", wait(120)),
        ("a changed machine", 412, "PreconditionFailed", "…", Advice::WaitForState),
        (
            "throttling with a time in its text",
            429,
            "SubscriptionRequestsThrottled",
            "Number of 'read' requests for subscription actor 'a:b' exceeded. Please try again after '6' seconds after additional tokens are available.",
            wait(6),
        ),
        ("throttling for no time", 429, "ResourceRequestsThrottled", "Please try again after '0' seconds.", wait(1)),
        ("throttling without a time", 429, "TooManyRequests", "…", wait(30)),
        ("a failing service", 503, "ServiceUnavailable", "…", Advice::Retry),
        ("a gateway that gave up", 504, "GatewayTimeout", "…", Advice::Retry),
        ("an unknown api-version", 404, "InvalidResourceType", "…", Advice::NeedsChange),
    ] {
        assert_eq!(error(status, None, &wrapped(code, message)).advice(), advice, "{name}");
    }
}

#[test]
fn compute_throttling_is_told_by_its_status_although_its_code_also_means_never() {
    let body = r#"{"code":"OperationNotAllowed","message":"The server rejected the request because too many requests have been received for this subscription.","details":[{"code":"TooManyRequests","target":"HighCostGet30Min","message":"{\"operationGroup\":\"HighCostGet30Min\"}"}]}"#;
    let error = error(429, Some("1200"), body);
    assert_eq!(error.kind(), &ErrorKind::Throttled { wait: Duration::from_secs(1200), sent: true });
    assert_eq!(error.code(), Some("OperationNotAllowed"));
}

#[test]
fn what_stands_in_the_way_is_told_by_its_code_or_its_words() {
    let kind = |status, code: &str, message: &str| error(status, None, &wrapped(code, message)).kind().clone();
    let linked = "The client has permission to perform action 'Microsoft.Compute/galleries/images/versions/write' on scope '/subscriptions/s'; however, the current tenant 't' is not authorized to access linked subscription '0a1b2c3d-0000-0000-0000-00000000abcd'.";
    let denied = "The client 'c' has permission to perform action 'Microsoft.Compute/galleries/images/versions/write' on scope '/subscriptions/s'; however, the access is denied because of the deny assignment with name 'n' and Id 'i' at scope '/subscriptions/s'.";
    for (status, code, message, expected) in [
        (403, "RequestDisallowedByPolicy", "…", Obstacle::Policy),
        (403, "DenyAssignmentAuthorizationFailed", denied, Obstacle::DenyAssignment),
        (403, "AuthorizationFailed", denied, Obstacle::DenyAssignment),
        (409, "ScopeLocked", "…", Obstacle::Lock),
        (
            409,
            "ReadOnlyDisabledSubscription",
            "The subscription is disabled and therefore marked as read only.",
            Obstacle::Subscription,
        ),
        (404, "SubscriptionNotFound", "The subscription 's' could not be found.", Obstacle::Subscription),
        (403, "LinkedAuthorizationFailed", linked, Obstacle::OtherTenant),
        (401, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer.", Obstacle::OtherTenant),
        (409, "QuotaExceeded", "…", Obstacle::Quota),
        (409, "SnapshotsLimitReached", "The snapshot count was exceeded for a disk.", Obstacle::Quota),
        (409, "OperationNotAllowed", "It results in exceeding approved quota.", Obstacle::Quota),
        (400, "OperationNotAllowed", "It results in exceeding quota limits of Core.", Obstacle::Quota),
        (
            409,
            "OperationNotAllowed",
            "This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is installed on the VM and the osProfile.allowExtensionOperations property is true.",
            Obstacle::Extensions,
        ),
        (409, "MissingSubscriptionRegistration", "…", Obstacle::NotRegistered),
    ] {
        assert_eq!(kind(status, code, message), ErrorKind::Forbidden(expected), "{code}: {message}");
    }
    let images = "Operation 'Image Delete' is not allowed since the Virtual Machines 'a,b' are being provisioned using the Image 'n'.";
    for (code, message) in [("OperationNotAllowed", images), ("OperationNotAllowedOnVMImageAsVMsBeingProvisioned", "…")]
    {
        assert_eq!(kind(409, code, message), ErrorKind::InUse, "{code}");
    }
    assert_eq!(kind(403, "RequestDisallowedByAzure", "Azure takes no new customers there."), ErrorKind::Rejected);
    assert_eq!(kind(403, "SomethingNew", "No."), ErrorKind::Rejected, "no right would help");
    let missing = "does not have authorization to perform action 'Microsoft.Compute/galleries/read' over scope '/s'";
    assert!(matches!(kind(403, "SomethingNew", missing), ErrorKind::Denied { .. }));
}

#[test]
fn a_state_that_forbids_is_settled_by_a_fresh_read() {
    let error = error(409, None, &wrapped("OperationNotAllowed", "Vorgang nicht zulässig."));
    assert_eq!(error.kind(), &ErrorKind::NotAllowed);
    assert_eq!(error.advice_after_read(true), Advice::WaitForState);
    assert_eq!(error.advice_after_read(false), Advice::NeedsChange);
}

#[test]
fn a_page_of_a_proxy_is_never_taken_for_azures_word() {
    for (status, body) in
        [(404, "<html>Not Found</html>"), (404, ""), (400, "bad"), (302, ""), (409, "{}"), (301, "{}")]
    {
        assert_eq!(error(status, None, body).kind(), &ErrorKind::Malformed, "{status} {body}");
    }
    assert_eq!(error(502, None, "<html>Bad Gateway</html>").kind(), &ErrorKind::Transient);
    assert_eq!(error(429, Some("7"), "").kind(), &ErrorKind::Throttled { wait: Duration::from_secs(7), sent: true });
    assert_eq!(error(401, None, "").kind(), &ErrorKind::Unauthenticated);
}

#[test]
fn a_write_may_have_been_carried_out_when_azure_failed_but_not_when_it_refused() {
    for (status, body, applied) in [
        (500, wrapped("InternalServerError", ""), true),
        (504, String::new(), true),
        (408, String::new(), true),
        (409, wrapped("Conflict", ""), false),
        (429, String::new(), false),
        (400, wrapped("InvalidParameter", ""), false),
        (302, String::new(), false),
    ] {
        assert_eq!(error(status, None, &body).possibly_applied(), applied, "{status}");
    }
}

#[test]
fn an_error_reads_as_a_sentence_with_the_right_that_is_missing() {
    let message = "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Compute/galleries/images/versions/write' over scope '/subscriptions/s' or the scope is invalid.";
    let text = error(403, None, &wrapped("AuthorizationFailed", message)).to_string();
    assert_eq!(
        text,
        "PUT /subscriptions/s: the identity may not do Microsoft.Compute/galleries/images/versions/write on /subscriptions/s; grant it that action there (HTTP 403, correlation id 00000000-0000-0000-0000-000000000000)"
    );
}

proptest::proptest! {
    #[test]
    fn every_answer_is_classified(status in 100_u16..600, body in ".{0,200}") {
        let error = error(status, None, &body);
        proptest::prop_assert_eq!(error.status(), Some(status));
        proptest::prop_assert!(error.to_string().len() < 8000);
    }
}

#[test]
fn a_quota_is_a_verdict_and_no_state_to_read_again() {
    let kind_of = |message: &str| {
        let body = ErrorBody { code: "OperationNotAllowed".to_owned(), message: message.to_owned() };
        kind(StatusCode::CONFLICT, Some(&body), None)
    };
    let quota = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.";
    assert!(matches!(kind_of(quota), ErrorKind::Forbidden(Obstacle::Quota)));
    assert!(matches!(kind_of("Operation 'start' is not allowed since the VM is generalized."), ErrorKind::NotAllowed));
}
