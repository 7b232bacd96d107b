//! The server in process against a real kube-apiserver: the same scripts, the same answers.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod normal;
mod run;
mod script;

use azimage_simulation::kubernetes::ApiServer;
use futures::StreamExt;
use serde_json::Value;

/// How many scripts run at a time: each waits a second for its watches.
const AT_A_TIME: usize = 12;

#[tokio::test]
async fn the_server_in_process_answers_as_a_real_one() {
    let scripts: u64 = match std::env::var("AZIMAGE_DIFFERENTIAL_SCRIPTS") {
        Ok(count) => count.parse().expect("AZIMAGE_DIFFERENTIAL_SCRIPTS is a number"),
        Err(_) => 48,
    };
    let first: u64 = std::env::var("AZIMAGE_DIFFERENTIAL_FIRST").map_or(0, |seed| seed.parse().unwrap());
    let cluster = azimage_test_cluster::shared().await;
    let definitions: Vec<Value> =
        azimage_crds::manifests().unwrap().into_iter().map(|manifest| manifest.object).collect();
    for definition in &definitions {
        let applied = cluster.kubectl_with_input(&["apply", "-f", "-"], &definition.to_string()).await;
        applied.expect("the definitions are accepted");
    }
    let established = ["wait", "--for=condition=established", "--timeout=30s", "crd", "--all"];
    cluster.kubectl(&established).await.expect("the definitions are served");
    let real = cluster.admin_client().await.unwrap();

    // A definition that is established may still be read into the cache.
    for collection in script::collections("default") {
        while run::send(&real, "GET", &collection, "application/json", None).await.0 != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    let differences: Vec<String> = futures::stream::iter(first..first + scripts)
        .map(|seed| {
            let (real, definitions) = (real.clone(), &definitions);
            async move {
                let namespace = cluster.create_namespace("differential").await.unwrap();
                let server = ApiServer::new(definitions, seed, || "2026-11-01T00:00:00Z".parse().unwrap()).unwrap();
                server.create_namespace(&namespace).unwrap();
                let script = script::generate(seed, &namespace);
                let expected = run::run(&real, &namespace, &script).await;
                let found = run::run(&server.client(), &namespace, &script).await;
                normal::difference(seed, &script, &expected, &found)
            }
        })
        .buffer_unordered(AT_A_TIME)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(differences.is_empty(), "{} of {scripts} scripts differ:\n{}", differences.len(), differences.join("\n"));
}
