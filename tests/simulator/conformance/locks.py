"""Management locks, as a person sets them."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.resource.locks import ManagementLockClient

from harness import RG, check, refused


def run(azure):
    client, versions = azure.client(ManagementLockClient).management_locks, azure.compute.gallery_image_versions
    made = client.create_or_update_at_resource_group_level(RG, "keep", {"level": "CanNotDelete", "notes": "n"})
    check((made.level, made.notes) == ("CanNotDelete", "n"), made)
    refused(lambda: versions.begin_delete(RG, "corp", "web", "1.0.0"), ResourceExistsError, "ScopeLocked", "delete operation")
    versions.begin_update(RG, "corp", "web", "1.0.0", {"tags": {"locked": "no"}}).result()
    client.create_or_update_at_resource_group_level(RG, "keep", {"level": "ReadOnly"})
    refused(
        lambda: versions.begin_update(RG, "corp", "web", "1.0.0", {"tags": {}}), ResourceExistsError, "ScopeLocked", "write operation"
    )
    refused(lambda: azure.compute.virtual_machines.begin_deallocate(RG, "running"), ResourceExistsError, "ScopeLocked")
    check([lock.name for lock in client.list_at_resource_group_level(RG)] == ["keep"], "list")
    client.delete_at_resource_group_level(RG, "keep")
    refused(lambda: client.get_at_resource_group_level(RG, "keep"), ResourceNotFoundError, "LockNotFound")
    refused(
        lambda: client.create_or_update_at_resource_group_level(RG, "keep", {"level": "NotSpecified"}),
        HttpResponseError,
        "InvalidLockLevel",
    )
