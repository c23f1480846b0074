"""Removing every version of an object, every delete marker, and uploads that were never ended.

The object store library knows none of them, so botocore does it, where it is installed.
source: Amazon S3 API reference, ListObjectVersions, DeleteObjects, ListMultipartUploads, AbortMultipartUpload
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

from echoless.core.store_urls import ObjectsURL
from echoless.vault.stores.objects import unavailable

_BATCH: Final = 500


class ObjectVersions:
    """All versions of what lies in one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:  # botocore makes its classes while it runs
        self._client = client
        self._bucket = bucket

    @classmethod
    def open(cls, place: ObjectsURL) -> ObjectVersions | None:
        """Return what removes versions, or None where botocore is not installed."""
        if find_spec("botocore") is None:
            return None
        # Loaded only for a bucket that needs it: it is large.
        from botocore.config import Config
        from botocore.session import Session

        config = Config(
            connect_timeout=3, read_timeout=30, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}
        )
        client = Session().create_client(
            "s3", region_name=place.region, endpoint_url=place.endpoint, aws_access_key_id=place.key_id,
            aws_secret_access_key=place.secret, config=config,
        )  # fmt: skip
        return cls(client, place.bucket)

    def delete_all(self, prefix: str) -> None:
        """Remove all versions and markers of all that begins with a prefix, and see that none is left.

        raises: EcholessError(STORE_UNAVAILABLE) where one stays, as under a lock of the bucket
        """
        before: list[dict[str, str]] = []
        # Always the first page again: what it named is gone, or the store does not do what it is told.
        while batch := self._first(prefix):
            if batch == before:
                raise unavailable("the object store keeps versions of what was deleted")
            self._call("delete_objects", Delete={"Objects": batch, "Quiet": True})
            before = batch

    def abort_uploads(self, prefix: str) -> int:
        """Abort every upload below a prefix that was begun and not ended; return how many."""
        count = 0
        while uploads := self._call("list_multipart_uploads", Prefix=prefix).get("Uploads", []):
            for upload in uploads:
                self._call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
            count += len(uploads)
        return count

    def _first(self, prefix: str) -> list[dict[str, str]]:
        page = self._call("list_object_versions", Prefix=prefix, MaxKeys=_BATCH)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:  # as the service defines them
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return dict(getattr(self._client, name)(Bucket=self._bucket, **arguments))
        except (BotoCoreError, ClientError):
            pass
        raise unavailable("the object store did not answer")
