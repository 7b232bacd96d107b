"""Virtual machines and run commands."""

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from harness import RG, check, eventually, refused


def statuses(client, name):
    view = client.virtual_machines.instance_view(RG, name)
    return [status.code for status in view.statuses]


def run(azure):
    client = azure.compute
    names = [machine.name for machine in client.virtual_machines.list(RG)]
    check(names == ["builder", "running"], names)
    machine = client.virtual_machines.get(RG, "builder", expand="instanceView")
    check(machine.tags == {"team": "web"}, machine.tags)
    check(machine.instance_view.hyper_v_generation == "V2", "generation")
    check(machine.instance_view.vm_agent.statuses[0].display_status == "Ready", "agent")

    machine = client.virtual_machines.begin_update(RG, "builder", {"tags": {"team": "core"}}).result()
    check(machine.tags == {"team": "core"}, machine.tags)

    command = client.virtual_machine_run_commands.begin_create_or_update(
        RG, "builder", "hello", {"location": "westeurope", "properties": {"source": {"script": "echo hi\nexit 0"}}}
    ).result()
    check(command.provisioning_state == "Succeeded", command.provisioning_state)
    command = client.virtual_machine_run_commands.get_by_virtual_machine(RG, "builder", "hello", expand="instanceView")
    check(command.instance_view.execution_state == "Succeeded", command.instance_view.execution_state)
    check(command.instance_view.output == "hi\n", command.instance_view.output)
    check(len(list(client.virtual_machine_run_commands.list_by_virtual_machine(RG, "builder"))) == 1, "list")
    client.virtual_machine_run_commands.begin_delete(RG, "builder", "hello").result()

    result = client.virtual_machines.begin_run_command(
        RG, "builder", {"commandId": "RunShellScript", "script": ["echo out"]}
    ).result()
    check("[stdout]\nout" in result.value[0].message, result.value[0].message)

    refused(
        lambda: client.virtual_machines.generalize(RG, "builder"), ResourceExistsError, "OperationNotAllowed", "running"
    )
    client.virtual_machine_run_commands.begin_create_or_update(
        RG,
        "builder",
        "seal",
        {
            "location": "westeurope",
            "properties": {
                "asyncExecution": True,
                "source": {"script": "systemd-run --on-active=5s sh -c 'waagent -force -deprovision; systemctl poweroff'"},
            },
        },
    ).result()
    eventually("the guest powers off", lambda: "PowerState/stopped" in statuses(client, "builder"))
    client.virtual_machines.begin_deallocate(RG, "builder").result()
    check("PowerState/deallocated" in statuses(client, "builder"), statuses(client, "builder"))
    client.virtual_machines.generalize(RG, "builder")
    check("OSState/generalized" in statuses(client, "builder"), statuses(client, "builder"))
    refused(
        lambda: client.virtual_machines.begin_start(RG, "builder"), ResourceExistsError, "OperationNotAllowed", "generalized"
    )
    refused(lambda: client.virtual_machines.get(RG, "nobody"), ResourceNotFoundError, "ResourceNotFound")
    refused(lambda: client.virtual_machines.get("nowhere", "x"), ResourceNotFoundError, "ResourceGroupNotFound")
