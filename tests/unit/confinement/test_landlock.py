"""Which rights a ruleset takes away, by role and by the kernel's ABI."""

from __future__ import annotations

import pytest

from echoless.confinement.landlock import handled_by
from echoless.confinement.profile import Role

pytestmark = pytest.mark.unit

# linux/landlock.h: execute, write_file, read_file, read_dir, remove_dir ... make_sym, then by ABI.
_ABI_1 = 0b1_1111_1111_1111
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15


@pytest.mark.parametrize(
    ("abi", "files", "network", "scopes"),
    [
        (1, _ABI_1, 0, 0),
        (2, _ABI_1 | _REFER, 0, 0),
        (3, _ABI_1 | _REFER | _TRUNCATE, 0, 0),
        (4, _ABI_1 | _REFER | _TRUNCATE, 3, 0),
        (5, _ABI_1 | _REFER | _TRUNCATE | _IOCTL, 3, 0),
        (6, _ABI_1 | _REFER | _TRUNCATE | _IOCTL, 3, 3),
        (9, _ABI_1 | _REFER | _TRUNCATE | _IOCTL, 3, 3),
    ],
)
def test_volatile_process_loses_every_right_that_the_kernel_knows(
    abi: int, files: int, network: int, scopes: int
) -> None:
    for role in (Role.ENGINE, Role.GATEWAY, Role.EGRESS):
        handled = handled_by(role, abi)
        assert (handled.files, handled.network, handled.scopes) == (files, network, scopes)


def test_vault_keeps_reading_and_loses_the_rest() -> None:
    read_file, read_dir = 1 << 2, 1 << 3
    everything = handled_by(Role.GATEWAY, 7).files
    for role in (Role.VAULT, Role.CONNECTED_VAULT):
        assert handled_by(role, 7).files == everything & ~(read_file | read_dir)
