use http::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, body, id, machine, version};

#[test]
fn requests_are_refused_by_the_gateway_in_its_order() {
    let mut azure = Azure::new();
    let group = |subscription: &str| format!("/subscriptions/{subscription}/resourceGroups/none");
    let other = "33333333-3333-4333-8333-333333333333";
    let cases = [
        ("no api-version", id("virtualMachines/builder"), 400, "MissingApiVersionParameter"),
        (
            "an unknown api-version",
            format!("{}?api-version=1999-01-01", id("virtualMachines/builder")),
            400,
            "NoRegisteredProviderFound",
        ),
        ("an unknown subscription", format!("{}?api-version=2021-04-01", group(other)), 404, "SubscriptionNotFound"),
        ("an unknown group", format!("{}?api-version=2021-04-01", group(SUBSCRIPTION)), 404, "ResourceGroupNotFound"),
        ("an unknown machine", machine("nobody", ""), 404, "ResourceNotFound"),
    ];
    for (name, path, status, code) in cases {
        let answer = azure.get(&path);
        assert_eq!((answer.status, answer.code()), (status, code), "{name}");
        assert_eq!(answer.header("x-ms-failure-cause").as_deref(), Some("gateway"), "{name}");
    }
    azure.token = "nonsense".to_owned();
    let answer = azure.get(&machine("builder", ""));
    assert_eq!((answer.status, answer.code()), (401, "InvalidAuthenticationToken"));
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "));
}

#[test]
fn paths_ignore_case_and_headers_identify() {
    let mut azure = Azure::new();
    let path = machine("BUILDER", "").to_uppercase().replace("API-VERSION", "Api-Version");
    let headers = [
        ("x-ms-correlation-request-id", "c0"),
        ("x-ms-client-request-id", "c1"),
        ("x-ms-return-client-request-id", "true"),
    ];
    let answer = azure.call_with(Method::GET, &path, &Value::Null, &headers);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["name"], "builder");
    assert_eq!(answer.header("x-ms-correlation-request-id").as_deref(), Some("c0"));
    assert_eq!(answer.header("x-ms-client-request-id").as_deref(), Some("c1"));
    assert!(answer.header("x-ms-routing-request-id").unwrap().ends_with(":c0"));
    assert_eq!(answer.header("x-ms-ratelimit-remaining-subscription-reads").as_deref(), Some("249"));
    assert!(std::str::from_utf8(answer.response.body()).unwrap().contains("\r\n"));
    let entry = azure.simulator.requests(&azimage_simulator::JournalQuery { since: 1, ..Default::default() });
    assert_eq!(entry[0].correlation_id.as_deref(), Some("c0"));
    assert_eq!(entry[0].principal.as_deref(), Some("app"));
}

#[test]
fn rights_are_checked_on_the_resource_and_on_the_source() {
    let mut azure = Azure::with(&format!(
        "clients: [{{id: narrow, secret: s, roles: [
           {{scope: /subscriptions/{SUBSCRIPTION}, actions: [Microsoft.Compute/galleries/*, Microsoft.Compute/virtualMachines/read]}}]}}]"
    ));
    azure.sign_in("narrow", "s");
    assert_eq!(azure.get(&machine("builder", "")).status, 200);
    let stop = azure.post(&machine("builder", "/deallocate"));
    assert_eq!((stop.status, stop.code()), (403, "AuthorizationFailed"));
    assert!(
        stop.message().contains("'Microsoft.Compute/virtualMachines/deallocate/action' over scope"),
        "{}",
        stop.message()
    );
    let capture = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((capture.status, capture.code()), (403, "LinkedAuthorizationFailed"));
    assert!(
        capture.message().contains("'Microsoft.Compute/virtualMachines/write' on the linked scope(s)"),
        "{}",
        capture.message()
    );
}

#[test]
fn the_same_scenario_and_requests_give_the_same_answers() {
    let run = || {
        let mut azure = Azure::new();
        let answer = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
        (answer.header("azure-asyncoperation"), answer.header("x-ms-request-id"))
    };
    assert_eq!(run(), run());
}

#[test]
fn a_group_can_be_made_and_listed() {
    let mut azure = Azure::new();
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/fresh?api-version=2021-04-01");
    assert_eq!(azure.put(&path, &json!({"location": "westus2"})).status, 201);
    let list = azure.get(&format!("/subscriptions/{SUBSCRIPTION}/resourcegroups?api-version=2021-04-01"));
    assert_eq!(list.body["value"].as_array().unwrap().len(), 2);
}
