"""Seals seeds with a TPM 2.0, so that the files of keys open on this machine alone.

A TPM does not sign with Ed25519, so the seed is sealed below its storage root and unsealed once at the start, over
a session that is encrypted between this process and the chip. Needs the extra `tpm`.
source: TCG TPM 2.0 Library part 1 (sealed data objects, parameter encryption), tpm2-pytss
"""

from __future__ import annotations

import contextlib
import importlib.util
from typing import TYPE_CHECKING, Any, Final

from echoless.core.errors import EcholessError, ErrorCode

if TYPE_CHECKING:
    from tpm2_pytss import ESAPI

_LIBRARY: Final = "tpm2_pytss"
# A key of the storage hierarchy, the same each time it is asked for: nothing of it must be kept.
_ROOT: Final = "ecc:aes128cfb"


class TpmSealer:
    """Speaks with one TPM.

    tcti:   how it is reached, in the words of tpm2-tss, such as `device:/dev/tpmrm0`
    raises: EcholessError(CONFIGURATION) without the library or the chip
    """

    def __init__(self, tcti: str) -> None:
        if importlib.util.find_spec(_LIBRARY) is None:
            raise _refused("signing_key_tpm needs the extra 'tpm': pip install 'echoless[tpm]'")
        from tpm2_pytss import ESAPI, TSS2_Exception

        reason = ""
        try:
            self._tpm = ESAPI(tcti)
            self._root = self._tpm.create_primary(None, _ROOT)[0]
        except (TSS2_Exception, RuntimeError) as error:
            reason = _reason(error)
        if reason:
            raise _refused(f"the TPM that signing_key_tpm names cannot be used: {reason}")

    def seal(self, seed: memoryview) -> bytes:
        """Return a seed sealed.

        raises: EcholessError(CONFIGURATION) where the TPM refuses
        """
        from tpm2_pytss import (
            TPM2B_PUBLIC,
            TPM2B_SENSITIVE_CREATE,
            TPMA_OBJECT,
            TPMS_SENSITIVE_CREATE,
            TSS2_Exception,
        )
        from tpm2_pytss.types import TPM2B_SENSITIVE_DATA

        attributes = TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT | TPMA_OBJECT.USERWITHAUTH | TPMA_OBJECT.NODA
        form = TPM2B_PUBLIC.parse("keyedhash", objectAttributes=attributes)
        content = TPM2B_SENSITIVE_CREATE(TPMS_SENSITIVE_CREATE(data=TPM2B_SENSITIVE_DATA(buffer=bytes(seed))))
        reason, sealed = "", b""
        try:
            with _Session(self._tpm, self._root) as session:
                private, public, *_ = self._tpm.create(self._root, content, form, session1=session)
            sealed = _packed(public.marshal()) + _packed(private.marshal())
        except TSS2_Exception as error:
            reason = _reason(error)
        if reason:
            raise _refused(f"the TPM could not seal a key: {reason}")
        return sealed

    def unseal(self, sealed: bytes, seed: memoryview) -> None:
        """Put a sealed seed back.

        raises: EcholessError(CONFIGURATION) where another TPM sealed it, or the file was changed
        """
        from tpm2_pytss import TSS2_Exception
        from tpm2_pytss.types import TPM2B_PRIVATE, TPM2B_PUBLIC

        reason = ""
        try:
            public, rest = _unpacked(sealed)
            private, _ = _unpacked(rest)
            form, closed = TPM2B_PUBLIC.unmarshal(public)[0], TPM2B_PRIVATE.unmarshal(private)[0]
            with _Session(self._tpm, self._root) as session:
                found = self._tpm.load(self._root, closed, form)
                try:
                    seed[:] = bytes(self._tpm.unseal(found, session1=session))
                finally:
                    self._tpm.flush_context(found)
        except (TSS2_Exception, ValueError) as error:
            reason = _reason(error)
        if reason:
            raise _refused(f"this TPM did not seal this key, or its file was changed: {reason}")

    def close(self) -> None:
        """Let the chip forget what it holds for us; where it does not answer any more, it has."""
        from tpm2_pytss import TSS2_Exception

        with contextlib.suppress(TSS2_Exception):
            self._tpm.flush_context(self._root)
        self._tpm.close()


class _Session:
    """Commands of one block, with their values encrypted on the bus."""

    def __init__(self, tpm: ESAPI, root: Any) -> None:
        self._tpm = tpm
        self._root = root

    def __enter__(self) -> Any:
        from tpm2_pytss import TPM2_ALG, TPM2_SE, TPMA_SESSION, TPMT_SYM_DEF

        self._handle = self._tpm.start_auth_session(
            tpm_key=self._root,
            bind=_nothing(),
            session_type=TPM2_SE.HMAC,
            symmetric=TPMT_SYM_DEF.parse("aes128cfb"),
            auth_hash=TPM2_ALG.SHA256,
        )
        encrypted = TPMA_SESSION.DECRYPT | TPMA_SESSION.ENCRYPT | TPMA_SESSION.CONTINUESESSION
        self._tpm.trsess_set_attributes(self._handle, encrypted)
        return self._handle

    def __exit__(self, *_: object) -> None:
        self._tpm.flush_context(self._handle)


def _nothing() -> Any:
    from tpm2_pytss import ESYS_TR

    return ESYS_TR.NONE


def _packed(part: bytes) -> bytes:
    return len(part).to_bytes(2, "big") + part


def _unpacked(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:2], "big")
    if len(data) < 2 + size or not size:
        raise ValueError("cut off")
    return data[2 : 2 + size], data[2 + size :]


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _refused(description: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, description)
