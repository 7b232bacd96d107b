//! Many versions at rest.

use azimage_end_to_end::{JournalEntry, Kind, Test, manifests};
use serde_json::json;
use tokio::time::Instant;

const DEFINITIONS: usize = 3;
const VERSIONS: usize = 4;
/// The resync interval of the tests' pace, in seconds; each period is up to a tenth longer.
const PERIOD: f64 = 3.0;
const PERIODS: usize = 5;

fn lists(entries: &[JournalEntry], definition: usize) -> usize {
    let path = format!("/images/d{definition}/versions");
    entries.iter().filter(|entry| entry.method == "GET" && entry.path.ends_with(&path)).count()
}

#[tokio::test]
async fn at_rest_there_is_one_list_for_each_definition_and_period_and_no_write_at_all() {
    let test = Test::gated("drift").await;
    for definition in 0..DEFINITIONS {
        let versions = json!([{"name": "1.0.0"}]);
        test.azure.add_definition(json!({"name": format!("d{definition}"), "versions": versions})).await;
    }
    let controller = test.start();
    let names: Vec<String> = (0..DEFINITIONS * VERSIONS).map(|number| format!("copy-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let definition = format!("d{}", number % DEFINITIONS);
        let source = test.azure.version_of(&definition, "1.0.0");
        let copy = manifests::copy(&test.azure, name, &format!("2.0.{number}"), &source);
        test.apply(&manifests::with(copy, "/spec/definition", json!(definition))).await;
    }
    for name in &names {
        test.ready(Kind::Version, name).await;
    }
    let journal = || async { test.azure.journal().await };
    let listed =
        |entries: &[JournalEntry], times: usize| (0..DEFINITIONS).all(|number| lists(entries, number) >= times);
    // The first list of each definition brings its versions into step.
    let ready = journal().await.len();
    test.until("each definition was listed twice", || async { listed(&journal().await[ready..], 2) }).await;
    let (azure, kubernetes, begun) = (journal().await.len(), test.gate().count(), Instant::now());
    test.until("some periods have passed", || async { listed(&journal().await[azure..], PERIODS) }).await;
    let (rest, elapsed) = (journal().await.split_off(azure), begun.elapsed().as_secs_f64());
    let counts: Vec<usize> = (0..DEFINITIONS).map(|number| lists(&rest, number)).collect();
    println!(
        "{} versions of {DEFINITIONS} definitions at rest over {:.1} periods: {counts:?} lists, {} requests to Azure, {} writes to Kubernetes",
        names.len(),
        elapsed / PERIOD,
        rest.len(),
        test.gate().count() - kubernetes,
    );
    assert_eq!(counts.iter().sum::<usize>(), rest.len(), "lists and nothing else");
    for count in counts {
        #[allow(clippy::cast_precision_loss, reason = "a handful")]
        let most = count as f64 - 1.0;
        assert!(most <= elapsed / PERIOD, "{count} lists in {elapsed} s");
    }
    assert_eq!(test.gate().writes()[kubernetes..], [], "at rest nothing is written to Kubernetes");
    test.finish(Some(controller)).await;
}
