"""Drives the simulator with azure-cli: a version's life as a person would lead it, in and out of order."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import checks  # noqa: E402
from checks import RG, check, eventually  # noqa: E402

SCOPE = ["--resource-group", RG]
GALLERY = [*SCOPE, "--gallery-name", "corp"]
IMAGE = [*GALLERY, "--gallery-image-definition", "web"]
VERSION = [*IMAGE, "--gallery-image-version", "1.0.0"]


class Az:
    """The command, with a configuration of its own."""

    def __init__(self, program, folder):
        self.program = program
        self.environment = dict(
            os.environ, AZURE_CONFIG_DIR=folder, AZURE_CORE_COLLECT_TELEMETRY="0", AZURE_CORE_NO_COLOR="1"
        )

    def run(self, *arguments):
        started = time.monotonic()
        done = subprocess.run(
            [self.program, *arguments, "--output", "json", "--only-show-errors"],
            env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )
        words = [word for word in arguments if not word.startswith("-")][:3]
        print(f"conformance: az {' '.join(words)}: {done.returncode} in {time.monotonic() - started:.1f} s", flush=True)
        return done

    def __call__(self, *arguments):
        """What the command answers, which has to succeed."""
        done = self.run(*arguments)
        check(done.returncode == 0, f"az {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, text, *arguments):
        """The command fails and says why."""
        done = self.run(*arguments)
        check(done.returncode != 0, f"az {' '.join(arguments)} went through")
        check(text in done.stderr, f"'{text}' is not in: {done.stderr}")


def main(simulator, scenario, program):
    with checks.simulator(simulator, scenario) as ready, tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        drive(Az(program, folder), ready)
        print(f"conformance: azure-cli: {checks.passed} checks passed in {time.monotonic() - started:.1f} s")


def sign_in(az, ready):
    arm = ready["arm"].rstrip("/")
    application = ready["clients"][0]
    az("config", "set", "core.instance_discovery=false")
    az("cloud", "register", "--name", "Simulated", "--endpoint-resource-manager", arm + "/")
    az("cloud", "set", "--name", "Simulated")
    accounts = az(
        "login", "--service-principal", "--username", application["id"], "--password", application["secret"],
        "--tenant", ready["tenant"],
    )
    check(accounts[0]["id"] == ready["subscriptions"][0], accounts)


def discovered(az, ready):
    """The clouds that the command finds by itself, where it is told of an address that lists them."""
    url = f"{ready['arm'].rstrip('/')}/metadata/endpoints?api-version=2019-05-01"
    with tempfile.TemporaryDirectory() as folder:
        stranger = Az(az.program, folder)
        # It reads that address with Python's own client, which looks for certificates elsewhere.
        stranger.environment |= {"ARM_CLOUD_METADATA_URL": url, "SSL_CERT_FILE": ready["ca"]}
        clouds = {cloud["name"]: cloud["endpoints"] for cloud in stranger("cloud", "list")}
    check(list(clouds) == ["Simulator"], clouds)
    found = clouds["Simulator"]
    for name in ("resourceManager", "activeDirectory", "activeDirectoryResourceId", "management", "vmImageAliasDoc"):
        check(found[name].startswith(ready["arm"].rstrip("/")), f"{name}: {found[name]}")


def locked(az):
    """A lock keeps the version until it is taken away."""
    az("lock", "create", *SCOPE, "--name", "keep", "--lock-type", "CanNotDelete")
    check([lock["name"] for lock in az("lock", "list", *SCOPE)] == ["keep"], "the lock is listed")
    az.refused("ScopeLocked", "sig", "image-version", "delete", *VERSION)
    az("lock", "delete", *SCOPE, "--name", "keep")
    check(az("lock", "list", *SCOPE) == [], "no lock is left")


def disks(az):
    """A data disk comes and goes, a disk encryption set is made."""
    key = "https://vault.example/keys/k/1"
    az("disk-encryption-set", "create", *SCOPE, "--name", "key", "--location", "westeurope", "--key-url", key)
    made = az("disk-encryption-set", "show", *SCOPE, "--name", "key")
    check(made["activeKey"]["keyUrl"] == key, made)
    az("disk-encryption-set", "delete", *SCOPE, "--name", "key")
    az("disk", "create", *SCOPE, "--name", "data", "--location", "westeurope", "--size-gb", "4")
    machine = [*SCOPE, "--vm-name", "running"]
    az("vm", "disk", "attach", *machine, "--name", "data")
    check(az("disk", "show", *SCOPE, "--name", "data")["diskState"] == "Attached", "the machine holds it")
    az.refused("attached", "disk", "delete", *SCOPE, "--name", "data", "--yes")
    az("vm", "disk", "detach", *machine, "--name", "data")
    az("disk", "delete", *SCOPE, "--name", "data", "--yes")


def shared(az, ready):
    """The gallery is shared with a subscription, and with nobody again."""
    az("sig", "update", *GALLERY, "--permissions", "Groups")
    az("sig", "share", "add", *GALLERY, "--subscription-ids", ready["subscriptions"][0])
    groups = az("sig", "show", *GALLERY)["sharingProfile"]["groups"]
    check(groups[0]["ids"] == ready["subscriptions"], groups)
    az("sig", "share", "reset", *GALLERY)


def drive(az, ready):
    discovered(az, ready)
    sign_in(az, ready)
    check(az("provider", "show", "--namespace", "Microsoft.Compute")["registrationState"] == "Registered", "provider")
    disks(az)
    machine = az("vm", "show", *SCOPE, "--name", "builder")
    az("sig", "create", *GALLERY, "--location", "westeurope")
    az(
        "sig", "image-definition", "create", *IMAGE, "--location", "westeurope", "--publisher", "contoso", "--offer", "web",
        "--sku", "a", "--os-type", "Linux", "--os-state", "Generalized", "--hyper-v-generation", "V2",
        "--features", "SecurityType=Standard",
    )
    shared(az, ready)

    command = az("vm", "run-command", "invoke", *SCOPE, "--name", "builder", "--command-id", "RunShellScript", "--scripts", "echo hi")
    check("[stdout]\nhi" in command["value"][0]["message"], command)
    az.refused("running", "vm", "generalize", *SCOPE, "--name", "builder")
    az("vm", "deallocate", *SCOPE, "--name", "builder")
    az("vm", "generalize", *SCOPE, "--name", "builder")
    view = az("vm", "get-instance-view", *SCOPE, "--name", "builder")
    codes = [status["code"] for status in view["instanceView"]["statuses"]]
    check("OSState/generalized" in codes and "PowerState/deallocated" in codes, codes)
    az.refused("generalized", "vm", "start", *SCOPE, "--name", "builder")

    version = az(
        "sig", "image-version", "create", *VERSION, "--location", "westeurope", "--virtual-machine", machine["id"],
        "--target-regions", "westeurope=1", "--exclude-from-latest", "true",
    )
    check(version["provisioningState"] == "Succeeded", version)
    version = az(
        "sig", "image-version", "update", *VERSION, "--add", "publishingProfile.targetRegions", "name=northeurope",
        "regionalReplicaCount=2",
    )
    check(len(version["publishingProfile"]["targetRegions"]) == 2, version)
    status = az("sig", "image-version", "show", *VERSION, "--expand", "ReplicationStatus")["replicationStatus"]
    check(status["aggregatedState"] == "Completed", status)
    check([region["state"] for region in status["summary"]] == ["Completed", "Completed"], status)
    versions = az("sig", "image-version", "list", *IMAGE)
    check([entry["name"] for entry in versions] == ["1.0.0"], versions)
    az.refused(
        "Major(int).Minor(int).Patch(int)", "sig", "image-version", "create", *IMAGE, "--gallery-image-version", "1.0",
        "--location", "westeurope", "--virtual-machine", machine["id"], "--target-regions", "westeurope=1",
    )

    log = az("monitor", "activity-log", "list", *SCOPE, "--start-time", "2020-01-01T00:00:00Z", "--end-time", "2100-01-01T00:00:00Z")
    written = {entry["operationName"]["value"] for entry in log}
    check("Microsoft.Compute/galleries/images/versions/write" in written, written)

    locked(az)

    az.refused("nested resources", "sig", "delete", *GALLERY)
    az.refused("nested resources", "sig", "image-definition", "delete", *IMAGE)
    az("sig", "image-version", "delete", *VERSION)
    az.refused("not found", "sig", "image-version", "show", *VERSION)
    for what in (["image-definition", "delete", *IMAGE], ["delete", *GALLERY]):

        def gone():
            done = az.run("sig", *what)
            check(done.returncode == 0 or "nested resources" in done.stderr, done.stderr)
            return done.returncode == 0

        eventually("the parent notices that its children are gone", gone, 60)
    az.refused("not found", "sig", "show", *GALLERY)


if __name__ == "__main__":
    main(*sys.argv[1:4])
