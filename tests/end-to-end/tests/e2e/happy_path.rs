//! From a running machine to a published, replicated version, and nothing more.

use std::collections::BTreeMap;

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::{Value, json};

/// The writes that bring one version into three regions, in their order.
pub(crate) const WRITES: [&str; 8] = [
    "PATCH virtualMachines",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines/runCommands",
    "PATCH virtualMachines",
    "POST virtualMachines/deallocate",
    "POST virtualMachines/generalize",
    "PUT galleries/images/versions",
    "PUT galleries/images/versions",
];

/// A version and two targets, one by selector and one by name.
pub(crate) async fn apply_all(test: &Test) {
    test.apply(&manifests::target("north", "North Europe")).await;
    test.apply(&manifests::target_by_name("east", "eastus2", "web")).await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
}

/// Waits until all three objects are Ready, and looks at what stands in Azure.
pub(crate) async fn all_is_true(test: &Test) {
    test.ready(Kind::Version, "web").await;
    for target in ["north", "east"] {
        let what = "ready with one version complete";
        test.wait(Kind::Target, target, what, |object| object.is_ready() && object.at("/status/progress") == "1/1")
            .await;
    }
    let version = test.azure.state(&test.azure.version("1.4.0")).await.expect("the version exists");
    assert_eq!(version["provisioningState"], "Succeeded");
    let publishing = &version["publishing"];
    assert_eq!(publishing["excludeFromLatest"], true, "{version:#}");
    let targets = publishing["targets"].as_array().unwrap();
    assert!(targets.iter().all(|target| target["excludeFromLatest"] == true), "{version:#}");
    let mut regions: Vec<(&str, &Value)> = version["regions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|region| (region["name"].as_str().unwrap(), &region["state"]))
        .collect();
    regions.sort_by_key(|(name, _)| *name);
    let completed = json!("Completed");
    assert_eq!(regions, [("eastus2", &completed), ("northeurope", &completed), ("westeurope", &completed)]);
    let machine = test.azure.state(&test.azure.machine("builder")).await.unwrap();
    assert_eq!(machine["generalized"], true);
    assert_eq!(machine["power"], "deallocated");
    assert_eq!(machine["guest"]["deprovisioned"], true, "the guest was truly sealed");
    assert_eq!(machine["guest"]["unitsStarted"], 1, "the run command ran once");
    assert_eq!(machine["tags"]["team"], "web", "tags of others stay");
}

#[tokio::test]
async fn a_running_machine_becomes_a_version_in_three_regions_and_then_nothing_is_written() {
    let test = Test::gated("happy").await;
    let controller = test.start();
    let begun = tokio::time::Instant::now();
    apply_all(&test).await;
    all_is_true(&test).await;
    let took = begun.elapsed();

    let journal = test.azure.journal().await;
    let writes: Vec<_> = journal.iter().filter(|entry| entry.write).cloned().collect();
    assert_eq!(classes(&writes), WRITES);
    assert!(writes.iter().all(|entry| entry.applied), "no write is refused on the way");
    let mut requests: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &journal {
        *requests.entry(entry.class()).or_default() += 1;
    }
    let kubernetes = test.gate().writes();
    let (events, objects): (Vec<_>, Vec<_>) = kubernetes.iter().partition(|write| write.path.contains("/events"));
    println!(
        "from apply to Ready: {:.1} s; Kubernetes: {} writes of objects, {} of events; Azure: {} writes of {} requests: {requests:?}",
        took.as_secs_f64(),
        objects.len(),
        events.len(),
        writes.len(),
        journal.len(),
    );

    let version = test.ready(Kind::Version, "web").await;
    assert_eq!(version.at("/status/progress"), "3/3 regions, 100%");
    assert_eq!(version.at("/status/resourceId"), &json!(test.azure.version("1.4.0")));
    assert_eq!(version.at("/metadata/finalizers"), &json!(["imageversions.azimage.dev/azure"]));
    let steps: Vec<&str> =
        version.at("/status/steps").as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        ["ClaimSource", "Seal", "ForgetSeal", "MarkSealed", "Deallocate", "Generalize", "Publish", "Update"]
    );

    let printed = test.kubectl(&["get", "azv,azrt"]).await;
    println!("{printed}");
    let row = |name: &str| -> Vec<String> {
        let line = printed.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {printed}"));
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let web = row("imageversion.azimage.dev/web");
    assert_eq!(web[1..7], ["ubuntu-web", "1.4.0", "westeurope", "3/3 regions, 100%", "True", "Succeeded"]);
    assert_eq!(row("replicationtarget.azimage.dev/north")[1..6], ["North Europe", "1", "1/1", "True", "Succeeded"]);

    let events = test.events().await;
    let mut reasons: Vec<&str> = events
        .iter()
        .filter(|event| event.regarding.as_ref().is_some_and(|object| object.kind.as_deref() == Some("ImageVersion")))
        .filter_map(|event| event.reason.as_deref())
        .collect();
    reasons.sort_unstable();
    let expected =
        ["Compatible", "Generalized", "GuestPrepared", "Published", "Replicated", "SourceReady", "Succeeded"];
    let notes: Vec<_> = events.iter().filter_map(|event| event.note.as_deref()).collect();
    assert_eq!(reasons, expected, "{notes:#?}");
    assert!(events.iter().all(|event| event.type_.as_deref() == Some("Normal")));

    // At rest.
    let (azure, kubernetes) = (journal.last().unwrap().seq, test.gate().count());
    let reads = || async { test.azure.journal().await.iter().filter(|entry| entry.seq > azure).count() };
    test.until("three resyncs have read from Azure", || async { reads().await >= 3 }).await;
    let rest: Vec<_> = test.azure.journal().await.into_iter().filter(|entry| entry.seq > azure).collect();
    assert!(rest.iter().all(|entry| entry.class() == "GET galleries/images/versions"), "{:?}", classes(&rest));
    assert_eq!(test.gate().writes()[kubernetes..], [], "at rest nothing is written to Kubernetes");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_is_copied_from_another_one_without_any_machine() {
    let test = Test::new("copy").await;
    test.azure.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
    let controller = test.start();
    let source = test.azure.version_of("golden", "3.0.0");
    test.apply(&manifests::copy(&test.azure, "copy", "1.0.0", &source)).await;
    let object = test.ready(Kind::Version, "copy").await;
    assert_eq!(object.condition("Generalized").unwrap().reason, "NotNeeded");
    let version = test.azure.state(&test.azure.version("1.0.0")).await.unwrap();
    assert_eq!(version["source"]["id"].as_str().map(str::to_lowercase), Some(source.to_lowercase()), "{version:#}");
    assert_eq!(version["publishing"]["excludeFromLatest"], true);
    assert_eq!(classes(&test.azure.writes().await), ["PUT galleries/images/versions"]);
    test.finish(Some(controller)).await;
}
