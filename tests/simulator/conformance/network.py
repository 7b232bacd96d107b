"""Virtual networks, subnets, network interfaces."""

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient

from harness import RG, check, refused


def interface(azure):
    subnet = azure.network.subnets.get(RG, "lab", "default")
    return {
        "location": "westeurope",
        "properties": {"ipConfigurations": [{"name": "ipconfig1", "properties": {"subnet": {"id": subnet.id}}}]},
    }


def run(azure):
    azure.network = azure.client(NetworkManagementClient)
    client = azure.network
    lab = client.virtual_networks.begin_create_or_update(
        RG,
        "lab",
        {
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
                "subnets": [{"name": "default", "properties": {"addressPrefix": "10.9.0.0/24"}}],
            },
        },
    ).result()
    check(lab.provisioning_state == "Succeeded", lab.provisioning_state)
    check([subnet.name for subnet in lab.subnets] == ["default"], lab.subnets)
    client.subnets.begin_create_or_update(RG, "lab", "more", {"properties": {"addressPrefix": "10.9.1.0/24"}}).result()
    refused(
        lambda: client.subnets.begin_create_or_update(
            RG, "lab", "third", {"properties": {"addressPrefix": "10.9.1.0/25"}}
        ),
        HttpResponseError,
        "NetcfgSubnetRangesOverlap",
    )
    check(len(list(client.subnets.list(RG, "lab"))) == 2, "subnets")

    for name in ("one", "two", "three"):
        made = client.network_interfaces.begin_create_or_update(RG, name, interface(azure)).result()
        check(made.provisioning_state == "Succeeded", made.provisioning_state)
    check(made.etag.startswith('W/"'), made.etag)
    check(made.ip_configurations[0].private_ip_address == "10.9.0.6", made.ip_configurations[0].private_ip_address)
    names = [each.name for each in client.network_interfaces.list(RG)]
    check(names == ["one", "three", "two"], f"all pages: {names}")
    check(len(list(client.network_interfaces.list_all())) == 3, "the subscription's")
    refused(
        lambda: client.virtual_networks.begin_delete(RG, "lab"), HttpResponseError, "InUseSubnetCannotBeDeleted"
    )
    for name in ("two", "three"):
        client.network_interfaces.begin_delete(RG, name).result()
    client.network_interfaces.begin_delete(RG, "three").result()
    refused(lambda: client.network_interfaces.get(RG, "two"), ResourceNotFoundError, "ResourceNotFound")
    client.subnets.begin_delete(RG, "lab", "more").result()
    address = client.public_ip_addresses.get(RG, "address")
    check(address.resource_guid and address.ip_configuration is None, address)
    with_it = interface(azure)
    with_it["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {"id": address.id}
    client.network_interfaces.begin_create_or_update(RG, "public", with_it).result()
    user = client.public_ip_addresses.get(RG, "address").ip_configuration
    check(user.id.endswith("/networkInterfaces/public/ipConfigurations/ipconfig1"), user.id)
    refused(
        lambda: client.public_ip_addresses.begin_delete(RG, "address"),
        HttpResponseError,
        "PublicIPAddressCannotBeDeleted",
    )
    client.network_interfaces.begin_delete(RG, "public").result()
    client.public_ip_addresses.begin_delete(RG, "address").result()
