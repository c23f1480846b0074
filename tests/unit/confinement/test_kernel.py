"""The table of call numbers agrees with libseccomp's, for both architectures."""

from __future__ import annotations

import ctypes
import errno

import pytest

from echoless.confinement.channels import CHANNELS
from echoless.confinement.kernel import Kernel, names, number_of
from echoless.confinement.seccomp import load_library
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit

_TOKENS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


@pytest.mark.parametrize("machine", _TOKENS)
def test_numbers_agree_with_libseccomp(machine: str) -> None:
    library = load_library()
    if library is None:
        pytest.skip("this host has no libseccomp to compare with")
    library.seccomp_syscall_resolve_name_arch.argtypes = (ctypes.c_uint32, ctypes.c_char_p)
    compared = 0
    for name in names():
        theirs = library.seccomp_syscall_resolve_name_arch(_TOKENS[machine], name.encode())
        if theirs == -1:  # newer than this libseccomp
            continue
        assert number_of(name, machine) == (theirs if theirs >= 0 else None), name
        compared += 1
    assert compared > 100


def test_unknown_architecture_is_refused() -> None:
    with pytest.raises(EcholessError):
        number_of("write", "riscv64")


def test_every_call_of_the_probe_has_a_number_somewhere() -> None:
    for channel in CHANNELS:
        for call in channel.calls:
            assert any(number_of(call.name, machine) is not None for machine in _TOKENS), call.name


def test_answer_is_the_errno_and_never_an_exception() -> None:
    assert Kernel().call("flock", -1, 1).errno == errno.EBADF
