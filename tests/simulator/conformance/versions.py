"""Image versions and their replication."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.compute import models

from harness import RG, check, refused


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


def run(azure):
    client = azure.compute
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
    version.safety_profile.allow_deletion_of_replicated_locations = True
    version = begin(RG, "corp", "web", "1.0.0", version).result()
    check(len(version.publishing_profile.target_regions) == 1, "region removed")
    version = client.gallery_image_versions.begin_update(RG, "corp", "web", "1.0.0", {"tags": {"a": "b"}}).result()
    check(version.tags == {"a": "b"}, version.tags)

    listed = client.gallery_image_versions.list_by_gallery_image(RG, "corp", "web")
    check([version.name for version in listed] == ["1.0.0"], "list")

    for name, body, code, text in [
        ("1.0", version_body(client, ["westeurope"]), "InvalidParameter", "Major(int).Minor(int).Patch(int)"),
        ("1.0.1", version_body(client, ["northeurope"]), "InvalidParameter", "must contain the location"),
        ("1.0.1", version_body(client, ["westeurope", "West Europe"]), "InvalidParameter", "Duplicate regions"),
    ]:
        refused(lambda: begin(RG, "corp", "web", name, body), HttpResponseError, code, text)
    kept = list(client.soft_deleted_resource.list_by_artifact_name(RG, "corp", "Images", "web"))
    check(kept == [], "this gallery keeps nothing that was deleted")
    # Whether the source fits is found out by the operation.
    unfit = begin(RG, "corp", "web", "1.0.1", version_body(client, ["westeurope"], "running"))
    refused(unfit.result, HttpResponseError, "InvalidParameter", "OS State")
    version = client.gallery_image_versions.get(RG, "corp", "web", "1.0.1")
    check(version.provisioning_state == "Failed", version.provisioning_state)
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.1").result()
    refused(
        lambda: begin(RG, "corp", "web", "1.0.0", version_body(client, ["westeurope"], "running")),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )

    # From disks or snapshots by name: the system's, and those with data.
    disk = client.disks.get(RG, "builder_OsDisk_1")
    copy = {"location": "westeurope", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": disk.id}}}
    snapshot = client.snapshots.begin_create_or_update(RG, "golden", copy).result()
    check(client.snapshots.get(RG, "golden").provisioning_state == "Succeeded", "snapshot")
    body = version_body(client, ["westeurope"])
    body["properties"]["storageProfile"] = {
        "osDiskImage": {"source": {"id": snapshot.id}},
        "dataDiskImages": [{"lun": 0, "source": {"id": snapshot.id}}],
    }
    profile = begin(RG, "corp", "web", "1.0.2", body).result().storage_profile
    check(profile.source is None and profile.os_disk_image.source.id == snapshot.id, profile)
    check([(image.lun, image.source.id) for image in profile.data_disk_images] == [(0, snapshot.id)], profile)
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.2").result()
    client.snapshots.begin_delete(RG, "golden").result()
