//! The simulator behind TLS, driven by an HTTP client like any other Azure client.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::time::Duration;

use azimage_simulator::{RunningSimulator, Scenario, ServeOptions, serve};
use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::{Value, json};

const BASE: &str =
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/images/providers/Microsoft.Compute";
const SCENARIO: &str = "
subscriptions:
- id: 11111111-1111-4111-8111-111111111111
  resourceGroups:
  - name: images
    virtualMachines:
    - name: builder
    galleries:
    - {name: corp, definitions: [{name: web}]}
";

struct Azure {
    running: RunningSimulator,
    client: Client,
    token: String,
}

impl Azure {
    /// One real second is two thousand simulated ones.
    async fn start() -> Self {
        let scenario = Scenario::parse(SCENARIO).unwrap();
        let running = serve(ServeOptions { scenario, speed: 2000.0, ..ServeOptions::default() }).await.unwrap();
        let ca = Certificate::from_pem(&std::fs::read(running.ca()).unwrap()).unwrap();
        let client = Client::builder().tls_certs_only([ca]).build().unwrap();
        let ready = running.ready_line();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}%2F.default",
            ready.clients[0].id, ready.clients[0].secret, ready.arm
        );
        let answer: Value = client
            .post(format!("{}/{}/oauth2/v2.0/token", ready.authority, ready.tenant))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = answer["access_token"].as_str().unwrap().to_owned();
        Self { running, client, token }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let version = if path.contains("/galleries/") { "2024-03-03" } else { "2025-04-01" };
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{BASE}{path}{mark}api-version={version}", self.running.arm());
        self.client.request(method, url).bearer_auth(&self.token)
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> reqwest::Response {
        let request = self.request(method, path);
        let request = if body.is_null() { request } else { request.json(body) };
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null).await.json().await.unwrap()
    }

    /// Polls until `wanted`, for a bounded time.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..300 {
            let seen = self.get(path).await;
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never got there: {}", self.get(path).await);
    }

    async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.running.control()));
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        request.send().await.unwrap().json().await.unwrap()
    }
}

fn power(code: &'static str) -> impl Fn(&Value) -> bool {
    move |view| view["statuses"].as_array().is_some_and(|all| all.iter().any(|status| status["code"] == code))
}

fn succeeded(view: &Value) -> bool {
    view["properties"]["provisioningState"] == "Succeeded"
}

