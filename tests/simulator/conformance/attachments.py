"""Disk encryption sets, and data disks that are attached and detached."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from harness import RG, check, refused


def keys(client):
    wanted = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": {"keyUrl": "https://vault.example/keys/k/1"}},
    }
    sets = client.disk_encryption_sets
    made = sets.begin_create_or_update(RG, "key", wanted).result()
    check(made.provisioning_state == "Succeeded", made)
    check(made.identity.principal_id, made.identity)
    check([entry.name for entry in sets.list_by_resource_group(RG)] == ["key"], "list")
    encrypted = {
        "location": "westeurope",
        "properties": {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 4,
            "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": made.id},
        },
    }
    client.disks.begin_create_or_update(RG, "extra", encrypted).result()
    refused(lambda: sets.begin_delete(RG, "key"), ResourceExistsError, "OperationNotAllowed", "in use")


def attached(client):
    machines = client.virtual_machines
    disk = client.disks.get(RG, "extra")
    attach = {"lun": 4, "createOption": "Attach", "managedDisk": {"id": disk.id}}
    machine = machines.begin_update(RG, "running", {"properties": {"storageProfile": {"dataDisks": [attach]}}}).result()
    check([entry.lun for entry in machine.storage_profile.data_disks] == [4], machine.storage_profile)
    check(client.disks.get(RG, "extra").managed_by == machine.id, "it is the machine's")
    refused(lambda: client.disks.begin_delete(RG, "extra"), ResourceExistsError, "OperationNotAllowed", "attached")
    taken = {**attach, "lun": 5, "managedDisk": {"id": disk.id.replace("/extra", "/builder_OsDisk_1")}}
    refused(
        lambda: machines.begin_update(RG, "running", {"properties": {"storageProfile": {"dataDisks": [taken]}}}),
        ResourceExistsError,
        "ConflictingUserInput",
    )
    # Read, change, write: how most tools detach.
    machine.storage_profile.data_disks = []
    machine = machines.begin_create_or_update(RG, "running", machine).result()
    check(not machine.storage_profile.data_disks, machine.storage_profile)
    # The profile is in the first answer, which the client gives up for that of the operation.
    machines.begin_attach_detach_data_disks(RG, "running", {"dataDisksToAttach": [{"diskId": disk.id}]}).result()
    disks = lambda: [entry.name for entry in machines.get(RG, "running").storage_profile.data_disks or []]
    check(disks() == ["extra"], disks())
    detach = {"dataDisksToDetach": [{"diskId": disk.id}]}
    machines.begin_attach_detach_data_disks(RG, "running", detach).result()
    check(disks() == [], disks())
    refused(lambda: machines.begin_attach_detach_data_disks(RG, "running", detach), HttpResponseError, "InvalidParameter")
    check(client.disks.get(RG, "extra").disk_state == "Unattached", "it is free again")


def run(azure):
    client = azure.compute
    keys(client)
    attached(client)
    client.disks.begin_delete(RG, "extra").result()
    client.disk_encryption_sets.begin_delete(RG, "key").result()
    refused(lambda: client.disk_encryption_sets.get(RG, "key"), ResourceNotFoundError, "ResourceNotFound")
