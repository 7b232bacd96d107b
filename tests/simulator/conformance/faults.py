"""Faults that a client has to notice or to bear."""

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError

from harness import RG, check, refused


def run(azure):
    client = azure.compute
    # A failed operation is raised with its own code, although the poll itself is a 200.
    azure.control("POST", "/faults", {"azure": "OperationFails", "resource": "running$", "code": "AllocationFailed", "times": 1})
    try:
        client.virtual_machines.begin_deallocate(RG, "running").result()
        raise AssertionError("a failed operation was not noticed")
    except HttpResponseError as error:
        check("AllocationFailed" in str(error), str(error))
    # A 429 is waited for and tried again by the client itself.
    azure.control(
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
