//! A version proves itself: two machines are made from it without a network, looked into, and deleted.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests, manifests::with};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// The writes that prove a version, in their order but for the last ones.
const WRITES: [&str; 10] = [
    "PUT networkSecurityGroups",
    "PUT networkInterfaces",
    "PUT networkInterfaces",
    "PUT virtualMachines",
    "PUT virtualMachines",
    "PUT virtualMachines/runCommands",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines",
    "DELETE virtualMachines",
    "DELETE networkSecurityGroups",
];

/// Lives that run at the same time: they mostly wait.
const AT_A_TIME: usize = 4;

/// An image version that is proven, of the machine that every test has.
async fn proven(test: &Test) -> Value {
    test.azure.add_workspace().await;
    let object = manifests::image_version(&test.azure, "web", "1.4.0", "builder");
    asking(test, object)
}

/// The same object, asking for a validation.
pub(crate) fn asking(test: &Test, object: Value) -> Value {
    let workspace = json!({
        "resourceGroup": "image-work",
        "subnets": [{"region": "westeurope", "resourceId": test.azure.subnet()}],
    });
    let validation = json!({
        "vmSizes": ["Standard_D2s_v5", "Standard_D2ds_v5"],
        "checks": [{"name": "hostname-is-new", "script": "test \"$(hostname)\" != builder"}],
        "keepOnFailure": "0s",
    });
    with(with(object, "/spec/workspace", workspace), "/spec/validation", validation)
}

/// The writes of the validation alone.
async fn writes(test: &Test) -> Vec<String> {
    let all = test.azure.writes().await;
    let of_it = all.into_iter().filter(|entry| entry.path.contains("-validation-"));
    classes(&of_it.collect::<Vec<_>>())
}

async fn nothing_is_left(test: &Test, object: &Object) {
    assert_eq!(object.at("/status/temporary"), &Value::Null);
    assert_eq!(test.azure.workspace().await, Vec::<String>::new(), "nothing is left");
    assert_eq!(test.azure.exposed_copies().await, Vec::<Value>::new(), "no machine ran in a network");
}

async fn all_is_true(test: &Test) {
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.condition("Validated").unwrap().status, "True");
    let validation = object.at("/status/validation");
    assert_eq!((&validation["outcome"], &validation["region"]), (&json!("Passed"), &json!("westeurope")));
    let machines = validation["machines"].as_array().unwrap();
    assert_eq!(machines.len(), 2);
    for machine in machines {
        let figures = machine["timings"].as_object().unwrap();
        assert_eq!(figures.len(), 6, "{figures:?}");
        assert!(machine["agentVersion"].is_string() && machine.get("console").is_none());
    }
    assert!(machines.iter().flat_map(|machine| machine["checks"].as_array().unwrap()).all(|it| it["passed"] == true));
    nothing_is_left(test, &object).await;
}

#[tokio::test]
async fn two_machines_from_a_version_prove_it_and_nothing_is_left() {
    let test = Test::new("proven").await;
    let controller = test.start();
    test.apply(&proven(&test).await).await;
    all_is_true(&test).await;
    assert_eq!(writes(&test).await, WRITES);
    let made: Vec<_> = test.azure.writes().await.into_iter().filter(|it| it.class() == "PUT virtualMachines").collect();
    for machine in &made {
        let properties = &machine.body["properties"];
        let os_disk = &properties["storageProfile"]["osDisk"];
        assert_eq!(os_disk["deleteOption"], "Delete");
        assert!(os_disk["diskSizeGB"].as_i64() > Some(30), "it shows whether the root file system grows");
        assert!(properties["osProfile"].get("adminPassword").is_none() && machine.body.get("identity").is_none());
    }
    let sizes = made.iter().map(|machine| machine.body["properties"]["hardwareProfile"]["vmSize"].clone());
    assert_eq!(sizes.collect::<Vec<_>>(), ["Standard_D2s_v5", "Standard_D2ds_v5"]);
    println!("{}", test.kubectl(&["get", "azv", "web", "--output=jsonpath={.status.validation}"]).await);
    println!("{}", test.kubectl(&["events", "--for=imageversion/web"]).await);
    test.finish(Some(controller)).await;
}

/// Kills azimage after its n-th write to Azure for the validation was carried out and before it hears of it.
async fn after_azure_write(number: usize) {
    let test = Test::new("restart-proven").await;
    let object = proven(&test).await;
    let source = test.azure.golden().await;
    let object =
        with(object, "/spec/source", manifests::copy(&test.azure, "web", "1.4.0", &source)["spec"]["source"].clone());
    // The version is made first.
    let fault = test.azure.hang_after_write(number + 1).await;
    test.apply(&object).await;
    let first = test.start();
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    test.azure.end_fault(fault).await;
    let second = test.start();
    all_is_true(&test).await;
    assert_eq!(writes(&test).await, WRITES, "killed after write {number}");
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_after_each_write_it_proves_the_version_once() {
    let lives = stream::iter(1..=WRITES.len()).map(after_azure_write);
    lives.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn an_image_that_keeps_a_machine_alive_fails_and_passes_no_second_time_unasked() {
    let test = Test::new("unproven").await;
    // No resync comes in time.
    let controller = test.start_with(&[("resync-interval", "1h")]);
    // Somebody says that the guest was sealed, and it wasn't.
    test.azure
        .add_machine("careless", &json!({"tags": {"azimage-generalize": "allowed"}, "powerState": "stopped"}))
        .await;
    test.azure.add_workspace().await;
    let object = manifests::image_version(&test.azure, "web", "1.4.0", "careless");
    let object = with(object, "/spec/source/virtualMachine/guest", json!({"prepare": "AlreadyGeneralized"}));
    test.apply(&asking(&test, object)).await;
    let object = test.stalled(Kind::Version, "web", "ValidationFailed").await;
    let (_, message) = object.stalled().unwrap();
    println!("{message}");
    assert!(message.contains("made from the version") || message.contains("never deprovisioned"), "{message}");
    assert_eq!(object.condition("Published").unwrap().status, "True");
    assert_eq!(object.at("/status/validation/outcome"), "Failed");
    let gone = |object: &Object| object.at("/status/temporary") == &Value::Null;
    let object = test.wait(Kind::Version, "web", "rid of the machines", gone).await;
    nothing_is_left(&test, &object).await;
    assert!(object.is_stalled("ValidationFailed"));
    let log = object.at("/status/validation/machines/0/console/log").as_str().unwrap();
    assert!(log.contains("Linux version"), "{log}");
    test.request(Kind::Version, "web").await;
    let again =
        |object: &Object| object.at("/status/validation/attempts") == 2 && object.is_stalled("ValidationFailed");
    test.wait(Kind::Version, "web", "validated again", again).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn what_a_validation_lacks_is_told_before_a_machine_is_made() {
    let test = Test::alone("proven-refused").await;
    test.azure.allow_without(&["Microsoft.Compute/virtualMachines/delete"]).await;
    let controller = test.start();
    test.apply(&proven(&test).await).await;
    let (_, message) = test.stalled(Kind::Version, "web", "AccessDenied").await.stalled().unwrap();
    assert!(message.contains("Microsoft.Compute/virtualMachines/delete") && message.contains("validate"), "{message}");
    assert_eq!(writes(&test).await, Vec::<String>::new());
    test.azure.allow_without(&[]).await;
    test.request(Kind::Version, "web").await;
    all_is_true(&test).await;
    test.finish(Some(controller)).await;
}
