"""Deletion, in and out of order."""

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from harness import RG, check, eventually, refused
from versions import version_body


def deleted(delete):
    """Deletes what its parent or Azure still believes to have children; False where it was refused for that."""
    try:
        delete().result()
    except ResourceExistsError as error:
        check(error.error.code == "CannotDeleteResource", error)
        return False
    return True


def softly(azure):
    """A version that is deleted softly is listed, and restored or gone for good only when that is asked for."""
    client = azure.compute
    policy = {"location": "westeurope", "properties": {"softDeletePolicy": {"isSoftDeleteEnabled": True}}}
    client.galleries.begin_create_or_update(RG, "corp", policy).result()
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.0").result()
    kept = list(client.soft_deleted_resource.list_by_artifact_name(RG, "corp", "Images", "web"))
    check([entry.name for entry in kept] == ["1.0.0"], kept)
    restore = {"location": "westeurope", "properties": {"restore": True}}
    version = client.gallery_image_versions.begin_create_or_update(RG, "corp", "web", "1.0.0", restore).result()
    check(version.provisioning_state == "Succeeded", version.provisioning_state)
    # Gone for good where that is asked for.
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.0", bypass_soft_delete=True).result()
    check(not list(client.soft_deleted_resource.list_by_artifact_name(RG, "corp", "Images", "web")), "nothing is kept")
    version = client.gallery_image_versions.begin_create_or_update(
        RG, "corp", "web", "1.0.0", version_body(client, ["westeurope"])
    ).result()
    policy["properties"]["softDeletePolicy"]["isSoftDeleteEnabled"] = False
    client.galleries.begin_create_or_update(RG, "corp", policy).result()


def run(azure):
    client = azure.compute
    softly(azure)
    refused(lambda: client.galleries.begin_delete(RG, "corp"), ResourceExistsError, "CannotDeleteResource")
    client.gallery_image_versions.begin_delete(RG, "corp", "web", "1.0.0").result()
    refused(lambda: client.gallery_image_versions.get(RG, "corp", "web", "1.0.0"), ResourceNotFoundError, "NotFound")
    for name in ("web", "b", "c"):
        eventually(
            "the definition notices that its versions are gone",
            lambda: deleted(lambda: client.gallery_images.begin_delete(RG, "corp", name)),
        )
    eventually("the gallery notices", lambda: deleted(lambda: client.galleries.begin_delete(RG, "corp")))
    refused(lambda: client.galleries.get(RG, "corp"), ResourceNotFoundError, "ResourceNotFound")
    client.galleries.begin_delete(RG, "corp").result()
