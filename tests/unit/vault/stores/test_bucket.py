"""Objects in a bucket, and nothing of them left there."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import parse_objects_url
from echoless.vault.stores import bucket as bucket_module
from echoless.vault.stores.bucket import BucketObjects
from tests.fakes.store_servers import S3_KEY_ID, S3_SECRET, S3Server, Way

pytestmark = pytest.mark.unit
OURS = "0123456789abcdef"
ITEM = "ab/abcdef/000000"


def opened(url: str) -> BucketObjects:
    objects = BucketObjects(parse_objects_url(url, S3_KEY_ID, S3_SECRET))
    objects.settle(OURS)
    return objects


def name_of(url: str) -> str:
    return url.removeprefix("s3://").partition("/")[0]


def versions(s3_server: S3Server, url: str, prefix: str = "") -> list[dict[str, Any]]:
    """Return every version and delete marker that the server has."""
    page = s3_server.client().list_object_versions(Bucket=name_of(url), Prefix=f"kept/{prefix}")
    return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]


@pytest.mark.parametrize("is_versioned", [False, True])
def test_objects_are_put_listed_read_and_deleted(s3_server: S3Server, is_versioned: bool) -> None:
    objects = opened(s3_server.new_bucket(is_versioned=is_versioned))
    for path in (ITEM, "ab/abcdef/input-000000", "ab/abother/000000"):
        objects.put(path, path.encode())
    assert objects.get(ITEM) == ITEM.encode()
    assert list(objects.item_ids()) == ["abcdef", "abother"]
    assert next(path for path, _size in objects.paths()) == ITEM
    objects.delete_item("abcdef")
    objects.delete_item("abcdef")
    assert list(objects.item_ids()) == ["abother"]
    with pytest.raises(EcholessError, match="gone"):
        objects.get(ITEM)


def test_items_whose_ids_begin_alike_are_not_taken_for_each_other(s3_server: S3Server) -> None:
    objects = opened(s3_server.new_bucket())
    for item_id in ("abc", "abcd"):
        objects.put(f"ab/{item_id}/000000", b"audio")
    objects.delete_item("abc")
    assert list(objects.item_ids()) == ["abcd"]


@pytest.mark.claim("Z27")
def test_no_version_and_no_marker_of_a_deleted_item_stays(s3_server: S3Server) -> None:
    """T14, with its control: what a plain deletion leaves is seen."""
    url = s3_server.new_bucket(is_versioned=True)
    objects = opened(url)
    for _ in range(3):
        objects.put(ITEM, b"audio")
    s3_server.client().delete_object(Bucket=name_of(url), Key=f"kept/{ITEM}")
    assert len(versions(s3_server, url, "ab/")) == 4
    objects.delete_item("abcdef")
    assert versions(s3_server, url, "ab/") == []
    # The probe of the start left nothing either; the mark of the installation is all there is.
    assert [each["Key"] for each in versions(s3_server, url)] == ["kept/installation"]


@pytest.mark.claim("Z27")
def test_versioning_that_is_switched_on_later_is_noticed(s3_server: S3Server) -> None:
    url = s3_server.new_bucket()
    objects = opened(url)
    client = s3_server.client()
    client.put_bucket_versioning(Bucket=name_of(url), VersioningConfiguration={"Status": "Enabled"})
    objects.put(ITEM, b"audio")
    objects.delete_item("abcdef")
    assert versions(s3_server, url, "ab/") == []


def test_a_bucket_that_keeps_versions_is_refused_where_nothing_can_remove_them(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        @classmethod
        def open(cls, _place: object) -> None:
            return None

    monkeypatch.setattr(bucket_module, "ObjectVersions", Missing)
    with pytest.raises(EcholessError, match="keeps versions") as caught:
        opened(s3_server.new_bucket(is_versioned=True))
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
    opened(s3_server.new_bucket())


@pytest.mark.claim("Z27")
def test_nothing_of_ours_is_uploaded_in_parts_and_uploads_of_others_are_aborted(s3_server: S3Server) -> None:
    """T14: an upload that was never ended holds bytes that no listing shows."""
    url = s3_server.new_bucket(is_versioned=True)
    client = s3_server.client()
    for key in ("kept/ab/abcdef/000000", "elsewhere"):
        client.create_multipart_upload(Bucket=name_of(url), Key=key)
    objects = opened(url)
    uploads = client.list_multipart_uploads(Bucket=name_of(url)).get("Uploads", [])
    assert [upload["Key"] for upload in uploads] == ["elsewhere"]
    objects.put(ITEM, bytes(12 * 1024 * 1024))
    assert "-" not in client.head_object(Bucket=name_of(url), Key=f"kept/{ITEM}")["ETag"], "put in one piece"


def test_a_deletion_that_failed_is_finished_by_the_next_put(s3_server: S3Server) -> None:
    url = s3_server.new_bucket()
    way = Way(s3_server.port)
    objects = opened(f"{url.rpartition(':')[0]}:{way.port}")
    objects.put(ITEM, b"audio")
    way.cut()
    for ask in (lambda: objects.delete_item("abcdef"), lambda: objects.put(ITEM, b""), lambda: objects.get(ITEM)):
        with pytest.raises(EcholessError) as caught:
            ask()
        assert caught.value.code is ErrorCode.STORE_UNAVAILABLE
    way.mend()
    objects.put("ab/abother/000000", b"audio")
    assert list(objects.item_ids()) == ["abother"]
    way.cut()


def test_no_path_in_a_bucket_says_what_is_kept(s3_server: S3Server) -> None:
    """Names are ids, parts and numbers."""
    url = s3_server.new_bucket()
    opened(url).put(ITEM, b"audio")
    assert set(s3_server.objects(name_of(url))) == {"kept/installation", f"kept/{ITEM}"}
