//! What the tenant or the subscription forbids: Stalled, naming the policy, lock, provider or quota, and over when it is.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::{Value, json};

use crate::happy_path::WRITES;

/// Until the object says what is in the way; then it is taken away, and the version is made by itself.
async fn until_removed(test: &Test, name: &str, words: &[&str], scenario: &Value) {
    let (_, message) = test.stalled(Kind::Version, name, "RequestRefused").await.stalled().unwrap();
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
    test.azure.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
    let source = test.azure.version_of("golden", "3.0.0");
    let mut controller = test.start();
    let versions = "Microsoft.Compute/galleries/images/versions";
    let policy =
        json!({"name": "only-here", "scope": group, "resourceTypes": [versions], "allowedLocations": ["antarctica"]});
    test.azure.post("/scenario", &json!({"policies": [policy]})).await;
    test.apply(&manifests::copy(&test.azure, "policy", "1.0.0", &source)).await;
    until_removed(&test, "policy", &["RequestDisallowedByPolicy", "only-here"], &json!({"policies": []})).await;

    test.azure.post("/scenario", &json!({"locks": [{"scope": group, "level": "ReadOnly"}]})).await;
    test.apply(&manifests::copy(&test.azure, "lock", "1.0.1", &source)).await;
    until_removed(&test, "lock", &["ScopeLocked", &group], &json!({"locks": []})).await;

    let registered =
        |without: Value| json!({"subscriptions": [{"id": test.azure.subscription, "unregisteredProviders": without}]});
    test.azure.post("/scenario", &registered(json!(["Microsoft.Compute"]))).await;
    test.apply(&manifests::copy(&test.azure, "provider", "1.0.2", &source)).await;
    let words = ["MissingSubscriptionRegistration", "Microsoft.Compute"];
    until_removed(&test, "provider", &words, &registered(json!([]))).await;

    // With the source there are as many as the subscription may have.
    let most = |count: u32| json!({"subscriptions": [{"id": test.azure.subscription, "versionQuotas": {"westeurope": count}}]});
    test.azure.post("/scenario", &most(4)).await;
    test.apply(&manifests::copy(&test.azure, "quota", "1.0.3", &source)).await;
    let words = ["OperationNotAllowed", "exceeding the quota of 4 gallery image versions in region 'westeurope'"];
    until_removed(&test, "quota", &words, &most(5)).await;

    let made = vec!["PUT galleries/images/versions"; 4];
    assert_eq!(classes(&test.azure.writes().await), made, "each is made once");
    // A lock that forbids deletions only.
    test.azure.post("/scenario", &json!({"locks": [{"scope": group, "level": "CanNotDelete"}]})).await;
    test.change(Kind::Version, "policy", &json!({"spec": {"deletionPolicy": "Delete"}})).await;
    test.delete(Kind::Version, "policy").await;
    let (_, message) = test.stalled(Kind::Version, "policy", "RequestRefused").await.stalled().unwrap();
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
    until_removed(&test, "web", &["ScopeLocked", &machine], &json!({"locks": []})).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7]);
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}
