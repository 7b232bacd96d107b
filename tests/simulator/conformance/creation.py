"""Virtual machines made from an image version, watched, and cleaned up."""

import copy
import os
import ssl
import urllib.error
import urllib.request

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from harness import DELETED, RG, check, refused
from machines import statuses


def fetch(uri):
    """Status and text of an address that needs no token."""
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    try:
        with urllib.request.urlopen(uri, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def machine(image, interface):
    return {
        "location": "westeurope",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {"id": image},
                "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "StandardSSD_LRS"}},
            },
            "osProfile": {
                "computerName": "made",
                "adminUsername": "valadmin",
                "linuxConfiguration": {
                    "disablePasswordAuthentication": True,
                    "ssh": {"publicKeys": [{"path": "/home/valadmin/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}]},
                },
            },
            "networkProfile": {"networkInterfaces": [{"id": interface, "properties": {"primary": True}}]},
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        },
    }


def run(azure):
    client, network = azure.compute, azure.network
    interface = network.network_interfaces.get(RG, "one")
    version = client.gallery_image_versions.get(RG, "corp", "web", "1.0.0")
    body = machine(version.id, interface.id)
    begin = client.virtual_machines.begin_create_or_update

    def changed(**properties):
        other = copy.deepcopy(body)
        other["properties"].update(properties)
        return other

    trusted = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
    absent = {"imageReference": {"id": version.id.replace("1.0.0", "9.9.9")}}
    nowhere = {"networkInterfaces": [{"id": interface.id.replace("/one", "/nobody")}]}
    for other, kind, code, text in [
        (changed(osProfile=None), HttpResponseError, "InvalidParameter", "osProfile"),
        (changed(securityProfile=trusted), HttpResponseError, "BadRequest", "TrustedLaunch"),
        (changed(storageProfile=absent), ResourceNotFoundError, "GalleryImageNotFound", "not available in westeurope"),
        (changed(networkProfile=nowhere), HttpResponseError, "InvalidResourceReference", "nobody"),
        (changed(hardwareProfile={"vmSize": "Standard_M8ms"}), ResourceExistsError, "SkuNotAvailable", "Standard_M8ms"),
    ]:
        refused(lambda: begin(RG, "made", other), kind, code, text)
    refused(lambda: network.network_interfaces.begin_delete(RG, "one"), HttpResponseError, "NicReservedForAnotherVm")
    # A version is usable only where it has replicas.
    elsewhere = {**body, "location": "northeurope"}
    refused(lambda: begin(RG, "far", elsewhere), ResourceNotFoundError, "GalleryImageNotFound", "not available in northeurope")

    made = begin(RG, "made", body).result()
    check(made.provisioning_state == "Succeeded", made.provisioning_state)
    check(made.storage_profile.image_reference.exact_version == "1.0.0", made.storage_profile.image_reference)
    held = network.network_interfaces.get(RG, "one")
    check(held.virtual_machine.id == made.id, held.virtual_machine)
    refused(lambda: network.network_interfaces.begin_delete(RG, "one"), HttpResponseError, "NicInUse")
    disk = made.storage_profile.os_disk.name
    refused(lambda: client.disks.begin_delete(RG, disk), ResourceExistsError, "OperationNotAllowed", "attached")

    azure.advance(240)
    links = client.virtual_machines.retrieve_boot_diagnostics_data(RG, "made", sas_uri_expiration_time_in_minutes=60)
    status, log = fetch(links.serial_console_log_blob_uri)
    check(status == 200 and "SSH HOST KEY FINGERPRINTS" in log, log)
    status, log = fetch(links.serial_console_log_blob_uri + "x")
    check(status == 403 and "AuthenticationFailed" in log, log)
    refused(
        lambda: client.virtual_machines.retrieve_boot_diagnostics_data(RG, "running"),
        ResourceExistsError,
        "OperationNotAllowed",
    )

    client.virtual_machines.begin_power_off(RG, "made").result()
    client.virtual_machines.begin_restart(RG, "made").result()
    check("PowerState/running" in statuses(client, "made"), statuses(client, "made"))
    client.virtual_machines.begin_delete(RG, "made", force_deletion=True).result()
    refused(lambda: client.virtual_machines.get(RG, "made"), ResourceNotFoundError, DELETED)
    check(client.disks.get(RG, disk).disk_state == "Unattached", "the disk stays, free")
    client.disks.begin_delete(RG, disk).result()

    azure.control("POST", "/faults", {"azure": "OperationFails", "resource": "made$", "code": "AllocationFailed", "times": 1})
    try:
        begin(RG, "made", body).result()
        raise AssertionError("a failed creation was not noticed")
    except HttpResponseError as error:
        check("AllocationFailed" in str(error), str(error))
    check(client.virtual_machines.get(RG, "made").provisioning_state == "Failed", "the failed machine stays")
    client.virtual_machines.begin_delete(RG, "made").result()
    azure.advance(100100)
    network.network_interfaces.begin_delete(RG, "one").result()
    client.disks.begin_delete(RG, disk).result()
    network.virtual_networks.begin_delete(RG, "lab").result()
    refused(lambda: network.virtual_networks.get(RG, "lab"), ResourceNotFoundError, "ResourceNotFound")
