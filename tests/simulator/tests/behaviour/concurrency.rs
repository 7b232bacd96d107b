//! Two writers at once, reads right after a write, parents right after their children.

use azimage_simulator::Fault;
use http::Method;
use serde_json::{Value, json};

use crate::azure::{
    Answer, Azure, GALLERIES, body, disk, id, interface_body, machine, machine_body, network, network_id, version,
};

/// A kind of resource, by one that does not exist yet.
struct Kind {
    name: &'static str,
    url: String,
    body: Value,
    /// Seconds until its creation has ended.
    seconds: i64,
}

fn kind(name: &'static str, url: String, body: Value, seconds: i64) -> Kind {
    Kind { name, url, body, seconds }
}

fn gallery(rest: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries/{rest}")))
}

fn kinds() -> Vec<Kind> {
    let empty =
        json!({"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}});
    let copy = json!({"location": "westeurope", "properties": {"creationData": {
        "createOption": "Copy", "sourceResourceId": id("disks/builder_OsDisk_1")}}});
    let set = json!({"location": "westeurope", "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": {"keyUrl": "https://vault.example/keys/k/1"}}});
    let image = json!({"location": "westeurope", "properties": {
        "sourceVirtualMachine": {"id": id("virtualMachines/sealed")}, "hyperVGeneration": "V2"}});
    let definition = json!({"location": "westeurope", "properties": {"osType": "Linux", "osState": "Generalized",
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"}}});
    let net = json!({"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}});
    let subnet = json!({"properties": {"addressPrefix": "10.0.9.0/24"}});
    let command = json!({"location": "westeurope", "properties": {"source": {"script": "sleep 30"}}});
    vec![
        kind("gallery", gallery("new"), json!({"location": "westeurope"}), 1),
        kind("definition", gallery("corp/images/new"), definition, 1),
        kind("version", version("1.0.0"), body("sealed", &["westeurope"]), 431),
        kind("machine", machine("new", ""), machine_body("new", &id("galleries/corp/images/web/versions/0.9.0")), 41),
        kind("disk", disk("new"), empty, 4),
        kind("snapshot", format!("{}?api-version=2025-01-02", id("snapshots/new")), copy, 4),
        kind("disk encryption set", format!("{}?api-version=2025-01-02", id("diskEncryptionSets/new")), set, 4),
        kind("managed image", format!("{}?api-version=2025-04-01", id("images/new")), image, 12),
        kind("network", network("virtualNetworks/new"), net, 4),
        kind("subnet", network("virtualNetworks/build/subnets/new"), subnet, 4),
        kind("interface", network("networkInterfaces/new"), interface_body(), 1),
        kind("run command", machine("builder", "/runCommands/new"), command, 60),
    ]
}

fn azure() -> Azure {
    Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, galleries: [
          {name: corp, definitions: [{name: web, versions: [{name: 0.9.0}]}]}]}]}]",
    )
}

/// The state that a read shows; a read that misses shows none.
fn state(answer: &Answer) -> Option<&str> {
    answer.body["properties"]["provisioningState"].as_str()
}

#[test]
fn of_two_writes_at_once_the_second_is_a_conflict_and_changes_nothing() {
    for Kind { name, url, body, seconds } in kinds() {
        let mut azure = azure();
        let first = azure.put(&url, &body);
        assert!(first.status < 300, "{name}: {first:?}");
        // An interface is complete with its first answer, and a run command's second write replaces its first.
        if !matches!(name, "interface" | "run command") {
            let second = azure.put(&url, &body);
            let code = if matches!(name, "network" | "subnet") { "AnotherOperationInProgress" } else { "Conflict" };
            assert_eq!((second.status, second.code()), (409, code), "{name}");
        }
        azure.wait(seconds);
        assert_eq!(azure.operation(&first)["status"], "Succeeded", "{name}: the first goes its way");
        assert_eq!(state(&azure.get(&url)), Some("Succeeded"), "{name}");
    }
}

#[test]
fn a_second_deletion_joins_the_first_and_writes_are_refused_meanwhile() {
    for Kind { name, url, body, seconds } in kinds() {
        let mut azure = azure();
        azure.put(&url, &body);
        azure.wait(seconds + 400);
        let first = azure.delete(&url);
        assert_eq!(first.status, 202, "{name}: {first:?}");
        let second = azure.delete(&url);
        assert_eq!(second.status, 202, "{name}");
        let operation = |answer: &Answer| answer.header("azure-asyncoperation").unwrap();
        assert_eq!(operation(&first).split('?').next(), operation(&second).split('?').next(), "{name}");
        if name != "run command" {
            assert_eq!(azure.put(&url, &body).status, 409, "{name}: a write");
        }
        azure.wait(700);
        assert_eq!(azure.operation(&first)["status"], "Succeeded", "{name}");
        assert_eq!(azure.get(&url).status, 404, "{name}");
        assert_eq!(azure.delete(&url).status, 204, "{name}");
    }
}

#[test]
fn a_deletion_takes_over_from_a_write_or_waits_for_it() {
    for Kind { name, url, body, .. } in kinds() {
        let mut azure = azure();
        let write = azure.put(&url, &body);
        let delete = azure.delete(&url);
        let refused = match name {
            "disk" | "snapshot" => Some("Conflict"),
            "network" | "subnet" => Some("AnotherOperationInProgress"),
            _ => None,
        };
        if let Some(code) = refused {
            assert_eq!((delete.status, delete.code()), (409, code), "{name}");
            continue;
        }
        assert_eq!(delete.status, 202, "{name}: {delete:?}");
        azure.wait(700);
        assert_eq!(azure.operation(&delete)["status"], "Succeeded", "{name}");
        let write = azure.operation(&write);
        if !matches!(name, "interface" | "run command") {
            assert_eq!(
                (&write["status"], &write["error"]["code"]),
                (&json!("Canceled"), &json!("OperationPreempted")),
                "{name}"
            );
        }
        assert_eq!(azure.get(&url).status, 404, "{name}");
    }
}

#[test]
fn whatever_was_created_may_be_missed_by_the_reads_that_follow() {
    for Kind { name, url, body, .. } in kinds() {
        let mut azure = azure();
        let path = url.split('?').next().unwrap();
        let fault = json!({"azure": "NotFoundAfterPut", "resource": format!("{path}$"), "reads": 2});
        azure.simulator.add_fault(Fault::from_json(fault).unwrap()).unwrap();
        assert!(azure.put(&url, &body).status < 300, "{name}");
        for _ in 0..2 {
            let missed = azure.get(&url);
            assert_eq!((missed.status, missed.code()), (404, "NotFound"), "{name}");
        }
        assert_eq!(azure.get(&url).status, 200, "{name}");
        let again = azure.call(Method::PATCH, &url, &json!({"tags": {"a": "b"}}));
        assert_ne!(again.status, 404, "{name}: only reads miss it");
    }
}

#[test]
fn every_deletion_may_fail_and_leave_the_resource() {
    for Kind { name, url, body, seconds } in kinds() {
        let mut azure = azure();
        azure.put(&url, &body);
        azure.wait(seconds + 400);
        assert_eq!(state(&azure.get(&url)), Some("Succeeded"), "{name}");
        let path = url.split('?').next().unwrap();
        let fault = json!({"azure": "OperationFails", "resource": format!("{path}$"), "code": "InternalExecutionError", "times": 1});
        azure.simulator.add_fault(Fault::from_json(fault).unwrap()).unwrap();
        let failed = azure.delete(&url);
        azure.wait(700);
        let operation = azure.operation(&failed);
        assert_eq!(operation["error"]["code"], "InternalExecutionError", "{name}: {operation}");
        assert_eq!(state(&azure.get(&url)), Some("Failed"), "{name}");
        let again = azure.delete(&url);
        assert_eq!(again.status, 202, "{name}: {again:?}");
        azure.wait(700);
        assert_eq!(azure.get(&url).status, 404, "{name}");
    }
}

#[test]
fn parents_go_only_some_time_after_their_last_child() {
    let mut azure = azure();
    for (child, parent, seconds) in
        [(version("0.9.0"), gallery("corp/images/web"), 101), (gallery("corp/images/web"), gallery("corp"), 1)]
    {
        assert_eq!(azure.delete(&child).status, 202, "{child}");
        azure.wait(seconds);
        assert_eq!(azure.get(&child).status, 404, "{child}");
        let refused = azure.delete(&parent);
        assert_eq!((refused.status, refused.code()), (409, "CannotDeleteResource"), "{parent}");
        assert!(
            refused.message().contains("Can not delete resource before nested resources are deleted"),
            "{refused:?}"
        );
        azure.wait(60);
    }
    assert_eq!(azure.delete(&gallery("corp")).status, 202);
}

#[test]
fn a_read_below_something_that_is_not_there_tells_of_the_parent() {
    let mut azure = azure();
    for (path, code) in [
        (gallery("none/images/web/versions/1.0.0"), "ParentResourceNotFound"),
        (gallery("corp/images/none/versions/1.0.0"), "ParentResourceNotFound"),
        (gallery("none/images/web"), "ParentResourceNotFound"),
        (gallery("none/images"), "ParentResourceNotFound"),
        (gallery("corp/images/none"), "ResourceNotFound"),
        (gallery("none"), "ResourceNotFound"),
        (machine("none", "/runCommands/x"), "ParentResourceNotFound"),
        (format!("{}?api-version=2025-05-01", network_id("virtualNetworks/none/subnets/x")), "ResourceNotFound"),
    ] {
        let answer = azure.get(&path);
        assert_eq!((answer.status, answer.code()), (404, code), "{path}");
    }
    let mut azure = Azure::with("unknowns: {absentParent: Untold}");
    for path in [gallery("corp/images/none/versions/1.0.0"), gallery("none/images"), machine("none", "/runCommands/x")]
    {
        let answer = azure.get(&path);
        assert_eq!((answer.status, answer.code()), (404, "ResourceNotFound"), "{path}");
    }
}