#[tokio::test]
async fn from_a_running_machine_to_a_replicated_version_and_back() {
    let azure = Azure::start().await;
    let script = "systemd-run --on-active=5s sh -c 'waagent -force -deprovision+user && systemctl poweroff'";
    let body = json!({"location": "westeurope", "properties": {"source": {"script": script}, "asyncExecution": true}});
    let put = azure.call(Method::PUT, "/virtualMachines/builder/runCommands/seal", &body).await;
    assert_eq!(put.status(), StatusCode::CREATED);
    azure.until("/virtualMachines/builder/instanceView", power("PowerState/stopped")).await;
    let stop = azure.call(Method::POST, "/virtualMachines/builder/deallocate", &Value::Null).await;
    assert_eq!(stop.status(), StatusCode::ACCEPTED);
    assert_eq!(stop.headers()["retry-after"], "1", "shortened by the speed");
    azure.until("/virtualMachines/builder/instanceView", power("PowerState/deallocated")).await;
    let generalized = azure.call(Method::POST, "/virtualMachines/builder/generalize", &Value::Null).await;
    assert_eq!(generalized.status(), StatusCode::OK);

    let version = "/galleries/corp/images/web/versions/1.0.0";
    let body = |regions: &[&str]| {
        let targets: Vec<Value> = regions.iter().map(|name| json!({"name": name})).collect();
        json!({"location": "westeurope", "properties": {
            "storageProfile": {"source": {"virtualMachineId": format!("{BASE}/virtualMachines/builder")}},
            "publishingProfile": {"targetRegions": targets}}})
    };
    let created = azure.call(Method::PUT, version, &body(&["westeurope"])).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let operation = created.headers()["azure-asyncoperation"].to_str().unwrap().to_owned();
    azure.until(version, succeeded).await;
    let ended: Value =
        azure.client.get(operation).bearer_auth(&azure.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(ended["status"], "Succeeded");
    azure.call(Method::PUT, version, &body(&["westeurope", "northeurope"])).await;
    let status = format!("{version}?$expand=ReplicationStatus");
    azure.until(&status, |view| view["properties"]["replicationStatus"]["summary"][1]["state"] == "Completed").await;
    azure.until(version, succeeded).await;
    assert_eq!(azure.call(Method::DELETE, version, &Value::Null).await.status(), StatusCode::ACCEPTED);
    azure.until(version, |view| view["error"].is_object()).await;

    let writes = azure.control(Method::GET, "/requests?writes=true", &Value::Null).await;
    let methods: Vec<&str> = writes.as_array().unwrap().iter().map(|entry| entry["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["PUT", "POST", "POST", "PUT", "PUT", "DELETE"]);
    let truth = azure.control(Method::GET, &format!("/state{BASE}/virtualMachines/builder"), &Value::Null).await;
    assert_eq!(truth["guest"]["deprovisioned"], true);
    azure.running.shutdown().await;
}

#[tokio::test]
async fn callers_hang_until_the_fault_is_deleted_and_connections_are_reset() {
    let azure = Azure::start().await;
    let fault = json!({"match": {"writes": true, "succeeds": true}, "times": 1, "effect": "Applied", "then": "Hang"});
    let id = azure.control(Method::POST, "/faults", &fault).await["id"].as_u64().unwrap();
    let hanging = tokio::spawn(azure.request(Method::POST, "/virtualMachines/builder/deallocate").send());
    for _ in 0..200 {
        if azure.control(Method::GET, "/faults", &Value::Null).await[0]["fired"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!hanging.is_finished());
    azure.control(Method::DELETE, &format!("/faults/{id}"), &Value::Null).await;
    assert_eq!(hanging.await.unwrap().unwrap().status(), StatusCode::ACCEPTED);

    azure
        .control(Method::POST, "/faults", &json!({"match": {"path": "/galleries/"}, "times": 5, "then": "Reset"}))
        .await;
    let reset = azure.request(Method::GET, "/galleries/corp").send().await;
    assert!(reset.is_err(), "{reset:?}");
    azure.control(Method::DELETE, "/faults", &Value::Null).await;
    assert_eq!(azure.call(Method::GET, "/galleries/corp", &Value::Null).await.status(), StatusCode::OK);

    let refused = azure.control(Method::POST, "/faults", &json!({"match": {"metod": "PUT"}, "then": "Reset"})).await;
    assert!(refused["error"].as_str().unwrap().contains("metod"), "{refused}");
}

#[tokio::test]
async fn scenarios_and_people_change_things_while_it_runs() {
    let azure = Azure::start().await;
    let more = "{subscriptions: [{id: 44444444-4444-4444-8444-444444444444, resourceGroups: [{name: rg}]}], clients: [{id: second, secret: s}]}";
    let answer: Value = azure
        .client
        .post(format!("{}/scenario", azure.running.control()))
        .body(more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["subscriptions"].as_array().unwrap().len(), 2, "{answer}");
    let path = format!("/virtual-machines{BASE}/virtualMachines/builder");
    azure.control(Method::POST, &path, &json!({"powerState": "deallocated", "tags": {"by": "hand"}})).await;
    let view = azure.get("/virtualMachines/builder?$expand=instanceView").await;
    assert_eq!(view["tags"]["by"], "hand");
    assert!(power("PowerState/deallocated")(&view["properties"]["instanceView"]));
    let before = azure.control(Method::GET, "/clock", &Value::Null).await;
    let after = azure.control(Method::POST, "/clock", &json!({"speed": 1.0, "advanceSeconds": 86400})).await;
    assert_eq!(after["speed"], 1.0);
    assert!(after["simulatedTime"].as_str() > before["simulatedTime"].as_str());
    let refused = azure.control(Method::POST, "/clock", &json!({"advanceSeconds": -1})).await;
    assert!(refused["error"].as_str().unwrap().contains("does not go back"));
}

/// What a caller sees of an answer with wrong bytes: a status, or none; and whether the body comes whole.
async fn seen(azure: &Azure, wire: &str) -> (Option<u16>, bool) {
    let fault = json!({"match": {"path": "/galleries/"}, "then": {"wire": wire}});
    let id = azure.control(Method::POST, "/faults", &fault).await["id"].as_u64().unwrap();
    let request = azure.request(Method::GET, "/galleries/corp").timeout(Duration::from_secs(2));
    let seen = match request.send().await {
        Err(_) => (None, false),
        Ok(mut answer) => {
            let status = Some(answer.status().as_u16());
            let mut length = 0;
            let whole = loop {
                match answer.chunk().await {
                    Ok(Some(chunk)) if length < 1024 * 1024 => length += chunk.len(),
                    Ok(None) => break true,
                    Ok(Some(_)) | Err(_) => break false,
                }
            };
            (status, whole)
        }
    };
    azure.control(Method::DELETE, &format!("/faults/{id}"), &Value::Null).await;
    seen
}

#[tokio::test]
async fn answers_are_wrong_byte_by_byte_and_right_again_afterwards() {
    let azure = Azure::start().await;
    for (wire, expected) in [
        ("NotHttp", (None, false)),
        ("CutInHead", (None, false)),
        ("CutInBody", (Some(200), false)),
        ("LengthTooLong", (Some(200), false)),
        ("LengthTooShort", (Some(200), true)),
        ("Drip", (Some(200), false)),
        ("Endless", (Some(200), false)),
        ("BadChunks", (Some(200), false)),
        ("Oversized", (Some(200), false)),
        ("SwitchingProtocols", (Some(101), true)),
        ("EarlyHints", (None, false)),
        ("HugeHeader", (None, false)),
        ("BadHeader", (None, false)),
        ("TwoAnswers", (Some(200), true)),
    ] {
        assert_eq!(seen(&azure, wire).await, expected, "{wire}");
        assert_eq!(azure.call(Method::GET, "/galleries/corp", &Value::Null).await.status(), StatusCode::OK, "{wire}");
    }
}

#[tokio::test]
async fn an_answer_can_echo_what_was_sent_and_a_fault_can_meet_one_application() {
    let azure = Azure::start().await;
    let client = azure.running.ready_line().clients[0].id.clone();
    let text = json!({"said": "{request.authorization}", "body": "{request.body}"});
    let fault = |client: &str| json!({"match": {"client": client}, "then": {"respond": {"status": 400, "body": text}}});
    azure.control(Method::POST, "/faults", &fault("another")).await;
    azure.control(Method::POST, "/faults", &fault(&client)).await;
    let answer = azure.call(Method::PUT, "/galleries/corp", &json!({"quoted": "\""})).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["said"], format!("Bearer {}", azure.token));
    assert_eq!(answer["body"], json!({"quoted": "\""}).to_string());
    let token = format!("{}/tenant/oauth2/v2.0/token", azure.running.arm());
    let form = format!("client_id={client}&client_secret=mine");
    let answer = azure.client.post(token).body(form.clone()).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["body"], form);
}

#[tokio::test]
async fn new_connections_find_the_tls_that_is_set_and_tokens_go_by_azures_clock() {
    let azure = Azure::start().await;
    let ca = Certificate::from_pem(&std::fs::read(azure.running.ca()).unwrap()).unwrap();
    for (handshake, words) in [
        ("Untrusted", "UnknownIssuer"),
        ("Expired", "Expired"),
        ("WrongHost", "NotValidForName"),
        ("OldVersion", "ServerDoesNotSupportTls12Or13"),
        ("Plain", "InvalidContentType"),
    ] {
        azure.control(Method::POST, "/tls", &json!({"handshake": handshake})).await;
        let client = Client::builder().tls_certs_only([ca.clone()]).build().unwrap();
        let error = format!("{:?}", client.get(azure.running.arm()).send().await.unwrap_err());
        assert!(error.contains(words), "{handshake}: {error}");
        let state = azure.control(Method::GET, "/tls", &Value::Null).await;
        assert_eq!(state, json!({"handshake": handshake, "connections": 1}));
    }
    azure.control(Method::POST, "/tls", &json!({"handshake": "Valid"})).await;
    for (ahead, status) in [(3000, StatusCode::OK), (3700, StatusCode::UNAUTHORIZED), (-3600, StatusCode::OK)] {
        azure.control(Method::POST, "/clock", &json!({"aheadSeconds": ahead})).await;
        assert_eq!(azure.call(Method::GET, "/galleries/corp", &Value::Null).await.status(), status, "{ahead}");
    }
}
