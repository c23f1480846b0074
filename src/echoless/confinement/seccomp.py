"""Loads an allow-list into the kernel through libseccomp.

A filter cannot be removed. Calls of a foreign ABI (32-bit, x32) kill the process: their numbers mean other calls.
source: seccomp_init(3), seccomp_rule_add_array(3), seccomp_attr_set(3)
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Iterable
from typing import Final

from echoless.confinement.kernel import Kernel, names, number_of
from echoless.confinement.rules import UNREVIEWED_ERRNO, WALL_ERRNO, Rule, RuleSet
from echoless.core.errors import EcholessError, ErrorCode

_ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000
_KILL_PROCESS: Final = 0x8000_0000
_ATTR_BAD_ARCHITECTURE: Final = 2
_ATTR_NO_NEW_PRIVILEGES: Final = 3
_ATTR_OPTIMIZE: Final = 8
_BINARY_TREE: Final = 2
_COMPARE_MASKED: Final = 7
_UNKNOWN_NAME: Final = -1


class _Compare(ctypes.Structure):
    """`struct scmp_arg_cmp`."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def load_library() -> ctypes.CDLL | None:
    """Return libseccomp, or None where the host has none. Must run before Landlock hides it."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    library.seccomp_release.restype = None
    library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Compare),
    )
    return library


def kernel_has_filters(kernel: Kernel) -> bool:
    """Return whether the kernel knows seccomp filters: a NULL filter must be a bad address, not a bad mode."""
    set_mode_filter = 1
    return kernel.call("seccomp", set_mode_filter, 0, 0).errno == errno.EFAULT


def install(library: ctypes.CDLL, rules: RuleSet) -> None:
    """Put both filters of a role into force for this thread and all that it makes.

    raises: EcholessError where libseccomp or the kernel refuses
    """
    by_argument, by_number = build(library, rules)
    try:
        by_argument.load()
        by_number.load()
    finally:
        by_argument.release()
        by_number.release()


def build(library: ctypes.CDLL, rules: RuleSet) -> tuple[Filter, Filter]:
    """Return the two filters, in the order of loading."""
    by_argument = Filter(library, WALL_ERRNO)
    # The second filter still has to be loaded; it then closes this door itself.
    by_argument.allow((*rules.allowed, Rule("seccomp")))
    by_number = Filter(library, UNREVIEWED_ERRNO)
    by_number.allow(Rule(call) for call in rules.reviewed if call != "seccomp")
    by_number.refuse("seccomp")
    return by_argument, by_number


class Filter:
    """A filter being built; `load` is final, `release` frees the builder's memory."""

    def __init__(self, library: ctypes.CDLL, default_errno: int) -> None:
        self._library = library
        self._context = library.seccomp_init(_ERRNO | default_errno)
        if not self._context:
            raise _failed("init", 0)
        self._check("attribute", library.seccomp_attr_set(self._context, _ATTR_BAD_ARCHITECTURE, _KILL_PROCESS))
        # The caller has set no_new_privs already, for Landlock.
        self._check("attribute", library.seccomp_attr_set(self._context, _ATTR_NO_NEW_PRIVILEGES, 0))
        # A call then costs some 8 comparisons instead of up to 300. Before 2.5 there is no tree: slower, as tight.
        library.seccomp_attr_set(self._context, _ATTR_OPTIMIZE, _BINARY_TREE)

    def allow(self, rules: Iterable[Rule]) -> None:
        """Let calls pass. Calls that this architecture lacks are left out: their numbers do not exist.

        raises: EcholessError where libseccomp refuses a rule
        """
        for rule in rules:
            self._add(_ALLOW, rule)

    def refuse(self, call: str) -> None:
        """Answer a call with the wall's errno."""
        self._add(_ERRNO | WALL_ERRNO, Rule(call))

    def load(self) -> None:
        """Put the filter into force for this thread; threads made later inherit it.

        raises: EcholessError where the kernel refuses
        """
        self._check("load", self._library.seccomp_load(self._context))

    def release(self) -> None:
        """Free the builder."""
        self._library.seccomp_release(self._context)

    def _number(self, call: str) -> int:
        number = int(self._library.seccomp_syscall_resolve_name(call.encode("ascii")))
        if number == _UNKNOWN_NAME and call in names():
            # Newer than this libseccomp; our table has it.
            return _UNKNOWN_NAME if (own := number_of(call)) is None else own
        return number

    def _add(self, action: int, rule: Rule) -> None:
        number = self._number(rule.call)
        if number < 0:
            return
        compares = _compares(rule)
        self._check(
            "rule", self._library.seccomp_rule_add_array(self._context, action, number, len(compares), compares)
        )

    def _check(self, step: str, result: int) -> None:
        if result < 0:
            raise _failed(step, result)


def _compares(rule: Rule) -> ctypes.Array[_Compare]:
    conditions = (_Compare(each.argument, _COMPARE_MASKED, each.mask, each.value) for each in rule.conditions)
    return (_Compare * len(rule.conditions))(*conditions)


def _failed(step: str, result: int) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, f"seccomp {step} failed with {-result}")
