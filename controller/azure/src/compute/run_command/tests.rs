use serde_json::json;

use super::*;

#[test]
fn a_finished_command_tells_how_it_ended() {
    let value = json!({"name": "azimage-seal", "location": "northeurope", "tags": {"a": "b"}, "properties": {
        "source": {"script": "true"}, "asyncExecution": true, "timeoutInSeconds": 600, "provisioningState": "Succeeded",
        "instanceView": {"executionState": "Failed", "executionMessage": "Execution failed", "exitCode": 3,
            "output": "out", "error": "err", "startTime": "2026-11-01T10:00:00+00:00", "endTime": null, "statuses": []}}});
    let command: RunCommand = crate::arm::json::read(value.to_string().as_bytes()).unwrap();
    let instance = command.instance.unwrap();
    assert_eq!((instance.execution_state, instance.exit_code), (ExecutionState::Failed, Some(3)));
    assert_eq!((instance.output.as_str(), instance.error.as_str()), ("out", "err"));
    assert!(instance.started.is_some() && instance.ended.is_none());
}

#[test]
fn a_command_in_a_list_has_no_instance_view() {
    let value = json!({"name": "x", "location": "northeurope", "properties": {"provisioningState": "Reviving"}});
    let command: RunCommand = crate::arm::json::read(value.to_string().as_bytes()).unwrap();
    assert_eq!(command.instance, None);
    assert_eq!(command.provisioning_state, Some(ProvisioningState::Other("Reviving".to_owned())));
}

#[test]
fn the_request_has_the_form_of_the_schema() {
    let body = RunCommandBody {
        location: "North Europe".parse().unwrap(),
        script: "systemd-run …".to_owned(),
        tags: [("azimage-owner".to_owned(), "o".to_owned())].into(),
        timeout_seconds: 600,
        async_execution: true,
    };
    let expected = json!({"location": "northeurope", "tags": {"azimage-owner": "o"}, "properties": {
        "source": {"script": "systemd-run …"}, "asyncExecution": true, "timeoutInSeconds": 600}});
    assert_eq!(serde_json::to_value(&body).unwrap(), expected);
    let path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm/runCommands/x";
    assert_eq!(azimage_azure_schema::problems("PUT", path, &expected), Vec::<String>::new());
}
