//! Roles as resources: made, assigned, in force after a while, and gone again.

use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, body, id, machine, version};

const NARROW: &str = "66666666-6666-4666-8666-666666666666";
const ROLE: &str = "77777777-7777-4777-8777-777777777777";
const ASSIGNMENT: &str = "88888888-8888-4888-8888-888888888888";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

fn azure() -> Azure {
    Azure::with(&format!("clients: [{{id: narrow, secret: s, objectId: {NARROW}, roles: []}}]"))
}

fn scope(below: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}{below}")
}

fn role(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}?api-version=2022-04-01")
}

fn assignment(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01")
}

fn role_body(actions: &[&str], not_actions: &[&str], scope: &str) -> Value {
    json!({"properties": {
        "roleName": "Image reader", "description": "Reads.", "assignableScopes": [scope],
        "permissions": [{"actions": actions, "notActions": not_actions}],
    }})
}

fn to_narrow(role: &str) -> Value {
    let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", scope(""));
    json!({"properties": {"roleDefinitionId": role, "principalId": NARROW}})
}

#[test]
fn the_regions_of_a_subscription_are_told_to_those_who_may_list_them_on_the_whole_of_it() {
    let mut azure = azure();
    let list = format!("{}?api-version=2022-12-01", scope("/locations"));
    let told = azure.get(&list);
    let kind = |name: &str| {
        let entry = told.body["value"].as_array().unwrap().iter().find(|entry| entry["name"] == name).cloned();
        entry.map(|entry| entry["metadata"]["regionType"].as_str().unwrap().to_owned())
    };
    assert_eq!(kind("northeurope").as_deref(), Some("Physical"));
    assert_eq!(kind("europe").as_deref(), Some("Logical"), "a name for several");
    assert_eq!(kind("northeurop"), None);
    azure.sign_in("narrow", "s");
    let refused = azure.get(&list);
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    assert!(refused.message().contains("'Microsoft.Resources/subscriptions/locations/read'"), "{}", refused.message());
}

#[test]
fn an_assigned_role_gives_its_actions_below_its_scope_after_a_while_and_for_a_while_after_its_end() {
    let mut azure = azure();
    let group = scope("/resourceGroups/images");
    let body = role_body(&["Microsoft.Compute/*/read"], &["Microsoft.Compute/galleries/read"], &scope(""));
    let made = azure.put(&role(&scope(""), ROLE), &body);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["properties"]["type"], "CustomRole");
    let assigned = azure.put(&assignment(&group, ASSIGNMENT), &to_narrow(ROLE));
    assert_eq!(assigned.status, 201, "{assigned:?}");
    assert_eq!(azure.put(&assignment(&group, ASSIGNMENT), &to_narrow(ROLE)).status, 200, "the same again");
    let admin = azure.token.clone();
    azure.sign_in("narrow", "s");
    let narrow = azure.token.clone();
    let gallery = format!("{}?api-version=2024-03-03", id("galleries/corp"));
    let definition = format!("{}?api-version=2024-03-03", id("galleries/corp/images/web"));
    assert_eq!(azure.get(&definition).code(), "AuthorizationFailed", "not yet");
    azure.wait(300);
    assert_eq!(azure.get(&definition).status, 200);
    assert_eq!(azure.get(&gallery).status, 403, "left out");
    assert_eq!(azure.post(&machine("builder", "/deallocate")).status, 403);
    let refused = azure.put(&assignment(&scope(""), ROLE), &to_narrow(CONTRIBUTOR));
    assert!(refused.message().contains("'Microsoft.Authorization/roleAssignments/write'"), "{}", refused.message());
    azure.token = admin;
    let busy = azure.delete(&role(&scope(""), ROLE));
    assert_eq!((busy.status, busy.code()), (400, "RoleDefinitionHasAssignments"));
    assert_eq!(azure.delete(&assignment(&group, ASSIGNMENT)).status, 200);
    assert_eq!(azure.delete(&assignment(&group, ASSIGNMENT)).status, 204);
    assert_eq!(azure.get(&assignment(&group, ASSIGNMENT)).code(), "RoleAssignmentNotFound");
    azure.token.clone_from(&narrow);
    assert_eq!(azure.get(&definition).status, 200, "still in force");
    azure.wait(300);
    assert_eq!(azure.get(&definition).status, 403);
}

