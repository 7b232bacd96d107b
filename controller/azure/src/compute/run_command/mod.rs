//! Managed run commands: scripts that the platform runs inside a virtual machine.

use azimage_names::{
    Region, RunCommandId,
    values::{ExecutionState, ProvisioningState},
};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Tags, VIRTUAL_MACHINES};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::{null_as_default, optional_timestamp},
};

/// A managed run command.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct RunCommand {
    /// Its name.
    pub name: String,
    /// Tags.
    pub tags: Tags,
    /// Says only that the platform delivered the script, nothing about how the script went.
    pub provisioning_state: Option<ProvisioningState>,
    /// How the script went; absent in lists and before the agent has reported.
    pub instance: Option<RunCommandInstance>,
}

/// What is known about the run of a script.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCommandInstance {
    /// Where the script stands.
    pub execution_state: ExecutionState,
    /// What the platform says about the run.
    pub message: Option<String>,
    /// Exit code of the script.
    pub exit_code: Option<i32>,
    /// The last 4 KB of standard output.
    pub output: String,
    /// The last 4 KB of standard error.
    pub error: String,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Wire {
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    provisioning_state: Option<ProvisioningState>,
    instance_view: Option<InstanceView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstanceView {
    execution_state: Option<ExecutionState>,
    execution_message: Option<String>,
    exit_code: Option<i32>,
    #[serde(default, deserialize_with = "null_as_default")]
    output: String,
    #[serde(default, deserialize_with = "null_as_default")]
    error: String,
    #[serde(default, deserialize_with = "optional_timestamp")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "optional_timestamp")]
    end_time: Option<Timestamp>,
}

impl From<Wire> for RunCommand {
    fn from(Wire { name, tags, properties }: Wire) -> Self {
        let instance = properties.instance_view.map(|view| RunCommandInstance {
            execution_state: view.execution_state.unwrap_or(ExecutionState::Unknown),
            message: view.execution_message,
            exit_code: view.exit_code,
            output: view.output,
            error: view.error,
            started: view.start_time,
            ended: view.end_time,
        });
        Self { name, tags, provisioning_state: properties.provisioning_state, instance }
    }
}

/// What a run command is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCommandBody {
    /// The region of the virtual machine.
    pub location: Region,
    /// The script, run as root.
    pub script: String,
    /// Tags.
    pub tags: Tags,
    /// After so many seconds the platform ends the script.
    pub timeout_seconds: u32,
    /// Let the provisioning end as soon as the script has started.
    pub async_execution: bool,
}

#[derive(Serialize)]
struct WireBody<'a> {
    location: &'a Region,
    tags: &'a Tags,
    properties: WireBodyProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireBodyProperties<'a> {
    source: Source<'a>,
    async_execution: bool,
    timeout_in_seconds: u32,
}

#[derive(Serialize)]
struct Source<'a> {
    script: &'a str,
}

impl Serialize for RunCommandBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, script, tags, timeout_seconds, async_execution } = self;
        let properties = WireBodyProperties {
            source: Source { script },
            async_execution: *async_execution,
            timeout_in_seconds: *timeout_seconds,
        };
        WireBody { location, tags, properties }.serialize(serializer)
    }
}

impl Client {
    /// Reads a run command with its instance view (Azure REST: Virtual Machine Run Commands - Get By Virtual Machine).
    pub async fn run_command(&self, call: &Call, id: &RunCommandId) -> Result<RunCommand, Error> {
        self.get(call, id, "$expand=instanceView", VIRTUAL_MACHINES).await
    }

    /// Runs a script (Azure REST: Virtual Machine Run Commands - Create Or Update).
    pub async fn put_run_command(
        &self,
        call: &Call,
        id: &RunCommandId,
        body: &RunCommandBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), VIRTUAL_MACHINES, Some(body), None).await
    }

    /// Deletes a run command; a script that still runs is ended (Azure documentation, "Managed Run Command").
    pub async fn delete_run_command(&self, call: &Call, id: &RunCommandId) -> Result<Accepted, Error> {
        self.write(call, Method::DELETE, &id.to_string(), VIRTUAL_MACHINES, None::<&()>, None).await
    }
}

#[cfg(test)]
mod tests;
