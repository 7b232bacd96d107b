"""What the modules share: the clients, and how a refusal is checked."""

import json
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient

from checks import RG, check, eventually

__all__ = ["RG", "Azure", "check", "eventually", "provoke", "refused"]

#: Codes of errors that a client was shown, and the modules that provoked them.
provoked = {}
#: The module that runs.
module = None


def provoke(code):
    """Remembers that the running module got a client to show this error."""
    provoked.setdefault(code, set()).add(module)


# Of what was just deleted the provider says so itself, and Resource Manager some seconds later.
DELETED = ("NotFound", "ResourceNotFound")


def refused(call, kind, code, text=""):
    """The call fails with the typed error and the code that Azure gives, or one of several."""
    codes = code if isinstance(code, tuple) else (code,)
    try:
        result = call()
    except HttpResponseError as error:
        got = error.error.code if error.error else None
        check(isinstance(error, kind), f"{type(error).__name__} instead of {kind.__name__}: {error.message}")
        check(got in codes, f"code {got} instead of {code}: {error.message}")
        check(text in error.message, f"'{text}' is not in: {error.message}")
        provoke(got)
        return
    raise AssertionError(f"{code} expected, but it went through: {result}")


class Group:
    """A group of operations, each in one api-version."""

    def __init__(self, group, version):
        self.group, self.version = group, version

    def __getattr__(self, name):
        operation = getattr(self.group, name)
        return lambda *values, params=None, **more: operation(*values, params={"api-version": self.version, **(params or {})}, **more)


class Pinned:
    """A ComputeManagementClient whose galleries and machines are spoken to in other api-versions than its own."""

    def __init__(self, client, versions):
        self.client = client
        self.versions = {
            "galler": versions["galleries"],
            "virtual_machine": versions["virtualMachines"],
            "disks": versions["disks"],
            "restore_point": versions["restorePointCollections"],
            **{name: versions[name] for name in ("snapshots", "images") if name in versions},
            "soft_deleted": versions["galleries"],
        }

    def __getattr__(self, name):
        group = getattr(self.client, name)
        for beginning, version in self.versions.items():
            if name.startswith(beginning):
                return Group(group, version)
        return group


class Azure:
    """A running simulator, as its first line of output tells of it.

    With `versions`, by the root of a resource type, the clients of Compute speak in those instead of their own.
    """

    def __init__(self, ready, versions=None):
        self.ready = ready
        self.versions = versions
        self.subscription = ready["subscriptions"][0]
        self.compute = self.client(ComputeManagementClient)

    def client(self, kind, application=None, credential=None, subscription=None, **more):
        """A client of one of Microsoft's packages, such as ComputeManagementClient."""
        application = application or self.ready["clients"][0]
        credential = credential or ClientSecretCredential(
            self.ready["tenant"],
            application["id"],
            application["secret"],
            authority=self.ready["authority"],
            disable_instance_discovery=True,
        )
        arm = self.ready["arm"]
        made = kind(
            credential,
            subscription or self.subscription,
            base_url=arm,
            credential_scopes=[arm + "/.default"],
            polling_interval=0.05,
            **more,
        )
        return Pinned(made, self.versions) if self.versions and kind is ComputeManagementClient else made

    def control(self, method, path, body=None):
        """The control interface of the simulator."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["control"] + path, data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def advance(self, seconds):
        """Lets simulated time pass."""
        self.control("POST", "/clock", {"advanceSeconds": seconds})

    def add(self, scenario):
        """More of everything; see docs/simulator.md."""
        return self.control("POST", "/scenario", scenario)
