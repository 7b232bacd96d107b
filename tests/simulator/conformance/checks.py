"""How a check passes or fails, and the simulator that is checked: without any client of Azure."""

import contextlib
import json
import os
import subprocess
import time

RG = "images"
#: Checks that passed so far.
passed = 0


def check(condition, what):
    global passed
    passed += 1
    if not condition:
        raise AssertionError(what)


def eventually(what, call, seconds=20):
    """Waits until the call gives something that counts as true."""
    deadline = time.monotonic() + seconds
    while not (result := call()):
        check(time.monotonic() < deadline, what)
        time.sleep(0.05)
    return result


@contextlib.contextmanager
def simulator(program, scenario):
    """A simulator that runs while it is needed: what its first line of output says. Its CA goes into the environment."""
    process = subprocess.Popen(
        [program, "serve", "--scenario", scenario, "--speed", "500"], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(process.stdout.readline())
        os.environ["REQUESTS_CA_BUNDLE"] = ready["ca"]
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            os.environ.pop(name, None)
        yield ready
    finally:
        process.terminate()
        code = process.wait(10)
    check(code == 0, f"the simulator ended with {code}")
