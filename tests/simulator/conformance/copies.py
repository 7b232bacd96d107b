"""A copy of a running machine: snapshots, disks, a closed network, a machine around the disks, and the list by which all of it is
found again."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from harness import DELETED, RG, check, refused

WORK = "work"
TAGS = {"copy-of": "running"}
SUBNET = "lab"


def copy(source, **more):
    creation = {"createOption": "Copy", "sourceResourceId": source}
    return {"location": "westeurope", "tags": TAGS, "properties": {"creationData": creation, **more}}


def rule(direction, access="Deny", priority=100):
    return {
        "name": f"{access}{direction}",
        "properties": {
            "priority": priority, "direction": direction, "access": access, "protocol": "*",
            "sourceAddressPrefix": "*", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "*",
        },
    }


def group(*rules):
    return {"location": "westeurope", "tags": TAGS, "properties": {"securityRules": list(rules)}}


def snapshots(client):
    source = client.disks.get(RG, client.virtual_machines.get(RG, "running").storage_profile.os_disk.name)
    refused(
        lambda: client.snapshots.begin_create_or_update(WORK, "copy", copy(source.id + "-none")),
        ResourceNotFoundError,
        "NotFound",
    )
    made = client.snapshots.begin_create_or_update(WORK, "copy", copy(source.id)).result()
    check((made.provisioning_state, made.incremental, made.sku.name) == ("Succeeded", False, "Standard_LRS"), made)
    check(made.supported_capabilities.architecture == "x64", made.supported_capabilities)
    check(made.creation_data.source_unique_id == source.unique_id, made.creation_data)
    full = client.snapshots.begin_create_or_update(WORK, "part", copy(source.id, incremental=True)).result()
    check(full.incremental and full.completion_percent == 100, full)
    tagged = client.snapshots.begin_update(WORK, "part", {"tags": {**TAGS, "a": "b"}}).result()
    check(tagged.tags["a"] == "b", tagged.tags)
    check([each.name for each in client.snapshots.list_by_resource_group(WORK)] == ["copy", "part"], "list")
    refused(
        lambda: client.snapshots.begin_create_or_update(WORK, "copy", copy(made.id)),
        ResourceExistsError,
        "PropertyChangeNotAllowed",
    )
    client.snapshots.begin_delete(WORK, "part").result()
    disk = client.disks.begin_create_or_update(WORK, "copy", copy(made.id)).result()
    check((disk.os_type, disk.disk_state, disk.disk_size_gb) == ("Linux", "Unattached", source.disk_size_gb), disk)
    return disk


def closed_interface(client):
    groups = client.network_security_groups
    for rules, code in [
        ([rule("Inbound", priority=99)], "SecurityRuleInvalidPriority"),
        ([rule("Inbound"), rule("Inbound", "Allow")], "SecurityRuleConflict"),
    ]:
        refused(lambda: groups.begin_create_or_update(WORK, "closed", group(*rules)), HttpResponseError, code)
    made = groups.begin_create_or_update(WORK, "closed", group(rule("Inbound"), rule("Outbound"))).result()
    check([each.priority for each in made.security_rules] == [100, 100], made.security_rules)
    check({each.name for each in made.default_security_rules} > {"DenyAllInBound", "DenyAllOutBound"}, "defaults")
    check([each.name for each in client.security_rules.list(WORK, "closed")] == ["DenyInbound", "DenyOutbound"], "rules")
    check(client.default_security_rules.get(WORK, "closed", "DenyAllInBound").access == "Deny", "a default rule")
    tagged = groups.update_tags(WORK, "closed", {"tags": {**TAGS, "a": "b"}})
    check(tagged.tags["a"] == "b", tagged.tags)
    subnet = client.subnets.get(RG, SUBNET, "default")
    wanted = {
        "location": "westeurope",
        "tags": TAGS,
        "properties": {
            "networkSecurityGroup": {"id": made.id + "-none"},
            "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet.id}}}],
        },
    }
    refused(
        lambda: client.network_interfaces.begin_create_or_update(WORK, "copy", wanted),
        HttpResponseError,
        "InvalidResourceReference",
    )
    wanted["properties"]["networkSecurityGroup"]["id"] = made.id
    interface = client.network_interfaces.begin_create_or_update(WORK, "copy", wanted).result()
    check(interface.network_security_group.id == made.id, interface.network_security_group)
    check([each.id for each in groups.get(WORK, "closed").network_interfaces] == [interface.id], "its interfaces")
    refused(
        lambda: groups.begin_delete(WORK, "closed"), HttpResponseError, "InUseNetworkSecurityGroupCannotBeDeleted"
    )
    check([each.name for each in groups.list(WORK)] == ["closed"], "list")
    return interface


def machine(disk, interface):
    return {
        "location": "westeurope",
        "tags": TAGS,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "osDisk": {
                    "createOption": "Attach", "osType": "Linux", "deleteOption": "Delete", "managedDisk": {"id": disk.id},
                }
            },
            "networkProfile": {
                "networkInterfaces": [{"id": interface.id, "properties": {"primary": True, "deleteOption": "Delete"}}]
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        },
    }


def run(azure):
    client, network = azure.compute, azure.client(NetworkManagementClient)
    azure.add({"subscriptions": [{"id": azure.subscription, "resourceGroups": [{"name": WORK, "location": "westeurope"}]}]})
    disk = snapshots(client)
    interface = closed_interface(network)
    machines = client.virtual_machines
    wanted = machine(disk, interface)
    profile = {"computerName": "copy", "adminUsername": "somebody"}
    refused(
        lambda: machines.begin_create_or_update(
            WORK, "copy", {**wanted, "properties": {**wanted["properties"], "osProfile": profile}}
        ),
        HttpResponseError,
        "InvalidParameter",
        "'osProfile' is not allowed",
    )
    other = {**wanted["properties"], "hardwareProfile": {"vmSize": "Standard_D2ps_v5"}}
    refused(
        lambda: machines.begin_create_or_update(WORK, "copy", {**wanted, "properties": other}),
        HttpResponseError,
        "BadRequest",
        "Arm64",
    )
    copied = machines.begin_create_or_update(WORK, "copy", wanted).result()
    check((copied.provisioning_state, copied.os_profile) == ("Succeeded", None), copied)
    check(client.disks.get(WORK, "copy").managed_by == copied.id, "the disk is its")
    refused(lambda: client.disks.begin_delete(WORK, "copy"), ResourceExistsError, "OperationNotAllowed", "attached")
    check(azure.control("GET", "/exposures") == [], "its network is closed")

    azure.advance(60)
    found = azure.client(ResourceManagementClient).resources
    entries = list(found.list_by_resource_group(WORK, filter="tagName eq 'copy-of' and tagValue eq 'running'"))
    kinds = sorted(each.type.split("/")[-1] for each in entries)
    check(
        kinds == ["disks", "networkInterfaces", "networkSecurityGroups", "snapshots", "virtualMachines"],
        f"all pages: {kinds}",
    )
    check(all(each.tags is None for each in entries), "a list by tag shows no tags")
    check(all(each.tags for each in found.list_by_resource_group(WORK)), "one without does")
    check(len(list(found.list(filter="resourceType eq 'Microsoft.Compute/snapshots'"))) == 1, "the subscription's")
    refused(lambda: list(found.list(filter="colour eq 'red'")), HttpResponseError, "InvalidFilterInQueryString")

    machines.begin_delete(WORK, "copy").result()
    refused(lambda: client.disks.get(WORK, "copy"), ResourceNotFoundError, DELETED)
    refused(lambda: network.network_interfaces.get(WORK, "copy"), ResourceNotFoundError, "ResourceNotFound")
    network.network_security_groups.begin_delete(WORK, "closed").result()
    client.snapshots.begin_delete(WORK, "copy").result()
    check(list(found.list_by_resource_group(WORK)) == [], "nothing is left")
