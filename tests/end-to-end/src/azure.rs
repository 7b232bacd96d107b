//! One test's part of the simulated Azure, through the simulator's control interface.

use std::{path::PathBuf, process::Command};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::environment::{Environment, Simulator};

/// The resource group of everything.
const GROUP: &str = "images";

/// The jobs that have roles of their own.
const JOBS: [&str; 11] = [
    "capture",
    "delete-source",
    "clone",
    "workspace",
    "validate",
    "source",
    "source-disks",
    "definition",
    "publish",
    "clean-up",
    "observe",
];

/// The resource group of temporary resources.
const WORKSPACE: &str = "image-work";

/// A subscription of the simulated Azure and an application with a secret and azimage's roles, for one test.
///
/// It begins with the gallery `corpGallery`, the image definition `ubuntu-web` and the running Linux machine
/// `builder`, which consents to being generalized.
pub struct Azure {
    /// Where it is reached.
    pub simulator: Simulator,
    http: reqwest::Client,
    program: PathBuf,
    /// The subscription's id.
    pub subscription: String,
    /// The application's id.
    pub client: String,
    /// The application's secret.
    pub secret: String,
}

/// A request that the simulator received.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// Running number.
    pub seq: u64,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query.
    pub query: String,
    /// Id of the application that asked.
    pub principal: Option<String>,
    /// Whether it is a write.
    pub write: bool,
    /// Whether it is a write that was carried out.
    pub applied: bool,
    /// The answer's status.
    pub status: Option<u16>,
    /// It came before the end of a pause that its sender was told.
    #[serde(default)]
    pub inside_told_pause: bool,
    /// The body of the request.
    pub body: Value,
}

impl JournalEntry {
    /// The class of a request, such as `PUT galleries/images/versions` or `POST virtualMachines/deallocate`.
    pub fn class(&self) -> String {
        let provider = |name: &str| self.path.split_once(&format!("/{name}/"));
        let kinds = match provider("Microsoft.Compute").or_else(|| provider("Microsoft.Network")) {
            Some((_, rest)) => rest.split('/').step_by(2).collect::<Vec<_>>().join("/"),
            None => self.path.clone(),
        };
        format!("{} {kinds}", self.method)
    }
}

/// The classes of requests, in order.
pub fn classes(entries: &[JournalEntry]) -> Vec<String> {
    entries.iter().map(JournalEntry::class).collect()
}

/// A running Linux machine that consents.
fn consenting(name: &str) -> Value {
    json!({"name": name, "tags": {"azimage-generalize": "allowed", "team": "web"}})
}

