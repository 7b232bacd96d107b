//! Data disks that are attached to a machine and taken off it.

use http::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, disk, id, machine};

fn azure() -> Azure {
    Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, disks: [{name: data, sizeGb: 64}],
          virtualMachines: [{name: rich, dataDisks: [{lun: 3, sizeGb: 8}]}]}]}]",
    )
}

fn disks(azure: &mut Azure, name: &str) -> Vec<(u64, String)> {
    let got = azure.get(&machine(name, "")).body;
    let listed = got["properties"]["storageProfile"]["dataDisks"].as_array().unwrap();
    listed.iter().map(|disk| (disk["lun"].as_u64().unwrap(), disk["name"].as_str().unwrap().to_owned())).collect()
}

fn change(azure: &mut Azure, name: &str, disks: &Value) -> crate::azure::Answer {
    azure.call(Method::PATCH, &machine(name, ""), &json!({"properties": {"storageProfile": {"dataDisks": disks}}}))
}

fn attach(name: &str, lun: u64) -> Value {
    json!({"lun": lun, "createOption": "Attach", "managedDisk": {"id": id(&format!("disks/{name}"))}})
}

#[test]
fn the_list_of_an_update_is_the_whole_list() {
    let mut azure = azure();
    let known = azure.get(&machine("rich", "")).body["properties"]["storageProfile"]["dataDisks"][0].clone();
    let both = json!([known, attach("data", 0), {"lun": 1, "createOption": "Empty", "name": "fresh", "diskSizeGB": 4}]);
    let written = change(&mut azure, "rich", &both);
    assert_eq!(written.status, 200, "{written:?}");
    azure.wait(4);
    let expected: Vec<_> =
        [(3, "rich_disk3"), (0, "data"), (1, "fresh")].map(|(lun, name)| (lun, name.to_owned())).into();
    assert_eq!(disks(&mut azure, "rich"), expected);
    assert_eq!(azure.get(&disk("data")).body["managedBy"], id("virtualMachines/rich"));
    assert_eq!(azure.get(&disk("fresh")).body["properties"]["diskSizeGB"], 4);
    assert_eq!(azure.delete(&disk("data")).code(), "OperationNotAllowed");

    let detached =
        change(&mut azure, "rich", &json!([attach("data", 0), {"lun": 1, "name": "fresh", "toBeDetached": true}]));
    assert_eq!(detached.status, 200, "{detached:?}");
    azure.wait(4);
    assert_eq!(disks(&mut azure, "rich"), [(0, "data".to_owned())]);
    for free in ["rich_disk3", "fresh"] {
        assert_eq!(azure.get(&disk(free)).body["properties"]["diskState"], "Unattached", "{free}");
    }
}

#[test]
fn what_cannot_be_attached_is_refused() {
    for (name, disks, status, code) in [
        ("a LUN twice", json!([attach("data", 3), attach("rich_disk3", 3)]), 400, "InvalidParameter"),
        (
            "no LUN",
            json!([{"createOption": "Attach", "managedDisk": {"id": id("disks/data")}}]),
            400,
            "InvalidParameter",
        ),
        ("another LUN", json!([attach("rich_disk3", 4)]), 409, "PropertyChangeNotAllowed"),
        ("nobody's", json!([attach("none", 1)]), 404, "NotFound"),
        ("another machine's", json!([attach("builder_OsDisk_1", 1)]), 409, "ConflictingUserInput"),
        (
            "a name that is taken",
            json!([{"lun": 1, "createOption": "Empty", "name": "data", "diskSizeGB": 4}]),
            409,
            "ConflictingUserInput",
        ),
        ("from no image", json!([{"lun": 1, "createOption": "FromImage"}]), 400, "InvalidParameter"),
        ("no size", json!([{"lun": 1, "createOption": "Empty"}]), 400, "InvalidParameter"),
    ] {
        let mut azure = azure();
        let before = disks_of(&mut azure);
        let answer = change(&mut azure, "rich", &disks);
        assert_eq!((answer.status, answer.code()), (status, code), "{name}: {answer:?}");
        assert_eq!(disks_of(&mut azure), before, "{name}: nothing changed");
    }
    let mut azure = azure();
    let sealed = change(&mut azure, "sealed", &json!([attach("data", 0)]));
    assert!(sealed.message().contains("since the VM is generalized"), "{sealed:?}");
}

fn disks_of(azure: &mut Azure) -> Vec<(u64, String)> {
    disks(azure, "rich")
}

#[test]
fn the_action_attaches_and_detaches_and_answers_the_profile() {
    let mut azure = azure();
    let body = json!({
        "dataDisksToAttach": [{"diskId": id("disks/data"), "caching": "ReadOnly"}],
        "dataDisksToDetach": [{"diskId": id("disks/rich_disk3")}],
    });
    let action = machine("rich", "/attachDetachDataDisks");
    let answer = azure.call(Method::POST, &action, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let busy = azure.call(Method::POST, &action, &body);
    assert_eq!((busy.status, busy.code()), (409, "Conflict"));
    azure.wait(4);
    assert_eq!(azure.operation(&answer)["status"], "Succeeded");
    let result = answer.body;
    assert_eq!(
        (&result["dataDisks"][0]["name"], &result["dataDisks"][0]["caching"]),
        (&json!("data"), &json!("ReadOnly"))
    );
    assert_eq!(disks(&mut azure, "rich"), [(0, "data".to_owned())]);
    assert_eq!(azure.get(&disk("rich_disk3")).body.get("managedBy"), None);
    let absent = azure.call(Method::POST, &action, &json!({"dataDisksToDetach": [{"diskId": id("disks/rich_disk3")}]}));
    assert_eq!((absent.status, absent.code()), (400, "InvalidParameter"));
}
