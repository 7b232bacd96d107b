use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, body, id, version};

const CORRELATION: &str = "99999999-9999-4999-8999-999999999999";

fn values(more: &str) -> String {
    let filter = format!("eventTimestamp ge '2026-01-01T00:00:00Z' and eventTimestamp le '2026-01-03T00:00:00Z'{more}");
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={filter}"
    )
}

fn texts(answer: &Value, pointer: &str) -> Vec<String> {
    let entries = answer["value"].as_array().unwrap();
    entries.iter().map(|entry| entry.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_write_is_in_the_log_minutes_later_with_its_whole_story() {
    let mut azure = Azure::new();
    let headers = [("x-ms-correlation-request-id", CORRELATION)];
    azure.call_with(http::Method::PUT, &version("1.0.0"), &body("sealed", &["westeurope"]), &headers);
    azure.put(&version("1.0"), &body("sealed", &["westeurope"]));
    let own = values(&format!(" and correlationId eq '{CORRELATION}'"));
    azure.wait(299);
    assert_eq!(azure.get(&own).body["value"], json!([]), "it takes minutes");
    azure.wait(1);
    assert_eq!(texts(&azure.get(&own).body, "/status/value"), ["Accepted", "Started"]);
    azure.wait(431);
    let log = azure.get(&own).body;
    assert_eq!(texts(&log, "/status/value"), ["Succeeded", "Accepted", "Started"], "the newest comes first");
    let entry = &log["value"][0];
    assert_eq!(entry["operationName"]["value"], "Microsoft.Compute/galleries/images/versions/write");
    assert_eq!((&entry["caller"], &entry["correlationId"]), (&json!("app"), &json!(CORRELATION)));
    assert_eq!(entry["resourceId"], id("galleries/corp/images/web/versions/1.0.0"));
    assert_eq!(log["value"][1]["subStatus"]["value"], "Created");
    let refused =
        azure.get(&values(&format!(" and resourceUri eq '{}'", id("galleries/corp/images/web/versions/1.0"))));
    assert_eq!(texts(&refused.body, "/status/value"), ["Failed", "Started"]);
    assert!(refused.body["value"][0]["properties"]["statusMessage"].as_str().unwrap().contains("InvalidParameter"));
    let few = azure.get(&format!("{own}&$select=status")).body["value"][0].as_object().unwrap().len();
    assert_eq!(few, 1);
}

#[test]
fn the_log_takes_its_own_filters_only_and_comes_in_pages() {
    let mut azure = Azure::with("pageSize: 2");
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(1000);
    let first = azure.get(&values(" and resourceGroupName eq 'IMAGES'"));
    assert_eq!(texts(&first.body, "/status/value"), ["Succeeded", "Accepted"]);
    let second = azure.get(first.body["nextLink"].as_str().unwrap());
    assert_eq!(texts(&second.body, "/status/value"), ["Started"]);
    assert!(second.body.get("nextLink").is_none());
    assert_eq!(azure.get(&values(" and resourceGroupName eq 'other'")).body["value"], json!([]));
    assert_eq!(azure.get(&values(" and caller eq 'app'")).status, 400);
    let none = values("").split("&$filter").next().unwrap().to_owned();
    assert_eq!(azure.get(&none).status, 400);
}

#[test]
fn reading_the_log_takes_its_own_right() {
    let mut azure = Azure::with(&format!(
        "clients: [{{id: reader, secret: r, roles: [{{scope: /subscriptions/{SUBSCRIPTION}, actions: [Microsoft.Compute/*]}}]}}]"
    ));
    azure.sign_in("reader", "r");
    let refused = azure.get(&values(""));
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    assert!(refused.message().contains("Microsoft.Insights/eventtypes/values/read"), "{}", refused.message());
}
