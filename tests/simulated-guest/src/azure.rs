//! One machine in a simulated Azure.

use azimage_simulator::{Outcome, Scenario, Simulator, clock::Moment};
use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const GROUP: &str =
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/images/providers/Microsoft.Compute";
const TENANT: &str = "22222222-2222-4222-8222-222222222222";

/// A simulated Azure with the machine `builder`.
pub struct Azure {
    /// The simulator.
    pub simulator: Simulator,
    /// Its time.
    pub now: Timestamp,
    token: String,
    /// The machine's address.
    machine: String,
}

/// How a run command has ended, as its instance view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `Succeeded`, `Failed` …
    pub state: String,
    /// Exit code.
    pub exit: i64,
    /// The last 4 KiB of the output.
    pub output: String,
    /// The last 4 KiB of the error output.
    pub error: String,
}

impl Azure {
    /// `machine` are further fields of the machine in the scenario, as JSON.
    ///
    /// # Panics
    /// When the scenario is wrong.
    pub fn new(machine: &Value) -> Self {
        let mut builder = json!({"name": "builder", "bootDiagnostics": true});
        for (field, value) in machine.as_object().into_iter().flatten() {
            builder[field] = value.clone();
        }
        let scenario = json!({
            "tenant": TENANT, "start": crate::BEGIN, "tokenLifetimeSeconds": 1_000_000,
            "clients": [{"id": "app", "secret": "s3cret"}],
            "throttling": {"off": true},
            "subscriptions": [{"id": "11111111-1111-4111-8111-111111111111", "resourceGroups": [
                {"name": "images", "location": "westeurope", "virtualMachines": [builder]}]}],
        });
        let now: Timestamp = crate::BEGIN.parse().expect("a time");
        let scenario = Scenario::parse(&scenario.to_string()).expect("a scenario");
        let simulator = Simulator::new(&scenario, now).expect("a simulator");
        let machine = format!("{GROUP}/virtualMachines/builder");
        let mut azure = Self { simulator, now, token: String::new(), machine };
        let form =
            "grant_type=client_credentials&client_id=app&client_secret=s3cret&scope=https%3A%2F%2Fsimulated%2F.default";
        let (_, answer) = azure.send(&Method::POST, &format!("/{TENANT}/oauth2/v2.0/token"), form.to_owned());
        answer["access_token"].as_str().unwrap_or_default().clone_into(&mut azure.token);
        azure
    }

    fn send(&mut self, method: &Method, path: &str, body: String) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://simulated{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Bytes::from(body))
            .expect("a request");
        match self.simulator.handle(&request, Moment::at(self.now)) {
            Outcome::Answer(response) => {
                (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
            }
            other => panic!("no answer: {other:?}"),
        }
    }

