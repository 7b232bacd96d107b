//! What Azure accepts, and what fails later: why is told in Azure's words, and what no repetition cures isn't repeated.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::json;

const TOO_LARGE: &str = "The GalleryImageVersion source resource size 2520 exceeds the max size 2048 supported.";

async fn puts(test: &Test, version: &str) -> usize {
    let path = test.azure.version(version);
    test.azure.writes().await.iter().filter(|entry| entry.method == "PUT" && entry.path == path).count()
}

#[tokio::test]
async fn why_a_creation_failed_is_told_and_only_what_may_pass_is_tried_again() {
    let test = Test::new("fails-late").await;
    let source = test.azure.golden().await;
    for (version, code, message) in
        [("1.5.0", "InvalidParameter", TOO_LARGE), ("1.6.0", "DiskCopyFailed", "The disk copy did not finish.")]
    {
        let resource = test.azure.version(version);
        let fault = json!({"azure": "VersionCreateFails", "resource": resource, "code": code, "message": message});
        test.azure.fault(&fault).await;
    }
    let controller = test.start();
    test.apply(&manifests::copy(&test.azure, "large", "1.5.0", &source)).await;
    test.apply(&manifests::copy(&test.azure, "unlucky", "1.6.0", &source)).await;

    let large = test.stalled(Kind::Version, "large", "PublishFailed").await;
    let published = large.condition("Published").unwrap();
    assert_eq!((published.status.as_str(), published.reason.as_str()), ("False", "PublishFailed"));
    assert!(published.message.contains("InvalidParameter") && published.message.contains("2520"), "{published:?}");
    assert_eq!(puts(&test, "1.5.0").await, 1, "the same request would fail again");
    println!("large: {}", published.message);

    let unlucky = test.stalled(Kind::Version, "unlucky", "PublishFailed").await;
    let (_, message) = unlucky.stalled().unwrap();
    assert!(message.contains("DiskCopyFailed: The disk copy did not finish"), "{message}");
    assert!(message.contains("3 attempts failed"), "{message}");
    assert_eq!(puts(&test, "1.6.0").await, 3);
    let steps = unlucky.at("/status/steps");
    let publish = steps.as_array().unwrap().iter().find(|step| step["name"] == "Publish").unwrap().clone();
    assert_eq!(publish["attempts"], 3, "{publish:#}");
    assert_eq!(publish["failure"]["code"], "DiskCopyFailed", "{publish:#}");
    println!("unlucky: {message}");

    // Another process has no address to ask, and the object has the words.
    test.kill(controller);
    let controller = test.start();
    test.request(Kind::Version, "large").await;
    test.until("it is tried once more, as asked for", || async { puts(&test, "1.5.0").await == 2 }).await;
    let large = test.stalled(Kind::Version, "large", "PublishFailed").await;
    assert!(large.stalled().unwrap().1.contains("InvalidParameter"), "{large:?}");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn why_a_creation_failed_that_a_killed_process_asked_for_is_told_by_the_activity_log() {
    let test = Test::new("fails-unseen").await;
    let source = test.azure.golden().await;
    let version = test.azure.version("1.5.0");
    let fault =
        json!({"azure": "VersionCreateFails", "resource": version, "code": "InvalidParameter", "message": TOO_LARGE});
    test.azure.fault(&fault).await;
    let controller = test.start();
    test.apply(&manifests::copy(&test.azure, "large", "1.5.0", &source)).await;
    test.until("Azure is asked for the version", || async { puts(&test, "1.5.0").await == 1 }).await;
    test.kill(controller);
    let log = format!(
        "/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={}",
        test.azure.subscription,
        "eventTimestamp%20ge%20'2000-01-01T00:00:00Z'%20and%20eventTimestamp%20le%20'2100-01-01T00:00:00Z'",
    );
    let shown = || async { test.azure.request("GET", &log, None).await.to_string().contains("exceeds the max size") };
    test.until("the log shows it", shown).await;

    let controller = test.start();
    let large = test.stalled(Kind::Version, "large", "PublishFailed").await;
    let published = large.condition("Published").unwrap();
    assert!(published.message.contains("InvalidParameter") && published.message.contains("2520"), "{published:?}");
    assert_eq!(puts(&test, "1.5.0").await, 1, "the same request would fail again");
    println!("{}", published.message);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_source_that_does_not_fit_is_found_out_by_the_operation_and_told() {
    let test = Test::new("misfit").await;
    let golden = json!({"name": "golden", "hyperVGeneration": "V1", "versions": [{"name": "3.0.0"}]});
    test.azure.add_definition(golden).await;
    let source = test.azure.version_of("golden", "3.0.0");
    // What azimage compares itself is hidden from it.
    let fault = json!({
        "match": {"subscription": test.azure.subscription, "method": "GET", "path": "/images/golden$"},
        "then": {"edit": {"/properties/hyperVGeneration": "V2"}},
    });
    test.azure.fault(&fault).await;
    let controller = test.start();
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    let web = test.stalled(Kind::Version, "web", "PublishFailed").await;
    let (_, message) = web.stalled().unwrap();
    assert!(message.contains("different Hypervisor generation ['V1']"), "{message}");
    assert_eq!(classes(&test.azure.writes().await), ["PUT galleries/images/versions"]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_deletion_that_fails_says_why_and_is_tried_again() {
    let test = Test::new("undeletable").await;
    let source = test.azure.golden().await;
    let controller = test.start();
    let object = manifests::copy(&test.azure, "web", "1.4.0", &source);
    test.apply(&with(object, "/spec/deletionPolicy", "Delete".into())).await;
    test.ready(Kind::Version, "web").await;
    let fault = json!({
        "azure": "OperationFails", "resource": test.azure.version("1.4.0"), "times": 1,
        "code": "OperationNotAllowed", "message": "it is in use",
    });
    test.azure.fault(&fault).await;
    test.delete(Kind::Version, "web").await;
    let told = test
        .wait(Kind::Version, "web", "told why", |object| {
            object.condition("Ready").is_some_and(|ready| ready.reason == "DeletionBlocked")
        })
        .await;
    let ready = told.condition("Ready").unwrap();
    assert!(ready.message.contains("OperationNotAllowed: it is in use"), "{ready:?}");
    assert!(told.stalled().is_none(), "it goes on by itself");
    // Azure refuses the next two at once.
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.state(&test.azure.version("1.4.0")).await, None);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_outlives_the_rights_on_its_source_and_its_end_of_life() {
    let test = Test::new("past").await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    test.ready(Kind::Version, "web").await;
    let seen = test.azure.journal().await.last().unwrap().seq;
    test.azure.allow_without(&["Microsoft.Compute/virtualMachines/write"]).await;
    test.apply(&manifests::target("north", "northeurope")).await;
    test.ready(Kind::Target, "north").await;
    let writes: Vec<_> = test.azure.writes().await.into_iter().filter(|entry| entry.seq > seen).collect();
    assert_eq!(classes(&writes), ["PUT galleries/images/versions"]);
    assert_eq!(writes[0].body["properties"]["storageProfile"], json!({}), "{:#}", writes[0].body);
    test.finish(Some(controller)).await;
}
