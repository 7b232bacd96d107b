//! Locks, policies and unregistered providers forbid writes whoever asks.

use azimage_simulator::Scenario;
use http::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, GALLERIES, SUBSCRIPTION, body, id, machine, version};

fn scope(below: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}{below}")
}

fn lock(scope: &str, level: &str) -> String {
    format!("locks: [{{scope: {scope}, level: {level}}}]")
}

fn definition() -> String {
    format!("{}?api-version={GALLERIES}", id("galleries/corp/images/web"))
}

#[test]
fn a_lock_holds_for_its_scope_and_all_below() {
    let group = scope("/resourceGroups/images");
    let cases = [
        ("read-only subscription", scope(""), "ReadOnly", true, true),
        ("read-only group, in another case", group.to_uppercase(), "ReadOnly", true, true),
        ("read-only gallery", id("galleries/corp"), "ReadOnly", true, true),
        ("undeletable group", group, "CanNotDelete", false, true),
        ("undeletable version below", id("galleries/corp/images/web/versions/1.0.0"), "CanNotDelete", false, true),
        ("another gallery", id("galleries/corp2"), "ReadOnly", false, false),
    ];
    for (name, scope, level, writes, deletes) in cases {
        let mut azure = Azure::with(&lock(&scope, level));
        let put = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
        assert_eq!(put.code() == "ScopeLocked", writes, "{name}: {put:?}");
        if writes {
            assert_eq!(put.status, 409, "{name}");
            assert!(put.message().contains(&format!("following scope(s) are locked: '{scope}'")), "{}", put.message());
        } else {
            assert_eq!(put.status, 201, "{name}: {put:?}");
        }
        let delete = azure.delete(&definition());
        assert_eq!(delete.code() == "ScopeLocked", deletes, "{name}: {delete:?}");
        assert_eq!(azure.get(&definition()).status, 200, "{name}: reads go on");
    }
}

#[test]
fn a_read_only_machine_does_not_change_power_until_the_lock_is_gone() {
    let mut azure = Azure::with(&lock(&id("virtualMachines/builder"), "ReadOnly"));
    assert_eq!(azure.post(&machine("builder", "/deallocate")).code(), "ScopeLocked");
    let tags =
        format!("{}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01", id("virtualMachines/builder"));
    let merge = json!({"operation": "Merge", "properties": {"tags": {"a": "b"}}});
    assert_eq!(azure.call(Method::PATCH, &tags, &merge).code(), "ScopeLocked");
    azure.simulator.add(&Scenario::parse("locks: []").unwrap()).unwrap();
    assert_eq!(azure.call(Method::PATCH, &tags, &merge).status, 200);
    assert_eq!(azure.post(&machine("builder", "/deallocate")).status, 202);
}

#[test]
fn a_policy_denies_what_it_is_about_and_says_so() {
    let tagged = |tags: Value| {
        let mut wanted = body("sealed", &["westeurope"]);
        wanted["tags"] = tags;
        wanted
    };
    let cases = [
        ("no condition", "", json!({}), true),
        ("another type", "resourceTypes: [Microsoft.Compute/disks]", json!({}), false),
        ("this type", "resourceTypes: [microsoft.compute/galleries/images/versions]", json!({}), true),
        ("another region", "allowedLocations: [North Europe]", json!({}), true),
        ("this region", "allowedLocations: [West Europe]", json!({}), false),
        ("a tag is missing", "requiredTag: owner", json!({"team": "web"}), true),
        ("the tag is there", "requiredTag: owner", json!({"Owner": "web"}), false),
    ];
    for (name, condition, tags, denied) in cases {
        let place = scope("/resourceGroups/images");
        let mut azure = Azure::with(&format!("policies: [{{name: rule, scope: {place}, {condition}}}]"));
        let answer = azure.put(&version("1.0.0"), &tagged(tags));
        if !denied {
            assert_eq!(answer.status, 201, "{name}: {answer:?}");
            continue;
        }
        assert_eq!((answer.status, answer.code()), (403, "RequestDisallowedByPolicy"), "{name}");
        assert_eq!(answer.body["error"]["target"], "1.0.0", "{name}");
        let more = &answer.body["error"]["additionalInfo"][0];
        assert_eq!(more["type"], "PolicyViolation", "{name}");
        assert_eq!(more["info"]["policyAssignmentName"], "rule", "{name}");
        assert_eq!(azure.get(&version("1.0.0")).status, 404, "{name}: nothing was made");
        assert_eq!(azure.post(&machine("builder", "/deallocate")).status, 202, "{name}: actions are no concern of it");
    }
}

