//! A version becomes latest once it passed its validation, and a bad one goes by one field.

use std::collections::BTreeSet;

use azimage_end_to_end::{Kind, Object, Test, manifests, manifests::with};
use serde_json::{Value, json};

use crate::proven::asking;

const REASON: &str = "it loses logs";

/// The regions in which Azure includes a version in latest.
async fn included(test: &Test, version: &str) -> BTreeSet<String> {
    let state = test.azure.state(&test.azure.version(version)).await.expect("the version exists");
    let publishing = &state["publishing"];
    assert_eq!(publishing["excludeFromLatest"], true, "a region without a flag of its own is out of latest");
    let targets = publishing["targets"].as_array().unwrap().iter();
    let included = targets.filter(|target| target["excludeFromLatest"] == false);
    included.map(|target| target["name"].as_str().unwrap().to_owned()).collect()
}

fn regions(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A version passes its validation, as its status says.
pub(crate) async fn passes(test: &Test, name: &str) {
    let at = "2026-01-01T00:00:00Z";
    let outcome =
        json!({"outcome": "Passed", "region": "westeurope", "startedAt": at, "finishedAt": at, "attempts": 1});
    test.overwrite_status(Kind::Version, name, |status| status["validation"] = outcome).await;
}

/// Waits until this version is latest in so many regions.
pub(crate) async fn latest(test: &Test, version: &str, count: usize) -> Object {
    let is = |object: &Object| {
        let latest = object.at("/status/latest");
        latest["version"] == version && latest["regions"].as_array().is_some_and(|regions| regions.len() == count)
    };
    test.wait(Kind::Definition, "ubuntu-web", &format!("latest {version} in {count} regions"), is).await
}

pub(crate) async fn patch(test: &Test, change: &Value) {
    let change = change.to_string();
    test.kubectl(&["patch", "azid", "ubuntu-web", "--type", "merge", "-p", &change]).await;
}

/// How many writes of a version azimage has sent.
async fn writes(test: &Test, version: &str) -> usize {
    let id = test.azure.version(version);
    test.azure.writes().await.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&id)).count()
}

/// The document that tells how a version came about.
fn evidence(test: &Test, name: &str) -> Value {
    let mut command = std::process::Command::new(&test.environment.programs.azimage);
    command.args(["evidence", name, "-n", &test.namespace, "-o", "json"]);
    let output = command.env("KUBECONFIG", test.kubeconfig()).env("NO_PROXY", "127.0.0.1").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A version that was made from that of `parent`, which was made from `root`, has both in its tags.
async fn has_its_line_in_tags(test: &Test, version: &str, parent: &Object, root: &str) {
    let tags = &test.azure.request("GET", &test.azure.version(version), None).await["tags"];
    let id = parent.at("/status/resourceId").as_str().unwrap();
    let parent = format!("{id} {}", parent.at("/metadata/uid").as_str().unwrap());
    assert_eq!(
        (&tags["azimage-made-from-1"], &tags["azimage-root"], &tags["azimage-steps"]),
        (&json!(parent), &json!(root), &json!("3"))
    );
}

/// What is said of the ancestors of a version.
fn ancestors(reason: &'static str) -> impl Fn(&Object) -> bool {
    move |object| object.condition("AncestorsGood").is_some_and(|it| it.reason == reason)
}

/// The regions in which each write of a version included it, those that changed nothing left out.
async fn inclusions(test: &Test, version: &str) -> Vec<BTreeSet<String>> {
    let id = test.azure.version(version);
    let writes = test.azure.writes().await;
    let of = writes.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&id)).map(|entry| {
        let targets = entry.body["properties"]["publishingProfile"]["targetRegions"].as_array().cloned();
        let included = targets.unwrap_or_default().into_iter().filter(|it| it["excludeFromLatest"] == false);
        included.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    });
    let mut all: Vec<BTreeSet<String>> = of.collect();
    all.dedup();
    all
}

