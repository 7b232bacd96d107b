//! What a guest told its fabric: that it is provisioned, and its agent's status with those of the run commands.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The folder in which the fabric writes down what comes in.
#[derive(Clone, Debug)]
pub struct Reports {
    folder: PathBuf,
}

/// The agent's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatus {
    /// `Ready` when the agent runs.
    pub state: String,
    /// Which agent it is.
    pub version: String,
    /// When the agent wrote it, by the guest's clock.
    pub at: String,
}

/// What is known of a run command, as its instance view in Azure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCommandView {
    /// `Running`, `Succeeded`, `Failed`, `TimedOut` …
    pub execution_state: String,
    /// The script's exit code.
    pub exit_code: i32,
    /// The end of its output, 4,096 bytes at most.
    pub output: String,
    /// The end of its errors, 4,096 bytes at most.
    pub error: String,
    /// When it ended; empty while it runs.
    pub end_time: String,
}

impl Reports {
    /// Those in a folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes the agent's status down.
    pub fn set_status(&self, status: &[u8]) -> std::io::Result<()> {
        let fresh = self.folder.join("status.json.fresh");
        std::fs::write(&fresh, status)?;
        std::fs::rename(&fresh, self.folder.join("status.json"))
    }

    /// Writes a report of health down.
    pub fn add_health(&self, report: &[u8]) -> std::io::Result<()> {
        use std::io::Write as _;
        let mut file = std::fs::File::options().create(true).append(true).open(self.folder.join("health.xml"))?;
        file.write_all(report)?;
        file.write_all(b"\n")
    }

    /// Forgets the agent's status, as of a machine that is started anew. That it is provisioned stays true, as a guest
    /// that was provisioned doesn't say so again.
    pub fn forget_status(&self) {
        let _ = std::fs::remove_file(self.folder.join("status.json"));
    }

    /// Whether the guest said that it is provisioned.
    pub fn provisioned(&self) -> bool {
        std::fs::read_to_string(self.folder.join("health.xml")).is_ok_and(|text| text.contains("<State>Ready</State>"))
    }

    /// The agent's last status, if there is one.
    pub fn agent(&self) -> Option<AgentStatus> {
        agent(&self.status()?)
    }

    /// What the agent last said of a run command.
    pub fn run_command(&self, name: &str, sequence: u32) -> Option<RunCommandView> {
        run_command(&self.status()?, name, sequence)
    }

    fn status(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.folder.join("status.json")).ok()?).ok()
    }
}

fn agent(status: &Value) -> Option<AgentStatus> {
    let agent = status.pointer("/aggregateStatus/guestAgentStatus")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(AgentStatus {
        state: text(agent.get("status")),
        version: text(agent.get("version")),
        at: text(status.get("timestampUTC")),
    })
}

fn run_command(status: &Value, name: &str, sequence: u32) -> Option<RunCommandView> {
    let handlers = status.pointer("/aggregateStatus/handlerAggregateStatus")?.as_array()?;
    let settings = handlers.iter().filter_map(|handler| handler.get("runtimeSettingsStatus")).find(|settings| {
        settings.get("extensionName").and_then(Value::as_str) == Some(name)
            && settings.get("sequenceNumber").and_then(number) == Some(i64::from(sequence))
    })?;
    let message = settings.pointer("/settingsStatus/status/formattedMessage/message")?.as_str()?;
    serde_json::from_str(message).ok()
}

/// Agents write numbers as numbers or as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(message: &str) -> Value {
        json!({"version": "1.1", "timestampUTC": "2026-11-29T10:00:00Z", "aggregateStatus": {
            "guestAgentStatus": {"version": "2.12.0.2", "status": "Ready"},
            "handlerAggregateStatus": [
                {"handlerName": "other", "status": "Ready"},
                {"handlerName": "x", "status": "Ready", "runtimeSettingsStatus": {
                    "sequenceNumber": 3, "extensionName": "seal",
                    "settingsStatus": {"status": {"status": "success", "formattedMessage": {"lang": "en", "message": message}}},
                }},
            ],
        }})
    }

    #[test]
    fn a_run_command_is_read_out_of_the_agents_status() {
        let view = r#"{"executionState": "Failed", "executionMessage": "", "exitCode": 20, "output": "azimage: x\n", "error": "", "startTime": "a", "endTime": "b"}"#;
        let status = status(view);
        let read = run_command(&status, "seal", 3).unwrap();
        assert_eq!(
            (read.execution_state.as_str(), read.exit_code, read.output.as_str()),
            ("Failed", 20, "azimage: x\n")
        );
        assert_eq!(run_command(&status, "seal", 4), None, "other settings");
        assert_eq!(run_command(&status, "sea", 3), None, "another name");
        assert_eq!(agent(&status).unwrap().state, "Ready");
    }

    #[test]
    fn words_of_the_agent_in_place_of_a_view_are_not_one() {
        assert_eq!(run_command(&status("Enable pending"), "seal", 3), None);
        assert_eq!(run_command(&json!({}), "seal", 3), None);
    }

    #[test]
    fn a_guest_is_provisioned_when_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let reports = Reports::of(folder.path());
        reports.add_health(b"<Health><State>NotReady</State></Health>").unwrap();
        assert!(!reports.provisioned());
        reports.add_health(b"<Health><State>Ready</State></Health>").unwrap();
        assert!(reports.provisioned());
        reports.set_status(br#"{"aggregateStatus": {"guestAgentStatus": {"status": "Ready"}}}"#).unwrap();
        assert_eq!(reports.agent().unwrap().state, "Ready");
        reports.forget_status();
        assert!(reports.provisioned() && reports.agent().is_none());
    }
}