#[test]
fn a_contributor_gives_no_roles_and_a_reader_writes_nothing() {
    let mut azure = azure();
    azure.put(&assignment(&scope(""), ASSIGNMENT), &to_narrow(CONTRIBUTOR));
    azure.wait(300);
    azure.sign_in("narrow", "s");
    let command = json!({"location": "westeurope", "tags": {"a": "b"}});
    assert_eq!(azure.call(http::Method::PATCH, &machine("builder", ""), &command).status, 200);
    assert_eq!(azure.put(&assignment(&scope(""), ROLE), &to_narrow(READER)).status, 403);
    let made = azure.put(&role(&scope(""), ROLE), &role_body(&["*"], &[], &scope("")));
    assert_eq!((made.status, made.code()), (403, "AuthorizationFailed"));
    let read = azure.get(&role(&scope(""), READER));
    assert_eq!(read.body["properties"]["roleName"], "Reader");
}

#[test]
fn lists_are_filtered_and_wrong_writes_refused() {
    let mut azure = azure();
    let group = scope("/resourceGroups/images");
    azure.put(&role(&scope(""), ROLE), &role_body(&["*/read"], &[], &group));
    azure.put(&assignment(&group, ASSIGNMENT), &to_narrow(ROLE));
    let list = |azure: &mut Azure, kind: &str, filter: &str| {
        let path =
            format!("{}/providers/Microsoft.Authorization/{kind}?api-version=2022-04-01&$filter={filter}", scope(""));
        azure.get(&path).body["value"].as_array().unwrap().len()
    };
    for (kind, filter, expected) in [
        ("roleDefinitions", "roleName%20eq%20'Image%20reader'", 1),
        ("roleDefinitions", "type%20eq%20'BuiltInRole'", 3),
        ("roleAssignments", "", 1),
        ("roleAssignments", "atScope()", 0),
    ] {
        assert_eq!(list(&mut azure, kind, filter), expected, "{kind} {filter}");
    }
    let other = "99999999-9999-4999-8999-999999999999";
    let nobody = json!({"properties": {"roleDefinitionId": format!("/{READER}"), "principalId": other}});
    for (name, path, body, code) in [
        (
            "another role of that name",
            role(&scope(""), other),
            role_body(&["*"], &[], &group),
            "RoleDefinitionWithSameNameExists",
        ),
        ("no GUID", assignment(&group, "x"), to_narrow(READER), "InvalidRoleAssignmentId"),
        ("an unknown role", assignment(&group, other), to_narrow(other), "RoleDefinitionDoesNotExist"),
        ("an unknown principal", assignment(&group, other), nobody, "PrincipalNotFound"),
        ("the same assignment", assignment(&group, other), to_narrow(ROLE), "RoleAssignmentExists"),
        (
            "another role in its place",
            assignment(&group, ASSIGNMENT),
            to_narrow(READER),
            "RoleAssignmentUpdateNotPermitted",
        ),
        (
            "above its assignable scopes",
            assignment(&scope(""), other),
            to_narrow(ROLE),
            "RoleAssignmentScopeNotAssignableToRoleDefinition",
        ),
    ] {
        assert_eq!(azure.put(&path, &body).code(), code, "{name}");
    }
}

#[test]
fn a_source_of_another_tenant_is_told_by_its_subscription() {
    let mut azure = azure();
    let mut wanted = body("sealed", &["westeurope"]);
    let foreign = "55555555-5555-4555-8555-555555555555";
    wanted["properties"]["storageProfile"]["source"]["virtualMachineId"] =
        id("virtualMachines/sealed").replace(SUBSCRIPTION, foreign).into();
    let refused = azure.put(&version("1.0.0"), &wanted);
    assert_eq!((refused.status, refused.code()), (403, "LinkedAuthorizationFailed"));
    let expected = format!("is not authorized to access linked subscription '{foreign}'");
    assert!(refused.message().contains(&expected), "{}", refused.message());
}
