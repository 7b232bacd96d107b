"""What the modules share: the client, and how a check passes or fails."""

import json
import time
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient

RG = "images"
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


def refused(call, kind, code, text=""):
    """The call fails with the typed error and the code that Azure gives."""
    try:
        result = call()
    except HttpResponseError as error:
        got = error.error.code if error.error else None
        check(isinstance(error, kind), f"{type(error).__name__} instead of {kind.__name__}: {error.message}")
        check(got == code, f"code {got} instead of {code}: {error.message}")
        check(text in error.message, f"'{text}' is not in: {error.message}")
        return
    raise AssertionError(f"{code} expected, but it went through: {result}")


class Azure:
    """A running simulator, as its first line of output tells of it."""

    def __init__(self, ready):
        self.ready = ready
        self.subscription = ready["subscriptions"][0]
        self.compute = self.client(ComputeManagementClient)

    def client(self, kind, secret=None, **more):
        """A client of one of Microsoft's packages, such as ComputeManagementClient."""
        application = self.ready["clients"][0]
        credential = ClientSecretCredential(
            self.ready["tenant"],
            application["id"],
            secret or application["secret"],
            authority=self.ready["authority"],
            disable_instance_discovery=True,
        )
        arm = self.ready["arm"]
        return kind(
            credential,
            self.subscription,
            base_url=arm,
            credential_scopes=[arm + "/.default"],
            polling_interval=0.05,
            **more,
        )

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


def eventually(what, call, seconds=20):
    """Waits until the call gives something that counts as true."""
    deadline = time.monotonic() + seconds
    while not (result := call()):
        check(time.monotonic() < deadline, what)
        time.sleep(0.05)
    return result
