//! Machines that can't be copied, and copies with which Azure doesn't go on: each is told with a reason before anything is made, or
//! ends with nothing left; and nothing is ever written to a machine that is copied.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

/// A machine that isn't copied, the reason, and what the message names.
struct Case {
    name: &'static str,
    machine: Value,
    /// What of the object is otherwise.
    change: (&'static str, Value),
    reason: &'static str,
    words: &'static [&'static str],
}

const NO_CHANGE: &str = "/spec/suspend";
const GROUP: &str = "/spec/workspace/resourceGroup";
const SUBNETS: &str = "/spec/workspace/subnets";
const UNSUPPORTED: &str = "SourceUnsupported";
const NOT_READY: &str = "WorkspaceNotReady";

fn cases() -> Vec<Case> {
    let case = |name, machine, reason, words| Case { name, machine, change: (NO_CHANGE, json!(false)), reason, words };
    let of = |storage: &str| json!({"dataDisks": [{"lun": 0, "storageAccountType": storage}]});
    let keys = "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/k/providers/Microsoft.Compute/diskEncryptionSets/k";
    let data = || json!({"dataDisks": [{"lun": 0}]});
    vec![
        case("guest-keys", json!({"diskEncryption": true}), UNSUPPORTED, &["/disks/guest-keys_OsDisk_1"]),
        case("own-keys", json!({"diskEncryptionSet": keys}), UNSUPPORTED, &["000000000009", "own-keys_OsDisk_1"]),
        case("ultra", of("UltraSSD_LRS"), UNSUPPORTED, &["/disks/ultra_disk0", "UltraSSD_LRS"]),
        case("premium-v2", of("PremiumV2_LRS"), UNSUPPORTED, &["PremiumV2_LRS"]),
        case("ephemeral", json!({"ephemeralOsDisk": true}), UNSUPPORTED, &["ephemeral"]),
        case("shared", data(), UNSUPPORTED, &["/disks/shared_disk0", "shared with other machines"]),
        case("accelerated", data(), "RestorePointUnavailable", &["LUN 0", "clone.consistency: PerDisk"]),
        case("far", json!({"location": "northeurope"}), NOT_READY, &["spec.workspace.subnets", "northeurope"]),
        Case {
            change: (GROUP, json!("nowhere")),
            ..case("no-group", json!({}), NOT_READY, &["spec.workspace.resourceGroup", "nowhere"])
        },
        Case {
            change: (GROUP, json!("locked-work")),
            ..case("locked", json!({}), "ScopeLocked", &["The lock keep on", "locked-work"])
        },
        Case {
            change: (GROUP, json!("tagged-work")),
            ..case("untagged", json!({}), "DisallowedByPolicy", &["cost-center-wanted", "spec.workspace.tags"])
        },
    ]
}

/// An object that clones a machine, of which nothing is kept when it can't be captured.
fn object(test: &Test, name: &str, version: &str) -> Value {
    let object = manifests::clone(&test.azure, name, version, name);
    with(object, "/spec/source/virtualMachine/clone/keepOnFailure", "0s".into())
}

fn group(test: &Test, name: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{name}", test.azure.subscription)
}

