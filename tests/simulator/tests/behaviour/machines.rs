use http::Method;
use serde_json::json;

use crate::azure::{Azure, MACHINES, id, machine, machine_body};

#[test]
fn a_machine_is_deallocated_then_generalized_once_and_for_ever() {
    let mut azure = Azure::new();
    let refused = azure.post(&machine("builder", "/generalize"));
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));

    let stop = azure.post(&machine("builder", "/deallocate"));
    assert_eq!(stop.status, 202);
    assert!(stop.response.body().is_empty());
    assert_eq!(stop.header("retry-after").as_deref(), Some("10"));
    let location = stop.header("location").unwrap();
    assert!(location.contains("monitor=true") && location.len() > 3000, "{}", location.len());
    assert_eq!(azure.operation(&stop)["status"], "InProgress");
    assert!(azure.operation(&stop).get("endTime").is_none());
    assert_eq!(azure.get(&location).status, 202);
    assert!(azure.statuses("builder").contains(&"PowerState/deallocating".to_owned()));
    let busy = azure.post(&machine("builder", "/start"));
    assert!(busy.message().contains("changing power state"), "{}", busy.message());

    azure.wait(46);
    assert_eq!(azure.operation(&stop)["status"], "Succeeded");
    assert_eq!(azure.get(&location).status, 200);
    assert!(azure.statuses("builder").contains(&"PowerState/deallocated".to_owned()));

    let mut before = azure.get(&machine("builder", "")).body;
    let generalized = azure.post(&machine("builder", "/generalize"));
    assert_eq!((generalized.status, generalized.response.body().len()), (200, 0));
    assert_eq!(generalized.header("azure-asyncoperation"), None);
    let mut after = azure.get(&machine("builder", "")).body;
    assert_ne!(before["etag"].take(), after["etag"].take());
    assert_eq!(after, before, "the model shows nothing else of it");
    assert!(azure.statuses("builder").contains(&"OSState/generalized".to_owned()));
    assert_eq!(azure.truth("builder")["guest"]["deprovisioned"], false, "Azure never looks into the guest");

    let start = azure.post(&machine("builder", "/start"));
    assert_eq!((start.status, start.code()), (409, "OperationNotAllowed"));
}

#[test]
fn a_changed_tag_needs_the_etag_that_was_read() {
    let mut azure = Azure::new();
    let path = machine("builder", "");
    let etag = azure.get(&path).body["etag"].as_str().unwrap().to_owned();
    let body = json!({"tags": {"owner": "me"}});
    let first = azure.call_with(Method::PATCH, &path, &body, &[("if-match", &etag)]);
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.body["tags"], json!({"owner": "me"}));
    assert_ne!(first.body["etag"], json!(etag));
    azure.wait(5);
    let second = azure.call_with(Method::PATCH, &path, &body, &[("if-match", &etag)]);
    assert_eq!(second.status, 412);
}

#[test]
fn the_tags_interface_merges_without_touching_the_machine() {
    let mut azure = Azure::new();
    let path =
        format!("{}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01", id("virtualMachines/builder"));
    for (operation, tags, expected) in [
        ("Merge", json!({"a": "1", "b": "2"}), json!({"a": "1", "b": "2"})),
        ("Merge", json!({"b": "3"}), json!({"a": "1", "b": "3"})),
        ("Delete", json!({"a": "1"}), json!({"b": "3"})),
        ("Replace", json!({"c": "4"}), json!({"c": "4"})),
    ] {
        let answer = azure.call(Method::PATCH, &path, &json!({"operation": operation, "properties": {"tags": tags}}));
        assert_eq!((answer.status, &answer.body["properties"]["tags"]), (200, &expected), "{operation}");
    }
    assert_eq!(azure.get(&machine("builder", "")).body["tags"], json!({"c": "4"}));
}

#[test]
fn a_machine_is_created_and_deleted() {
    let mut azure = Azure::new();
    let mut body = machine_body("fresh", "");
    body["location"] = json!("West Europe");
    body["properties"]["storageProfile"]["imageReference"] =
        json!({"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"});
    body["properties"]["osProfile"] = json!({"computerName": "n", "adminUsername": "a", "adminPassword": "geheim"});
    let created = azure.put(&machine("fresh", ""), &body);
    assert_eq!((created.status, &created.body["properties"]["provisioningState"]), (201, &json!("Creating")));
    assert!(!created.body.to_string().contains("geheim"));
    azure.wait(100);
    assert!(azure.statuses("fresh").contains(&"PowerState/running".to_owned()));
    let list = azure.get(&format!("{}?api-version={MACHINES}", id("virtualMachines")));
    assert_eq!(list.body["value"].as_array().unwrap().len(), 3);
    assert_eq!(azure.delete(&machine("fresh", "")).status, 202);
    let marked = azure.post(&machine("fresh", "/deallocate"));
    assert!(marked.message().contains("marked for deletion"));
    azure.wait(31);
    assert_eq!(azure.get(&machine("fresh", "")).code(), "NotFound", "the provider's own just after");
    azure.wait(60);
    assert_eq!(azure.get(&machine("fresh", "")).code(), "ResourceNotFound");
    assert_eq!(azure.delete(&machine("fresh", "")).status, 204);
}

/// What a machine's write doesn't name stays as it is, and a guest that comes up again finds its account there.
#[test]
fn a_write_of_something_else_leaves_the_account_in_the_profile() {
    let mut azure = Azure::new();
    let path = machine("builder", "");
    let before = azure.get(&path).body["properties"]["osProfile"].clone();
    assert_eq!(before["adminUsername"], "azureuser");
    let body =
        json!({"tags": {"a": "1"}, "properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": true}}}});
    assert_eq!(azure.call(Method::PATCH, &path, &body).status, 200);
    assert_eq!(azure.get(&path).body["properties"]["osProfile"], before);
    azure.wait(60);
    let seal = "systemd-run sh -c 'cloud-init clean; waagent -force -deprovision+user; systemctl reboot'";
    azure.put(
        &machine("builder", "/runCommands/seal"),
        &json!({"location": "westeurope", "properties": {"source": {"script": seal}}}),
    );
    azure.wait(300);
    azure.simulator.advance(azure.now);
    let files = azure.simulator.guest_files(&id("virtualMachines/builder")).unwrap();
    assert!(files["/var/lib/waagent/ovf-env.xml"].contains("<ns1:UserName>azureuser<"));
    assert_eq!(azure.truth("builder")["guest"]["users"], json!(["azureuser"]));
}
