//! Regions that fail: repaired, or told of after a bounded number of tries. Healthy regions are not touched.

use azimage_end_to_end::{Kind, Test, manifests};
use serde_json::{Value, json};

/// A controller, and a copy of another version that `northeurope` wants, where copying fails as told.
async fn with_failing_region(test: &Test, otherwise: &Value) -> u64 {
    let mut fault = json!({
        "azure": "RegionFails", "resource": test.azure.version("1.4.0"), "region": "North Europe",
        "detail": "Failed with internal server error.",
    });
    for (key, value) in otherwise.as_object().unwrap() {
        fault[key] = value.clone();
    }
    let fault = test.azure.fault(&fault).await;
    let source = test.azure.golden().await;
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    fault
}

async fn puts(test: &Test) -> usize {
    test.azure.writes().await.iter().filter(|entry| entry.class().contains("versions")).count()
}

#[tokio::test]
async fn a_region_that_fails_once_is_repaired_by_the_same_request() {
    let test = Test::new("region-once").await;
    let controller = test.start();
    with_failing_region(&test, &json!({"times": 1})).await;
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.regions().len(), 2);
    assert_eq!(puts(&test).await, 3, "created, updated, repaired");
    test.ready(Kind::Target, "north").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_region_that_stays_failed_is_taken_out_and_added_back() {
    let test = Test::new("region-sticky").await;
    let controller = test.start();
    with_failing_region(&test, &json!({"times": 1, "sticky": true})).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(puts(&test).await, 5, "created, updated, repaired in vain, taken out, added back");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_region_that_never_gets_well_is_given_to_a_person_after_a_few_tries() {
    let test = Test::new("region-never").await;
    let controller = test.start();
    let fault = with_failing_region(&test, &json!({"sticky": true})).await;
    let object = test.stalled(Kind::Version, "web", "ReplicationFailed").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains("northeurope") && message.contains("internal server error"), "{message}");
    let regions = object.regions();
    assert!(regions.contains(&("westeurope".to_owned(), "Completed".to_owned())), "{regions:?}");
    let spent = puts(&test).await;
    assert!((5..=8).contains(&spent), "{spent} writes of the version");
    let target = test.stalled(Kind::Target, "north", "VersionStalled").await;
    let (_, message) = target.stalled().unwrap();
    assert!(message.contains("web is Stalled") && message.contains("internal server error"), "{message}");

    // Somebody mends what was wrong, and asks for another try.
    test.azure.end_fault(fault).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