#[test]
fn a_change_that_leaves_a_required_tag_alone_is_allowed() {
    let mut azure = Azure::new();
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201);
    azure.wait(431);
    let rule = format!("policies: [{{name: rule, scope: {}, requiredTag: owner}}]", scope(""));
    azure.simulator.add(&Scenario::parse(&rule).unwrap()).unwrap();
    let lost = azure.call(Method::PATCH, &version("1.0.0"), &json!({"tags": {"team": "web"}}));
    assert_eq!(lost.code(), "RequestDisallowedByPolicy");
    let other = json!({"properties": {"publishingProfile": {"excludeFromLatest": false}}});
    assert_eq!(azure.call(Method::PATCH, &version("1.0.0"), &other).status, 200);
}

#[test]
fn a_provider_that_is_not_registered_takes_no_writes() {
    let without = |names: &str| format!("subscriptions: [{{id: {SUBSCRIPTION}, unregisteredProviders: [{names}]}}]");
    let mut azure = Azure::with(&without("microsoft.compute"));
    let refused = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((refused.status, refused.code()), (409, "MissingSubscriptionRegistration"));
    assert_eq!(azure.get(&definition()).status, 200);
    azure.simulator.add(&Scenario::parse(&without("")).unwrap()).unwrap();
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201);
}

#[test]
fn a_lock_is_a_resource_that_anyone_with_the_right_puts_and_takes_away() {
    let mut azure = Azure::new();
    let locks = |below: &str, name: &str| {
        format!("{}/providers/Microsoft.Authorization/locks{name}?api-version=2020-05-01", scope(below))
    };
    let gallery = "/resourceGroups/images/providers/Microsoft.Compute/galleries/corp";
    let keep = locks(gallery, "/keep");
    let level = |level: &str| json!({"properties": {"level": level, "notes": "for a while"}});
    let made = azure.put(&keep, &level("CanNotDelete"));
    assert_eq!((made.status, &made.body["properties"]["notes"]), (201, &json!("for a while")));
    assert_eq!(azure.delete(&definition()).code(), "ScopeLocked");
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201);
    assert_eq!(azure.put(&keep, &level("ReadOnly")).status, 200);
    assert_eq!(azure.put(&version("1.0.1"), &body("sealed", &["westeurope"])).code(), "ScopeLocked");
    assert_eq!(azure.put(&keep, &level("Both")).code(), "InvalidLockLevel");
    assert_eq!(azure.get(&keep).body["properties"]["level"], "ReadOnly");
    for (below, filter, count) in [("", "", 1), ("", "&$filter=atScope()", 0), (gallery, "&$filter=atScope()", 1)] {
        let list = azure.get(&format!("{}{filter}", locks(below, ""))).body;
        assert_eq!(list["value"].as_array().unwrap().len(), count, "{below} {filter}");
    }
    assert_eq!(azure.get(&locks("/resourceGroups/none", "/keep")).code(), "ResourceGroupNotFound");
    assert_eq!(azure.delete(&keep).status, 200, "what is locked can be unlocked");
    assert_eq!(azure.delete(&keep).status, 204);
    assert_eq!((azure.get(&keep).status, azure.get(&keep).code().to_owned()), (404, "LockNotFound".to_owned()));
    assert_eq!(
        azure.put(&version("1.0.2"), &body("sealed", &["westeurope"])).code(),
        "Conflict",
        "busy source, no lock"
    );
}

#[test]
fn locks_take_a_right_of_their_own() {
    let mut azure = Azure::with(&format!(
        "clients: [{{id: contributor, secret: s3cret, roles: []}}]
roleAssignments: [{{client: contributor, role: Contributor, scope: {}}}]",
        scope("")
    ));
    azure.sign_in("contributor", "s3cret");
    let lock =
        format!("{}/providers/Microsoft.Authorization/locks/x?api-version=2020-05-01", scope("/resourceGroups/images"));
    let refused = azure.put(&lock, &json!({"properties": {"level": "ReadOnly"}}));
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    assert!(refused.message().contains("'Microsoft.Authorization/locks/write'"), "{}", refused.message());
}

#[test]
fn a_provider_is_looked_at_and_registered() {
    let mut azure =
        Azure::with(&format!("subscriptions: [{{id: {SUBSCRIPTION}, unregisteredProviders: [microsoft.compute]}}]"));
    let provider = |rest: &str| format!("{}/providers/Microsoft.Compute{rest}?api-version=2022-09-01", scope(""));
    assert_eq!(azure.get(&provider("")).body["registrationState"], "NotRegistered");
    assert_eq!(azure.post(&provider("/register")).body["registrationState"], "Registering");
    assert_eq!(azure.get(&provider("")).body["registrationState"], "Registered");
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201);
    let unknown = azure.get(&format!("{}/providers/Contoso.Nothing?api-version=2022-09-01", scope("")));
    assert_eq!((unknown.status, unknown.code()), (404, "InvalidResourceNamespace"));
}
