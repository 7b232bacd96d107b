"""Deletion, in and out of order."""

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from harness import RG, check, eventually, refused


def deleted(delete):
    """Deletes what its parent or Azure still believes to have children; False where it was refused for that."""
    try:
        delete().result()
    except ResourceExistsError as error:
        check(error.error.code == "CannotDeleteResource", error)
        return False
    return True


def run(azure):
    client = azure.compute
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