impl Azure {
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub(crate) async fn add(environment: &Environment, simulator: Simulator) -> Self {
        let azure = Self {
            simulator,
            program: environment.programs.azimage.clone(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            subscription: Uuid::new_v4().to_string(),
            client: Uuid::new_v4().to_string(),
            secret: format!("planted-{}", Uuid::new_v4().simple()),
        };
        azure.register().await;
        azure
            .add_to_group(json!({
                "virtualMachines": [consenting("builder")],
                "galleries": [{"name": "corpGallery", "definitions": [{"name": "ubuntu-web"}]}],
            }))
            .await;
        azure
    }

    /// Asks the simulator's control interface for something.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer =
            self.http.post(format!("{}{path}", self.simulator.control)).body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// What the simulator's control interface tells; nothing where nothing is.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.http.get(format!("{}{path}", self.simulator.control)).send().await.unwrap();
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return None;
        }
        assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
        Some(answer.json().await.unwrap())
    }

    /// Gives the application azimage's own roles, as `azimage azure-role` prints them, without some of their actions.
    pub async fn allow_without(&self, missing: &[&str]) {
        let roles: Vec<Value> = JOBS
            .iter()
            .map(|job| {
                let mut role = self.role(job);
                // Names are unique in a tenant, which the tests of a process share.
                role["Name"] = self.role_name(job).into();
                role["Actions"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|action| !missing.iter().any(|missing| action == missing));
                role
            })
            .collect();
        self.post("/scenario", &json!({"roleDefinitions": roles})).await;
    }

    fn role(&self, job: &str) -> Value {
        let mut command = Command::new(&self.program);
        command.args(["azure-role", "--job", job]);
        for scope in self.scopes(job) {
            command.args(["--scope", &scope]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn role_name(&self, job: &str) -> String {
        format!("azimage {job} {}", self.client)
    }

    /// Where a job's role is assigned.
    fn scopes(&self, job: &str) -> Vec<String> {
        let group = |name: &str| format!("/subscriptions/{}/resourceGroups/{name}", self.subscription);
        match job {
            "capture" | "delete-source" | "clone" => vec![group(GROUP)],
            "workspace" => vec![group(WORKSPACE), self.subnet()],
            _ => vec![format!("/subscriptions/{}", self.subscription)],
        }
    }

    /// Gives the application one of azimage's own roles somewhere else, too.
    pub async fn allow_in(&self, job: &str, scope: &str) {
        let mut role = self.role(job);
        let name = format!("{} elsewhere", self.role_name(job));
        role["Name"] = name.as_str().into();
        role["AssignableScopes"] = json!([scope]);
        let assignment = json!({"client": self.client, "role": name, "scope": scope});
        self.post("/scenario", &json!({"roleDefinitions": [role], "roleAssignments": [assignment]})).await;
    }

    /// An application without other rights than azimage's roles.
    async fn register(&self) {
        let client = json!({"id": self.client, "secret": self.secret, "roles": []});
        self.post("/scenario", &json!({"clients": [client]})).await;
        self.allow_without(&[]).await;
        let assignment =
            |job: &str, scope: &str| json!({"client": self.client, "role": self.role_name(job), "scope": scope});
        let assignments: Vec<Value> = JOBS
            .iter()
            .flat_map(|job| self.scopes(job).into_iter().map(move |scope| assignment(job, &scope)))
            .collect();
        self.post("/scenario", &json!({"roleAssignments": assignments})).await;
    }

    /// Gives the application other credentials than its secret, in fields of the scenario document. Its rights stay.
    pub async fn prove_with(&self, credentials: &Value) {
        let mut client = json!({"id": self.client, "roles": []});
        for (field, value) in credentials.as_object().unwrap() {
            client[field] = value.clone();
        }
        self.post("/scenario", &json!({"clients": [client]})).await;
    }

    /// Makes an issuer and its keys known.
    pub async fn know(&self, issuer: &Value) {
        self.post("/scenario", &json!({"issuers": [issuer]})).await;
    }

    /// Lets tokens of an issuer stand for the application, which may then do everything in its subscription and nothing
    /// elsewhere.
    pub async fn trust(&self, issuer: &Value, credential: &Value) {
        let scope = format!("/subscriptions/{}", self.subscription);
        let client = json!({
            "id": self.client, "secret": self.secret, "federatedCredentials": [credential],
            "roles": [{"scope": scope, "actions": ["*"]}],
        });
        self.post("/scenario", &json!({"issuers": [issuer], "clients": [client]})).await;
    }

    /// Adds to the resource group: `virtualMachines` and `galleries` of the simulator's scenario document.
    pub async fn add_to_group(&self, mut content: Value) {
        content["name"] = GROUP.into();
        let subscription = json!({"id": self.subscription, "resourceGroups": [content]});
        self.post("/scenario", &json!({"subscriptions": [subscription]})).await;
    }

    /// Adds a running Linux machine that consents, with some fields of the scenario document otherwise.
    pub async fn add_machine(&self, name: &str, otherwise: &Value) {
        let mut machine = consenting(name);
        for (field, value) in otherwise.as_object().unwrap() {
            machine[field] = value.clone();
        }
        self.add_to_group(json!({"virtualMachines": [machine]})).await;
    }

    /// Adds an image definition to the gallery `corpGallery`.
    pub async fn add_definition(&self, definition: Value) {
        self.add_to_group(json!({"galleries": [{"name": "corpGallery", "definitions": [definition]}]})).await;
    }

    /// Adds a scale set that is made from an image version, or gives it another one.
    pub async fn add_scale_set(&self, name: &str, region: &str, version: &str) {
        let scale_set = json!({"name": name, "location": region, "image": version});
        self.add_to_group(json!({"virtualMachineScaleSets": [scale_set]})).await;
    }

    /// Adds a version to be copied from; its resource id.
    pub async fn golden(&self) -> String {
        self.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
        self.version_of("golden", "3.0.0")
    }

    /// The resource id of the subnet for temporary machines.
    pub fn subnet(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/hub/subnets/work",
            self.subscription
        )
    }

    /// Adds what the copies of machines need: a resource group, which is empty, and a subnet elsewhere.
    pub async fn add_workspace(&self) {
        let network = json!({"name": "hub", "subnets": [{"name": "work"}]});
        let subscription = json!({"id": self.subscription, "resourceGroups": [
            {"name": WORKSPACE}, {"name": "network", "virtualNetworks": [network]},
        ]});
        self.post("/scenario", &json!({"subscriptions": [subscription]})).await;
    }

    /// Adds a network of a region, and gives the resource id of its subnet.
    pub async fn add_network(&self, name: &str, region: &str) -> String {
        let network = json!({"name": name, "location": region, "subnets": [{"name": "work"}]});
        let subscription =
            json!({"id": self.subscription, "resourceGroups": [{"name": "network", "virtualNetworks": [network]}]});
        self.post("/scenario", &json!({"subscriptions": [subscription]})).await;
        self.subnet().replace("/hub/", &format!("/{name}/"))
    }

    /// The resource ids of all that is in the workspace.
    pub async fn workspace(&self) -> Vec<String> {
        let group = format!("/subscriptions/{}/resourceGroups/{WORKSPACE}/resources", self.subscription);
        let listed = self.request("GET", &group, None).await;
        listed["value"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Machines of the subscription that ran with an open network.
    pub async fn exposed_copies(&self) -> Vec<Value> {
        let all = self.get("/exposures").await.unwrap();
        let ours = |exposure: &&Value| {
            let machine = exposure["machine"].as_str().unwrap_or_default();
            machine.contains(&self.subscription) && !exposure["copyOf"].is_null()
        };
        all.as_array().unwrap().iter().filter(ours).cloned().collect()
    }

    /// The resource id of a machine.
    pub fn machine(&self, name: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}",
            self.subscription
        )
    }

    /// The resource id of a version of `ubuntu-web`.
    pub fn version(&self, version: &str) -> String {
        self.version_of("ubuntu-web", version)
    }

    /// The resource id of a version.
    pub fn version_of(&self, definition: &str, version: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Compute/galleries/corpGallery/images/{definition}/versions/{version}",
            self.subscription
        )
    }

    /// The resource id of something of Microsoft.Compute in the resource group, such as `images/golden`.
    pub fn compute(&self, kind_and_name: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Compute/{kind_and_name}",
            self.subscription
        )
    }

    /// The record of a resource, the truth about a machine's guest included.
    pub async fn state(&self, id: &str) -> Option<Value> {
        self.get(&format!("/state{id}")).await
    }

    /// All requests so far that name the subscription.
    pub async fn journal(&self) -> Vec<JournalEntry> {
        let path = format!("/requests?subscription={}", self.subscription);
        serde_json::from_value(self.get(&path).await.unwrap()).unwrap()
    }

    /// The writes that had an effect.
    pub async fn writes(&self) -> Vec<JournalEntry> {
        self.journal().await.into_iter().filter(|entry| entry.applied).collect()
    }

    /// The requests that azimage has sent, with the bodies of its writes.
    pub async fn sent(&self) -> Vec<JournalEntry> {
        let own = |entry: &JournalEntry| entry.principal.as_deref() == Some(self.client.as_str());
        self.journal().await.into_iter().filter(own).collect()
    }

    /// Every access token that the application was given and every assertion that was shown for it, each with what it is.
    pub async fn credentials(&self) -> Vec<(&'static str, String)> {
        let all = self.get(&format!("/credentials/{}", self.client)).await.unwrap();
        let list = |field: &str| serde_json::from_value::<Vec<String>>(all[field].clone()).unwrap();
        let tokens = list("accessTokens").into_iter().map(|token| ("an access token", token));
        tokens.chain(list("assertions").into_iter().map(|assertion| ("a client assertion", assertion))).collect()
    }

    /// What Azure's published descriptions say against the writes that azimage has sent, refused ones included.
    pub async fn undescribed(&self) -> Vec<String> {
        let check = |entry: JournalEntry| {
            let problems = azimage_azure_schema::problems(&entry.method, &entry.path, &entry.body);
            problems.into_iter().map(move |problem| format!("{} {}: {problem}", entry.method, entry.path))
        };
        self.sent().await.into_iter().filter(|entry| entry.write).flat_map(check).collect()
    }

    /// From now on Azure lets pass so much of what it really does, for everybody.
    pub async fn throttle(&self, factor: f64) {
        self.post("/throttling", &json!({"factor": factor})).await;
    }

    /// Arms a fault; the answer is its number.
    pub async fn fault(&self, fault: &Value) -> u64 {
        self.post("/faults", fault).await["id"].as_u64().unwrap()
    }

    /// Arms a fault: of all writes that succeed in the test's subscription this one, counted from 1, takes effect, and its answer
    /// never comes.
    pub async fn hang_after_write(&self, number: usize) -> u64 {
        let matching = json!({"subscription": self.subscription, "writes": true, "succeeds": true});
        self.fault(&json!({"match": matching, "skip": number - 1, "times": 1, "effect": "Applied", "then": "Hang"}))
            .await
    }

    /// How often a fault fired.
    pub async fn fired(&self, fault: u64) -> u64 {
        let all = self.get("/faults").await.unwrap();
        let state = all.as_array().unwrap().iter().find(|state| state["id"] == fault);
        state.and_then(|state| state["fired"].as_u64()).unwrap()
    }

    /// Ends a fault, and lets go of the requests that hang on it.
    pub async fn end_fault(&self, fault: u64) {
        let answer = self.http.delete(format!("{}/faults/{fault}", self.simulator.control)).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Somebody else does something to a machine.
    pub async fn change_machine(&self, name: &str, change: &Value) {
        self.post(&format!("/virtual-machines{}", self.machine(name)), change).await;
    }

    /// Sends a request to Azure Resource Manager as somebody who may do everything.
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub async fn request(&self, method: &str, id: &str, body: Option<&Value>) -> Value {
        let ca = std::fs::read(&self.simulator.ca).unwrap();
        let ca = reqwest::Certificate::from_pem(&ca).unwrap();
        let http = reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap();
        let (client, secret) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        self.post("/scenario", &json!({"clients": [{"id": client, "secret": secret}]})).await;
        let simulator = &self.simulator;
        let (authority, tenant) = (simulator.authority.trim_end_matches('/'), &simulator.tenant);
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={}/.default",
            simulator.arm
        );
        let token: Value = http
            .post(format!("{authority}/{tenant}/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let version = match id {
            _ if id.contains("/galleries/") => "2024-03-03",
            _ if id.ends_with("/resources") => "2021-04-01",
            _ if id.contains("/Microsoft.Network/") => "2025-05-01",
            _ if id.contains("/disks/") || id.contains("/snapshots/") => "2025-01-02",
            _ => "2025-04-01",
        };
        let arm = simulator.arm.trim_end_matches('/');
        let url = if id.contains('?') { format!("{arm}{id}") } else { format!("{arm}{id}?api-version={version}") };
        let mut request = http
            .request(method.parse().unwrap(), url)
            .header("authorization", format!("Bearer {}", token["access_token"].as_str().unwrap()));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {id}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
