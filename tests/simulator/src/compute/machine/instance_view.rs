//! The instance view: what the platform and the agent report about a machine (behaviour section 5).

use serde_json::{Value, json};

use crate::{
    clock::{azure_time, later},
    resources::{
        Resources,
        machine::{Power, VirtualMachine},
    },
    scenario::AgentState,
};

fn status(code: &str, text: &str) -> Value {
    json!({"code": code, "level": "Info", "displayStatus": text})
}

/// A silent agent is noticed only after the heartbeat lag, so "Ready" here is old news and "Not Ready" is no power state.
pub(super) fn agent_shows_ready(resources: &Resources, machine: &VirtualMachine) -> bool {
    if machine.power == Power::Stopped && machine.guest.agent_last_ready {
        return true;
    }
    match (machine.guest.agent, machine.guest.agent_lost_since) {
        (AgentState::Ready, _) => true,
        (AgentState::Lost, Some(since)) => {
            resources.now < later(since, resources.durations.agent_heartbeat_lag) && machine.power != Power::Deallocated
        }
        (AgentState::Lost, None) => false,
    }
}

/// The operating system's disk and all data disks.
fn disks(machine: &VirtualMachine) -> Vec<Value> {
    let profile = &machine.properties["storageProfile"];
    let data = profile["dataDisks"].as_array().into_iter().flatten();
    std::iter::once(&profile["osDisk"])
        .chain(data)
        .map(|disk| {
            let mut state = status("ProvisioningState/succeeded", "Provisioning succeeded");
            state["time"] = json!(azure_time(machine.provisioned_at));
            json!({"name": disk["name"], "statuses": [state]})
        })
        .collect()
}

pub(crate) fn view(resources: &Resources, machine: &VirtualMachine) -> Value {
    let provisioning =
        if machine.marked_for_deletion { "deleting".to_owned() } else { machine.provisioning_state.to_lowercase() };
    let provisioning = match &machine.failed_with {
        Some(code) if provisioning == "failed" => format!("failed/{code}"),
        _ => provisioning,
    };
    let mut provisioned = status(&format!("ProvisioningState/{provisioning}"), &format!("Provisioning {provisioning}"));
    provisioned["time"] = json!(azure_time(machine.provisioned_at));
    let generalized = machine.generalized.then(|| status("OSState/generalized", "VM generalized"));
    let mut statuses: Vec<Value> = generalized.into_iter().chain([provisioned]).collect();
    let power = machine.power.code();
    statuses.push(status(&format!("PowerState/{power}"), &format!("VM {power}")));

    let mut view = json!({
        "statuses": statuses,
        "hyperVGeneration": machine.hyper_v_generation,
        "disks": disks(machine),
    });
    if machine.boot_diagnostics() {
        view["bootDiagnostics"] = machine.boot_diagnostics_blobs();
    }
    if agent_shows_ready(resources, machine) {
        let (name, version) = if machine.os_type() == "Windows" {
            ("Microsoft Windows Server 2025 Datacenter", "10.0.26100")
        } else {
            ("ubuntu", "24.04")
        };
        view["computerName"] = json!(machine.computer_name());
        view["osName"] = json!(name);
        view["osVersion"] = json!(version);
        let mut ready = status("ProvisioningState/succeeded", "Ready");
        ready["message"] = json!("Guest Agent is running");
        ready["time"] = json!(azure_time(resources.now));
        view["vmAgent"] = json!({"vmAgentVersion": "2.15.0.1", "statuses": [ready], "extensionHandlers": []});
    } else if machine.power != Power::Deallocated {
        view["vmAgent"] = json!({"vmAgentVersion": "Unknown", "statuses": [{
            "code": "ProvisioningState/Unavailable",
            "level": "Warning",
            "displayStatus": "Not Ready",
            "message": "VM status blob is found but not yet populated.",
            "time": azure_time(resources.now),
        }]});
    }
    view
}
