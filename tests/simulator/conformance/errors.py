"""Errors that no other module meets on its way, each as a client shows it."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient

from creation import machine
from harness import RG, check, provoke, refused
from versions import version_body


def failed(call, code):
    """The operation begins, and its end is shown with the code."""
    try:
        call().result()
        raise AssertionError(f"{code} was not noticed")
    except HttpResponseError as error:
        check(code in str(error), str(error))
        provoke(code)


def addresses(azure):
    def client(**more):
        return azure.client(ComputeManagementClient, **more).galleries

    nobody = "99999999-9999-4999-8999-999999999999"
    refused(lambda: client(subscription=nobody).get(RG, "corp"), ResourceNotFoundError, "SubscriptionNotFound")
    refused(lambda: client(subscription="nonsense").get(RG, "corp"), HttpResponseError, "InvalidSubscriptionId")
    refused(lambda: client().get(RG, "corp", params={"api-version": "2000-01-01"}), HttpResponseError, "NoRegisteredProviderFound")
    refused(
        lambda: azure.compute.gallery_image_versions.get(RG, "none", "web", "1.0.0"), ResourceNotFoundError, "ParentResourceNotFound"
    )
    begin = azure.compute.galleries.begin_create_or_update
    refused(lambda: begin(RG, "lost", {}), HttpResponseError, "LocationRequired")
    refused(lambda: begin(RG, "lost", {"location": "atlantis"}), HttpResponseError, "LocationNotAvailableForResourceType")
    tags = {str(number): "x" for number in range(51)}
    refused(lambda: begin(RG, "lost", {"location": "westeurope", "tags": tags}), HttpResponseError, "InvalidTags")


def rights(azure):
    reader = {"id": "reader", "secret": "simulated", "roles": []}
    scope = f"/subscriptions/{azure.subscription}"
    publisher = {
        "id": "publisher",
        "secret": "simulated",
        "roles": [{"scope": scope, "actions": ["Microsoft.Compute/galleries/*", "Microsoft.Compute/virtualMachines/read"]}],
    }
    azure.add({"clients": [reader, publisher]})
    client = azure.client(ComputeManagementClient, application=reader)
    refused(lambda: client.galleries.get(RG, "corp"), HttpResponseError, "AuthorizationFailed", "Microsoft.Compute/galleries/read")
    client = azure.client(ComputeManagementClient, application=publisher)
    refused(
        lambda: client.gallery_image_versions.begin_create_or_update(RG, "corp", "web", "8.0.0", version_body(client, ["westeurope"])),
        HttpResponseError,
        "LinkedAuthorizationFailed",
        "Microsoft.Compute/virtualMachines/write",
    )


def capacity(azure):
    """Sizes and regions that cannot be had."""
    begin = azure.compute.virtual_machines.begin_create_or_update
    version = azure.compute.gallery_image_versions.get(RG, "corp", "web", "1.0.0")
    interface = azure.network.network_interfaces.get(RG, "one")
    wanted = machine(version.id, interface.id)
    wanted["properties"]["hardwareProfile"]["vmSize"] = "Standard_M16ms"
    azure.add({"soldOut": [{"region": "westeurope", "vmSize": "Standard_M16ms", "code": "QuotaExceeded"}]})
    refused(lambda: begin(RG, "made", wanted), ResourceExistsError, "QuotaExceeded")
    wanted["properties"]["hardwareProfile"]["vmSize"] = "Standard_D2s_v5"
    wanted["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] = 4
    refused(lambda: begin(RG, "made", wanted), ResourceExistsError, "ResizeDiskError")


def operations(azure):
    """Operations that begin well and end badly."""
    commands = azure.compute.virtual_machine_run_commands
    script = {
        "location": "westeurope",
        "properties": {"source": {"script": "exit 7"}, "treatFailureAsDeploymentFailure": True},
    }
    failed(lambda: commands.begin_create_or_update(RG, "running", "fails", script), "VMExtensionProvisioningError")
    commands.begin_delete(RG, "running", "fails").result()
    for code in ("InternalOperationError", "InternalExecutionError", "NetworkingInternalOperationError"):
        azure.control("POST", "/faults", {"azure": "OperationFails", "resource": "/running$", "code": code, "times": 1})
        failed(lambda: azure.compute.virtual_machines.begin_update(RG, "running", {"tags": {"a": "b"}}), code)
    azure.control("POST", "/faults", {"azure": "RegionFails", "resource": "/web/versions/1.0.0$", "region": "northeurope", "times": 1})
    versions = azure.compute.gallery_image_versions
    wanted = version_body(azure.compute, ["westeurope", "northeurope"])
    failed(lambda: versions.begin_create_or_update(RG, "corp", "web", "1.0.0", wanted), "ReplicationJobsNotCompleted")
    wanted["properties"]["publishingProfile"]["targetRegions"].pop()
    versions.begin_create_or_update(RG, "corp", "web", "1.0.0", wanted).result()


def outages(azure):
    """Answers that are not Azure's will; a client that does not try again shows them as they are."""
    client = azure.client(ComputeManagementClient, retry_total=0)
    for status, code in [
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
        (503, "ServerTimeout"),
        (504, "GatewayTimeout"),
        (409, "RetryableError"),
        (401, "ExpiredAuthenticationToken"),
        (429, "SubscriptionRequestsThrottled"),
    ]:
        then = {"respond": {"status": status, "body": {"error": {"code": code, "message": "Later."}}}}
        azure.control("POST", "/faults", {"match": {"method": "GET", "path": "/galleries/corp$"}, "times": 1, "then": then})
        kind = {401: ClientAuthenticationError, 409: ResourceExistsError}.get(status, HttpResponseError)
        refused(lambda: client.galleries.get(RG, "corp"), kind, code)


def run(azure):
    addresses(azure)
    rights(azure)
    capacity(azure)
    operations(azure)
    outages(azure)
