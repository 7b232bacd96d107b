//! Targets that come and go, regions of others, and suspension.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

/// A controller and a Ready copy of another version in its home region alone.
async fn ready_copy(test: &Test) {
    let source = test.azure.golden().await;
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.ready(Kind::Version, "web").await;
}

/// The regions in Azure with their replicas, in order.
async fn regions(test: &Test) -> Vec<(String, u64)> {
    let version = test.azure.state(&test.azure.version("1.4.0")).await.unwrap();
    let targets = version["publishing"]["targets"].as_array().unwrap();
    let mut regions: Vec<_> = targets
        .iter()
        .map(|target| {
            let name = target["name"].as_str().unwrap().to_lowercase().replace(' ', "");
            (name, target["replicas"].as_u64().unwrap())
        })
        .collect();
    regions.sort();
    regions
}

fn are(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(name, replicas)| ((*name).to_owned(), *replicas)).collect()
}

async fn wait_for_regions(test: &Test, what: &str, names: &[&str]) {
    test.wait(Kind::Version, "web", what, |object| {
        let wanted = names.iter().map(|name| ((*name).to_owned(), "Completed".to_owned()));
        object.is_ready() && object.regions().into_iter().eq(wanted)
    })
    .await;
}

#[tokio::test]
async fn a_target_adds_its_region_and_takes_it_away_or_leaves_it_as_it_says() {
    let test = Test::new("targets").await;
    let controller = test.start();
    ready_copy(&test).await;
    let north = with(manifests::target("north", "northeurope"), "/spec/replicas", 2.into());
    test.apply(&north).await;
    let east = with(manifests::target("east", "East US 2"), "/spec/deletionPolicy", "Retain".into());
    test.apply(&east).await;
    wait_for_regions(&test, "in three regions", &["eastus2", "northeurope", "westeurope"]).await;
    test.wait(Kind::Target, "north", "complete", |object| object.at("/status/progress") == "1/1").await;
    assert_eq!(regions(&test).await, are(&[("eastus2", 1), ("northeurope", 2), ("westeurope", 1)]));

    // More replicas.
    test.change(Kind::Target, "north", &json!({"spec": {"replicas": 4}})).await;
    test.until("there are four replicas", || async { regions(&test).await[1] == ("northeurope".to_owned(), 4) }).await;
    test.ready(Kind::Version, "web").await;

    // Delete takes the region away, and the target goes only then.
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(regions(&test).await, are(&[("eastus2", 1), ("westeurope", 1)]));

    // Retain leaves it, as a region of nobody here.
    let writes = test.azure.writes().await.len();
    test.delete(Kind::Target, "east").await;
    test.gone(Kind::Target, "east").await;
    assert_eq!(regions(&test).await, are(&[("eastus2", 1), ("westeurope", 1)]));
    let object = test.wait(Kind::Version, "web", "ready with one region of its own", |object| {
        object.is_ready() && object.at("/status/progress") == "1/1 regions, 100%"
    });
    let object = object.await;
    assert_eq!(object.at("/status/regions/0/name"), "eastus2");
    assert_eq!(object.at("/status/regions/0/requestedBy"), &Value::Null);
    assert_eq!(test.azure.writes().await.len(), writes, "nothing is written for that");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_that_a_target_no_longer_selects_leaves_the_region() {
    let test = Test::new("deselect").await;
    let controller = test.start();
    test.apply(&with(manifests::target("north", "northeurope"), "/spec/removalDelay", "2s".into())).await;
    ready_copy(&test).await;
    wait_for_regions(&test, "in two regions", &["northeurope", "westeurope"]).await;
    test.change(Kind::Version, "web", &json!({"metadata": {"labels": {"tier": "dev"}}})).await;
    wait_for_regions(&test, "in one region", &["westeurope"]).await;
    assert_eq!(regions(&test).await, are(&[("westeurope", 1)]));
    test.wait(Kind::Target, "north", "without versions", |object| object.at("/status/progress") == "0/0").await;
    test.change(Kind::Version, "web", &json!({"metadata": {"labels": {"tier": "prod"}}})).await;
    wait_for_regions(&test, "in two regions again", &["northeurope", "westeurope"]).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_region_that_somebody_added_in_azure_is_kept_with_its_replicas() {
    let test = Test::new("foreign").await;
    let controller = test.start();
    ready_copy(&test).await;
    let id = test.azure.version("1.4.0");
    let mut body = test.azure.request("GET", &id, None).await;
    let foreign = json!({"name": "Japan East", "regionalReplicaCount": 3, "storageAccountType": "Standard_LRS"});
    body["properties"]["publishingProfile"]["targetRegions"].as_array_mut().unwrap().push(foreign);
    test.azure.request("PUT", &id, Some(&body)).await;
    test.wait(Kind::Version, "web", "aware of the foreign region", |object| {
        object.is_ready() && object.regions().iter().any(|region| region.0 == "japaneast")
    })
    .await;
    test.apply(&manifests::target("north", "northeurope")).await;
    wait_for_regions(&test, "in three regions", &["japaneast", "northeurope", "westeurope"]).await;
    assert_eq!(regions(&test).await, are(&[("japaneast", 3), ("northeurope", 1), ("westeurope", 1)]));
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(regions(&test).await, are(&[("japaneast", 3), ("westeurope", 1)]));
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.at("/status/regions/0/requestedBy"), &Value::Null, "nobody here asked for it");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_failed_region_is_repaired() {
    let test = Test::new("repair").await;
    let id = test.azure.version("1.4.0");
    let fails = json!({"azure": "RegionFails", "resource": id, "region": "northeurope", "times": 1});
    test.azure.fault(&fails).await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    ready_copy(&test).await;
    wait_for_regions(&test, "in two regions", &["northeurope", "westeurope"]).await;
    let failed = |object: &azimage_end_to_end::Object| object.regions().iter().any(|region| region.1 == "Failed");
    assert!(test.history.all().iter().any(failed), "the failure was told");
    let never_ready_meanwhile = test.history.all().iter().all(|object| !(failed(object) && object.is_ready()));
    assert!(never_ready_meanwhile, "a failed region is never Ready");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn while_suspended_nothing_happens_but_that_a_target_is_let_go() {
    let test = Test::new("suspend").await;
    let controller = test.start();
    let retain = |target| with(target, "/spec/deletionPolicy", "Retain".into());
    test.apply(&retain(manifests::target("north", "northeurope"))).await;
    ready_copy(&test).await;
    wait_for_regions(&test, "in two regions", &["northeurope", "westeurope"]).await;
    // One that is suspended from the start, and one that is suspended now.
    let suspended = manifests::image_version(&test.azure, "later", "2.0.0", "builder");
    test.apply(&with(suspended, "/spec/suspend", true.into())).await;
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": true}})).await;
    let before = test.azure.journal().await.last().unwrap().seq;
    test.apply(&retain(manifests::target_by_name("east", "eastus2", "web"))).await;
    test.wait(Kind::Target, "east", "waiting", |object| object.at("/status/progress") == "0/1").await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    let since: Vec<_> = test.azure.journal().await.into_iter().filter(|entry| entry.seq > before).collect();
    // A read that was under way may end after the suspension.
    assert!(since.iter().all(|entry| !entry.write), "{:?}", classes(&since));
    assert_eq!(regions(&test).await, are(&[("northeurope", 1), ("westeurope", 1)]));
    let machine = test.azure.state(&test.azure.machine("builder")).await.unwrap();
    assert_eq!(machine["tags"].get("azimage-owner"), None, "the suspended object claims nothing");

    for name in ["web", "later"] {
        test.change(Kind::Version, name, &json!({"spec": {"suspend": false}})).await;
    }
    wait_for_regions(&test, "in three regions", &["eastus2", "northeurope", "westeurope"]).await;
    test.ready(Kind::Version, "later").await;
    test.finish(Some(controller)).await;
}
