"""What a witness does: it signs a state of a log only where all that it saw before is the beginning of it. Pure.

So a log cannot show two people two trees that are both signed by one witness, nor take back what one has seen. What
a witness saw it must keep durably before its signature leaves it.
source: C2SP tlog-witness (when to sign), tlog-cosignature (what is signed), signed-note (the form of the key)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign
from echoless.receipts.growing import Fetch
from echoless.receipts.log_check import LogFault, check_growth
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import SEED_BYTES

_NAME_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~/-]{0,199}")
_PREFIX: Final = "PRIVATE+KEY+"
_ED25519: Final = b"\x01"


class WitnessKey:
    """The key of a witness; prints as nothing."""

    def __init__(self, name: str, seed: bytes) -> None:
        if _NAME_FORM.fullmatch(name) is None or len(seed) != SEED_BYTES:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, "A witness has a name without spaces or +, and a seed of 32 bytes."
            )
        self.name = name
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def __repr__(self) -> str:
        return "<WitnessKey>"

    @property
    def verifier(self) -> VerifierKey:
        """The public half: what others name to demand this witness's signature."""
        return VerifierKey(self.name, self._key.public_key().public_bytes_raw(), is_witness=True)

    def secret_text(self) -> str:
        """Return the key as other witnesses' programs read it too."""
        encoded = base64.b64encode(_ED25519 + self._seed).decode("ascii")
        return f"{_PREFIX}{self.name}+{self._plain_id()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Return a key from its text.

        raises: EcholessError(INVALID_PARAMETERS) for what is none, or an id that does not fit
        """
        name, _, rest = text.strip().removeprefix(_PREFIX).partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if text.startswith(_PREFIX) and data[:1] == _ED25519 and len(data) == 1 + SEED_BYTES:
            found = cls(name, data[1:])
            if found._plain_id() == key_id:
                return found
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no private key of a witness.")

    def sign(self, note: str, keys: LogKeys, unix_s: int) -> str:
        """Return a note with this witness's signature.

        keys:   of the log
        raises: EcholessError(INVALID_PARAMETERS) where nobody could read it then, such as a note that is as long as
                one may be already: a witness that kept this could sign nothing more
        """
        signed = cosign(note, self.name, self._key, unix_s)
        keys.open(signed, [self.verifier])
        return signed

    def _plain_id(self) -> str:
        # The private form names the key as if it signed notes of its own.
        public = self._key.public_key().public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + public).digest()[:4].hex()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a witness thinks of a state.

    checkpoint: None where it cannot be believed to be the log's at all
    fault:      None where it may be signed
    place:      of the fault, or why
    """

    checkpoint: Checkpoint | None
    fault: LogFault | None = None
    place: str = ""


def judge(note: str, keys: LogKeys, seen: Checkpoint | None, fetch: Fetch) -> Judgement:
    """Say whether a state may be signed.

    seen:  the newest state that this witness signed; None for a log that it never saw, whose first it believes
    fetch: reads the log's files, of which a few tiles are needed
    """
    try:
        checkpoint = keys.open(note)
    except EcholessError as error:
        return Judgement(None, LogFault.CHECKPOINT, error.public_description)
    faults = () if seen is None else check_growth(checkpoint, seen, fetch)
    return Judgement(checkpoint, *faults[0]) if faults else Judgement(checkpoint)
