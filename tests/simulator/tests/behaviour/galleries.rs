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
    let refused = azure.delete(&format!("{}?api-version={GALLERIES}", id("galleries/corp/images/web")));
    assert_eq!((refused.status, refused.code()), (409, "CannotDeleteResource"));
    let restored = azure.put(&version("1.0.0"), &restore);
    assert_eq!(restored.status, 200, "{restored:?}");
    azure.wait(151);
    assert_eq!(azure.get(&version("1.0.0")).body["properties"]["provisioningState"], "Succeeded");
    assert_eq!(azure.get(&list).body["value"], json!([]));
}

#[test]
fn any_small_put_brings_a_softly_deleted_version_back_and_a_deletion_of_what_is_kept_is_for_good() {
    let mut azure = Azure::new();
    let policy = json!({"location": "westeurope", "properties": {"softDeletePolicy": {"isSoftDeleteEnabled": true}}});
    azure.put(&gallery("corp"), &policy);
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    let created = azure.get(&version("1.0.0")).body;
    let forget = |azure: &mut Azure| {
        azure.delete(&version("1.0.0"));
        azure.wait(101);
    };
    forget(&mut azure);
    let revived = azure.put(&version("1.0.0"), &json!({"location": "westeurope", "tags": {}}));
    assert_eq!((revived.status, &revived.body["properties"]["provisioningState"]), (200, &json!("Updating")));
    assert_eq!(
        revived.body["properties"]["storageProfile"]["source"],
        created["properties"]["storageProfile"]["source"]
    );
    azure.wait(151);
    forget(&mut azure);
    let kept = format!(
        "{}?api-version={GALLERIES}",
        id("galleries/corp/softDeletedArtifactTypes/Images/artifacts/web/versions/1.0.0")
    );
    assert_eq!(azure.delete(&kept).status, 200);
    assert_eq!(azure.delete(&kept).status, 204);
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201, "the number is free");
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

#[test]
fn a_softly_deleted_version_is_gone_after_its_retention_and_grace_or_when_asked_for() {
    let list = format!(
        "{}?api-version={GALLERIES}",
        id("galleries/corp/softDeletedArtifactTypes/Images/artifacts/web/versions")
    );
    let kept = |azure: &mut Azure| azure.get(&list).body["value"].as_array().unwrap().len();
    let bypass = version("1.0.0").replace(GALLERIES, "2026-03-03") + "&bypassSoftDelete=true";
    let policy = json!({"location": "westeurope", "properties": {"softDeletePolicy": {
        "isSoftDeleteEnabled": true, "retentionPeriodInDays": 2, "gracePeriodInDays": 1}}});
    for (name, path) in [("kept", version("1.0.0")), ("bypassed", bypass.clone())] {
        let mut azure = Azure::new();
        azure.put(&gallery("corp"), &policy);
        azure.wait(1);
        azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
        azure.wait(431);
        assert_eq!(azure.delete(&path).status, 202, "{name}");
        azure.wait(101);
        assert_eq!(kept(&mut azure), usize::from(name == "kept"), "{name}");
        azure.wait(3 * 86_400 - 200);
        assert_eq!(kept(&mut azure), usize::from(name == "kept"), "{name}: in its grace");
        azure.wait(200);
        assert_eq!(kept(&mut azure), 0, "{name}");
        assert_eq!(
            azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status,
            201,
            "{name}: the name is free"
        );
    }
    let mut azure = Azure::new();
    azure.put(&gallery("corp"), &policy);
    azure.wait(1);
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    azure.delete(&version("1.0.0"));
    azure.wait(101);
    assert_eq!(azure.delete(&bypass).status, 204, "what is kept goes for good");
    assert_eq!(kept(&mut azure), 0);
}

#[test]
fn a_gallery_is_shared_with_subscriptions_and_tenants_if_it_may_be() {
    let mut azure = Azure::new();
    let share = gallery("corp/share");
    let add = json!({"operationType": "Add", "groups": [{"type": "Subscriptions", "ids": ["a", "b"]}, {"type": "AADTenants", "ids": ["t"]}]});
    let refused = azure.call(http::Method::POST, &share, &add);
    assert_eq!((refused.status, refused.code()), (400, "InvalidParameter"));
    let groups = json!({"location": "westeurope", "properties": {"sharingProfile": {"permissions": "Groups"}}});
    azure.put(&gallery("corp"), &groups);
    azure.wait(1);
    let shared = azure.call(http::Method::POST, &share, &add);
    assert_eq!(shared.status, 202, "{shared:?}");
    azure.wait(1);
    assert_eq!(azure.operation(&shared)["status"], "Succeeded");
    let remove = json!({"operationType": "Remove", "groups": [{"type": "Subscriptions", "ids": ["a"]}, {"type": "AADTenants", "ids": ["t"]}]});
    azure.call(http::Method::POST, &share, &remove);
    let profile = azure.get(&gallery("corp")).body["properties"]["sharingProfile"].clone();
    assert_eq!(profile["groups"], json!([{"type": "Subscriptions", "ids": ["b"]}]));
    azure.call(http::Method::POST, &share, &json!({"operationType": "Reset"}));
    assert_eq!(azure.get(&gallery("corp")).body["properties"]["sharingProfile"]["permissions"], "Private");
    let wrong = azure.call(http::Method::POST, &share, &json!({"operationType": "Sell"}));
    assert_eq!((wrong.status, wrong.code()), (400, "InvalidParameter"));
}
