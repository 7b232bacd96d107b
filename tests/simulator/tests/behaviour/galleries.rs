use serde_json::json;

use crate::azure::{Azure, GALLERIES, body, id, version};

fn gallery(name: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries/{name}")))
}

fn definition(name: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries/corp/images/{name}")))
}

fn definition_body(sku: &str) -> serde_json::Value {
    json!({"location": "westeurope", "properties": {"osType": "Linux", "osState": "Generalized",
           "identifier": {"publisher": "p", "offer": "o", "sku": sku}}})
}

#[test]
fn galleries_and_definitions_are_created_within_a_second() {
    let mut azure = Azure::new();
    let created = azure.put(&gallery("Second_1"), &json!({"location": "West Europe"}));
    assert_eq!((created.status, &created.body["properties"]["provisioningState"]), (201, &json!("Creating")));
    let unique = format!("{}-SECOND_1", crate::azure::SUBSCRIPTION);
    assert_eq!(created.body["properties"]["identifier"]["uniqueName"], unique);
    azure.wait(1);
    assert_eq!(azure.operation(&created)["status"], "Succeeded");
    assert_eq!(azure.put(&gallery("a-b"), &json!({"location": "westeurope"})).status, 400);
    let one = azure.put(&definition("one"), &definition_body("s"));
    assert_eq!((one.status, &one.body["properties"]["hyperVGeneration"]), (201, &json!("V1")));
    let two = azure.put(&definition("two"), &definition_body("S"));
    assert_eq!(two.status, 409);
    assert!(two.message().contains("already exists"));
    azure.wait(1);
    let mut changed = definition_body("s");
    changed["properties"]["osType"] = json!("Windows");
    assert_eq!(azure.put(&definition("one"), &changed).code(), "PropertyChangeNotAllowed");
    let orphan = format!("{}?api-version={GALLERIES}", id("galleries/none/images/one"));
    assert_eq!(azure.put(&orphan, &definition_body("s")).code(), "ParentResourceNotFound");
}

#[test]
fn parents_go_only_after_their_children_and_not_at_once() {
    let mut azure = Azure::new();
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    for parent in [definition("web"), gallery("corp")] {
        let refused = azure.delete(&parent);
        assert_eq!((refused.status, refused.code()), (409, "CannotDeleteResource"));
    }
    let deleted = azure.delete(&version("1.0.0"));
    assert_eq!(deleted.status, 202);
    assert!(deleted.header("location").unwrap().contains("monitor=true"));
    assert_eq!(azure.get(&version("1.0.0")).body["properties"]["provisioningState"], "Deleting");
    let update = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert!(update.message().contains("marked for deletion"));
    azure.wait(101);
    assert_eq!(azure.operation(&deleted)["status"], "Succeeded");
    assert_eq!(azure.get(&version("1.0.0")).code(), "NotFound", "at first the provider answers");
    assert_eq!(azure.delete(&definition("web")).status, 409, "the parent has not noticed yet");
    azure.wait(20);
    assert_eq!(azure.get(&version("1.0.0")).code(), "ResourceNotFound", "later the gateway does");
    assert_eq!(azure.delete(&version("1.0.0")).status, 204);
    assert_eq!(azure.delete(&definition("web")).status, 202);
    azure.wait(22);
    assert_eq!(azure.delete(&gallery("corp")).status, 202);
    azure.wait(1);
    assert_eq!(azure.get(&gallery("corp")).status, 404);
}

#[test]
fn lists_come_in_pages() {
    let mut azure = Azure::with("pageSize: 2");
    for name in ["one", "two"] {
        azure.put(&definition(name), &definition_body(name));
    }
    let first = azure.get(&format!("{}?api-version={GALLERIES}", id("galleries/corp/images")));
    assert_eq!(first.body["value"].as_array().unwrap().len(), 2);
    let second = azure.get(first.body["nextLink"].as_str().unwrap());
    assert_eq!(second.body["value"].as_array().unwrap().len(), 1);
    assert!(second.body.get("nextLink").is_none());
}

#[test]
fn a_version_deleted_softly_is_listed_keeps_its_name_and_can_be_restored() {
    let mut azure = Azure::new();
    let policy = json!({"location": "westeurope", "properties": {"softDeletePolicy": {"isSoftDeleteEnabled": true}}});
    assert_eq!(azure.put(&gallery("corp"), &policy).status, 200);
    let restore = json!({"location": "westeurope", "properties": {"restore": true}});
    assert_eq!(azure.put(&version("1.0.0"), &restore).code(), "InvalidParameter");
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    azure.delete(&version("1.0.0"));
    azure.wait(101);
    assert_eq!(azure.get(&version("1.0.0")).status, 404);
    let path = id("galleries/corp/softDeletedArtifactTypes/Images/artifacts/web/versions");
    let list = format!("{path}?api-version={GALLERIES}");
    let found = azure.get(&list).body;
    assert_eq!(found["value"][0]["properties"]["resourceArmId"], id("galleries/corp/images/web/versions/1.0.0"));
    let again = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((again.status, again.code()), (409, "Conflict"));
    let restored = azure.put(&version("1.0.0"), &restore);
    assert_eq!(restored.status, 200, "{restored:?}");
    azure.wait(151);
    assert_eq!(azure.get(&version("1.0.0")).body["properties"]["provisioningState"], "Succeeded");
    assert_eq!(azure.get(&list).body["value"], json!([]));
}

#[test]
fn a_region_of_a_subscription_holds_a_hundred_galleries() {
    let mut azure = Azure::with("throttling: {off: true}");
    for number in 1..100 {
        assert_eq!(azure.put(&gallery(&format!("g{number}")), &json!({"location": "westeurope"})).status, 201);
    }
    let refused = azure.put(&gallery("more"), &json!({"location": "westeurope"}));
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    assert_eq!(azure.put(&gallery("elsewhere"), &json!({"location": "northeurope"})).status, 201);
    assert_eq!(
        azure.put(&gallery("corp"), &json!({"location": "westeurope"})).status,
        200,
        "what exists may be written"
    );
}
