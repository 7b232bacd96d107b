//! From a machine that runs on, by a copy of it, to a published version: nothing of the machine is changed, no copy runs in a
//! network, and nothing is left.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// The writes that bring one version of a machine with one data disk into its home region, in their order.
const WRITES: [&str; 16] = [
    "PUT restorePointCollections",
    "PUT restorePointCollections/restorePoints",
    "PUT disks",
    "PUT disks",
    "PUT networkSecurityGroups",
    "PUT networkInterfaces",
    "PUT virtualMachines",
    "PATCH virtualMachines",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines/runCommands",
    "PATCH virtualMachines",
    "POST virtualMachines/deallocate",
    "POST virtualMachines/generalize",
    "PUT galleries/images/versions",
    "DELETE virtualMachines",
    "DELETE restorePointCollections",
];

/// Lives that run at the same time: they mostly wait.
const AT_A_TIME: usize = 4;

/// A machine that somebody keeps: it doesn't consent to anything.
async fn with_a_machine(test: &Test) {
    test.azure.add_workspace().await;
    let machine = json!({"tags": {"team": "web"}, "dataDisks": [{"lun": 3}]});
    test.azure.add_machine("kept", &machine).await;
    test.apply(&manifests::clone(&test.azure, "web", "1.4.0", "kept")).await;
}

/// What the simulator knows of the machine, without what changes by itself.
async fn machine(test: &Test) -> Value {
    let mut state = test.azure.state(&test.azure.machine("kept")).await.unwrap();
    state.as_object_mut().unwrap().retain(|name, _| name != "guest");
    state
}

/// The version is there, the machine is as it was, and nothing is left.
async fn all_is_true(test: &Test, before: &Value) {
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.condition("CleanedUp").unwrap().reason, "Succeeded");
    assert_eq!(object.at("/status/temporary"), &Value::Null);
    assert_eq!(&machine(test).await, before, "the machine itself is as it was");
    let own = |entry: &azimage_end_to_end::JournalEntry| entry.path.contains("/kept") && entry.write;
    let touched: Vec<_> = test.azure.sent().await.into_iter().filter(own).collect();
    assert_eq!(classes(&touched), Vec::<String>::new(), "no write to the machine");
    assert_eq!(test.azure.workspace().await, Vec::<String>::new(), "nothing is left");
    assert_eq!(test.azure.exposed_copies().await, Vec::<Value>::new(), "no copy ran in a network");
    let version = test.azure.state(&test.azure.version("1.4.0")).await.expect("the version exists");
    assert_eq!(
        (&version["provisioningState"], &version["publishing"]["excludeFromLatest"]),
        (&json!("Succeeded"), &json!(true))
    );
}

/// Deletions come in the order in which Azure has finished with what holds the next one.
fn sorted_from_the_version(mut writes: Vec<String>) -> Vec<String> {
    let made = writes.iter().position(|write| write.starts_with("PUT galleries")).map_or(writes.len(), |at| at + 1);
    writes[made..].sort_unstable();
    writes
}

fn expected() -> Vec<String> {
    let mut all: Vec<String> = WRITES.iter().map(ToString::to_string).collect();
    all.push("DELETE networkSecurityGroups".to_owned());
    sorted_from_the_version(all)
}

#[tokio::test]
async fn a_machine_that_runs_on_becomes_a_version_by_a_copy_of_it() {
    let test = Test::new("clone").await;
    with_a_machine(&test).await;
    let before = machine(&test).await;
    let controller = test.start();
    all_is_true(&test, &before).await;
    assert_eq!(before["power"], "running");
    assert_eq!(sorted_from_the_version(classes(&test.azure.writes().await)), expected());
    println!("{}", test.kubectl(&["get", "azv"]).await);
    test.finish(Some(controller)).await;
}

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn after_azure_write(number: usize) {
    let test = Test::new("restart-clone").await;
    let fault = test
        .azure
        .fault(&json!({
            "match": {"subscription": test.azure.subscription, "writes": true, "succeeds": true},
            "skip": number - 1, "times": 1, "effect": "Applied", "then": "Hang",
        }))
        .await;
    with_a_machine(&test).await;
    let before = machine(&test).await;
    let first = test.start();
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    test.azure.end_fault(fault).await;
    let second = test.start();
    all_is_true(&test, &before).await;
    assert_eq!(sorted_from_the_version(classes(&test.azure.writes().await)), expected(), "killed after write {number}");
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_after_each_write_of_a_copy_it_goes_on_without_a_second_effect() {
    let lives = stream::iter(1..=WRITES.len()).map(after_azure_write);
    lives.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn an_object_that_goes_in_the_middle_of_a_copy_leaves_nothing() {
    let test = Test::new("clone-deleted").await;
    with_a_machine(&test).await;
    let controller = test.start();
    let made = || async { classes(&test.azure.writes().await).iter().any(|write| write == "PUT virtualMachines") };
    test.until("the copy is made", made).await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.workspace().await, Vec::<String>::new());
    assert!(test.azure.state(&test.azure.version("1.4.0")).await.is_none());
    test.finish(Some(controller)).await;
}
