//! `kill -9` after each external write: no second effect, no leak, no lost work.
//!
//! A life runs until one chosen write is done, of which it never hears, and is killed there. Its successor has to reach
//! the same end with the same writes to Azure.

use std::time::Duration;

use azimage_end_to_end::{LIMIT, Test, classes};
use futures::{StreamExt, future::ready, stream};

use crate::happy_path::{WRITES, all_is_true, apply_all};

/// Lives that run at the same time: they mostly wait.
const AT_A_TIME: usize = 6;

/// What has to hold at the end of every life.
async fn nothing_happened_twice(test: &Test) {
    all_is_true(test).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES);
}

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn after_azure_write(number: usize) {
    let test = Test::new("restart-azure").await;
    let fault = test.azure.hang_after_write(number).await;
    let first = test.start();
    apply_all(&test).await;
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    let done = classes(&test.azure.writes().await);
    assert_eq!(done, WRITES[..number]);
    test.azure.end_fault(fault).await;
    let second = test.start();
    nothing_happened_twice(&test).await;
    test.finish(Some(second)).await;
    println!("killed after write {number} of {} to Azure, {}: Ready, nothing twice", WRITES.len(), done[number - 1]);
}

#[tokio::test]
async fn killed_after_each_write_to_azure_it_goes_on_without_a_second_effect() {
    stream::iter(1..=WRITES.len()).map(after_azure_write).buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
}

/// Kills azimage after its n-th write to Kubernetes was done and before it hears of it. False when a life ends before
/// it has so many.
async fn after_kubernetes_write(number: usize) -> bool {
    let test = Test::gated("restart-kubernetes").await;
    test.gate().hold_after(number).unwrap();
    let first = test.start();
    apply_all(&test).await;
    let held = tokio::select! {
        held = tokio::time::timeout(LIMIT, test.gate().wait_held()) => Some(held.unwrap()),
        // With a pause, as the last write may come just after everything is true.
        () = async { all_is_true(&test).await; tokio::time::sleep(Duration::from_secs(4)).await; } => None,
    };
    test.kill(first);
    test.gate().release();
    let second = held.is_some().then(|| test.start());
    nothing_happened_twice(&test).await;
    test.finish(second).await;
    let Some(held) = held else {
        println!("a life of fewer than {number} writes to Kubernetes: Ready");
        return false;
    };
    let place = held.path.split('?').next().unwrap_or_default();
    let place = place.rsplit_once(&test.namespace).map_or(place, |(_, rest)| rest);
    println!("killed after write {number} to Kubernetes, {} {place}: Ready, nothing twice", held.method);
    true
}

#[tokio::test]
async fn killed_after_each_write_to_kubernetes_it_goes_on_without_a_second_effect() {
    // Events count as well. How many writes there are depends a little on timing, so lives are lived until one ends
    // before its write comes.
    let lives = stream::iter(1..200).map(after_kubernetes_write).buffered(AT_A_TIME);
    let killed = lives.take_while(|killed| ready(*killed)).count().await;
    assert!(killed >= 20, "only {killed} lives were killed");
}
