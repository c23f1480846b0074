"""Landlock by its three system calls: every write right is taken away, reads remain only where named.

The process loses rights for ever; it can never gain one. Rights that a kernel does not know are left out, so
an old kernel closes less, and the probe says so.
source: landlock(7), linux/landlock.h up to ABI 7
"""

from __future__ import annotations

import ctypes
import os
import stat
from dataclasses import dataclass
from typing import Final

from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role, SandboxProfile
from echoless.core.errors import EcholessError, ErrorCode

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_READS: Final = _READ_FILE | _READ_DIR
_FILE_RIGHTS: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_ABI_1_RIGHTS: Final = (1 << 13) - 1
_NETWORK_RIGHTS: Final = 0b11  # bind TCP, connect TCP
_SCOPES: Final = 0b11  # abstract unix sockets, signals
_VERSION_FLAG: Final = 1
_CONNECT_TCP: Final = 0b10
_RULE_PATH_BENEATH: Final = 1
_RULE_NET_PORT: Final = 2


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`; older kernels take its beginning."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`, which is packed."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    """`struct landlock_net_port_attr`."""

    _fields_ = (("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64))


@dataclass(frozen=True, slots=True)
class Handled:
    """The rights and scopes that a ruleset takes away, as the kernel's bit masks."""

    files: int
    network: int
    scopes: int


def abi_version(kernel: Kernel) -> int:
    """Return the kernel's Landlock ABI, 0 where it has none, is switched off or is hidden by a container."""
    answer = kernel.call("landlock_create_ruleset", 0, 0, _VERSION_FLAG)
    return max(answer.value, 0)


def handled_by(role: Role, abi: int) -> Handled:
    """Return what a role loses under an ABI.

    The vault keeps reading; it loses writing outside its directories, and the network.
    """
    files = _ABI_1_RIGHTS
    files |= _REFER if abi >= 2 else 0
    files |= _TRUNCATE if abi >= 3 else 0
    files |= _IOCTL_DEVICE if abi >= 5 else 0
    if role.is_vault:
        files &= ~_READS
    return Handled(files, _NETWORK_RIGHTS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)


def restrict(kernel: Kernel, profile: SandboxProfile, abi: int) -> None:
    """Put the profile into force for this thread and all that it makes.

    raises: EcholessError where the kernel refuses a step; a path of the profile that is out of reach is left out,
            which takes more away, not less
    """
    handled = handled_by(profile.role, abi)
    attributes = _Ruleset(handled.files, handled.network, handled.scopes)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    answer = kernel.call("landlock_create_ruleset", ctypes.addressof(attributes), size, 0)
    _require("create", answer.errno)
    ruleset = answer.value
    try:
        if profile.role.is_volatile:
            _allow(kernel, ruleset, profile.readable, handled.files & _READS)
        _allow(kernel, ruleset, profile.writable, handled.files & ~(_EXECUTE | _IOCTL_DEVICE))
        if handled.network:
            _allow_ports(kernel, ruleset, profile.connect_ports)
        _require("restrict", kernel.call("landlock_restrict_self", ruleset, 0).errno)
    finally:
        os.close(ruleset)


def _allow(kernel: Kernel, ruleset: int, paths: tuple[str, ...], rights: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # what cannot be reached now need not be reached later
        try:
            is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            rule = _PathBeneath(rights if is_directory else rights & _FILE_RIGHTS, descriptor)
            answer = kernel.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, ctypes.addressof(rule), 0)
            _require("rule", answer.errno)
        finally:
            os.close(descriptor)


def _allow_ports(kernel: Kernel, ruleset: int, ports: tuple[int, ...]) -> None:
    for port in ports:
        rule = _NetPort(_CONNECT_TCP, port)
        answer = kernel.call("landlock_add_rule", ruleset, _RULE_NET_PORT, ctypes.addressof(rule), 0)
        _require("port", answer.errno)


def _require(step: str, number: int) -> None:
    if number:
        raise EcholessError(ErrorCode.CONFIGURATION, f"landlock {step} failed with {number}")
