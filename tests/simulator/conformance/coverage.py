"""What azimage sends and what it tells apart was done and provoked with Microsoft's clients, by the modules before this one.

Both lists are read from azimage's own code, so that nothing can be added there and be forgotten here.
"""

import pathlib
import re

import harness
from harness import check

CLIENT = pathlib.Path(__file__).resolve().parents[3] / "controller" / "azure" / "src"

#: The resource types that ids stand for.
TYPES = {
    "VirtualMachineId": "virtualMachines",
    "RunCommandId": "virtualMachines/runCommands",
    "DiskId": "disks",
    "SnapshotId": "snapshots",
    "RestorePointCollectionId": "restorePointCollections",
    "RestorePointId": "restorePointCollections/restorePoints",
    "ManagedImageId": "images",
    "InterfaceId": "networkInterfaces",
    "PublicAddressId": "publicIPAddresses",
    "SecurityGroupId": "networkSecurityGroups",
    "GalleryId": "galleries",
    "ImageDefinitionId": "galleries/images",
    "ImageVersionId": "galleries/images/versions",
}

#: What a gallery keeps of an image definition's deleted versions. The client of Python spells it in small letters.
KEPT = "galleries/softDeletedArtifactTypes/artifacts/versions"

#: Of Microsoft.Network. Its client speaks in an api-version of its own, always.
NETWORK = {"networkInterfaces", "networkSecurityGroups", "publicIPAddresses"}

#: Which module provokes which error. Those that follow from azimage's code have to be here.
ERRORS = {
    "AnotherOperationInProgress": "writers",
    "AuthorizationFailed": "errors",
    "BadRequest": "creation",
    "CannotDeleteResource": "deletions",
    "ConditionNotMet": "faults",
    "Conflict": "writers",
    "ConflictingUserInput": "attachments",
    "DeleteGalleryImageVersionBlockedBeforeEndOfLife": "refusals",
    "ExpiredAuthenticationToken": "errors",
    "GalleryImageNotFound": "creation",
    "GatewayTimeout": "errors",
    "InUseNetworkSecurityGroupCannotBeDeleted": "copies",
    "InUseSubnetCannotBeDeleted": "network",
    "InternalExecutionError": "errors",
    "InternalOperationError": "errors",
    "InternalServerError": "errors",
    "InvalidAuthenticationToken": "identity",
    "InvalidFilterInQueryString": "copies",
    "InvalidLockLevel": "locks",
    "InvalidParameter": "versions",
    "InvalidResourceLocation": "refusals",
    "InvalidResourceReference": "creation",
    "InvalidSubscriptionId": "errors",
    "InvalidTags": "errors",
    "LinkedAuthorizationFailed": "errors",
    "LocationNotAvailableForResourceType": "errors",
    "LocationRequired": "errors",
    "LockNotFound": "locks",
    "MissingSubscriptionRegistration": "refusals",
    "NetcfgSubnetRangesOverlap": "network",
    "NetworkingInternalOperationError": "errors",
    "NicInUse": "creation",
    "NicReservedForAnotherVm": "creation",
    "NoRegisteredProviderFound": "errors",
    "NotFound": "writers",
    "OperationNotAllowed": "machines",
    "OperationPreempted": "writers",
    "ParentResourceNotFound": "errors",
    "PropertyChangeNotAllowed": "versions",
    "PublicIPAddressCannotBeDeleted": "network",
    "QuotaExceeded": "errors",
    "ReplicationJobsNotCompleted": "errors",
    "RequestDisallowedByPolicy": "refusals",
    "ResizeDiskError": "errors",
    "ResourceGroupNotFound": "machines",
    "ResourceNotFound": "machines",
    "RetryableError": "errors",
    "ScopeLocked": "locks",
    "SecurityRuleConflict": "copies",
    "SecurityRuleInvalidPriority": "copies",
    "ServerTimeout": "errors",
    "ServiceUnavailable": "errors",
    "SkuNotAvailable": "creation",
    "SubscriptionNotFound": "errors",
    "SubscriptionRequestsThrottled": "errors",
    "VMExtensionProvisioningError": "errors",
}


