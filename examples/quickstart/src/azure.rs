//! The simulated Azure, seen by its users: Azure Resource Manager with a token, and the simulator's own control
//! interface.

use std::path::PathBuf;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// api-version of gallery image versions (Azure REST: Gallery Image Versions).
const GALLERY_API: &str = "2024-03-03";
/// api-version of virtual machines (Azure REST: Virtual Machines).
const MACHINE_API: &str = "2025-04-01";

/// The line that the simulator prints when it is ready.
#[derive(Clone, Deserialize)]
pub(crate) struct Ready {
    /// Azure Resource Manager.
    pub(crate) arm: String,
    /// Authority for tokens.
    pub(crate) authority: String,
    /// File with the certificate authority.
    pub(crate) ca: PathBuf,
    /// Tenant.
    pub(crate) tenant: String,
    /// Applications that may ask for tokens.
    pub(crate) clients: Vec<Application>,
    /// The control interface.
    pub(crate) control: String,
}

/// An application and its secret.
#[derive(Clone, Deserialize)]
pub(crate) struct Application {
    /// Client id.
    pub(crate) id: String,
    /// Client secret.
    pub(crate) secret: String,
}

/// Speaks with both interfaces.
#[derive(Clone)]
pub(crate) struct Azure {
    pub(crate) ready: Ready,
    http: reqwest::Client,
}

/// How many requests the simulator has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    /// Reads of Azure Resource Manager.
    pub(crate) reads: usize,
    /// Writes to it.
    pub(crate) writes: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Overview {
    simulated_time: Timestamp,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct JournalEntry {
    method: String,
    path: String,
    write: bool,
    applied: bool,
    #[serde(default)]
    body: Value,
}

impl Azure {
    pub(crate) fn new(ready_line: &str) -> anyhow::Result<Self> {
        let ready: Ready = serde_json::from_str(ready_line).context("the simulator's ready line can't be read")?;
        let pem = std::fs::read(&ready.ca).with_context(|| format!("can't read {}", ready.ca.display()))?;
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem)?])
            // A proxy of the world outside has no business on loopback.
            .no_proxy()
            .timeout(std::time::Duration::from_secs(20))
            .build()?;
        Ok(Self { ready, http })
    }

    /// The application that azimage acts as.
    pub(crate) fn application(&self) -> anyhow::Result<&Application> {
        self.ready.clients.first().context("the scenario has no client")
    }

    /// Gives azimage a custom role, at once: in Azure that takes some minutes.
    pub(crate) async fn assign(&self, role: Value, scope: &str) -> anyhow::Result<()> {
        let application = self.application()?;
        let assignment = json!({"client": application.id, "role": role["Name"], "scope": scope});
        let scenario = json!({"roleDefinitions": [role], "roleAssignments": [assignment]});
        let url = format!("{}/scenario", self.ready.control);
        self.http.post(url).body(scenario.to_string()).send().await?.error_for_status()?;
        Ok(())
    }

    /// The simulated time.
    pub(crate) async fn now(&self) -> anyhow::Result<Timestamp> {
        let overview: Overview = self.http.get(&self.ready.control).send().await?.error_for_status()?.json().await?;
        Ok(overview.simulated_time)
    }

    /// What azimage asked of Azure Resource Manager so far, tokens not counted.
    pub(crate) async fn requests(&self) -> anyhow::Result<Requests> {
        let all = self.journal().await?;
        let counted = all.iter().filter(|entry| entry.path.to_lowercase().starts_with("/subscriptions/"));
        let (writes, reads): (Vec<_>, Vec<_>) = counted.partition(|entry| entry.write);
        Ok(Requests { reads: reads.len(), writes: writes.len() })
    }

    /// Writes that Azure carried out more than once, of which there should be none.
    pub(crate) async fn repeated(&self) -> anyhow::Result<Vec<String>> {
        Ok(repeated(&self.journal().await?))
    }

    async fn journal(&self) -> anyhow::Result<Vec<JournalEntry>> {
        let url = format!("{}/requests", self.ready.control);
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }

    /// A gallery image version with the state of each region.
    pub(crate) async fn version(&self, id: &str) -> anyhow::Result<Value> {
        self.get(id, &format!("api-version={GALLERY_API}&$expand=ReplicationStatus")).await
    }

    /// A virtual machine with its instance view.
    pub(crate) async fn machine(&self, id: &str) -> anyhow::Result<Value> {
        self.get(id, &format!("api-version={MACHINE_API}&$expand=instanceView")).await
    }

    async fn get(&self, id: &str, query: &str) -> anyhow::Result<Value> {
        let application = self.application()?;
        let scope = format!("{}/.default", self.ready.arm);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &application.id),
            ("client_secret", &application.secret),
            ("scope", &scope),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.ready.authority, self.ready.tenant);
        let token: Token = self.http.post(url).form(&form).send().await?.error_for_status()?.json().await?;
        let url = format!("{}{id}?{query}", self.ready.arm);
        let answer = self.http.get(&url).bearer_auth(token.access_token).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await.with_context(|| format!("GET {url} answered no JSON"))?;
        anyhow::ensure!(status.is_success(), "GET {url} answered {status}: {body}");
        Ok(body)
    }
}

