"""Signed checkpoints: how large a log is and which root it has, as a note with signatures. Pure.

source: C2SP signed-note, tlog-checkpoint and tlog-cosignature
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.merkle import HASH_BYTES
from echoless.receipts.signing import SigningKey

NOT_SIGNED: Final = "is not signed by the key with the id"
"""What is said of a checkpoint that another key may have signed."""
_ED25519: Final = b"\x01"
_COSIGNATURE: Final = b"\x04"
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_DASH: Final = "— "
_NOTE_BYTES_MAX: Final = 64 * 1024
_LINES_MIN: Final = 3
_DIGITS_MAX: Final = 19


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    origin: the log's name, a schema-less address
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures are believed: a name and an Ed25519 key.

    is_witness: signs what others logged, with the time, not its own log
    """

    name: str
    key: bytes
    is_witness: bool = False

    @property
    def _kind(self) -> bytes:
        return _COSIGNATURE if self.is_witness else _ED25519

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before a signature."""
        return hashlib.sha256(self.name.encode("utf-8") + b"\n" + self._kind + self.key).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as it is handed out: name, id, and the key in base64."""
        key = base64.b64encode(self._kind + self.key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return a key that was handed out.

        raises: EcholessError(INVALID_PARAMETERS) for another kind of key, or an id that does not fit
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _decoded(encoded)
        kind = data[:1]
        if name and _utf8(name) and kind in {_ED25519, _COSIGNATURE} and len(data) == 1 + HASH_BYTES:
            key = cls(name, data[1:], is_witness=kind == _COSIGNATURE)
            if key.key_id.hex() == key_id:
                return key
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no verifier key of a log or a witness.")


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the signed note of a log about itself."""
    verifier = VerifierKey(checkpoint.origin, key.public_key().public_bytes_raw())
    signature = verifier.key_id + key.sign(checkpoint.text.encode("utf-8"))
    return f"{checkpoint.text}\n{_line(checkpoint.origin, signature)}"


def cosign(note: str, name: str, key: SigningKey, unix_s: int) -> str:
    """Return a note with a witness's signature: it saw this state at this time, and nothing that contradicts it.

    A line that says already that it is this witness's goes: one that does not fit would spoil the note.
    """
    text, _, signatures = note.rpartition("\n\n")
    verifier = VerifierKey(name, key.public_key().public_bytes_raw(), is_witness=True)
    others = "".join(f"{line}\n" for line in signatures.split("\n") if line and not _names(verifier, line))
    signature = key.sign(_cosigned(text + "\n", unix_s))
    return f"{text}\n\n{others}" + _line(name, verifier.key_id + unix_s.to_bytes(_TIME_BYTES, "big") + signature)


def open_checkpoint(note: str, log_key: VerifierKey, witnesses: Sequence[VerifierKey] = ()) -> Checkpoint:
    """Return the checkpoint of a note that the log and all these witnesses signed.

    Signatures of others are passed over.
    raises: EcholessError(INVALID_PARAMETERS) for another origin, a signature that is missing or wrong, or no note
    """
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    has_control = any(character < " " and character != "\n" for character in note)
    # A last line that does not end would swallow the signature that comes next.
    is_whole = bool(separator) and note.endswith("\n")
    if not is_whole or has_control or not 0 < len(_utf8(note)) <= _NOTE_BYTES_MAX:
        raise _broken("A checkpoint is a text, an empty line and signatures.")
    for key in (log_key, *witnesses):
        theirs = [line for line in signatures.split("\n") if _names(key, line)]
        # One signature of a known key that does not fit makes the whole note unbelievable.
        if not theirs or not all(_is_signed_by(key, line, text) for line in theirs):
            raise _broken(f"The checkpoint {NOT_SIGNED} {key.key_id.hex()}.")
    checkpoint = _parse(text)
    if checkpoint.origin != log_key.name:
        raise _broken("The checkpoint is of another log.")
    return checkpoint


def read_unsigned(note: str) -> Checkpoint:
    """Return the checkpoint of a note that nobody vouches for: to find one's way in a log, never to believe it.

    raises: EcholessError(INVALID_PARAMETERS) for what is no note
    """
    return _parse(note.rpartition("\n\n")[0] + "\n")


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    root = _decoded(lines[2]) if len(lines) > _LINES_MIN else b""
    size = lines[1] if len(lines) > _LINES_MIN else ""
    is_number = size.isascii() and size.isdigit() and len(size) <= _DIGITS_MAX and (size == "0" or size[0] != "0")
    if not lines[0] or not is_number or len(root) != HASH_BYTES:
        raise _broken("The checkpoint has no origin, size or root that can be read.")
    return Checkpoint(lines[0], int(size), root)


def _names(key: VerifierKey, line: str) -> bool:
    """Whether a line says that it is a signature of this key."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    return line.startswith(_DASH) and name == key.name and _decoded(encoded)[:_ID_BYTES] == key.key_id


def _is_signed_by(key: VerifierKey, line: str, text: str) -> bool:
    data = _decoded(line.rpartition(" ")[2])
    rest, message = data[_ID_BYTES:], text.encode("utf-8")
    if key.is_witness:
        message = _cosigned(text, int.from_bytes(rest[:_TIME_BYTES], "big"))
        rest = rest[_TIME_BYTES:]
    if len(rest) != _SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(rest, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _cosigned(text: str, unix_s: int) -> bytes:
    return f"cosignature/v1\ntime {unix_s}\n{text}".encode()


def _line(name: str, signature: bytes) -> str:
    return f"{_DASH}{name} {base64.b64encode(signature).decode('ascii')}\n"


def _utf8(text: str) -> bytes:
    """Return a text's bytes; none where it has no such form, as half a pair of surrogates in JSON has not."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return b""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _broken(message: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, message)