#[tokio::test]
async fn a_version_proves_itself_in_each_region_and_becomes_latest_wave_by_wave() {
    let test = Test::new("waves").await;
    let source = test.azure.golden().await;
    test.azure.add_workspace().await;
    let north = test.azure.add_network("north", "northeurope").await;
    let controller = test.start();
    let definition = manifests::definition(&test.azure, "ubuntu-web", "ubuntu-web");
    let definition = with(with(definition, "/spec/management", json!("Observe")), "/spec/properties", Value::Null);
    let definition = with(definition, "/spec/latest", json!({"policy": "Newest"}));
    test.apply(&definition).await;
    for (name, region, wave) in [("north", "northeurope", 1), ("east", "eastus2", 2)] {
        test.apply(&with(manifests::target(name, region), "/spec/wave", json!(wave))).await;
    }
    let object = asking(&test, manifests::copy(&test.azure, "web", "1.4.0", &source));
    let object = with(object, "/spec/validation/regions", json!("All"));
    let subnets = json!([
        {"region": "westeurope", "resourceId": test.azure.subnet()}, {"region": "northeurope", "resourceId": north},
    ]);
    let object = with(object, "/spec/workspace/subnets", subnets);
    test.apply(&object).await;

    // It is proven where there is a subnet, and said where there is none.
    let version = test.stalled(Kind::Version, "web", "WorkspaceNotReady").await;
    assert!(version.stalled().unwrap().1.contains("eastus2"), "{:?}", version.stalled());
    assert_eq!(version.condition("Validated").unwrap().status, "False");
    let told = |version: &Object| {
        let regions = version.at("/status/validation/regions").as_array().cloned().unwrap_or_default();
        regions.iter().map(|it| (it["name"].clone(), it["outcome"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&version), [(json!("northeurope"), json!("Passed"))]);
    latest(&test, "1.4.0", 2).await;
    let home = regions(&["westeurope"]);
    let both = regions(&["northeurope", "westeurope"]);
    assert_eq!(inclusions(&test, "1.4.0").await, [regions(&[]), home, both]);
    let machines = test.azure.writes().await.into_iter().filter(|it| it.class() == "PUT virtualMachines");
    let at: Vec<Value> = machines.map(|it| it.body["location"].clone()).collect();
    assert_eq!(at, ["westeurope", "westeurope", "northeurope", "northeurope"]);
    assert_eq!(test.azure.workspace().await, Vec::<String>::new(), "nothing is left");

    // With the home region alone the last wave follows.
    let change = json!({"spec": {"validation": {"regions": "Home"}}}).to_string();
    test.kubectl(&["patch", "azv", "web", "--type", "merge", "-p", &change]).await;
    latest(&test, "1.4.0", 3).await;
    let version = test.ready(Kind::Version, "web").await;
    assert_eq!(told(&version), []);
    test.finish(Some(controller)).await;
}

/// A scale set of eastus2 names the definition, and one elsewhere names 1.4.0.
async fn tells_who_follows_in_eastus2(test: &Test) {
    let follows = |object: &Object| {
        let told = object.condition("LatestReady").unwrap();
        told.message.contains("; in eastus2 machines or scale sets follow latest")
    };
    let object = test.wait(Kind::Definition, "ubuntu-web", "telling who follows", follows).await;
    let users = object.at("/status/users");
    assert_eq!(users["followers"], json!([{"region": "eastus2", "virtualMachines": 0, "scaleSets": 1}]));
    assert_eq!((&users["versions"][0]["version"], &users["versions"][0]["scaleSets"]), (&json!("1.4.0"), &json!(1)));
}

#[tokio::test]
async fn a_version_that_passed_becomes_latest_and_a_bad_one_is_rolled_back_by_one_patch() {
    let test = Test::new("promotion").await;
    let source = test.azure.golden().await;
    let controller = test.start();
    let definition = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "metadata": {"name": "ubuntu-web"},
        "spec": {
            "gallery": {"subscriptionId": test.azure.subscription, "resourceGroup": "images", "name": "corpGallery"},
            "management": "Observe", "latest": {"policy": "Newest"},
        },
    });
    test.apply(&definition).await;
    test.apply(&manifests::target("north", "North Europe")).await;
    test.apply(&manifests::copy(&test.azure, "old", "1.3.9", &source)).await;
    let is_told = |object: &Object| object.is_ready() && object.condition("Promoted").is_some();
    let version = test.wait(Kind::Version, "old", "ready, and not latest", is_told).await;
    assert_eq!(version.condition("Promoted").unwrap().reason, "NotValidated");
    test.ready(Kind::Target, "north").await;
    let none = test.ready(Kind::Definition, "ubuntu-web").await;
    assert_eq!(none.condition("LatestReady").unwrap().reason, "NotValidated");
    assert!(included(&test, "1.3.9").await.is_empty());

    // It passes, and is latest in both regions by one write.
    let both = regions(&["northeurope", "westeurope"]);
    let before = writes(&test, "1.3.9").await;
    passes(&test, "old").await;
    latest(&test, "1.3.9", 2).await;
    assert_eq!((included(&test, "1.3.9").await, writes(&test, "1.3.9").await - before), (both.clone(), 1));

    // The next one proves itself, and is latest by at most two writes beside the one that makes it and the one that adds a region.
    test.azure.add_workspace().await;
    let new = manifests::copy(&test.azure, "new", "1.4.0", &source);
    test.apply(&asking(&test, new)).await;
    latest(&test, "1.4.0", 2).await;
    assert_eq!(included(&test, "1.4.0").await, both);
    assert!(writes(&test, "1.4.0").await <= 4);
    let new = test.ready(Kind::Version, "new").await;
    let validated = new.at("/status/validation/finishedAt").clone();
    let tags = &test.azure.request("GET", &test.azure.version("1.4.0"), None).await["tags"];
    assert_eq!(tags["azimage-validated"], validated);
    let evidence = evidence(&test, "new");
    assert_eq!(tags["azimage-evidence"], evidence["digest"]);
    assert_eq!(evidence["record"]["validation"]["finishedAt"], validated);
    let told = |object: &Object| object.at("/status/latest") == "2/2 regions";
    test.wait(Kind::Version, "new", "latest in 2/2 regions", told).await;

    // What somebody includes that didn't pass is taken out again.
    test.apply(&manifests::copy(&test.azure, "unproven", "1.5.0", &test.azure.version("1.4.0"))).await;
    test.wait(Kind::Version, "unproven", "ready", |it| it.is_ready() && it.condition("Promoted").is_some()).await;
    let id = test.azure.version("1.5.0");
    let mut body = test.azure.request("GET", &id, None).await;
    body["properties"]["publishingProfile"]["targetRegions"][0]["excludeFromLatest"] = json!(false);
    test.azure.request("PUT", &id, Some(&body)).await;
    test.until("it is put back", || async { included(&test, "1.5.0").await.is_empty() }).await;

    has_its_line_in_tags(&test, "1.5.0", &new, &source).await;
    test.wait(Kind::Version, "unproven", "made from a good one", ancestors("Succeeded")).await;

    // One patch rolls back. The old one is still included, so only the new one is written.
    let before = writes(&test, "1.3.9").await;
    let pin = json!({
        "metadata": {"annotations": {"azimage.dev/reason": REASON}},
        "spec": {"latest": {"policy": "Pinned", "pinned": "1.3.9"}},
    });
    patch(&test, &pin).await;
    let object = latest(&test, "1.3.9", 2).await;
    assert!(included(&test, "1.4.0").await.is_empty());
    assert_eq!((included(&test, "1.3.9").await, writes(&test, "1.3.9").await - before), (both.clone(), 0));
    let entry = object.at("/status/history/0");
    assert_eq!(
        (&entry["action"], &entry["version"], &entry["policy"]),
        (&json!("RolledBack"), &json!("1.3.9"), &json!("Pinned"))
    );
    assert_eq!((&entry["manager"], &entry["reason"]), (&json!("kubectl-patch"), &json!(REASON)));
    println!("{}", test.kubectl(&["get", "azid,azv"]).await);
    // That is told, and nothing else comes of it.
    let told = |object: &Object| ancestors("AncestorWithdrawn")(object) && object.is_ready();
    let object = test.wait(Kind::Version, "unproven", "ready, and made from a bad one", told).await;
    assert_eq!(object.at("/status/provenance/ancestors/0/withdrawn"), "RolledBack");

    // A region that the pinned one doesn't have keeps the other, and both objects say so, and that somebody follows latest there.
    test.azure
        .add_scale_set("follows", "eastus2", test.azure.version("1.4.0").trim_end_matches("/versions/1.4.0"))
        .await;
    test.azure.add_scale_set("named", "westeurope", &test.azure.version("1.4.0")).await;
    test.apply(&manifests::target_by_name("east", "eastus2", "new")).await;
    test.ready(Kind::Target, "east").await;
    patch(&test, &json!({"spec": {"latest": {"policy": "Newest", "pinned": null}}})).await;
    latest(&test, "1.4.0", 3).await;
    patch(&test, &pin).await;
    let empties = |object: &Object| {
        ["Promoted", "LatestReady"]
            .iter()
            .filter_map(|kind| object.condition(kind))
            .any(|it| it.reason == "RegionWouldBeEmpty")
    };
    let object = test.wait(Kind::Definition, "ubuntu-web", "telling of the region", empties).await;
    let message = object.condition("LatestReady").unwrap().message;
    assert!(message.starts_with("1.4.0 stays latest in eastus2, where 1.3.9 isn't complete"), "{message}");
    tells_who_follows_in_eastus2(&test).await;
    test.wait(Kind::Version, "new", "telling of the region", empties).await;
    assert_eq!(included(&test, "1.4.0").await, regions(&["eastus2"]));
    patch(&test, &json!({"spec": {"latest": {"emptyRegions": "Allow"}}})).await;
    test.until("it is taken out", || async { included(&test, "1.4.0").await.is_empty() }).await;

    // A pin to what doesn't exist changes nothing, and neither does an object that goes.
    patch(&test, &json!({"spec": {"latest": {"pinned": "9.9.9"}}})).await;
    test.stalled(Kind::Definition, "ubuntu-web", "PinnedUnusable").await;
    test.delete(Kind::Definition, "ubuntu-web").await;
    test.gone(Kind::Definition, "ubuntu-web").await;
    assert_eq!(included(&test, "1.3.9").await, both);
    test.finish(Some(controller)).await;
}