/// The same method, path and body twice.
fn repeated(journal: &[JournalEntry]) -> Vec<String> {
    let applied: Vec<&JournalEntry> = journal.iter().filter(|entry| entry.write && entry.applied).collect();
    let same = |one: &JournalEntry, other: &JournalEntry| {
        one.method == other.method && one.path.eq_ignore_ascii_case(&other.path) && one.body == other.body
    };
    let repeats =
        applied.iter().enumerate().filter(|(place, entry)| applied[..*place].iter().any(|it| same(it, entry)));
    repeats.map(|(_, entry)| format!("{} {}", entry.method, entry.path)).collect()
}

/// What a person wants to know of a version, from Azure's own answer.
pub(crate) fn describe_version(version: &Value) -> Vec<String> {
    let text = |pointer: &str| show(version.pointer(pointer));
    let mut lines = vec![
        format!("provisioningState    {}", text("/properties/provisioningState")),
        format!("excludeFromLatest    {}", text("/properties/publishingProfile/excludeFromLatest")),
        format!("source               {}", text("/properties/storageProfile/source/virtualMachineId")),
    ];
    let summary = version.pointer("/properties/replicationStatus/summary").and_then(Value::as_array);
    for region in
        version.pointer("/properties/publishingProfile/targetRegions").and_then(Value::as_array).into_iter().flatten()
    {
        let name = region["name"].as_str().unwrap_or_default();
        let says = summary.into_iter().flatten().find(|says| same_region(&says["region"], name));
        let state = show(says.map(|says| &says["state"]));
        let progress = show(says.map(|says| &says["progress"]));
        lines.push(format!(
            "{name:<20} {state}, {progress}%, replicas {}, {}, excludeFromLatest {}",
            show(region.get("regionalReplicaCount")),
            show(region.get("storageAccountType")),
            show(region.get("excludeFromLatest")),
        ));
    }
    lines
}

/// The states of a machine, from Azure's own answer: its statuses' words, such as `VM generalized`.
pub(crate) fn describe_machine(machine: &Value) -> String {
    let statuses = machine.pointer("/properties/instanceView/statuses").and_then(Value::as_array);
    let words: Vec<&str> =
        statuses.into_iter().flatten().filter_map(|status| status["displayStatus"].as_str()).collect();
    words.join(", ")
}

/// Azure writes a region now as `West Europe`, now as `westeurope`.
fn same_region(one: &Value, other: &str) -> bool {
    let normal = |name: &str| name.replace(' ', "").to_lowercase();
    one.as_str().is_some_and(|one| normal(one) == normal(other))
}

fn show(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_region_by_region() {
        let version = json!({"properties": {
            "provisioningState": "Succeeded",
            "publishingProfile": {"excludeFromLatest": true, "targetRegions": [
                {"name": "West Europe", "regionalReplicaCount": 1, "storageAccountType": "Standard_ZRS", "excludeFromLatest": false},
                {"name": "North Europe"},
            ]},
            "storageProfile": {"source": {"virtualMachineId": "/vm"}},
            "replicationStatus": {"summary": [{"region": "westeurope", "state": "Completed", "progress": 100}]},
        }});
        assert_eq!(
            describe_version(&version),
            [
                "provisioningState    Succeeded",
                "excludeFromLatest    true",
                "source               /vm",
                "West Europe          Completed, 100%, replicas 1, Standard_ZRS, excludeFromLatest false",
                "North Europe         -, -%, replicas -, -, excludeFromLatest -",
            ]
        );
    }

    #[test]
    fn a_write_is_repeated_if_it_was_carried_out_twice_with_the_same_body() {
        let entry = |method: &str, path: &str, applied: bool, body: Value| json!({"method": method, "path": path, "write": method != "GET", "applied": applied, "body": body});
        let first = || entry("PUT", "/versions/1", true, json!({"regions": 1}));
        for (case, second, expected) in [
            ("another body", entry("PUT", "/versions/1", true, json!({"regions": 2})), 0),
            ("another path", entry("PUT", "/versions/2", true, json!({"regions": 1})), 0),
            ("one that was refused", entry("PUT", "/versions/1", false, json!({"regions": 1})), 0),
            ("the same", entry("PUT", "/Versions/1", true, json!({"regions": 1})), 1),
        ] {
            let journal = serde_json::from_value::<Vec<JournalEntry>>(json!([first(), second])).unwrap();
            assert_eq!(repeated(&journal).len(), expected, "{case}");
        }
        let read = || entry("GET", "/versions/1", false, Value::Null);
        let journal = serde_json::from_value::<Vec<JournalEntry>>(json!([read(), read()])).unwrap();
        assert_eq!(repeated(&journal), [""; 0], "reads are free");
    }

    #[test]
    fn a_machine_is_told_in_the_words_of_its_statuses() {
        let machine = json!({"properties": {"instanceView": {"statuses": [
            {"code": "PowerState/deallocated", "displayStatus": "VM deallocated"},
            {"code": "OSState/generalized", "displayStatus": "VM generalized"},
        ]}}});
        assert_eq!(describe_machine(&machine), "VM deallocated, VM generalized");
        assert_eq!(describe_machine(&json!({})), "");
    }
}
