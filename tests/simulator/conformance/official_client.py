"""Drives the simulator with Microsoft's own Compute client and checks what it makes of the answers."""

import json
import os
import subprocess
import sys
import time
import urllib.request

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.compute import models

RG = "images"
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


def refused(call, kind, code, text=""):
    """The call fails with the typed error and the code that Azure gives."""
    try:
        result = call()
    except HttpResponseError as error:
        got = error.error.code if error.error else None
        check(isinstance(error, kind), f"{type(error).__name__} instead of {kind.__name__}: {error.message}")
        check(got == code, f"code {got} instead of {code}: {error.message}")
        check(text in error.message, f"'{text}' is not in: {error.message}")
        return
    raise AssertionError(f"{code} expected, but it went through: {result}")


def main(simulator, scenario):
    process = subprocess.Popen(
        [simulator, "serve", "--scenario", scenario, "--speed", "500"], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(process.stdout.readline())
        os.environ["REQUESTS_CA_BUNDLE"] = ready["ca"]
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            os.environ.pop(name, None)
        started = time.monotonic()
        drive(ready)
        print(f"conformance: {checks} checks passed in {time.monotonic() - started:.1f} s")
    finally:
        process.terminate()
        code = process.wait(10)
    check(code == 0, f"the simulator ended with {code}")


def client_of(ready, secret=None, **more):
    credential = ClientSecretCredential(
        ready["tenant"],
        ready["clients"][0]["id"],
        secret or ready["clients"][0]["secret"],
        authority=ready["authority"],
        disable_instance_discovery=True,
    )
    return ComputeManagementClient(
        credential,
        ready["subscriptions"][0],
        base_url=ready["arm"],
        credential_scopes=[ready["arm"] + "/.default"],
        polling_interval=0.05,
        **more,
    )


def statuses(client, name):
    view = client.virtual_machines.instance_view(RG, name)
    return [status.code for status in view.statuses]


def drive(ready):
    client = client_of(ready)
    try:
        client_of(ready, secret="wrong").galleries.get(RG, "none")
        raise AssertionError("a wrong secret was taken")
    except ClientAuthenticationError as error:
        check("AADSTS7000215" in error.message, error.message)

    machines(client)
    gallery_tree(client)
    versions(client)
    deletions(client)
    faults(client, ready)


def machines(client):
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
    deadline = time.monotonic() + 20
    while "PowerState/stopped" not in statuses(client, "builder"):
        check(time.monotonic() < deadline, statuses(client, "builder"))
        time.sleep(0.05)
    client.virtual_machines.begin_deallocate(RG, "builder").result()
    check("PowerState/deallocated" in statuses(client, "builder"), statuses(client, "builder"))
    client.virtual_machines.generalize(RG, "builder")
    check("OSState/generalized" in statuses(client, "builder"), statuses(client, "builder"))
    refused(
        lambda: client.virtual_machines.begin_start(RG, "builder"), ResourceExistsError, "OperationNotAllowed", "generalized"
    )
    refused(lambda: client.virtual_machines.get(RG, "nobody"), ResourceNotFoundError, "ResourceNotFound")
    refused(lambda: client.virtual_machines.get("nowhere", "x"), ResourceNotFoundError, "ResourceGroupNotFound")

    made = client.virtual_machines.begin_create_or_update(
        RG,
        "made",
        {"location": "westeurope", "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}}},
    ).result()
    check(made.provisioning_state == "Succeeded", made.provisioning_state)
    client.virtual_machines.begin_power_off(RG, "made").result()
    client.virtual_machines.begin_restart(RG, "made").result()
    check("PowerState/running" in statuses(client, "made"), statuses(client, "made"))
    client.virtual_machines.begin_delete(RG, "made").result()
    refused(lambda: client.virtual_machines.get(RG, "made"), ResourceNotFoundError, "ResourceNotFound")


def definition(sku, **more):
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "identifier": {"publisher": "contoso", "offer": "web", "sku": sku},
        "features": [{"name": "SecurityType", "value": "Standard"}],
    }
    properties.update(more)
    return {"location": "westeurope", "properties": properties}


def gallery_tree(client):
    gallery = client.galleries.begin_create_or_update(RG, "corp", {"location": "West Europe"}).result()
    check(gallery.provisioning_state == "Succeeded", gallery.provisioning_state)
    check(gallery.identifier.unique_name.endswith("-CORP"), gallery.identifier.unique_name)
    image = client.gallery_images.begin_create_or_update(RG, "corp", "web", definition("a")).result()
    check(image.provisioning_state == "Succeeded", image.provisioning_state)
    for name in ("b", "c"):
        client.gallery_images.begin_create_or_update(RG, "corp", name, definition(name)).result()
    names = [image.name for image in client.gallery_images.list_by_gallery(RG, "corp")]
    check(names == ["b", "c", "web"], f"all pages: {names}")
    refused(
        lambda: client.gallery_images.begin_create_or_update(RG, "corp", "web", definition("a", osState="Specialized")),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )
    refused(
        lambda: client.gallery_images.begin_create_or_update(RG, "corp", "twin", definition("a")),
        ResourceExistsError,
        "Conflict",
        "already exists",
    )
    refused(lambda: client.gallery_images.get(RG, "corp", "none"), ResourceNotFoundError, "ResourceNotFound")


def version_body(client, regions, source="builder"):
    machine = client.virtual_machines.get(RG, source)
    return {
        "location": "westeurope",
        "properties": {
            "storageProfile": {"source": {"virtualMachineId": machine.id}},
            "publishingProfile": {
                "targetRegions": [{"name": name, "regionalReplicaCount": 1} for name in regions],
                "endOfLifeDate": "2040-11-01T00:00:59.000Z",
                "excludeFromLatest": True,
            },
        },
    }


def versions(client):
    begin = client.gallery_image_versions.begin_create_or_update
    poller = begin(RG, "corp", "web", "1.0.0", version_body(client, ["westeurope"]))
    refused(
        lambda: begin(RG, "corp", "web", "1.0.0", version_body(client, ["westeurope"])), ResourceExistsError, "Conflict"
    )
    version = poller.result()
    check(version.provisioning_state == "Succeeded", version.provisioning_state)
    check(version.publishing_profile.target_regions[0].name == "West Europe", "display name")
    check(version.location == "westeurope", version.location)
    check(version.publishing_profile.end_of_life_date.second == 59, "date")
    check(version.replication_status is None, "only with expand")
    check(isinstance(version, models.GalleryImageVersion), type(version))

    version = begin(RG, "corp", "web", "1.0.0", version_body(client, ["westeurope", "northeurope"])).result()
    check(len(version.publishing_profile.target_regions) == 2, "regions")
    version = client.gallery_image_versions.get(RG, "corp", "web", "1.0.0", expand="ReplicationStatus")
    check(version.replication_status.aggregated_state == "Completed", version.replication_status.aggregated_state)
    check([region.progress for region in version.replication_status.summary] == [100, 100], "progress")

    # Read, change, write: how most tools update.
    version.publishing_profile.target_regions = version.publishing_profile.target_regions[:1]
    version = begin(RG, "corp", "web", "1.0.0", version).result()
    check(len(version.publishing_profile.target_regions) == 1, "region removed")
    version = client.gallery_image_versions.begin_update(RG, "corp", "web", "1.0.0", {"tags": {"a": "b"}}).result()
    check(version.tags == {"a": "b"}, version.tags)

    for name, body, code, text in [
        ("1.0", version_body(client, ["westeurope"]), "InvalidParameter", "Major(int).Minor(int).Patch(int)"),
        ("1.0.1", version_body(client, ["northeurope"]), "InvalidParameter", "must contain the location"),
        ("1.0.1", version_body(client, ["westeurope", "West Europe"]), "InvalidParameter", "Duplicate regions"),
        ("1.0.1", version_body(client, ["westeurope"], "running"), "InvalidParameter", "OS State"),
    ]:
        refused(lambda: begin(RG, "corp", "web", name, body), HttpResponseError, code, text)
    refused(
        lambda: begin(RG, "corp", "web", "1.0.0", version_body(client, ["westeurope"], "running")),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )


def deletions(client):
    refused(lambda: client.galleries.begin_delete(RG, "corp"), ResourceExistsError, "CannotDeleteResource")
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.0").result()
    refused(lambda: client.gallery_image_versions.get(RG, "corp", "web", "1.0.0"), ResourceNotFoundError, "NotFound")
    deadline = time.monotonic() + 20
    for name in ("web", "b", "c"):
        while True:
            try:
                client.gallery_images.begin_delete(RG, "corp", name).result()
                break
            except ResourceExistsError as error:
                check(error.error.code == "CannotDeleteResource", error)
                check(time.monotonic() < deadline, "the parent never noticed")
                time.sleep(0.05)
    while True:
        try:
            client.galleries.begin_delete(RG, "corp").result()
            break
        except ResourceExistsError:
            check(time.monotonic() < deadline, "the parent never noticed")
            time.sleep(0.05)
    refused(lambda: client.galleries.get(RG, "corp"), ResourceNotFoundError, "ResourceNotFound")
    client.galleries.begin_delete(RG, "corp").result()


def control(ready, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ready["control"] + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def faults(client, ready):
    # A failed operation is raised with its own code, although the poll itself is a 200.
    control(ready, "POST", "/faults", {"azure": "OperationFails", "resource": "running$", "code": "AllocationFailed", "times": 1})
    try:
        client.virtual_machines.begin_deallocate(RG, "running").result()
        raise AssertionError("a failed operation was not noticed")
    except HttpResponseError as error:
        check("AllocationFailed" in str(error), str(error))
    # A 429 is waited for and tried again by the client itself.
    control(
        ready,
        "POST",
        "/faults",
        {"match": {"path": "/virtualMachines/running$"}, "times": 1, "then": {"respond": {"status": 429, "headers": {"Retry-After": "1"}}}},
    )
    check(client.virtual_machines.get(RG, "running").name == "running", "retried")
    etag = client.virtual_machines.get(RG, "running").etag
    client.virtual_machines.begin_update(RG, "running", {"tags": {"a": "b"}}).result()
    refused(
        lambda: client.virtual_machines.begin_update(
            RG, "running", {"tags": {}}, etag=etag, match_condition=MatchConditions.IfNotModified
        ),
        ResourceModifiedError,
        "ConditionNotMet",
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
