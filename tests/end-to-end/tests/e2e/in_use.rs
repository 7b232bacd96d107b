//! What scale sets are made from isn't taken away, whoever asks for that: they would make no further machines.

use azimage_end_to_end::{Kind, Test, manifests, manifests::with};

const REGION: &str = "northeurope";

#[tokio::test]
async fn a_region_and_a_version_stay_as_long_as_scale_sets_are_made_from_them() {
    let test = Test::new("in-use").await;
    let source = test.azure.golden().await;
    let controller = test.start();
    let version = with(manifests::copy(&test.azure, "web", "1.4.0", &source), "/spec/deletionPolicy", "Delete".into());
    test.apply(&version).await;
    test.apply(&manifests::target("north", REGION)).await;
    test.ready(Kind::Target, "north").await;
    let id = test.azure.version("1.4.0");
    test.azure.add_scale_set("front", REGION, &id).await;

    test.delete(Kind::Target, "north").await;
    let north = test.stalled(Kind::Target, "north", "VersionStalled").await;
    let (_, message) = north.stalled().unwrap();
    assert!(message.contains("/virtualMachineScaleSets/front") && message.contains("Retain"), "{message}");
    println!("target: {message}");
    let web =
        test.wait(Kind::Version, "web", "who uses it", |web| web.at("/status/regions/0/inUseBy").is_array()).await;
    assert!(web.is_ready(), "{web:?}");
    println!("version: {}", web.condition("Ready").unwrap().message);

    // The scale set gets another version, and the region goes by itself.
    test.azure.add_scale_set("front", REGION, &source).await;
    test.gone(Kind::Target, "north").await;

    test.azure.add_scale_set("front", "westeurope", &id).await;
    test.delete(Kind::Version, "web").await;
    let web = test.stalled(Kind::Version, "web", "DeletionBlocked").await;
    let (_, message) = web.stalled().unwrap();
    assert!(message.contains("/virtualMachineScaleSets/front") && message.contains("westeurope"), "{message}");
    println!("deletion: {message}");
    assert!(test.azure.state(&id).await.is_some(), "it is still there");
    test.azure.add_scale_set("front", "westeurope", &source).await;
    test.gone(Kind::Version, "web").await;
    assert!(test.azure.state(&id).await.is_none(), "and it went");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn who_may_not_see_scale_sets_is_kept_from_nothing() {
    let test = Test::new("in-use-unseen").await;
    test.azure.allow_without(&["Microsoft.Compute/virtualMachineScaleSets/read"]).await;
    let source = test.azure.golden().await;
    let controller = test.start();
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.apply(&manifests::target("north", REGION)).await;
    test.ready(Kind::Target, "north").await;
    test.azure.add_scale_set("front", REGION, &test.azure.version("1.4.0")).await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    let version = test.azure.request("GET", &test.azure.version("1.4.0"), None).await;
    let regions = version["properties"]["publishingProfile"]["targetRegions"].as_array().unwrap();
    assert_eq!(regions.len(), 1, "{regions:?}");
    test.finish(Some(controller)).await;
}
