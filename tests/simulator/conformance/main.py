"""Drives the simulator with Microsoft's own clients and checks what they make of the answers.

Each module has one `run(azure)`. They run in this order and may use what an earlier one left behind. All run twice: with the
api-versions that the clients have, and with azimage's.
"""

import sys
import time

import attachments
import checks
import console
import copies
import coverage
import creation
import deletions
import disks
import errors
import faults
import galleries
import harness
import identity
import locks
import machines
import network
import refusals
import versions
import writers

MODULES = [
    identity, network, machines, disks, attachments, copies, galleries, versions, writers, refusals, locks, errors, creation, console, deletions, faults,
]


def drive(program, scenario, versions):
    harness.provoked.clear()
    with checks.simulator(program, scenario) as ready:
        azure = harness.Azure(ready, versions)
        for module in [*MODULES, coverage]:
            before, started = checks.passed, time.monotonic()
            harness.module = module.__name__
            module.run(azure)
            seconds = time.monotonic() - started
            print(f"conformance: {module.__name__}: {checks.passed - before} checks passed in {seconds:.1f} s", flush=True)


def main(program, scenario):
    for versions in [None, coverage.versions()]:
        drive(program, scenario, versions)
    print(f"conformance: {checks.passed} checks passed")


if __name__ == "__main__":
    main(*sys.argv[1:3])
