"""What a process may do inside the wall, by its role.

A profile names directories only; it never opens one. Whatever it does not name is out of reach.
"""

from __future__ import annotations

import site
import ssl
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Role(StrEnum):
    """The kinds of process."""

    SUPERVISOR = "supervisor"
    VAULT = "vault"
    CONNECTED_VAULT = "connected_vault"
    """A vault whose stores lie outside its directory: it connects to their ports, and to nothing else."""
    ENGINE = "engine"
    GATEWAY = "gateway"
    EGRESS = "egress"

    @property
    def is_vault(self) -> bool:
        """Whether the process keeps what is kept."""
        return self in (Role.VAULT, Role.CONNECTED_VAULT)

    @property
    def connects(self) -> bool:
        """Whether the process may connect to TCP ports."""
        return self in (Role.EGRESS, Role.CONNECTED_VAULT)

    @property
    def is_volatile(self) -> bool:
        """Whether the process sees content and therefore may write nothing."""
        return self in (Role.ENGINE, Role.GATEWAY, Role.EGRESS)


@dataclass(frozen=True, slots=True)
class SandboxProfile:
    """One role with its paths.

    readable:  files and directories that stay readable (engines and gateways; others may read what the user may)
    writable:  directories that stay writable (the vault only)
    forbidden: files that exist and must be unreadable inside, such as database, key and configuration;
               the probe tries to read each of them
    connect_ports: TCP ports that stay within reach where Landlock knows ports (egress and a connected vault only)
    """

    role: Role
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    connect_ports: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        assert self.role.is_vault or not self.writable, "only the vault writes"
        assert self.role.connects is bool(self.connect_ports), "who connects has ports, and nobody else"


# What the C library, the interpreter and our own swap check read at any time.
_SYSTEM_PATHS: Final = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/urandom",
)


def interpreter_paths() -> tuple[str, ...]:
    """Return the paths that a Python process needs for reading: libraries, packages, CA bundle, time zones.

    returns: existing absolute paths; never the working directory, the home directory or `/`
    """
    named = sysconfig.get_paths()
    candidates = [
        *_SYSTEM_PATHS,
        *(named[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(sys.base_exec_prefix) / "lib"),
        str(Path(__file__).resolve().parents[1]),
        *site.getsitepackages(),
        *_certificates(),
    ]
    existing = (path for path in candidates if Path(path).exists())
    return tuple(dict.fromkeys(path for path in existing if Path(path).resolve() not in _too_wide()))


def _certificates() -> tuple[str, ...]:
    places = ssl.get_default_verify_paths()
    # Both are None where the file or directory does not exist, whatever the type stubs say.
    places_or_none: tuple[str | None, ...] = (places.cafile, places.capath)
    return tuple(place for place in places_or_none if place is not None)


def _too_wide() -> frozenset[Path]:
    return frozenset({Path("/"), Path.home().resolve(), Path.cwd()})
