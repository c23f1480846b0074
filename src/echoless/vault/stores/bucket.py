"""Sealed objects in a bucket of an S3 server.

Each object is put in one piece, so that no upload of ours can be left over half done. A bucket that keeps versions
would keep what was deleted: there each version and each delete marker of an item is removed by name, and uploads of
others below our prefix are aborted. That needs the extra `versions`; without it such a bucket is refused.
source: Amazon S3 API reference, PutObject (x-amz-version-id), ListObjectVersions, DeleteObjects
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Final

import obstore
from obstore.exceptions import BaseError as ObjectStoreError
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import ObjectsURL
from echoless.vault.stores.object_versions import ObjectVersions
from echoless.vault.stores.objects import folder_of, unavailable

MARK: Final = "installation"
_PROBE: Final = "probe"
_DOOMED_MAX: Final = 10_000


class BucketObjects:
    """Objects in a bucket. Two threads may use it at a time, one of them to read."""

    def __init__(self, place: ObjectsURL) -> None:
        self._place = place
        self._prefix = f"{place.prefix}/" if place.prefix else ""
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config={
                "endpoint": place.endpoint, "region": place.region, "access_key_id": place.key_id,
                "secret_access_key": place.secret, "skip_signature": False,
            },
            client_options={"allow_http": place.is_plain, "connect_timeout": "3s", "timeout": "30s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=5)},
        )  # fmt: skip
        self._versions: ObjectVersions | None = None
        self._doomed: set[str] = set()

    def settle(self, installation_id: str) -> None:
        """See that the bucket answers, is ours or empty, and that what is deleted there will be gone.

        raises: EcholessError(DATA_DIRECTORY) where it is not; EcholessError(STORE_UNAVAILABLE) where it is silent
        """
        found = self._find(MARK)
        if found is not None and found != installation_id.encode("ascii"):
            raise _unusable("the configured bucket belongs to another data directory")
        if found is None and next(self._listed(""), None) is not None:
            raise _unusable("there are objects below the configured prefix of the bucket that are not ours")
        self._note_version(self._put(_PROBE, b""))
        self._delete_below(_PROBE)
        if found is None:
            self._put(MARK, installation_id.encode("ascii"))
        if self._versions is not None:
            self._versions.abort_uploads(self._prefix)

    def put(self, path: str, data: bytes) -> None:
        """Store one object."""
        self._note_version(self._put(path, data))
        self._finish_deletions()

    def get(self, path: str) -> bytes:
        """Return one object."""
        found = self._find(path)
        if found is None:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "a segment of an item is gone")
        return found

    def delete_item(self, item_id: str) -> None:
        """Remove whatever is stored below one item; what fails now is tried again with the next deletion or put."""
        # Bounded: what does not fit in here is swept by the next start.
        if len(self._doomed) < _DOOMED_MAX:
            self._doomed.add(item_id)
        self._delete_below(f"{folder_of(item_id)}/")
        self._doomed.discard(item_id)
        self._finish_deletions()

    def item_ids(self) -> Iterator[str]:
        """Yield the id of each item that has objects, once."""
        last = ""
        for path, _size in self.paths():
            item_id = path.split("/")[1]
            if item_id != last:
                yield item_id
            last = item_id

    def paths(self) -> Iterator[tuple[str, int]]:
        """Yield path and size of each object, in order."""
        return (found for found in self._listed("") if found[0].count("/") == 2)

    def _finish_deletions(self) -> None:
        for item_id in tuple(self._doomed):
            self._delete_below(f"{folder_of(item_id)}/")
            self._doomed.discard(item_id)

    def _put(self, path: str, data: bytes) -> str | None:
        try:
            return obstore.put(self._store, path, data, use_multipart=False)["version"]
        except ObjectStoreError:
            pass
        raise unavailable("the object store did not take a segment")

    def _find(self, path: str) -> bytes | None:
        try:
            return bytes(self._store.get(path).bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except ObjectStoreError:
            pass
        raise unavailable("the object store did not answer")

    def _listed(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield what lies below a prefix that ends in a slash, in order."""
        try:
            pages = obstore.list(self._store, prefix or None, chunk_size=1000)
            for found in chain.from_iterable(pages):
                yield found["path"], found["size"]
        except ObjectStoreError:
            pass
        else:
            return
        raise unavailable("the object store could not be listed")

    def _delete_below(self, prefix: str) -> None:
        """Remove one object, or all below a prefix that ends in a slash."""
        if self._versions is not None:
            self._versions.delete_all(self._prefix + prefix)
            return
        paths = [path for path, _size in self._listed(prefix)] if prefix.endswith("/") else [prefix]
        is_gone = True
        try:
            for start in range(0, len(paths), 1000):
                obstore.delete(self._store, paths[start : start + 1000])
        except (NotFoundError, FileNotFoundError):
            pass
        except ObjectStoreError:
            is_gone = False
        if not is_gone:
            raise unavailable("the object store did not delete")

    def _note_version(self, version: str | None) -> None:
        """Take note that the bucket keeps versions, from the first answer that names one on."""
        if version is None or self._versions is not None:
            return
        self._versions = ObjectVersions.open(self._place)
        if self._versions is None:
            raise _unusable(
                "the bucket keeps versions of objects, so that what is deleted would stay: take a bucket without "
                "versioning, or install echoless[versions], which removes them"
            )


def _unusable(description: str) -> EcholessError:
    return EcholessError(ErrorCode.DATA_DIRECTORY, description)