/// What is in a resource group.
async fn left(test: &Test, name: &str) -> Vec<String> {
    let listed = test.azure.request("GET", &format!("{}/resources", group(test, name)), None).await;
    listed["value"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// A policy that forbids disks, so that copies stop in the middle; one that demands a tag; and one that forbids public addresses.
async fn policies(test: &Test, holds: bool) {
    let mut all = vec![
        json!({"name": "cost-center-wanted", "scope": group(test, "tagged-work"), "requiredTag": "cost-center"}),
        json!({
            "name": "no-addresses", "scope": format!("/subscriptions/{}", test.azure.subscription),
            "resourceTypes": ["Microsoft.Network/publicIPAddresses"],
        }),
    ];
    if holds {
        let scope = group(test, "held-work");
        all.push(json!({"name": "no-disks", "scope": scope, "resourceTypes": ["Microsoft.Compute/disks"]}));
    }
    test.azure.post("/scenario", &json!({"policies": all})).await;
}

/// An Azure of many resource groups, in which azimage may do everything.
async fn prepare(test: &Test) {
    test.azure.add_workspace().await;
    let network = |name: &str, prefix: &str, location: &str| {
        json!({
            "name": name, "location": location, "addressPrefix": prefix, "subnets": [{"name": "only", "addressPrefix": prefix}],
        })
    };
    let full = subnet(test, "full");
    let interface = |number: u32| json!({"name": format!("nic-{number}"), "subnet": full});
    let more = json!({
        "name": "network",
        "virtualNetworks": [network("full", "10.1.0.0/29", "westeurope"), network("far", "10.2.0.0/24", "northeurope")],
        "networkInterfaces": [interface(1), interface(2), interface(3)],
    });
    let groups = json!([more, {"name": "locked-work"}, {"name": "tagged-work"}, {"name": "held-work"}]);
    let roles = json!([{"scope": format!("/subscriptions/{}", test.azure.subscription), "actions": ["*"]}]);
    test.azure
        .post(
            "/scenario",
            &json!({
                "subscriptions": [{"id": test.azure.subscription, "resourceGroups": groups}],
                "clients": [{"id": test.azure.client, "secret": test.azure.secret, "roles": roles}],
                "locks": [{"scope": group(test, "locked-work"), "name": "keep", "level": "CanNotDelete"}],
                "soldOut": [{"region": "westeurope", "vmSize": "Standard_M8ms", "code": "QuotaExceeded"}],
            }),
        )
        .await;
    policies(test, true).await;
}

fn subnet(test: &Test, network: &str) -> String {
    test.azure.subnet().replace("/hub/subnets/work", &format!("/{network}/subnets/only"))
}

/// What Azure says of something otherwise than the simulator has it.
async fn edited(test: &Test, path: &str, edit: Value) {
    let matched = json!({"subscription": test.azure.subscription, "method": "GET", "path": path});
    test.azure.fault(&json!({"match": matched, "then": {"edit": edit}})).await;
}

async fn told(test: &Test, name: &str, reason: &str, words: &[&str]) -> Object {
    let object = test.stalled(Kind::Version, name, reason).await;
    let (_, message) = object.stalled().unwrap();
    for word in words {
        assert!(message.contains(word), "{name}: '{word}' is not in: {message}");
    }
    println!("{name}: {reason} - {message}");
    object
}

/// Applies an object that isn't worked on yet; the answer is what the names of its copy begin with.
async fn suspended(test: &Test, name: &str, version: &str) -> String {
    test.azure.add_machine(name, &json!({})).await;
    test.apply(&with(object(test, name, version), "/spec/suspend", true.into())).await;
    let known = test.wait(Kind::Version, name, "there", |_| true).await;
    format!("azimage-{}", known.at("/metadata/uid").as_str().unwrap())
}

async fn nothing_is_left_of(test: &Test, name: &str) {
    let clean = |object: &Object| object.at("/status/temporary") == &Value::Null;
    test.wait(Kind::Version, name, "left with nothing", clean).await;
}

/// What was just asked for may turn up for three minutes of azimage's own clock, also if Azure refused it.
async fn begun_long_ago(test: &Test, name: &str) {
    let forget = |status: &mut Value| {
        for step in status["steps"].as_array_mut().unwrap() {
            step["startedAt"] = "2020-01-01T00:00:00Z".into();
        }
    };
    test.overwrite_status(Kind::Version, name, forget).await;
}

/// Nothing of what azimage has written is of a machine that is copied.
async fn no_source_is_written(test: &Test) {
    let sent = test.azure.sent().await;
    let of_sources = |path: &str| path.contains("/resourceGroups/images/") && !path.contains("/galleries/");
    let touched: Vec<_> = sent.into_iter().filter(|entry| entry.write && of_sources(&entry.path)).collect();
    assert_eq!(classes(&touched), Vec::<String>::new());
}

/// Machines that are changed while Azure refuses to go on with their copies.
async fn changed_in_the_middle(test: &Test) {
    let names = ["gone", "replaced", "resized", "restarted"];
    for (index, name) in names.iter().enumerate() {
        test.azure.add_machine(name, &json!({})).await;
        let object = object(test, name, &format!("2.0.{index}"));
        test.apply(&with(object, GROUP, "held-work".into())).await;
    }
    for name in names {
        told(test, name, "DisallowedByPolicy", &["no-disks"]).await;
    }
    assert_eq!(left(test, "held-work").await.len(), names.len(), "a snapshot of each");
    for name in ["gone", "replaced"] {
        test.azure.change_machine(name, &json!({"deleted": true})).await;
    }
    test.azure.add_machine("replaced", &json!({})).await;
    let larger = json!({"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}});
    test.azure.request("PATCH", &test.azure.machine("resized"), Some(&larger)).await;
    for power in ["deallocated", "running"] {
        test.azure.change_machine("restarted", &json!({"powerState": power})).await;
    }
    told(test, "gone", "SourceNotFound", &["spec.source.virtualMachine.resourceId"]).await;
    told(test, "replaced", "CloneFailed", &["another vmId"]).await;
    for name in ["gone", "replaced"] {
        begun_long_ago(test, name).await;
        nothing_is_left_of(test, name).await;
    }
    policies(test, false).await;
    for name in ["resized", "restarted"] {
        test.ready(Kind::Version, name).await;
    }
    let made = test.azure.writes().await.into_iter().filter(|write| write.class() == "PUT virtualMachines");
    let sizes: Vec<Value> = made.map(|write| write.body["properties"]["hardwareProfile"]["vmSize"].clone()).collect();
    assert!(sizes.contains(&json!("Standard_D4s_v5")), "{sizes:?}");
    assert_eq!(left(test, "held-work").await, Vec::<String>::new());
}

/// Copies with which Azure doesn't go on; the answer is a disk of somebody else that has the name of one of a copy.
async fn refused_in_the_middle(test: &Test) -> String {
    for (index, name) in ["full", "far-subnet", "no-subnet"].iter().enumerate() {
        test.azure.add_machine(name, &json!({})).await;
        let id = subnet(test, name.trim_end_matches("-subnet"));
        let subnets = json!([{"region": "West Europe", "resourceId": id}]);
        test.apply(&with(object(test, name, &format!("3.0.{index}")), SUBNETS, subnets)).await;
    }
    test.azure.add_machine("cores", &json!({"vmSize": "Standard_M8ms"})).await;
    test.apply(&object(test, "cores", "3.1.2")).await;
    let limited = suspended(test, "snapshots", "3.1.3").await;
    let resource = format!("/snapshots/{limited}-os-snapshot$");
    let (code, message) = ("SnapshotsLimitReached", "The snapshot count was exceeded for a disk.");
    test.azure
        .fault(&json!({"azure": "OperationFails", "resource": resource, "code": code, "message": message, "times": 1}))
        .await;
    let named = suspended(test, "named", "3.1.4").await;
    let foreign = format!("{}/providers/Microsoft.Compute/disks/{named}-os-disk", group(test, "image-work"));
    let body = json!({
        "location": "westeurope", "sku": {"name": "StandardSSD_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4},
    });
    test.azure.request("PUT", &foreign, Some(&body)).await;
    let silent = suspended(test, "silent", "3.1.5").await;
    edited(test, &format!("/virtualMachines/{silent}-machine$"), json!({"/properties/instanceView/vmAgent": null}))
        .await;
    for name in ["snapshots", "named", "silent"] {
        test.change(Kind::Version, name, &json!({"spec": {"suspend": false}})).await;
    }
    told(test, "full", NOT_READY, &["SubnetIsFull", "spec.workspace.subnets"]).await;
    for name in ["far-subnet", "no-subnet"] {
        told(test, name, NOT_READY, &["InvalidResourceReference", "spec.workspace.subnets"]).await;
    }
    told(test, "cores", "CloneFailed", &["QuotaExceeded"]).await;
    begun_long_ago(test, "cores").await;
    told(test, "snapshots", "QuotaExceeded", &["SnapshotsLimitReached", "delete some"]).await;
    told(test, "named", "NameTaken", &[&foreign]).await;
    for name in ["cores", "snapshots"] {
        nothing_is_left_of(test, name).await;
    }
    let interface = format!("{}/providers/Microsoft.Network/networkInterfaces/nic-1", group(test, "network"));
    test.azure.request("DELETE", &interface, None).await;
    test.ready(Kind::Version, "full").await;
    foreign
}

#[tokio::test]
async fn what_cannot_be_copied_is_told_and_nothing_is_left() {
    let test = Test::alone("clone-refused").await;
    prepare(&test).await;
    let cases = cases();
    for (index, case) in cases.iter().enumerate() {
        test.azure.add_machine(case.name, &case.machine).await;
        let (pointer, value) = case.change.clone();
        test.apply(&with(object(&test, case.name, &format!("1.0.{index}")), pointer, value)).await;
    }
    edited(&test, "/disks/shared_disk0$", json!({"/properties/maxShares": 2})).await;
    let accelerated = json!({"/properties/storageProfile/dataDisks/0/writeAcceleratorEnabled": true});
    edited(&test, "/virtualMachines/accelerated$", accelerated).await;
    let controller = test.start_with(&[("resync-interval", "3s")]);
    for case in &cases {
        told(&test, case.name, case.reason, case.words).await;
    }
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new(), "nothing is made");
    // What the policy demands is a field.
    test.azure.add_machine("tagged", &json!({})).await;
    let tagged = with(object(&test, "tagged", "1.1.0"), GROUP, "tagged-work".into());
    test.apply(&with(tagged, "/spec/workspace/tags", json!({"cost-center": "42"}))).await;

    let ((), foreign) = tokio::join!(changed_in_the_middle(&test), refused_in_the_middle(&test));
    test.ready(Kind::Version, "tagged").await;
    let starts = |object: &Object| object.condition("Ready").is_some_and(|it| it.message.contains("its guest agent"));
    test.wait(Kind::Version, "silent", "waiting for its agent", starts).await;
    test.azure.post("/clock", &json!({"advanceSeconds": 3000})).await;
    told(&test, "silent", "CloneFailed", &["didn't report within 45 minutes"]).await;
    nothing_is_left_of(&test, "silent").await;

    test.delete(Kind::Version, "named").await;
    for name in ["far-subnet", "no-subnet"] {
        test.delete(Kind::Version, name).await;
        begun_long_ago(&test, name).await;
    }
    for name in ["named", "far-subnet", "no-subnet"] {
        test.gone(Kind::Version, name).await;
    }
    assert_eq!(test.azure.workspace().await, [foreign], "what is somebody else's stays");
    assert_eq!(left(&test, "tagged-work").await, Vec::<String>::new());
    assert_eq!(test.azure.exposed_copies().await, Vec::<Value>::new());
    no_source_is_written(&test).await;
    test.finish(Some(controller)).await;
}
