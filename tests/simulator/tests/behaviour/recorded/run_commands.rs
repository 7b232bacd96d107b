//! Run commands, managed and as an action.

use http::Method;
use serde_json::json;

use super::{BLANK, Row, replay};
use crate::azure::{Answer, Azure, machine};

fn put(azure: &mut Azure, script: &str) -> Answer {
    let body = json!({"location": "westeurope", "properties": {"source": {"script": script}}});
    azure.put(&machine("builder", "/runCommands/rc"), &body)
}

fn ended(azure: &mut Azure, script: &str) -> Answer {
    put(azure, script);
    azure.wait(60);
    azure.get(&format!("{}&$expand=instanceView", machine("builder", "/runCommands/rc")))
}

fn act(azure: &mut Azure) -> Answer {
    let body = json!({"commandId": "RunShellScript", "script": ["nonsense"]});
    azure.call(Method::POST, &machine("builder", "/runCommand"), &body)
}

const MANAGED: &str = "azure-cli test_run_command_v2, 2025-03";
const ACTION: &str = ".NET CanRunScriptOnVM, 2019-12";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new run command without tags",
        source: MANAGED,
        ask: |azure| put(azure, "echo hi"),
        status: 201,
        headers: "A",
        has: &["/properties/source/script", "/properties/asyncExecution", "/properties/timeoutInSeconds"],
        lacks: &["/tags", "/properties/treatFailureAsDeploymentFailure", "/properties/instanceView"],
        is: &[("/properties/provisioningState", "Creating")],
    },
    Row {
        request: "GET a run command whose script failed",
        source: MANAGED,
        ask: |azure| ended(azure, "nonsense"),
        has: &["/properties/instanceView/startTime", "/properties/instanceView/endTime"],
        lacks: &["/tags", "/properties/instanceView/statuses", "/properties/treatFailureAsDeploymentFailure"],
        is: &[
            ("/properties/provisioningState", "Succeeded"),
            ("/properties/instanceView/executionState", "Failed"),
            ("/properties/instanceView/exitCode", "127"),
        ],
        ..BLANK
    },
    Row {
        request: "GET a run command without its instance view",
        source: MANAGED,
        ask: |azure| {
            ended(azure, "echo hi");
            azure.get(&machine("builder", "/runCommands/rc"))
        },
        lacks: &["/tags", "/properties/instanceView"],
        ..BLANK
    },
    Row {
        request: "GET run commands as a list",
        source: MANAGED,
        ask: |azure| {
            ended(azure, "echo hi");
            azure.get(&machine("builder", "/runCommands"))
        },
        has: &["/value/0/properties/source/script"],
        lacks: &["/value/0/tags", "/value/0/properties/instanceView"],
        ..BLANK
    },
    Row {
        request: "DELETE a run command",
        source: MANAGED,
        ask: |azure| {
            ended(azure, "echo hi");
            azure.delete(&machine("builder", "/runCommands/rc"))
        },
        status: 202,
        headers: "A L R?",
        ..BLANK
    },
    Row {
        request: "POST runCommand",
        source: "2 of 2, .NET 2017 to 2020",
        ask: act,
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "GET the Location of a run command action whose script failed",
        source: ACTION,
        ask: |azure| {
            let answer = act(azure);
            azure.wait(60);
            azure.get(&answer.header("location").unwrap())
        },
        has: &["/value/0/message"],
        is: &[("/value/0/code", "ProvisioningState/succeeded")],
        ..BLANK
    },
];

#[test]
fn run_commands_answer_as_recorded() {
    replay("", ROWS);
}
