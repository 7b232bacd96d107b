//! A simulator on a clock that the test turns.

use azimage_simulator::{Outcome, Scenario, Simulator, clock::Moment};
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(crate) const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const GALLERIES: &str = "2024-03-03";
pub(crate) const MACHINES: &str = "2025-04-01";

const SCENARIO: &str = "
tenant: 22222222-2222-4222-8222-222222222222
start: 2026-01-01T00:00:00Z
tokenLifetimeSeconds: 1000000
clients:
- {id: app, secret: s3cret}
subscriptions:
- id: 11111111-1111-4111-8111-111111111111
  resourceGroups:
  - name: images
    location: westeurope
    virtualMachines:
    - name: builder
    - {name: sealed, powerState: deallocated, generalized: true, deprovisioned: true}
    virtualNetworks:
    - name: build
      subnets: [{name: default}]
    galleries:
    - name: corp
      definitions:
      - name: web
";

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) response: Response<Bytes>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

pub(crate) struct Azure {
    pub(crate) simulator: Simulator,
    pub(crate) now: Timestamp,
    pub(crate) token: String,
}

impl Azure {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The usual scenario and one more.
    pub(crate) fn with(more: &str) -> Self {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut simulator = Simulator::new(&Scenario::parse(SCENARIO).unwrap(), now).unwrap();
        simulator.add(&Scenario::parse(more).unwrap()).unwrap();
        let mut azure = Self { simulator, now, token: String::new() };
        azure.sign_in("app", "s3cret");
        azure
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let scenario = Scenario { seed: Some(seed), ..Scenario::parse(SCENARIO).unwrap() };
        let mut azure = Self { simulator: Simulator::new(&scenario, now).unwrap(), now, token: String::new() };
        azure.sign_in("app", "s3cret");
        azure
    }

    pub(crate) fn sign_in(&mut self, id: &str, secret: &str) {
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=https%3A%2F%2Fsimulated%2F.default"
        );
        let path = "/22222222-2222-4222-8222-222222222222/oauth2/v2.0/token";
        let answer = self.send(Method::POST, path, Bytes::from(form), &[]);
        answer.body["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) fn outcome(&mut self, method: Method, path: &str, body: Bytes, headers: &[(&str, &str)]) -> Outcome {
        let uri = if path.starts_with("https:") { path.to_owned() } else { format!("https://simulated{path}") };
        let mut request = Request::builder().method(method).uri(uri).body(body).unwrap();
        let authorization = format!("Bearer {}", self.token);
        for (name, value) in headers.iter().chain(&[("authorization", authorization.as_str())]) {
            request.headers_mut().insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        self.simulator.handle(&request, Moment::at(self.now))
    }

    fn send(&mut self, method: Method, path: &str, body: Bytes, headers: &[(&str, &str)]) -> Answer {
        match self.outcome(method, path, body, headers) {
            Outcome::Answer(response) => Answer {
                status: response.status().as_u16(),
                body: serde_json::from_slice(response.body()).unwrap_or_default(),
                response,
            },
            other => panic!("no answer: {other:?}"),
        }
    }

    pub(crate) fn call(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        self.call_with(method, path, body, &[])
    }

    pub(crate) fn call_with(&mut self, method: Method, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        self.send(method, path, bytes, headers)
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, &Value::Null)
    }

    pub(crate) fn post(&mut self, path: &str) -> Answer {
        self.call(Method::POST, path, &Value::Null)
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, body)
    }

    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &Value::Null)
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// The status of the operation that `answer` announced.
    pub(crate) fn operation(&mut self, answer: &Answer) -> Value {
        let url = answer.header("azure-asyncoperation").expect("an operation");
        let read = self.get(&url);
        assert_eq!(read.status, 200, "{read:?}");
        read.body
    }

    /// Raw record of a machine.
    pub(crate) fn truth(&mut self, name: &str) -> Value {
        self.simulator.advance(self.now);
        self.simulator.state(&id(&format!("virtualMachines/{name}"))).unwrap()
    }

    pub(crate) fn statuses(&mut self, name: &str) -> Vec<String> {
        let view = self.get(&machine(name, "/instanceView"));
        view.body["statuses"].as_array().unwrap().iter().map(|s| s["code"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn id(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/{rest}")
}

pub(crate) fn machine(name: &str, rest: &str) -> String {
    format!("{}{rest}?api-version={MACHINES}", id(&format!("virtualMachines/{name}")))
}

pub(crate) fn disk(name: &str) -> String {
    format!("{}?api-version=2025-01-02", id(&format!("disks/{name}")))
}

pub(crate) fn network_id(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Network/{rest}")
}

pub(crate) fn network(rest: &str) -> String {
    format!("{}?api-version=2025-05-01", network_id(rest))
}

/// A network interface in the scenario's subnet.
pub(crate) fn interface_body() -> Value {
    let subnet = network_id("virtualNetworks/build/subnets/default");
    serde_json::json!({"location": "westeurope", "properties": {"ipConfigurations": [
        {"name": "ipconfig1", "properties": {"subnet": {"id": subnet}}},
    ]}})
}

/// A machine from an image, with an interface of its own that goes with it.
pub(crate) fn machine_body(name: &str, image: &str) -> Value {
    let subnet = network_id("virtualNetworks/build/subnets/default");
    serde_json::json!({"location": "westeurope", "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": {"id": image},
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete", "managedDisk": {"storageAccountType": "StandardSSD_LRS"}},
        },
        "osProfile": {"computerName": name, "adminUsername": "valadmin", "linuxConfiguration": {
            "disablePasswordAuthentication": true, "ssh": {"publicKeys": [{"path": "/home/valadmin/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}]},
        }},
        "networkProfile": {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [{
            "name": format!("{name}-nic"),
            "properties": {"primary": true, "deleteOption": "Delete", "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]},
        }]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
    }})
}

pub(crate) fn version(name: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries/corp/images/web/versions/{name}")))
}

pub(crate) fn with_status(path: &str) -> String {
    format!("{path}&$expand=ReplicationStatus")
}

/// A version body from machine `source` in these regions.
pub(crate) fn body(source: &str, regions: &[&str]) -> Value {
    let targets: Vec<Value> = regions.iter().map(|name| serde_json::json!({"name": name})).collect();
    serde_json::json!({
        "location": "westeurope",
        "properties": {
            "storageProfile": {"source": {"virtualMachineId": id(&format!("virtualMachines/{source}"))}},
            "publishingProfile": {"targetRegions": targets, "excludeFromLatest": true},
        },
    })
}
