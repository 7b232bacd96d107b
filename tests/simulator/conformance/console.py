"""The serial console of a virtual machine: switched on by an update, read with the client of Azure Storage."""

import os

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient

from harness import RG, check, refused

NAME = "talkative"


def stored(uri):
    """The client of the blob at an address that needs no token. What it refuses is told, not tried again."""
    return BlobClient.from_blob_url(uri, connection_verify=os.environ["REQUESTS_CA_BUNDLE"], retry_total=0)


def run(azure):
    client = azure.compute
    azure.add({
        "subscriptions": [{
            "id": azure.subscription,
            "resourceGroups": [{"name": RG, "location": "westeurope", "virtualMachines": [{"name": NAME}]}],
        }]
    })
    machines = client.virtual_machines

    def links():
        return machines.retrieve_boot_diagnostics_data(RG, NAME)

    def switch(diagnostics):
        return machines.begin_update(RG, NAME, {"properties": {"diagnosticsProfile": {"bootDiagnostics": diagnostics}}}).result()

    refused(links, ResourceExistsError, "OperationNotAllowed", "boot diagnostics is not enabled")
    refused(lambda: switch({"enabled": "perhaps"}), HttpResponseError, "BadRequest", "enabled")
    machine = switch({"enabled": True})
    check(machine.diagnostics_profile.boot_diagnostics.enabled, machine.diagnostics_profile)
    check(machine.hardware_profile.vm_size is not None, "an update keeps what it doesn't name")

    # What was said before is not there, and what is said shows late.
    blob = stored(links().serial_console_log_blob_uri)
    try:
        blob.download_blob()
        raise AssertionError("nothing was said yet")
    except ResourceNotFoundError as error:
        check(error.error_code == "BlobNotFound", error.error_code)
    machines.begin_restart(RG, NAME).result()
    azure.advance(600)
    whole = blob.download_blob().readall()
    text = whole.rstrip(b"\0")
    check(b"Azure Linux Agent is running" in text, text)
    check(len(whole) % 512 == 0, "managed storage keeps whole pages")
    for first, length in [(0, 10), (5, 100), (len(whole) - 7, 7)]:
        part = blob.download_blob(offset=first, length=length)
        check(part.readall() == whole[first : first + length], f"{length} bytes from {first} on")
        check(part.properties.size == length, part.properties.size)
    check(blob.download_blob(offset=100).readall() == whole[100:], "from somewhere to the end")
    try:
        blob.download_blob(offset=len(whole), length=1)
        raise AssertionError("there is nothing behind the end")
    except HttpResponseError as error:
        check(error.status_code == 416 and error.error_code == "InvalidRange", error.error_code)
    properties = blob.get_blob_properties()
    check(properties.size == len(whole), properties.size)
    try:
        stored(links().serial_console_log_blob_uri.replace("sig=", "sig=x")).download_blob()
        raise AssertionError("it was read with a wrong signature")
    except ClientAuthenticationError as error:
        check(error.error_code == "AuthenticationFailed", error.error_code)

    off = switch({"enabled": False})
    check(off.diagnostics_profile.boot_diagnostics.enabled is False, off.diagnostics_profile)
    refused(links, ResourceExistsError, "OperationNotAllowed", "boot diagnostics is not enabled")
    machines.begin_delete(RG, NAME).result()
