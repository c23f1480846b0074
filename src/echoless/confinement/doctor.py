"""Asks this host what it can keep: enters each wall in a process of its own and reads what was proved there.

Nothing here prints: the command line turns the report into words.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer
from echoless.confinement.host import HostFacts, SwapState, read_host
from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role
from echoless.confinement.secret_memory import MemoryKind, SecretMemory
from echoless.core.errors import EcholessError, ErrorCode

_TIMEOUT_S: Final = 60
_ROLES: Final = (Role.GATEWAY, Role.ENGINE, Role.EGRESS, Role.VAULT)
_KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")

# What an operator can do about a missing property, by code; codes with a name after the colon share one.
_FIXES: Final = {
    "seccomp_library_absent": "install libseccomp2 (Debian, Ubuntu: apt install libseccomp2)",
    "seccomp_absent": "use a kernel with seccomp filters; under gVisor or macOS only best effort is possible",
    "landlock_absent": "use a kernel from 5.13 on with landlock in /sys/kernel/security/lsm, and a container "
    "runtime whose seccomp profile allows the landlock calls (Docker from 23, Podman from 4)",
    "new_privileges_possible": "the kernel refused no_new_privs; use Linux 3.5 or newer",
    "core_dumps_on": "the core limit could not be set to 0; look for a security module that forbids it",
    "process_readable": "the process stayed dumpable; look for a security module that forbids the change",
    "file_size_unlimited": "the file size limit could not be set to 0",
    "descriptor": "start Echoless without inherited datagram sockets or block devices",
    "allocator_profile_off": "start processes with the allocator environment and not with python -I or -E",
    "allocator_not_glibc": "use a system with glibc; musl cannot overwrite freed memory",
    "swap_on": "turn swap off (swapoff -a), or set LimitMEMLOCK=infinity or MemorySwapMax=0 for the service",
    "agent_present": "remove LD_PRELOAD and monitoring agents from the environment",
    "channel_open": "the layer that closes this channel is missing on this host, see the codes above",
    "channel_unproved": "another filter answers like ours, so the refusal could not be told apart",
    "single_layer": "writing to files is closed by one layer only; two are needed where the kernel has Landlock",
}


@dataclass(frozen=True, slots=True)
class RoleReport:
    """One kind of process on this host."""

    role: Role
    missing: tuple[str, ...]
    channels: tuple[ChannelResult, ...]


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What this host can keep.

    landlock_abi: 0 where the host has none
    key_memory:   where private keys would lie
    """

    host: HostFacts
    swap: SwapState
    landlock_abi: int
    roles: tuple[RoleReport, ...]
    key_memory: MemoryKind = MemoryKind.PLAIN

    @property
    def missing(self) -> tuple[str, ...]:
        """Every code of every role, once; empty where zero-retention work may be done."""
        return tuple(dict.fromkeys(code for each in self.roles for code in each.missing))


def diagnose() -> DoctorReport:
    """Enter each wall in a fresh process and report.

    raises: EcholessError where a child ends without an answer
    """
    answers = {role: _ask(role) for role in _ROLES}
    first = answers[Role.GATEWAY]
    return DoctorReport(
        host=read_host(),
        swap=SwapState(first["swap"]),
        landlock_abi=int(first["landlock_abi"]),
        roles=tuple(_role_report(role, answer) for role, answer in answers.items()),
        key_memory=SecretMemory(Kernel()).kind,
    )


def fix_for(code: str) -> str:
    """Return what an operator can do about a code of `missing_properties`.

    raises: KeyError for a code that does not exist
    """
    return _FIXES[code.partition(":")[0]]


def _ask(role: Role) -> Mapping[str, Any]:
    reader, writer = os.pipe()
    try:
        status = subprocess.run(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", "echoless.confinement.doctor_child", role.value, str(writer)],
            env=_environment(),
            pass_fds=(writer,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        ).returncode
        os.close(writer)
        writer = -1
        with os.fdopen(os.dup(reader), "rb") as stream:
            text = stream.read()
    finally:
        for descriptor in (reader, writer):
            if descriptor >= 0:
                os.close(descriptor)
    if status != 0 or not text:
        raise EcholessError(ErrorCode.CONFIGURATION, f"the {role.value} check ended with status {status}")
    answer: Mapping[str, Any] = json.loads(text)
    return answer


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | dict(ALLOCATOR_ENVIRONMENT)


def _role_report(role: Role, answer: Mapping[str, Any]) -> RoleReport:
    channels = tuple(
        ChannelResult(
            name=each["name"],
            verdict=ChannelVerdict(each["verdict"]),
            layers=tuple(Layer(layer) for layer in each["layers"]),
            must_close=each["must_close"],
            needs_two=each["needs_two"],
        )
        for each in answer["channels"]
    )
    return RoleReport(role, tuple(answer["missing"]), channels)
