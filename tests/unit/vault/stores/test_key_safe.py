"""Private keys are replaced whole, ended for good, and lie sealed where somebody seals (C58)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import MemoryKind, SecretMemory
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.signing import SEED_BYTES
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import FILES, AtRest, KeyRole, KeySafe, SafeKey

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
MESSAGE = b"a message"


class TurnedSealer:
    """Seals by turning every byte; refuses what another one sealed."""

    def __init__(self, turn: int = 0x5A) -> None:
        self._turn = turn

    def seal(self, seed: memoryview) -> bytes:
        return bytes([self._turn]) + bytes(each ^ self._turn for each in seed)

    def unseal(self, sealed: bytes, seed: memoryview) -> None:
        if sealed[0] != self._turn:
            raise EcholessError(ErrorCode.CONFIGURATION, "sealed by another")
        seed[:] = bytes(each ^ self._turn for each in sealed[1:])

    def close(self) -> None:
        pass


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.make()
    return made


def public_of(key: SafeKey) -> bytes:
    return key.public_key().public_bytes_raw()


@pytest.mark.parametrize("role", KeyRole)
def test_a_key_is_made_once_and_opened_again(directory: DataDirectory, role: KeyRole) -> None:
    first = KeySafe().open(directory, role)
    path = directory.keys / FILES[role]
    assert (path.stat().st_size, path.stat().st_mode & 0o777) == (SEED_BYTES, 0o600)
    again = KeySafe().open(directory, role)
    assert public_of(again) == public_of(first)
    first.public_key().verify(again.sign(MESSAGE), MESSAGE)


def test_every_role_has_a_key_of_its_own(directory: DataDirectory) -> None:
    safe = KeySafe()
    assert len({public_of(safe.open(directory, role)) for role in KeyRole}) == len(KeyRole)


def test_the_key_of_before_is_overwritten_wherever_it_was(directory: DataDirectory) -> None:
    memory = SecretMemory(Kernel())
    safe = KeySafe(memory)
    old = safe.open(directory, KeyRole.RECEIPTS)
    seed = (directory.keys / "receipts.key").read_bytes()
    assert seed in bytes(memory.part(0, 512))
    new = safe.prepare(directory, KeyRole.RECEIPTS)
    old.sign(MESSAGE)
    safe.take_over(directory, KeyRole.RECEIPTS)
    assert seed not in bytes(memory.part(0, 512))
    assert [path.name for path in directory.keys.iterdir()] == ["receipts.key"]
    assert (directory.keys / "receipts.key").read_bytes() != seed
    with pytest.raises(EcholessError, match="after its end"):
        old.sign(MESSAGE)
    new.public_key().verify(new.sign(MESSAGE), MESSAGE)
    assert public_of(KeySafe().open(directory, KeyRole.RECEIPTS)) == public_of(new)


def test_a_key_that_was_prepared_and_never_used_is_gone_at_the_next_start(directory: DataDirectory) -> None:
    safe = KeySafe()
    old = safe.open(directory, KeyRole.LOG)
    safe.prepare(directory, KeyRole.LOG)
    assert public_of(KeySafe().open(directory, KeyRole.LOG)) == public_of(old)
    assert [path.name for path in directory.keys.iterdir()] == ["transparency_log.key"]


def test_a_key_turns_many_times_in_its_two_places(directory: DataDirectory) -> None:
    safe = KeySafe()
    seen = {public_of(safe.open(directory, role)) for role in KeyRole}
    for _ in range(4):
        for role in KeyRole:
            made = safe.prepare(directory, role)
            assert safe.take_over(directory, role) is made
            seen.add(public_of(made))
    assert len(seen) == 5 * len(KeyRole)


def test_what_is_sealed_is_opened_by_its_sealer_alone(directory: DataDirectory) -> None:
    lying_open = KeySafe().open(directory, KeyRole.RECEIPTS)
    seed = (directory.keys / "receipts.key").read_bytes()
    safe = KeySafe(sealer=TurnedSealer())
    assert safe.at_rest is AtRest.TPM
    # It is sealed at once, and the open one overwritten.
    assert public_of(safe.open(directory, KeyRole.RECEIPTS)) == public_of(lying_open)
    assert seed not in (directory.keys / "receipts.key").read_bytes()
    assert public_of(KeySafe(sealer=TurnedSealer()).open(directory, KeyRole.RECEIPTS)) == public_of(lying_open)
    for sealer, reason in ((TurnedSealer(0x11), "another"), (None, "signing_key_tpm")):
        with pytest.raises(EcholessError, match=reason) as refused:
            KeySafe(sealer=sealer).open(directory, KeyRole.RECEIPTS)
        assert refused.value.code is ErrorCode.CONFIGURATION


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(31)])
def test_a_damaged_file_is_no_key(directory: DataDirectory, content: bytes) -> None:
    (directory.keys / "receipts.key").write_bytes(content)
    with pytest.raises(EcholessError, match=r"receipts\.key is damaged"):
        KeySafe().open(directory, KeyRole.RECEIPTS)


def test_a_closed_safe_signs_nothing_and_holds_nothing(directory: DataDirectory) -> None:
    memory = SecretMemory(Kernel(), MemoryKind.LOCKED)
    safe = KeySafe(memory)
    key = safe.open(directory, KeyRole.CERTIFICATES)
    assert repr(key) == "<SafeKey>"
    safe.close()
    safe.close()
    with pytest.raises(EcholessError):
        key.sign(MESSAGE)
    with pytest.raises(AssertionError):
        memory.part(0, 512)


@pytest.mark.parametrize("sealer", [None, TurnedSealer()])
def test_a_prepared_key_comes_into_its_place_only_where_it_was_to_sign(
    directory: DataDirectory, sealer: TurnedSealer | None
) -> None:
    """The process died between what the log says and the file; where it is sealed, by the same one."""
    for is_begun in (False, True):
        safe = KeySafe(sealer=sealer)
        old = public_of(safe.open(directory, KeyRole.LOG))
        new = public_of(safe.prepare(directory, KeyRole.LOG))
        asked: list[bytes] = []

        def judge(public: bytes, is_begun: bool = is_begun, asked: list[bytes] = asked) -> bool:
            asked.append(public)
            return is_begun

        again = KeySafe(sealer=sealer).open(directory, KeyRole.LOG, judge)
        assert (asked, public_of(again)) == ([new], new if is_begun else old)
        assert [path.name for path in directory.keys.iterdir()] == [FILES[KeyRole.LOG]]


def test_a_key_signs_though_its_file_is_late_and_no_other_is_prepared_before_it_is_there(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "no space")

    safe = KeySafe()
    old = safe.open(directory, KeyRole.LOG)
    new = safe.prepare(directory, KeyRole.LOG)
    with monkeypatch.context() as patched:
        patched.setattr("echoless.vault.stores.key_safe.supersede", refuse)
        with pytest.raises(OSError, match="no space"):
            safe.take_over(directory, KeyRole.LOG)
        with pytest.raises(EcholessError, match="after its end"):
            old.sign(MESSAGE)
        new.public_key().verify(new.sign(MESSAGE), MESSAGE)
        # It would take the place of the only copy of the key that signs.
        with pytest.raises(OSError, match="no space"):
            safe.prepare(directory, KeyRole.LOG)
    safe.prepare(directory, KeyRole.LOG)
    assert public_of(KeySafe().open(directory, KeyRole.LOG)) == public_of(new)
