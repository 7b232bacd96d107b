"""Tokens."""

import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.compute import ComputeManagementClient

from harness import RG, check, refused


class Nonsense:
    """A credential whose tokens nobody has issued."""

    def get_token(self, *scopes, **more):
        return AccessToken("non.sen.se", int(time.time()) + 3600)


def run(azure):
    wrong = {**azure.ready["clients"][0], "secret": "wrong"}
    try:
        azure.client(ComputeManagementClient, application=wrong).galleries.get(RG, "none")
    except ClientAuthenticationError as error:
        check("AADSTS7000215" in error.message, error.message)
    else:
        raise AssertionError("a wrong secret was taken")
    client = azure.client(ComputeManagementClient, credential=Nonsense())
    refused(lambda: client.galleries.get(RG, "none"), ClientAuthenticationError, "InvalidAuthenticationToken")
