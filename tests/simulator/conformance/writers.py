"""Two writers at once, and reads that lag behind a write."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from galleries import definition
from harness import RG, check, eventually, provoke, refused
from versions import version_body

#: The durations of scenario.yaml.
USUAL = {"nestedDeleteLag": 60, "interfaceReservation": 100000}


def conflicts(azure):
    """The second write is refused, the first goes its way."""
    client, network = azure.compute, azure.network
    gallery = {"location": "westeurope"}
    disk = {"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}}
    lab = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.77.0.0/16"]}}}
    tags = {"tags": {"writer": "two"}}
    # Long enough for a second request, however slow the machine is.
    azure.add({"durations": {**USUAL, "gallery": 600, "definition": 600, "disk": 600, "network": 600, "updateVirtualMachine": 600}})
    for code, begin in [
        ("Conflict", lambda: client.galleries.begin_create_or_update(RG, "twice", gallery)),
        ("Conflict", lambda: client.gallery_images.begin_create_or_update(RG, "corp", "twice", definition("twice"))),
        ("Conflict", lambda: client.disks.begin_create_or_update(RG, "twice", disk)),
        ("Conflict", lambda: client.virtual_machines.begin_update(RG, "running", tags)),
        ("AnotherOperationInProgress", lambda: network.virtual_networks.begin_create_or_update(RG, "twice", lab)),
    ]:
        poller = begin()
        refused(begin, ResourceExistsError, code)
        check(poller.result().provisioning_state == "Succeeded", "the first write")
    azure.add({"durations": USUAL})
    for poller in [
        client.gallery_images.begin_delete(RG, "corp", "twice"),
        client.galleries.begin_delete(RG, "twice"),
        client.disks.begin_delete(RG, "twice"),
        network.virtual_networks.begin_delete(RG, "twice"),
    ]:
        poller.result()


def deletions(azure):
    """A deletion takes over from a write and is joined by a second one; writes meanwhile are refused."""
    client = azure.compute.gallery_image_versions
    body = version_body(azure.compute, ["westeurope"])
    write = client.begin_create_or_update(RG, "corp", "web", "7.0.0", body)
    first, second = client.begin_delete(RG, "corp", "web", "7.0.0"), client.begin_delete(RG, "corp", "web", "7.0.0")
    refused(
        lambda: client.begin_create_or_update(RG, "corp", "web", "7.0.0", body),
        ResourceExistsError,
        "OperationNotAllowed",
        "marked for deletion",
    )
    try:
        write.result()
        raise AssertionError("a write that was taken over was not noticed")
    except HttpResponseError as error:
        check("OperationPreempted" in str(error), str(error))
        provoke("OperationPreempted")
    first.result()
    second.result()
    try:
        client.get(RG, "corp", "web", "7.0.0")
        raise AssertionError("a deleted version is still there")
    except ResourceNotFoundError as error:
        # Which of the two says so depends on how long ago it was deleted.
        check(error.error.code in ("NotFound", "ResourceNotFound"), error.message)


def lag(azure):
    """What was just created is not there yet for some reads, of whatever kind it is."""
    client = azure.compute
    azure.control("POST", "/faults", {"azure": "NotFoundAfterPut", "resource": "/(galleries|disks)/late$", "reads": 1})
    disk = {"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}}
    for kind, body in [(client.galleries, {"location": "westeurope"}), (client.disks, disk)]:
        # A poller would read by itself.
        kind.begin_create_or_update(RG, "late", body, polling=False)
        refused(lambda: kind.get(RG, "late"), ResourceNotFoundError, "NotFound", "not found in this Azure location")
        eventually("it is there", lambda: kind.get(RG, "late").provisioning_state == "Succeeded")
        kind.begin_delete(RG, "late").result()


def run(azure):
    conflicts(azure)
    deletions(azure)
    lag(azure)
