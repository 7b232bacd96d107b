"""Drives the simulator with azure-cli: a version's life as a person would lead it, in and out of order."""

import json
import os
import subprocess
import sys
import tempfile
import time

SCOPE = ["--resource-group", "images"]
GALLERY = [*SCOPE, "--gallery-name", "corp"]
IMAGE = [*GALLERY, "--gallery-image-definition", "web"]
VERSION = [*IMAGE, "--gallery-image-version", "1.0.0"]
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


class Az:
    """The command, with a configuration of its own."""

    def __init__(self, program, folder, ready):
        self.program = program
        self.environment = dict(
            os.environ,
            AZURE_CONFIG_DIR=folder,
            REQUESTS_CA_BUNDLE=ready["ca"],
            AZURE_CORE_COLLECT_TELEMETRY="0",
            AZURE_CORE_NO_COLOR="1",
        )
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            self.environment.pop(name, None)

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
    process = subprocess.Popen(
        [simulator, "serve", "--scenario", scenario, "--speed", "500"], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(process.stdout.readline())
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            drive(Az(program, folder, ready), ready)
        print(f"conformance: azure-cli: {checks} checks passed in {time.monotonic() - started:.1f} s")
    finally:
        process.terminate()
        code = process.wait(10)
    check(code == 0, f"the simulator ended with {code}")


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


def drive(az, ready):
    sign_in(az, ready)
    machine = az("vm", "show", *SCOPE, "--name", "builder")
    az("sig", "create", *GALLERY, "--location", "westeurope")
    az(
        "sig", "image-definition", "create", *IMAGE, "--location", "westeurope", "--publisher", "contoso", "--offer", "web",
        "--sku", "a", "--os-type", "Linux", "--os-state", "Generalized", "--hyper-v-generation", "V2",
        "--features", "SecurityType=Standard",
    )

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

    az.refused("nested resources", "sig", "delete", *GALLERY)
    az.refused("nested resources", "sig", "image-definition", "delete", *IMAGE)
    az("sig", "image-version", "delete", *VERSION)
    az.refused("not found", "sig", "image-version", "show", *VERSION)
    for what in (["image-definition", "delete", *IMAGE], ["delete", *GALLERY]):
        deadline = time.monotonic() + 60
        while (done := az.run("sig", *what)).returncode != 0:
            check("nested resources" in done.stderr and time.monotonic() < deadline, done.stderr)
    az.refused("not found", "sig", "show", *GALLERY)


if __name__ == "__main__":
    main(*sys.argv[1:4])
