"""Removing versions: in pages, and seen to be gone."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import EcholessError
from echoless.core.store_urls import parse_objects_url
from echoless.vault.stores import object_versions
from echoless.vault.stores.object_versions import ObjectVersions
from tests.fakes.store_servers import S3_KEY_ID, S3_SECRET, S3Server

pytestmark = pytest.mark.unit


def opened(url: str) -> ObjectVersions:
    found = ObjectVersions.open(parse_objects_url(url, S3_KEY_ID, S3_SECRET))
    assert found is not None
    return found


def test_all_pages_go(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_versions, "_BATCH", 2)
    url = s3_server.new_bucket(is_versioned=True)
    bucket = url.removeprefix("s3://").partition("/")[0]
    client = s3_server.client()
    for index in range(7):
        client.put_object(Bucket=bucket, Key="kept/one", Body=bytes([index]))
    client.put_object(Bucket=bucket, Key="other", Body=b"stays")
    opened(url).delete_all("kept/")
    left = client.list_object_versions(Bucket=bucket).get("Versions", [])
    assert [version["Key"] for version in left] == ["other"]


def test_what_stays_is_reported_not_passed_over() -> None:
    """A locked bucket takes the order and keeps the version."""

    class Locked:
        def list_object_versions(self, **_: Any) -> dict[str, Any]:
            return {"Versions": [{"Key": "kept/one", "VersionId": "v"}]}

        def delete_objects(self, **_: Any) -> dict[str, Any]:
            return {"Errors": [{"Code": "AccessDenied"}]}

    with pytest.raises(EcholessError, match="keeps versions"):
        ObjectVersions(Locked(), "bucket").delete_all("kept/")


def test_a_server_that_does_not_answer_is_our_error(s3_server: S3Server) -> None:
    with pytest.raises(EcholessError, match="did not answer"):
        opened(s3_server.url("no-such-bucket")).abort_uploads("kept/")


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_versions, "find_spec", lambda _name: None)
    assert ObjectVersions.open(parse_objects_url("s3://b", "k", "s")) is None
