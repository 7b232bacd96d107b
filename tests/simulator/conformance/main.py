"""Drives the simulator with Microsoft's own clients and checks what they make of the answers.

Each module has one `run(azure)`. They run in this order and may use what an earlier one left behind.
"""

import json
import os
import subprocess
import sys
import time

import creation
import deletions
import disks
import faults
import galleries
import harness
import identity
import machines
import network
import refusals
import versions

MODULES = [identity, network, machines, disks, galleries, versions, refusals, creation, deletions, faults]


def main(simulator, scenario):
    process = subprocess.Popen(
        [simulator, "serve", "--scenario", scenario, "--speed", "500"], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(process.stdout.readline())
        os.environ["REQUESTS_CA_BUNDLE"] = ready["ca"]
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            os.environ.pop(name, None)
        azure = harness.Azure(ready)
        for module in MODULES:
            before, started = harness.checks, time.monotonic()
            module.run(azure)
            seconds = time.monotonic() - started
            print(f"conformance: {module.__name__}: {harness.checks - before} checks passed in {seconds:.1f} s")
        print(f"conformance: {harness.checks} checks passed")
    finally:
        process.terminate()
        code = process.wait(10)
    if code != 0:
        raise AssertionError(f"the simulator ended with {code}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
