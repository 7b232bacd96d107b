//! A storm of 429 around the real program. It has a simulator of its own, as limits hold for all who use one.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

use std::{collections::BTreeMap, time::Duration};

use azimage_end_to_end::{Kind, Test, manifests};
use serde_json::{Value, json};
use tokio::time::Instant;

const DEFINITIONS: usize = 3;
const OBJECTS: usize = 30;

#[tokio::test]
async fn in_a_storm_of_429_tens_of_versions_get_ready_and_nothing_is_asked_inside_a_told_pause() {
    let test = Test::gated("storm").await;
    for definition in 0..DEFINITIONS {
        let versions = json!([{"name": "1.0.0"}]);
        test.azure.add_definition(json!({"name": format!("d{definition}"), "versions": versions})).await;
    }
    // Two reads at once; definitions may be read thirty times in half an hour, which takes eighteen seconds.
    test.azure.throttle(0.01).await;
    let controller = test.start();
    let begun = Instant::now();
    for number in 0..OBJECTS {
        let definition = format!("d{}", number % DEFINITIONS);
        let source = test.azure.version_of(&definition, "1.0.0");
        let copy = manifests::copy(&test.azure, &format!("copy-{number}"), &format!("2.0.{number}"), &source);
        test.apply(&manifests::with(copy, "/spec/definition", json!(definition))).await;
    }
    for number in 0..OBJECTS {
        test.ready(Kind::Version, &format!("copy-{number}")).await;
    }
    let took = begun.elapsed();

    let own = |principal: &Option<String>| principal.as_deref() == Some(test.azure.client.as_str());
    let journal: Vec<_> = test.azure.journal().await.into_iter().filter(|entry| own(&entry.principal)).collect();
    let mut requests: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for entry in &journal {
        let (all, refused) = requests.entry(entry.class()).or_default();
        *all += 1;
        *refused += usize::from(entry.status == Some(429));
    }
    let refused = journal.iter().filter(|entry| entry.status == Some(429)).count();
    let inside = journal.iter().filter(|entry| entry.inside_told_pause).count();
    let kubernetes = test.gate().writes();
    let objects = kubernetes.iter().filter(|write| !write.path.contains("/events")).count();
    let page = format!("http://{}/metrics", controller.address(1).await);
    let page = reqwest::get(&page).await.unwrap().text().await.unwrap();
    let reads = |by: &str| -> u64 {
        let name = format!("azimage_azure_throttled_total{{class=\"reads\",by=\"{by}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    };
    let held_back = reads("azimage");
    println!(
        "{OBJECTS} versions Ready after {:.1} s: {} requests, {refused} refused, {inside} inside a told pause, {held_back} reads held back; by class (all, refused): {requests:?}; Kubernetes: {objects} writes of objects",
        took.as_secs_f64(),
        journal.len(),
    );
    assert!(held_back > 100, "no storm");
    assert!(refused * 4 < journal.len(), "pacing keeps refusals few");
    assert_eq!(inside, 0, "requests inside a told pause");
    let published = journal.iter().filter(|entry| entry.write && entry.applied).count();
    assert_eq!(published, OBJECTS, "each version is written once");
    // Azure's percentages come and go as the turns do. Whatever else stands in a status changes a few times in its life.
    let said = said_beside_percentages(&test);
    assert!(said <= OBJECTS * 10, "passes that are put off write nothing: {said}");
    assert!(objects <= OBJECTS * 30, "each percentage is written once: {objects}");
    // What was held back may come now.
    test.azure.throttle(1.0).await;
    tokio::time::timeout(Duration::from_secs(60), test.finish(Some(controller))).await.unwrap();
}

/// How often the objects changed, but for what Azure told of how far it is.
fn said_beside_percentages(test: &Test) -> usize {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    let mut changes = 0;
    for object in test.history.all() {
        let mut said = json!([object.0["metadata"]["finalizers"], object.0["status"]]);
        if let Some(status) = said[1].as_object_mut() {
            status.retain(|field, _| field != "progress" && field != "regions");
        }
        changes += usize::from(last.get(object.name()) != Some(&said));
        last.insert(object.name().to_owned(), said);
    }
    changes
}
