//! The server in process against a real kube-apiserver: the same scripts, the same answers.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod built_in;
mod config_map;
mod normal;
mod run;
mod script;

use azimage_test_api_server::ApiServer;
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

    let sides = Sides { cluster, real, definitions };
    let requests = std::sync::atomic::AtomicUsize::new(0);
    let fixed = script::queries()
        .into_iter()
        .chain([script::strangers(), script::ending(), config_map::script()])
        .map(|script| (0, script))
        .filter(|_| first == 0);
    let generated = (first..first + scripts).map(|seed| (seed, script::generate(seed)));
    let differences: Vec<String> = futures::stream::iter(fixed.chain(generated))
        .map(|(seed, script)| {
            let (sides, requests) = (&sides, &requests);
            async move {
                requests.fetch_add(script.len(), std::sync::atomic::Ordering::Relaxed);
                sides.compare(seed, &script).await?;
                Some(sides.shrink(seed, script).await)
            }
        })
        .buffer_unordered(AT_A_TIME)
        .filter_map(std::future::ready)
        .collect()
        .await;
    println!("{scripts} scripts with {} requests were compared", requests.into_inner());
    assert!(differences.is_empty(), "{} of {scripts} scripts differ:\n{}", differences.len(), differences.join("\n"));
}

/// How long a script that differs is made shorter, step by step.
const SHRINKING: std::time::Duration = std::time::Duration::from_secs(10);

/// Both servers.
struct Sides {
    cluster: &'static azimage_test_cluster::Cluster,
    real: kube::Client,
    definitions: Vec<Value>,
}

impl Sides {
    /// The differences in a script's answers.
    async fn compare(&self, seed: u64, script: &[script::Step]) -> Option<String> {
        let namespace = self.cluster.create_namespace("differential").await.unwrap();
        let server = ApiServer::new(&self.definitions, seed, || "2026-11-01T00:00:00Z".parse().unwrap()).unwrap();
        server.create_namespace(&namespace).unwrap();
        // The real one remembers no changes from before it served the kinds.
        server.compact(server.revision());
        let expected = run::run(&self.real, &namespace, script).await;
        let found = run::run(&server.client(), &namespace, script).await;
        normal::difference(&namespace, script, &expected, &found)
    }

    /// The shortest script found that still differs, with its differences.
    async fn shrink(&self, seed: u64, mut script: Vec<script::Step>) -> String {
        let end = tokio::time::Instant::now() + SHRINKING;
        for index in (0..script.len()).rev().take_while(|_| tokio::time::Instant::now() < end) {
            let mut shorter = script.clone();
            shorter.remove(index);
            if self.compare(seed, &shorter).await.is_some() {
                script = shorter;
            }
        }
        let difference = self.compare(seed, &script).await.unwrap_or_else(|| "not each time".to_owned());
        let steps: Vec<String> = script.iter().map(|step| format!("    {step}")).collect();
        format!("seed {seed}:\n{}\n  {difference}", steps.join("\n"))
    }
}
