//! What the tenant or the subscription forbids: Stalled, naming the policy, lock, provider or quota, and over when it is.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::{Value, json};

use crate::happy_path::WRITES;

/// Until the object says what is in the way; then it is taken away, and the version is made by itself.
async fn until_removed(test: &Test, name: &str, reason: &str, words: &[&str], scenario: &Value) {
    let (_, message) = test.stalled(Kind::Version, name, reason).await.stalled().unwrap();
    for part in words {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
    println!("{name}: {message}");
    test.azure.post("/scenario", scenario).await;
    test.ready(Kind::Version, name).await;
}

#[tokio::test]
async fn policies_locks_and_providers_are_named_and_once_they_are_gone_the_work_goes_on() {
    let test = Test::alone("denials").await;
    let subscription = format!("/subscriptions/{}", test.azure.subscription);
    let group = format!("{subscription}/resourceGroups/images");
    let source = test.azure.golden().await;
    let mut controller = test.start();
    let versions = "Microsoft.Compute/galleries/images/versions";
    let policy =
        json!({"name": "only-here", "scope": group, "resourceTypes": [versions], "allowedLocations": ["antarctica"]});
    test.azure.post("/scenario", &json!({"policies": [policy]})).await;
    test.apply(&manifests::copy(&test.azure, "policy", "1.0.0", &source)).await;
    until_removed(
        &test,
        "policy",
        "DisallowedByPolicy",
        &["RequestDisallowedByPolicy", "only-here"],
        &json!({"policies": []}),
    )
    .await;

    test.azure.post("/scenario", &json!({"locks": [{"scope": group, "level": "ReadOnly"}]})).await;
    test.apply(&manifests::copy(&test.azure, "lock", "1.0.1", &source)).await;
    until_removed(&test, "lock", "ScopeLocked", &["ScopeLocked", &group], &json!({"locks": []})).await;

    let registered =
        |without: Value| json!({"subscriptions": [{"id": test.azure.subscription, "unregisteredProviders": without}]});
    test.azure.post("/scenario", &registered(json!(["Microsoft.Compute"]))).await;
    test.apply(&manifests::copy(&test.azure, "provider", "1.0.2", &source)).await;
    let words = ["MissingSubscriptionRegistration", "Microsoft.Compute"];
    until_removed(&test, "provider", "ProviderNotRegistered", &words, &registered(json!([]))).await;

    // With the source there are as many as the subscription may have.
    let most = |count: u32| json!({"subscriptions": [{"id": test.azure.subscription, "versionQuotas": {"westeurope": count}}]});
    test.azure.post("/scenario", &most(4)).await;
    test.apply(&manifests::copy(&test.azure, "quota", "1.0.3", &source)).await;
    let words = ["OperationNotAllowed", "exceeding the quota of 4 gallery image versions in region 'westeurope'"];
    until_removed(&test, "quota", "QuotaExceeded", &words, &most(5)).await;

    let made = vec!["PUT galleries/images/versions"; 4];
    assert_eq!(classes(&test.azure.writes().await), made, "each is made once");
    // A lock that forbids deletions only.
    test.azure.post("/scenario", &json!({"locks": [{"scope": group, "level": "CanNotDelete"}]})).await;
    test.change(Kind::Version, "policy", &json!({"spec": {"deletionPolicy": "Delete"}})).await;
    test.delete(Kind::Version, "policy").await;
    let (_, message) = test.stalled(Kind::Version, "policy", "ScopeLocked").await.stalled().unwrap();
    assert!(message.contains("ScopeLocked") && message.contains(&group), "{message}");
    test.azure.post("/scenario", &json!({"locks": []})).await;
    test.gone(Kind::Version, "policy").await;
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_lock_in_the_middle_of_a_capture_is_named_and_nothing_is_done_twice() {
    let test = Test::alone("lock").await;
    let machine = test.azure.machine("builder");
    let mut controller = test.start();
    test.azure.post("/scenario", &json!({"locks": [{"scope": machine, "level": "ReadOnly"}]})).await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    until_removed(&test, "web", "ScopeLocked", &["ScopeLocked", &machine], &json!({"locks": []})).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7]);
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

/// An answer of Azure to the first write of a version, the reason and a part of the message.
const ANSWERS: [(&str, u16, &str, &str, &str, &str); 6] = [
    (
        "tenant",
        403,
        "LinkedAuthorizationFailed",
        "The client has permission to perform action 'Microsoft.Compute/galleries/images/versions/write' on scope \
         '/subscriptions/s'; however, the current tenant 't' is not authorized to access linked subscription \
         '0a1b2c3d-0000-0000-0000-00000000abcd'.",
        "TenantMismatch",
        "no grant helps",
    ),
    (
        "deny",
        403,
        "DenyAssignmentAuthorizationFailed",
        "The access is denied because of the deny assignment with name 'stack'.",
        "DeniedByAssignment",
        "'stack'",
    ),
    (
        "disabled",
        409,
        "ReadOnlyDisabledSubscription",
        "The subscription 's' is disabled and therefore marked as read only.",
        "SubscriptionUnavailable",
        "that it is enabled",
    ),
    (
        "policy",
        403,
        "RequestDisallowedByPolicy",
        "Resource '1' was disallowed by policy.",
        "DisallowedByPolicy",
        "policy",
    ),
    (
        "unknown",
        403,
        "SomethingNew",
        "Azure has its reasons.",
        "RequestRefused",
        "SomethingNew: Azure has its reasons.",
    ),
    (
        "state",
        409,
        "OperationNotAllowed",
        "It is not allowed, for ever.",
        "RequestRefused",
        "It is not allowed, for ever.",
    ),
];

#[tokio::test]
async fn each_refusal_has_its_reason_and_azures_words_and_is_tried_again() {
    let test = Test::new("refusals").await;
    let source = test.azure.golden().await;
    let mut faults = Vec::new();
    for (number, (_, status, code, message, ..)) in ANSWERS.iter().enumerate() {
        let path = format!("/versions/7\\.0\\.{number}$");
        let body = json!({"error": {"code": code, "message": message}});
        let fault = json!({
            "match": {"subscription": test.azure.subscription, "method": "PUT", "path": path},
            "then": {"respond": {"status": status, "body": body}},
        });
        faults.push(test.azure.fault(&fault).await);
    }
    let controller = test.start_with(&[("resync-interval", "3s")]);
    for (number, (name, ..)) in ANSWERS.iter().enumerate() {
        test.apply(&manifests::copy(&test.azure, name, &format!("7.0.{number}"), &source)).await;
    }
    for (name, .., reason, words) in ANSWERS {
        let (_, message) = test.stalled(Kind::Version, name, reason).await.stalled().unwrap();
        assert!(message.contains(words), "'{words}' is not in: {message}");
        println!("{name}: {reason} - {message}");
    }
    for fault in faults {
        test.azure.end_fault(fault).await;
    }
    for (name, ..) in ANSWERS {
        test.ready(Kind::Version, name).await;
    }
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_in_use_blocks_its_deletion_which_is_tried_again() {
    let test = Test::new("in-use").await;
    let source = test.azure.golden().await;
    let controller = test.start();
    let object = manifests::copy(&test.azure, "web", "1.4.0", &source);
    test.apply(&manifests::with(object, "/spec/deletionPolicy", "Delete".into())).await;
    test.ready(Kind::Version, "web").await;
    let message = "Operation 'Image Delete' is not allowed since the Virtual Machines 'a,b' are being provisioned using \
                   the Image '1.4.0'.";
    let fault = json!({
        "match": {"subscription": test.azure.subscription, "method": "DELETE", "path": "/versions/1\\.4\\.0$"},
        "then": {"respond": {"status": 409, "body": {"error": {"code": "OperationNotAllowed", "message": message}}}},
        "times": 3,
    });
    test.azure.fault(&fault).await;
    test.delete(Kind::Version, "web").await;
    let told = test
        .wait(Kind::Version, "web", "blocked", |object| {
            object.condition("Ready").is_some_and(|ready| ready.reason == "DeletionBlocked")
        })
        .await;
    assert!(told.condition("Ready").unwrap().message.contains("being provisioned"), "{told:?}");
    test.gone(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