    /// Copies the machine, as it runs, to another resource group without a way in or out; from now on the copy is the machine.
    ///
    /// # Panics
    /// When Azure refuses something.
    pub fn goes_on_with_a_copy(&mut self) {
        let subscription = "/subscriptions/11111111-1111-4111-8111-111111111111";
        let more = json!({"subscriptions": [{"id": "11111111-1111-4111-8111-111111111111", "resourceGroups": [
            {"name": "work", "location": "westeurope",
             "virtualNetworks": [{"name": "net", "subnets": [{"name": "default"}]}]}]}]});
        self.simulator.add(&Scenario::parse(&more.to_string()).expect("a scenario")).expect("a resource group");
        let compute = format!("{subscription}/resourceGroups/work/providers/Microsoft.Compute");
        let network = format!("{subscription}/resourceGroups/work/providers/Microsoft.Network");
        let copy = |source: String| json!({"creationData": {"createOption": "Copy", "sourceResourceId": source}});
        let deny = |direction: &str| {
            json!({"name": direction, "properties": {
                "direction": direction, "access": "Deny", "priority": 100, "protocol": "*", "sourceAddressPrefix": "*",
                "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}})
        };
        let group = format!("{network}/networkSecurityGroups/closed");
        let interface = format!("{network}/networkInterfaces/copy");
        let subnet = format!("{network}/virtualNetworks/net/subnets/default");
        for (address, version, properties) in [
            (format!("{compute}/snapshots/copy"), "2025-01-02", copy(format!("{GROUP}/disks/builder_OsDisk_1"))),
            (format!("{compute}/disks/copy"), "2025-01-02", copy(format!("{compute}/snapshots/copy"))),
            (group.clone(), "2025-05-01", json!({"securityRules": [deny("Inbound"), deny("Outbound")]})),
            (
                interface.clone(),
                "2025-05-01",
                json!({"networkSecurityGroup": {"id": group},
                       "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]}),
            ),
            (
                format!("{compute}/virtualMachines/copy"),
                "2025-04-01",
                json!({
                    "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                    "storageProfile": {"osDisk": {"createOption": "Attach", "osType": "Linux",
                                                  "managedDisk": {"id": format!("{compute}/disks/copy")}}},
                    "networkProfile": {"networkInterfaces": [{"id": interface}]},
                    "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
                }),
            ),
        ] {
            let body = json!({"location": "westeurope", "properties": properties}).to_string();
            let (status, answer) = self.send(&Method::PUT, &format!("{address}?api-version={version}"), body);
            assert!(status < 300, "{address}: {answer}");
            self.wait(60);
        }
        self.machine = format!("{compute}/virtualMachines/copy");
    }

    /// Time goes by.
    pub fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.simulator.advance(self.now);
    }

    /// Asks for something at the machine.
    pub fn machine(&mut self, method: &Method, rest: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("{}{rest}", self.machine), text)
    }

    /// Begins a managed run command.
    pub fn begin(&mut self, name: &str, script: &str) -> u16 {
        let body = json!({"location": "westeurope", "properties": {"source": {"script": script}}});
        self.machine(&Method::PUT, &format!("/runCommands/{name}?api-version=2025-04-01"), &body).0
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self, name: &str) -> Option<Ended> {
        let rest = format!("/runCommands/{name}?api-version=2025-04-01&$expand=instanceView");
        let (_, answer) = self.machine(&Method::GET, &rest, &Value::Null);
        let view = &answer["properties"]["instanceView"];
        view["endTime"].as_str()?;
        Some(Ended {
            state: view["executionState"].as_str().unwrap_or_default().to_owned(),
            exit: view["exitCode"].as_i64().unwrap_or_default(),
            output: view["output"].as_str().unwrap_or_default().to_owned(),
            error: view["error"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// Runs a script to its end, at most so many seconds.
    pub fn run(&mut self, name: &str, script: &str, seconds: i64) -> Option<Ended> {
        self.begin(name, script);
        for _ in 0..=seconds / 5 {
            self.wait(5);
            if let Some(ended) = self.ended(name) {
                return Some(ended);
            }
        }
        None
    }

    /// Somebody else changes the machine.
    ///
    /// # Panics
    /// When there is no such change.
    pub fn change(&mut self, change: &Value) {
        self.simulator.advance(self.now);
        let change = serde_json::from_value(change.clone()).expect("a change");
        self.simulator.change_machine(&self.machine, change).expect("the machine");
    }

    /// The machine as it truly is.
    pub fn truth(&mut self) -> Value {
        self.simulator.advance(self.now);
        self.simulator.state(&self.machine).unwrap_or_default()
    }

    /// The files on its disk, and where links lead.
    pub fn files(&mut self) -> std::collections::BTreeMap<String, String> {
        self.simulator.advance(self.now);
        self.simulator.guest_files(&self.machine).unwrap_or_default()
    }

    /// What the guest has written to its serial port.
    pub fn console(&mut self) -> String {
        let truth = self.truth();
        let written = truth["guest"]["serial"].as_array().into_iter().flatten();
        written.filter_map(|one| one["text"].as_str()).collect()
    }

    /// `running`, `stopped` or `deallocated`.
    pub fn power(&mut self) -> String {
        self.truth()["power"].as_str().unwrap_or_default().to_owned()
    }
}
