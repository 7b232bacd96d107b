"""Galleries and image definitions."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from harness import RG, check, refused


def definition(sku, **more):
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "identifier": {"publisher": "contoso", "offer": "web", "sku": sku},
        "features": [{"name": "SecurityType", "value": "Standard"}],
    }
    properties.update(more)
    return {"location": "westeurope", "properties": properties}


def run(azure):
    client = azure.compute
    gallery = client.galleries.begin_create_or_update(RG, "corp", {"location": "West Europe"}).result()
    check(gallery.provisioning_state == "Succeeded", gallery.provisioning_state)
    check(gallery.identifier.unique_name.endswith("-CORP"), gallery.identifier.unique_name)
    image = client.gallery_images.begin_create_or_update(RG, "corp", "web", definition("a")).result()
    check(image.provisioning_state == "Succeeded", image.provisioning_state)
    check(client.gallery_images.get(RG, "corp", "web").identifier.sku == "a", "get")
    check(client.galleries.get(RG, "corp").name == "corp", "get")
    share = {"operationType": "Add", "groups": [{"type": "Subscriptions", "ids": [azure.subscription]}]}
    refused(
        lambda: client.gallery_sharing_profile.begin_update(RG, "corp", share), HttpResponseError, "InvalidParameter", "permissions"
    )
    groups = {"location": "westeurope", "properties": {"sharingProfile": {"permissions": "Groups"}}}
    client.galleries.begin_create_or_update(RG, "corp", groups).result()
    client.gallery_sharing_profile.begin_update(RG, "corp", share).result()
    shared = client.galleries.get(RG, "corp").sharing_profile.groups
    check([(group.type, group.ids) for group in shared] == [("Subscriptions", [azure.subscription])], shared)
    client.gallery_sharing_profile.begin_update(RG, "corp", {"operationType": "Reset"}).result()
    for name in ("b", "c"):
        client.gallery_images.begin_create_or_update(RG, "corp", name, definition(name)).result()
    names = [image.name for image in client.gallery_images.list_by_gallery(RG, "corp")]
    check(names == ["b", "c", "web"], f"all pages: {names}")
    refused(
        lambda: client.gallery_images.begin_create_or_update(RG, "corp", "web", definition("a", osState="Specialized")),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )
    refused(
        lambda: client.gallery_images.begin_create_or_update(RG, "corp", "twin", definition("a")),
        ResourceExistsError,
        "Conflict",
        "already exists",
    )
    refused(lambda: client.gallery_images.get(RG, "corp", "none"), ResourceNotFoundError, "ResourceNotFound")
