use serde_json::{Value, json};

use crate::{
    azure::{Azure, SUBSCRIPTION, id},
    copies::{self, compute, compute_id, copy_machine, copy_of, work_network_id},
};

fn list(azure: &mut Azure, group: &str, query: &str) -> Value {
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/resources?api-version=2021-04-01{query}");
    let answer = azure.get(&path);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn ids(list: &Value) -> Vec<String> {
    list["value"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_with_a_tag_is_found_in_one_list_that_does_not_show_the_tag() {
    let mut azure = copies::azure("");
    copy_machine(&mut azure, "builder");
    azure.wait(6);
    let mut expected = vec![
        compute_id("disks/copy"),
        compute_id("snapshots/copy"),
        compute_id("virtualMachines/copy"),
        work_network_id("networkInterfaces/copy"),
        work_network_id("networkSecurityGroups/closed"),
    ];
    expected.sort_by_key(|id| id.to_lowercase());
    let found = list(&mut azure, "work", "&$filter=tagName%20eq%20'PURPOSE'%20and%20tagValue%20eq%20'copy'");
    assert_eq!(ids(&found), expected);
    assert!(found["value"][0].get("tags").is_none(), "as documented: {found}");
    assert_eq!(ids(&list(&mut azure, "work", "&$filter=tagName%20eq%20'purpose'")), expected);
    for none in ["tagName%20eq%20'other'", "tagName%20eq%20'purpose'%20and%20tagValue%20eq%20'COPY'"] {
        assert_eq!(ids(&list(&mut azure, "work", &format!("&$filter={none}"))), Vec::<String>::new(), "{none}");
    }
    let all = list(&mut azure, "work", "&$expand=createdTime");
    assert_eq!(ids(&all), expected);
    let disk = &all["value"][0];
    assert_eq!((&disk["tags"]["purpose"], &disk["type"]), (&json!("copy"), &json!("Microsoft.Compute/disks")));
    assert_eq!(disk["managedBy"], json!(compute_id("virtualMachines/copy")));
    assert!(disk["createdTime"].as_str().unwrap().starts_with("2026-01-01T00:00:04"), "{disk}");
    let disks = list(&mut azure, "work", "&$filter=resourceType%20eq%20'microsoft.compute/disks'");
    assert_eq!(ids(&disks), [compute_id("disks/copy")]);
}

#[test]
fn the_list_has_nested_resources_that_lie_in_a_region_and_comes_in_pages() {
    let mut azure = Azure::with(
        "pageSize: 2
subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, galleries: [
  {name: other, definitions: [{name: web, versions: [{name: 1.0.0, tags: {a: b}}]}]}]}]}]",
    );
    let mut page = list(&mut azure, "images", "&$filter=resourceType%20ne%20'none'");
    let mut found = ids(&page);
    while let Some(next) = page["nextLink"].as_str().map(str::to_owned) {
        assert!(next.contains("filter"), "{next}");
        page = azure.get(&next).body;
        found.extend(ids(&page));
    }
    assert_eq!(found.len(), 10, "{found:?}");
    assert!(found.contains(&id("galleries/other/images/web/versions/1.0.0")));
    assert!(!found.iter().any(|id| id.contains("/subnets/")));
    let tagged = list(&mut azure, "images", "&$filter=tagName%20eq%20'a'");
    assert_eq!(tagged["value"][0]["name"], "other/web/1.0.0");
}

#[test]
fn a_new_resource_is_late_in_the_list_and_others_are_not_shown() {
    let mut azure = copies::azure("clients: [{id: narrow, secret: s, roles: [{scope: /subscriptions/11111111-1111-4111-8111-111111111111,
      actions: [Microsoft.Resources/subscriptions/resourceGroups/resources/read, Microsoft.Compute/disks/read]}]}, {id: none, secret: s, roles: []}]");
    azure.wait(1);
    azure.put(&compute("snapshots/one"), &copy_of(&id("disks/builder_OsDisk_1")));
    assert_eq!(ids(&list(&mut azure, "work", "")), Vec::<String>::new());
    azure.wait(5);
    assert_eq!(ids(&list(&mut azure, "work", "")), [compute_id("snapshots/one")]);
    azure.sign_in("narrow", "s");
    let seen = ids(&list(&mut azure, "images", ""));
    assert!(seen.len() == 2 && seen.iter().all(|id| id.contains("/disks/")), "{seen:?}");
    azure.sign_in("none", "s");
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/work/resources");
    let refused = azure.get(&format!("{path}?api-version=2021-04-01"));
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    azure.sign_in("app", "s3cret");
    for (query, status, code) in [
        ("api-version=2021-04-01&$filter=tagName%20like%20'a'", 400, "InvalidFilterInQueryString"),
        ("api-version=1999-01-01", 400, "NoRegisteredProviderFound"),
    ] {
        let answer = azure.get(&format!("{path}?{query}"));
        assert_eq!((answer.status, answer.code()), (status, code), "{query}");
    }
    let whole = azure.get(&format!("/subscriptions/{SUBSCRIPTION}/resources?api-version=2021-04-01"));
    assert!(ids(&whole.body).contains(&compute_id("snapshots/one")));
    let missing = azure.get(&path.replace("work", "none").replace("/resources", "/resources?api-version=2021-04-01"));
    assert_eq!((missing.status, missing.code()), (404, "ResourceGroupNotFound"));
}
