"""Managed disks, snapshots and managed images."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from harness import DELETED, RG, check, refused


def run(azure):
    client = azure.compute
    empty = {
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8},
    }
    disk = client.disks.begin_create_or_update(RG, "data", empty).result()
    check((disk.provisioning_state, disk.disk_state) == ("Succeeded", "Unattached"), disk)
    disk = client.disks.begin_update(RG, "data", {"properties": {"diskSizeGB": 16}, "tags": {"a": "b"}}).result()
    check((disk.disk_size_gb, disk.tags) == (16, {"a": "b"}), disk)
    refused(
        lambda: client.disks.begin_update(RG, "data", {"properties": {"diskSizeGB": 4}}),
        HttpResponseError,
        "InvalidParameter",
    )

    machine = client.virtual_machines.get(RG, "running")
    os_disk = client.disks.get(RG, machine.storage_profile.os_disk.name)
    check(os_disk.managed_by == machine.id, os_disk.managed_by)
    check(os_disk.supported_capabilities.architecture == "x64", os_disk.supported_capabilities)
    refused(
        lambda: client.disks.begin_delete(RG, os_disk.name), ResourceExistsError, "OperationNotAllowed", "attached"
    )
    copy = {
        "location": "westeurope",
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": os_disk.id}},
    }
    snapshot = client.snapshots.begin_create_or_update(RG, "before", copy).result()
    check((snapshot.os_type, snapshot.hyper_v_generation) == ("Linux", "V2"), snapshot)
    copy["properties"]["creationData"]["sourceResourceId"] = snapshot.id
    client.disks.begin_create_or_update(RG, "again", copy).result()
    names = [disk.name for disk in client.disks.list_by_resource_group(RG)]
    check(names == ["again", "builder_OsDisk_1", "data", "running_OsDisk_1"], f"all pages: {names}")
    check(len(list(client.disks.list())) == 4 and len(list(client.snapshots.list())) == 1, "the subscription's")
    client.snapshots.begin_delete(RG, "before").result()
    for name in ("data", "again", "again"):
        client.disks.begin_delete(RG, name).result()
    refused(lambda: client.disks.get(RG, "data"), ResourceNotFoundError, DELETED)

    collection = {"location": "westeurope", "tags": {"a": "b"}, "properties": {"source": {"id": machine.id}}}
    made = client.restore_point_collections.create_or_update(RG, "moments", collection)
    check((made.source.id, made.tags) == (machine.id, {"a": "b"}), made)
    mode = {"properties": {"consistencyMode": "CrashConsistent"}}
    point = client.restore_points.begin_create(RG, "moments", "now", mode).result()
    check((point.provisioning_state, point.consistency_mode) == ("Succeeded", "CrashConsistent"), point)
    refused(
        lambda: client.restore_points.begin_create(RG, "moments", "now", mode), ResourceExistsError, "OperationNotAllowed"
    )
    whole = client.restore_point_collections.get(RG, "moments", expand="restorePoints")
    held = whole.restore_points[0].source_metadata.storage_profile.os_disk.disk_restore_point.id
    restored = {
        "location": "westeurope",
        "properties": {"creationData": {"createOption": "Restore", "sourceResourceId": held}},
    }
    disk = client.disks.begin_create_or_update(RG, "restored", restored).result()
    check((disk.os_type, disk.disk_size_gb) == ("Linux", os_disk.disk_size_gb), disk)
    client.disks.begin_delete(RG, "restored").result()
    client.restore_point_collections.begin_delete(RG, "moments").result()
    refused(lambda: client.restore_points.get(RG, "moments", "now"), ResourceNotFoundError, "ParentResourceNotFound")

    def image(source):
        source = client.virtual_machines.get(RG, source)
        return {
            "location": "westeurope",
            "properties": {"sourceVirtualMachine": {"id": source.id}, "hyperVGeneration": "V2"},
        }

    refused(
        lambda: client.images.begin_create_or_update(RG, "managed", image("running")),
        ResourceExistsError,
        "OperationNotAllowed",
        "Generalized",
    )
    made = client.images.begin_create_or_update(RG, "managed", image("builder")).result()
    check(made.storage_profile.os_disk.os_state == "Generalized", made.storage_profile.os_disk)
    check(client.images.get(RG, "managed").provisioning_state == "Succeeded", "get")
    check(len(list(client.images.list_by_resource_group(RG))) == 1, "list")
    refused(
        lambda: client.images.begin_create_or_update(RG, "managed", image("running")),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )
    client.images.begin_delete(RG, "managed").result()
    refused(lambda: client.images.get(RG, "managed"), ResourceNotFoundError, "ResourceNotFound")
