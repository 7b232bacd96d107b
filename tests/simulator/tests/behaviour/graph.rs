use serde_json::{Value, json};

use crate::azure::{Answer, Azure, SUBSCRIPTION, body, id, machine, machine_body, version};

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";

fn users() -> Value {
    let definition = id("galleries/corp/images/web");
    json!({"subscriptions": [SUBSCRIPTION], "query": format!(
        "resources
        | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/virtualmachinescalesets')
        | extend ref = iff(type =~ 'microsoft.compute/virtualmachines', properties.storageProfile.imageReference, properties.virtualMachineProfile.storageProfile.imageReference)
        | extend imageId = tolower(tostring(ref.id)), exact = tostring(ref.exactVersion)
        | where imageId startswith tolower('{definition}')
        | where imageId == tolower('{definition}/versions/1.0.0') or (imageId == tolower('{definition}') and exact == '1.0.0')
        | project id, type, location, subscriptionId, imageId, exact"
    )})
}

fn ask(azure: &mut Azure, body: &Value) -> Answer {
    azure.call(http::Method::POST, PATH, body)
}

fn names(answer: &Answer) -> Vec<&str> {
    let data = answer.body["data"].as_array().unwrap();
    data.iter().map(|row| row["id"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

fn with_scale_sets(more: &str) -> Azure {
    let definition = id("galleries/corp/images/web");
    Azure::with(&format!(
        "subscriptions:
- id: {SUBSCRIPTION}
  resourceGroups:
  - name: images
    virtualMachineScaleSets:
    - {{name: named, image: {definition}/versions/1.0.0}}
    - {{name: latest, image: {definition}, exactVersion: 1.0.0}}
    - {{name: older, image: {definition}, exactVersion: 0.9.0}}
    - {{name: other, image: {definition}2/versions/1.0.0}}
{more}"
    ))
}

#[test]
fn who_uses_a_version_is_told_by_its_id_or_as_the_latest() {
    let mut azure = with_scale_sets("");
    let answer = ask(&mut azure, &users());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(names(&answer), ["latest", "named"]);
    assert_eq!(answer.body["data"][0]["type"], "microsoft.compute/virtualmachinescalesets");
    assert_eq!(answer.body["totalRecords"], 2);
    assert_eq!(answer.header("x-ms-user-quota-remaining").as_deref(), Some("14"));
    let mut paged = users();
    paged["options"] = json!({"$top": 1});
    let first = ask(&mut azure, &paged);
    paged["options"]["$skipToken"] = first.body["$skipToken"].clone();
    assert_eq!((names(&first), names(&ask(&mut azure, &paged))), (vec!["latest"], vec!["named"]));
}

#[test]
fn scale_sets_that_name_a_version_are_told_without_those_that_follow_the_latest() {
    let mut azure = with_scale_sets("");
    let version = id("galleries/corp/images/web/versions/1.0.0");
    let query = json!({"query": format!(
        "resources | where type =~ 'microsoft.compute/virtualmachinescalesets'
        | extend imageId = tolower(tostring(properties.virtualMachineProfile.storageProfile.imageReference.id))
        | where imageId == tolower('{version}') | project id, type, location, subscriptionId, imageId"
    )});
    assert_eq!(names(&ask(&mut azure, &query)), ["named"]);
}

#[test]
fn the_users_of_a_definition_are_counted_by_what_they_name() {
    let mut azure = with_scale_sets("");
    let definition = id("galleries/corp/images/web");
    let query = json!({"options": {"$top": 2}, "query": format!(
        "resources
        | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/virtualmachinescalesets')
        | extend ref = iff(type =~ 'microsoft.compute/virtualmachines', properties.storageProfile.imageReference, properties.virtualMachineProfile.storageProfile.imageReference)
        | extend imageId = tolower(tostring(ref.id)), exact = tostring(ref.exactVersion)
        | where imageId == tolower('{definition}') or imageId startswith tolower('{definition}/versions/')
        | summarize users = count() by type, location, imageId, exact
        | order by imageId asc, exact asc, type asc, location asc"
    )});
    let first = ask(&mut azure, &query);
    let definition = definition.to_lowercase();
    let told = |answer: &Answer| {
        let of = |row: &Value| json!([row["imageId"], row["exact"], row["users"]]);
        answer.body["data"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(told(&first), [json!([definition, "0.9.0", 1]), json!([definition, "1.0.0", 1])]);
    let mut next = query;
    next["options"]["$skipToken"] = first.body["$skipToken"].clone();
    assert_eq!(told(&ask(&mut azure, &next)), [json!([format!("{definition}/versions/1.0.0"), "", 1])]);
}

#[test]
fn what_the_caller_may_not_read_and_other_queries_are_not_answered() {
    let mut azure = with_scale_sets(&format!(
        "clients: [{{id: reader, secret: r, roles: [{{scope: /subscriptions/{SUBSCRIPTION}, actions: [Microsoft.Compute/virtualMachines/read]}}]}}]"
    ));
    let other = ask(&mut azure, &json!({"query": "resources | project id"}));
    assert_eq!((other.status, other.code()), (400, "BadRequest"));
    azure.sign_in("reader", "r");
    assert_eq!(names(&ask(&mut azure, &users())), [""; 0]);
}

#[test]
fn fifteen_questions_in_five_seconds_are_enough() {
    let mut azure = with_scale_sets("");
    for _ in 0..15 {
        assert_eq!(ask(&mut azure, &users()).status, 200);
    }
    let refused = ask(&mut azure, &users());
    assert_eq!((refused.status, refused.header("x-ms-user-quota-remaining").as_deref()), (429, Some("0")));
    azure.wait(5);
    assert_eq!(ask(&mut azure, &users()).status, 200);
}

#[test]
fn a_machine_and_its_disk_are_in_the_graph_some_time_after_they_were_made_and_after_they_are_gone() {
    let mut azure = Azure::new();
    let version_id = id("galleries/corp/images/web/versions/1.0.0");
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    assert_eq!(azure.put(&machine("user", ""), &machine_body("user", &version_id)).status, 201);
    let disks = json!({"query": format!(
        "resources | where type =~ 'microsoft.compute/disks'
        | extend imageId = tolower(tostring(properties.creationData.galleryImageReference.id))
        | where imageId == tolower('{version_id}') | project id, type, location, subscriptionId, imageId"
    )});
    assert_eq!(names(&ask(&mut azure, &users())), [""; 0], "the graph is late");
    azure.wait(30);
    assert_eq!(names(&ask(&mut azure, &users())), ["user"]);
    assert_eq!(names(&ask(&mut azure, &disks)), ["user_OsDisk_1"]);
    azure.wait(20);
    assert_eq!(azure.delete(&machine("user", "")).status, 202);
    azure.wait(31);
    assert_eq!(azure.get(&machine("user", "")).status, 404);
    assert_eq!(names(&ask(&mut azure, &users())), ["user"], "and late again");
    azure.wait(30);
    assert_eq!(names(&ask(&mut azure, &users())), [""; 0]);
}
