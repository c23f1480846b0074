"""Keys: a file wraps the workspaces' keys, those wrap the items' keys, those seal content.

AES-256-GCM throughout, a random 96-bit nonce in front of each ciphertext. What a ciphertext belongs to is
authenticated with it, so that a sealed piece cannot be moved to another item, kind or place.
API keys are known only by their HMAC-SHA-256 with a pepper that is not in the database.
source: NIST SP 800-38D (GCM), RFC 2104 (HMAC)
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import DataDirectory, write_whole

ItemKey = NewType("ItemKey", bytes)
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Keyring:
    """Wraps and unwraps; holds the workspaces' keys in memory while the vault is open."""

    def __init__(self, master: bytes, pepper: bytes) -> None:
        self._master = AESGCM(master)
        self._pepper = pepper
        # What belongs to no workspace, such as the last word to a deleted one, is under the master key itself.
        self._workspaces: dict[str, AESGCM] = {"": self._master}

    @classmethod
    def open(cls, directory: DataDirectory) -> Keyring:
        """Read the key files, or make them in a new directory.

        raises: EcholessError(DATA_DIRECTORY) where a key file is missing beside a database, or damaged
        """
        may_make = directory.version() == 0
        master = _read_key(directory.keys / "master.key", may_make=may_make)
        pepper = _read_key(directory.keys / "api_key_pepper.key", may_make=may_make)
        return cls(master, pepper)

    @classmethod
    def of_files(cls, directory: DataDirectory) -> Keyring:
        """Read the key files that are there, in whatever state the rest of the directory is.

        raises: EcholessError(DATA_DIRECTORY) where one is missing or damaged
        """
        names = ("master.key", "api_key_pepper.key")
        return cls(*(_read_key(directory.keys / name, may_make=False) for name in names))

    def digest(self, api_key: str) -> bytes:
        """Return what is stored of an API key: 32 bytes."""
        return hmac.digest(self._pepper, api_key.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def new_workspace_key(self, workspace_id: str) -> bytes:
        """Make a workspace's key, remember it, and return it wrapped."""
        key = secrets.token_bytes(_KEY_BYTES)
        self._workspaces[workspace_id] = AESGCM(key)
        return _seal(self._master, key, f"workspace:{workspace_id}")

    def add_workspace_key(self, workspace_id: str, wrapped: bytes) -> None:
        """Remember a stored workspace key.

        raises: EcholessError(DATA_DIRECTORY) where the master key does not fit
        """
        key = _open(self._master, wrapped, f"workspace:{workspace_id}")
        if key is None:
            raise EcholessError(ErrorCode.DATA_DIRECTORY, "the master key does not open this data directory")
        self._workspaces[workspace_id] = AESGCM(key)

    def drop_workspace_key(self, workspace_id: str) -> None:
        """Forget the key of a deleted workspace; what it wrapped cannot be opened any more."""
        self._workspaces.pop(workspace_id, None)

    def wrap_item_key(self, workspace_id: str, item_id: str, key: ItemKey) -> bytes:
        """Return an item's key, wrapped by its workspace's.

        raises: EcholessError(NOT_FOUND) where the workspace was deleted
        """
        return _seal(self._workspace(workspace_id), key, f"item:{item_id}")

    def unwrap_item_key(self, workspace_id: str, item_id: str, wrapped: bytes) -> ItemSealer:
        """Return what opens an item.

        raises: EcholessError(INTERNAL_ERROR) where the wrapped key is damaged; EcholessError(NOT_FOUND) where the
                workspace was deleted
        """
        key = _open(self._workspace(workspace_id), wrapped, f"item:{item_id}")
        if key is None:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "an item key is damaged")
        return ItemSealer(item_id, ItemKey(key))

    def seal_word(self, workspace_id: str, word: bytes, place: str) -> bytes:
        """Seal a few bytes under a workspace's own key; they open only at the same place.

        raises: EcholessError(NOT_FOUND) where the workspace was deleted
        """
        return _seal(self._workspace(workspace_id), word, f"word:{place}")

    def open_word(self, workspace_id: str, sealed: bytes, place: str) -> bytes:
        """Open what `seal_word` sealed.

        raises: EcholessError(INTERNAL_ERROR) where it was changed or moved
        """
        word = _open(self._workspace(workspace_id), sealed, f"word:{place}")
        if word is None:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "a sealed word is damaged")
        return word

    def _workspace(self, workspace_id: str) -> AESGCM:
        found = self._workspaces.get(workspace_id)
        if found is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no workspace with this id.")
        return found


class ItemSealer:
    """Seals and opens the pieces of one item."""

    __slots__ = ("_aead", "_item_id", "key")

    def __init__(self, item_id: str, key: ItemKey) -> None:
        self._item_id = item_id
        self.key = key
        self._aead = AESGCM(key)

    @classmethod
    def new(cls, item_id: str) -> ItemSealer:
        """Return a sealer with a new key."""
        return cls(item_id, ItemKey(secrets.token_bytes(_KEY_BYTES)))

    def seal(self, data: bytes, kind: str, index: int) -> bytes:
        """Seal one piece; it opens only as the same kind and index of the same item."""
        return _seal(self._aead, data, f"{self._item_id}:{kind}:{index}")

    def open(self, sealed: bytes, kind: str, index: int) -> bytes:
        """Open one piece.

        raises: EcholessError(INTERNAL_ERROR) where it was changed or moved
        """
        data = _open(self._aead, sealed, f"{self._item_id}:{kind}:{index}")
        if data is None:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "a sealed piece is damaged")
        return data


def _seal(aead: AESGCM, data: bytes, belongs_to: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + aead.encrypt(nonce, data, belongs_to.encode("ascii"))


def _open(aead: AESGCM, sealed: bytes, belongs_to: str) -> bytes | None:
    try:
        return aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], belongs_to.encode("ascii"))
    except (InvalidTag, ValueError):
        return None


def _read_key(path: Path, *, may_make: bool) -> bytes:
    if may_make and not path.exists():
        write_whole(path, secrets.token_bytes(_KEY_BYTES))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if len(data) != _KEY_BYTES:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the key file keys/{path.name} is missing or damaged")
    return data
