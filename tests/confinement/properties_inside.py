"""Small processes behind the wall, one for each argument; each prints one JSON value or ends as told."""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import sys
import threading
from collections.abc import Callable

from echoless.confinement.facts import Layer
from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import Wall, enter
from echoless.core.errors import EcholessError


def _enter(
    layers: frozenset[Layer] | None = None, *, audit_view: bool = False, role: Role = Role.GATEWAY
) -> list[str]:
    ports = (443,) if role is Role.EGRESS else ()
    profile = SandboxProfile(role, interpreter_paths() if role.is_volatile else (), connect_ports=ports)
    wall = None if layers is None else Wall(layers)
    return list(missing_properties(enter(profile, audit_view=audit_view, wall=wall)))


def _crash() -> None:
    ctypes.string_at(0)


def _crash_without() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    _crash()


def _crash_inside() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    _enter()
    _crash()


def _unknown_number() -> list[int]:
    _enter()
    return [Kernel().call_number(number).errno for number in (1000, 511, 480)]


def _second_thread() -> str:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        _enter()
    except EcholessError as error:
        return error.public_description
    finally:
        stop.set()
        thread.join()
    return "entered"


def _wait(*, walled: bool, audit_view: bool = False) -> None:
    missing = _enter(audit_view=audit_view) if walled else []
    print(json.dumps(missing), flush=True)  # noqa: T201  # the program's answer
    sys.stdin.read()


def _grows_threads() -> int:
    _enter()
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(each,)) for each in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return len(done)


def _vault_outside(inside: str, outside: str) -> list[str]:
    facts = enter(SandboxProfile(Role.VAULT, writable=(inside,)), audit_view=False)
    answers = list(missing_properties(facts))
    for path in (inside, outside):
        with contextlib.ExitStack() as stack:
            stack.callback(answers.append, "written" if _writes(f"{path}/new") else "refused")
    return answers


def _writes(path: str) -> bool:
    try:
        with open(path, "wb") as target:
            target.write(b"row")
    except PermissionError:
        return False
    return True


PROGRAMS: dict[str, Callable[..., object]] = {
    "crash_without": _crash_without,
    "crash_inside": _crash_inside,
    "unknown_number": _unknown_number,
    "second_thread": _second_thread,
    "wait_without": lambda: _wait(walled=False),
    "wait_inside": lambda: _wait(walled=True),
    "wait_audit_view": lambda: _wait(walled=True, audit_view=True),
    "threads": _grows_threads,
    "full": _enter,
    "no_seccomp": lambda: _enter(frozenset({Layer.LANDLOCK, Layer.LIMIT})),
    "no_landlock": lambda: _enter(frozenset({Layer.SECCOMP, Layer.LIMIT})),
    "no_limit": lambda: _enter(frozenset({Layer.SECCOMP, Layer.LANDLOCK})),
    "engine": lambda: _enter(role=Role.ENGINE),
    "egress": lambda: _enter(role=Role.EGRESS),
    "vault": _vault_outside,
}

if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    answer = PROGRAMS[name](*rest)
    if not name.startswith("wait"):
        sys.stdout.write(json.dumps(answer))
