"""Tokens."""

from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.compute import ComputeManagementClient

from harness import RG, check


def run(azure):
    try:
        azure.client(ComputeManagementClient, secret="wrong").galleries.get(RG, "none")
    except ClientAuthenticationError as error:
        check("AADSTS7000215" in error.message, error.message)
    else:
        raise AssertionError("a wrong secret was taken")