def operations():
    """Method, type and last part of the path, whether it is a list, `$expand` and api-version of each request of azimage's."""
    constants = {}
    for room in ["compute", "network"]:
        constants |= re.findall(r'const (\w+): &str = "(\d{4}-\d\d-\d\d)";', (CLIENT / room / "mod.rs").read_text())
    found = of_all_kinds("temporary.rs", constants) | of_all_kinds("belonging.rs", constants)
    for path in sorted([*(CLIENT / "compute").rglob("*.rs"), *(CLIENT / "network").rglob("*.rs")]):
        if path.name == "tests.rs":
            continue
        text = path.read_text()
        calls = len(re.findall(r"\bself\s*\.(?:get|get_dated|ask|list_on|write|send)\(", text))
        functions = re.findall(r"pub async fn \w+\((.*?)\) -> [^{]*\{(.*?)\n    \}", text, re.S)
        # One that asks by another of these sends nothing of its own.
        names = re.findall(r"pub async fn (\w+)\(", text)
        functions = [it for it in functions if not any(f"self.{name}(call" in it[1] for name in names)]
        for parameters, body in functions:
            kind = TYPES[re.search(r"\bid: &(\w+)", parameters)[1]]
            if "/softDeletedArtifactTypes/" in body:
                kind = KEPT
            verb = re.search(r"\bself\s*\.(get|ask|list|write)(?:_on|_dated)?\(", body)[1]
            named = re.search(r"Method::(\w+)", body)
            method = {"ask": "POST", "write": named and named[1]}.get(verb, "GET")
            more = re.search(r"\{id\}/(\w+)", body)
            expand = re.search(r"\$expand=(\w+)", body)
            spoken = [version for name, version in constants.items() if re.search(rf"\b{name}\b", body)]
            check(len(spoken) == 1, f"{path}: a request has the api-versions {spoken}")
            found.add((method, kind + (f"/{more[1]}" if more else ""), verb == "list", expand[1] if expand else "", spoken[0]))
        check(calls == len(functions), f"{path}: {calls} requests, but {len(functions)} were understood")
    check(found, f"no request in {CLIENT}")
    return found


def of_all_kinds(file, constants):
    """Of each kind of temporary resources, and of what belongs to machines, one is read and deleted, by calls that serve all kinds."""
    text = (CLIENT / file).read_text()
    kinds = dict(re.findall(r"(\w+)\(&'a (\w+)\)", text))
    spoken = {}
    for arm, constant in re.findall(r"((?:Self::\w+\(_\)(?: \| )?)+) => (\w+),", text):
        spoken |= {kind: constants[constant] for kind in re.findall(r"Self::(\w+)", arm)}
    check(kinds and kinds.keys() == spoken.keys(), f"{file}: {kinds} and {spoken}")
    calls = re.findall(r"\bself\.(get|write)\(", text)
    check(sorted(calls) == ["get", "write"], f"{file}: {calls} were understood as one read and one deletion")
    # A machine is read by itself, with its instance view.
    expands = dict(re.findall(r'Self::(\w+)\(_\) => "\$expand=(\w+)"', text))
    read = {
        ("GET", TYPES[id], False, expands.get(kind, ""), spoken[kind])
        for kind, id in kinds.items()
        if kind != "Machine"
    }
    return read | {("DELETE", TYPES[id], False, "", spoken[kind]) for kind, id in kinds.items()}


def versions():
    """The api-version in which azimage speaks to the resource types below a root, such as `galleries`."""
    found = {}
    for _, kind, _, _, version in operations():
        root = kind.split("/")[0]
        check(found.setdefault(root, version) == version, f"{kind} is spoken to in {version} and {found[root]}")
    return found


def done(azure):
    """The same of all that the clients did and that went well."""
    found = set()
    for entry in azure.control("GET", "/requests"):
        provider = re.search(r"/providers/Microsoft\.(?:Compute|Network)/(.*)", entry["path"])
        if (entry["status"] or 500) >= 400 or not provider:
            continue
        parts = provider[1].split("/")
        expand = re.search(r"\$expand=(\w+)", entry["query"])
        collection = len(parts) % 2 == 1 and entry["method"] == "GET"
        version = re.search(r"api-version=([\w-]+)", entry["query"])[1]
        kind = "/".join(parts[::2])
        kind = KEPT if kind.lower() == KEPT.lower() else kind
        found.add((entry["method"], kind, collection, expand[1] if expand else "", version))
    return found


def told_apart():
    """The codes that azimage's client knows by name."""
    text = (CLIENT / "arm" / "classify" / "mod.rs").read_text().split("#[cfg(test)]")[0]
    lists = re.findall(r"const (?:BUSY|PERMANENT): &\[&str\] =\s*&\[(.*?)\];", text, re.S)
    check(len(lists) == 2, "the lists of codes in classify.rs")
    return set(re.findall(r'"(\w+)"', "".join(lists)))


def run(azure):
    did, wanted = done(azure), operations()
    def compared(request):
        return request if azure.versions and request[1] not in NETWORK else request[:-1]

    did, wanted = ({compared(request) for request in requests} for requests in (did, wanted))
    for request in sorted(wanted):
        check(request in did, f"azimage sends {request}, but no official client did: add a check")
    for code in sorted(told_apart()):
        check(code in ERRORS, f"azimage tells {code} apart, but no module provokes it: add a check")
    for code, module in sorted(ERRORS.items()):
        check(module in harness.provoked.get(code, ()), f"{module} did not provoke {code}")
    for code in sorted(harness.provoked.keys() - ERRORS.keys()):
        check(False, f"{code} is provoked, but not listed in ERRORS")
    print(f"conformance: {len(wanted)} kinds of requests of azimage, {len(ERRORS)} errors, api-versions: {azure.versions or 'the clients own'}")
