"""What is refused for the source, for keys, for locks and policies, and how clients show it."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError

from harness import RG, check, provoke, refused

GROUP = "refusals"


def resource(azure, kind, name):
    return f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/{kind}/{name}"


def body(azure, source="sealed", regions=("westeurope",), **region):
    return {
        "location": "westeurope",
        "properties": {
            "storageProfile": {"source": {"virtualMachineId": resource(azure, "virtualMachines", source)}},
            "publishingProfile": {"targetRegions": [{"name": name, **region} for name in regions]},
        },
    }


def sources(azure, begin):
    # Whether a source fits is found out by the operation.
    for source, code, text in [
        ("ephemeral", "InvalidParameter", "cannot contain an ephemeral OS disk"),
        ("ultra", "InvalidParameter", "stored in an UltraSSD account type"),
        ("old", "Conflict", "different Hypervisor generation"),
        ("planned", "InvalidParameter", "different plan"),
    ]:
        unfit = begin(RG, "corp", "web", "2.0.0", body(azure, source))
        refused(unfit.result, HttpResponseError, code, text)
        azure.compute.gallery_image_versions.begin_delete(RG, "corp", "web", "2.0.0").result()
    refused(
        lambda: begin(RG, "corp", "web", "2.0.0", body(azure, regionalReplicaCount=101)),
        HttpResponseError,
        "InvalidParameter",
        "out of range",
    )


def keys(azure, begin):
    def encrypted(name, lun=None):
        key = resource(azure, "diskEncryptionSets", name)
        data = [] if lun is None else [{"lun": lun, "diskEncryptionSetId": key}]
        return body(azure, encryption={"osDiskImage": {"diskEncryptionSetId": key}, "dataDiskImages": data})

    for wanted, text in [
        (encrypted("nobody"), "was not found"),
        (encrypted("north"), "was not found"),
        (encrypted("west", 7), "LUN 7"),
    ]:
        refused(lambda: begin(RG, "corp", "web", "2.0.0", wanted), HttpResponseError, "InvalidParameter", text)


def regions(azure, begin):
    """A failed region fails the operation; the same body again repairs it."""
    azure.control("POST", "/faults", {"azure": "RegionFails", "resource": "2.0.0$", "region": "northeurope", "times": 1})
    wanted = body(azure, regions=("westeurope", "northeurope"))
    try:
        begin(RG, "corp", "web", "2.0.0", wanted).result()
        raise AssertionError("a failed region was not noticed")
    except HttpResponseError as error:
        check("Gallery replication jobs failed in one or more regions" in str(error), str(error))
    version = azure.compute.gallery_image_versions.get(RG, "corp", "web", "2.0.0")
    check(version.provisioning_state == "Failed", version.provisioning_state)
    version = begin(RG, "corp", "web", "2.0.0", wanted).result()
    check(version.provisioning_state == "Succeeded", version.provisioning_state)


def end_of_life(azure, begin):
    versions = azure.compute.gallery_image_versions
    wanted = body(azure)
    wanted["properties"]["publishingProfile"]["endOfLifeDate"] = "2140-01-01T00:00:00Z"
    wanted["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True, "allowDeletionOfReplicatedLocations": True}
    begin(RG, "corp", "web", "2.0.0", wanted).result()
    code = "DeleteGalleryImageVersionBlockedBeforeEndOfLife"
    refused(lambda: versions.begin_delete(RG, "corp", "web", "2.0.0"), ResourceExistsError, code)
    wanted["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": False}
    begin(RG, "corp", "web", "2.0.0", wanted).result()


def governance(azure, begin):
    versions = azure.compute.gallery_image_versions
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{RG}"
    azure.add({"locks": [{"scope": scope, "level": "CanNotDelete"}]})
    refused(lambda: versions.begin_delete(RG, "corp", "web", "2.0.0"), ResourceExistsError, "ScopeLocked", scope)
    azure.add({"locks": [], "policies": [{"name": "owners", "scope": scope, "requiredTag": "owner"}]})
    try:
        begin(RG, "corp", "web", "2.0.0", body(azure))
        raise AssertionError("a policy was not noticed")
    except HttpResponseError as error:
        check((error.status_code, error.error.code) == (403, "RequestDisallowedByPolicy"), error)
        check("PolicyViolation" in error.response.text(), error.response.text())
        provoke(error.error.code)
    unregistered = {"id": azure.subscription, "unregisteredProviders": ["Microsoft.Compute"]}
    azure.add({"policies": [], "subscriptions": [unregistered]})
    code = "MissingSubscriptionRegistration"
    refused(lambda: begin(RG, "corp", "web", "2.0.0", body(azure)), ResourceExistsError, code)
    azure.add({"subscriptions": [{"id": azure.subscription, "unregisteredProviders": []}]})


def run(azure):
    begin = azure.compute.gallery_image_versions.begin_create_or_update
    sealed = {"powerState": "deallocated", "generalized": True, "deprovisioned": True}
    group = {
        "name": GROUP,
        "virtualMachines": [
            {"name": "sealed", **sealed},
            {"name": "ephemeral", "ephemeralOsDisk": True, **sealed},
            {"name": "ultra", "dataDisks": [{"lun": 0, "storageAccountType": "UltraSSD_LRS"}], **sealed},
            {"name": "old", "hyperVGeneration": "V1", **sealed},
            {"name": "planned", "plan": {"name": "a", "publisher": "b", "product": "c"}, **sealed},
        ],
        "diskEncryptionSets": [{"name": "west"}, {"name": "north", "location": "northeurope"}],
    }
    azure.add({"subscriptions": [{"id": azure.subscription, "resourceGroups": [group]}]})
    refused(
        lambda: azure.compute.galleries.begin_create_or_update(RG, "corp", {"location": "northeurope"}),
        ResourceExistsError,
        "InvalidResourceLocation",
    )
    sources(azure, begin)
    keys(azure, begin)
    regions(azure, begin)
    end_of_life(azure, begin)
    governance(azure, begin)
    azure.compute.gallery_image_versions.begin_delete(RG, "corp", "web", "2.0.0").result()
