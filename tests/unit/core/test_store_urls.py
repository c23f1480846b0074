"""Addresses of stores: what they mean, and that no secret is in them or in what they print."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import IN_DIRECTORY, StorePlaces, parse_database_url, parse_objects_url

pytestmark = pytest.mark.unit


def test_a_database_is_user_host_port_and_name() -> None:
    found = parse_database_url("postgresql://our%20user@db.example:5433/vault", "p")
    assert (found.user, found.host, found.port, found.name) == ("our user", "db.example", 5433, "vault")
    assert parse_database_url("postgres://u@db.example/v").port == 5432


@pytest.mark.parametrize(
    ("url", "is_tls"),
    [
        ("postgresql://u@db.example/v", True),
        ("postgresql://u@db.example/v?sslmode=verify-full", True),
        ("postgresql://u@db.example/v?sslmode=disable", False),
        ("postgresql://u@127.0.0.1/v", False),
        ("postgresql://u@[::1]/v", False),
        ("postgresql://u@127.0.0.1/v?sslmode=verify-full", True),
        ("postgresql://u@10.0.0.1/v", True),
    ],
)
def test_a_database_beyond_loopback_proves_itself_unless_told_otherwise(url: str, is_tls: bool) -> None:
    assert parse_database_url(url).is_tls is is_tls


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u@h/v", "postgresql://u@h", "postgresql://h/v", "postgresql://u@/v", "postgresql://u@h/v/w",
        "postgresql://u:secret@h/v", "postgresql://u@h:port/v", "postgresql://u@h/v?sslmode=prefer",
        "postgresql://u@h/v?options=secret", "postgresql://u@h/v#secret", "postgresql://[u@h/v", "",
        "postgresql://u@h:0/v", "postgresql://u@h:65536/v", "postgresql://u@ h/v", "postgresql://u@h/v?sslmode=disable#secret",
    ],
)  # fmt: skip
def test_what_cannot_be_a_database_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(EcholessError) as caught:
        parse_database_url(url)
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert "secret" not in caught.value.public_description


def test_objects_are_a_bucket_a_prefix_and_a_server() -> None:
    found = parse_objects_url("s3://bucket/a/b/?region=eu-west-1", "k", "s")
    assert (found.bucket, found.prefix, found.endpoint) == ("bucket", "a/b", "https://s3.eu-west-1.amazonaws.com")
    own = parse_objects_url("s3://bucket?endpoint=http://s3.example:9000/", "k", "s")
    assert (own.prefix, own.endpoint, own.is_plain, own.region) == ("", "http://s3.example:9000", True, "us-east-1")


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket", "s3://", "s3://k:secret@bucket", "s3://bucket:9/p", "s3://b?secret=1",
        "s3://b?endpoint=ftp://h", "s3://b?endpoint=https://u:secret@h", "s3://b?endpoint=https://h/path",
        "s3://b?endpoint=https://h:99999", "s3://b?endpoint=h", "s3://b#secret",
    ],
)  # fmt: skip
def test_what_cannot_be_objects_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(EcholessError) as caught:
        parse_objects_url(url, "k", "s")
    assert "secret" not in caught.value.public_description


def test_objects_without_credentials_are_refused() -> None:
    with pytest.raises(EcholessError, match="objects_credentials_file"):
        parse_objects_url("s3://bucket")


def test_no_secret_is_printed() -> None:
    database = parse_database_url("postgresql://u@h/v", "hidden-password")
    objects = parse_objects_url("s3://b", "hidden-id", "hidden-secret")
    assert "hidden" not in repr(StorePlaces(database, database, objects))


def test_only_the_ports_of_outside_stores_must_be_in_reach() -> None:
    assert IN_DIRECTORY.connect_ports() == ()
    near = parse_database_url("postgresql://u@10.0.0.1:5433/v")
    assert StorePlaces(near).connect_ports() == (5433,)
    objects = parse_objects_url("s3://b?endpoint=http://10.0.0.1:9000", "k", "s")
    assert StorePlaces(near, near, objects).connect_ports() == (5433, 9000)


def test_a_name_has_to_be_looked_up_and_an_address_has_not() -> None:
    named = StorePlaces(objects=parse_objects_url("s3://b", "k", "s"))
    assert named.connect_ports() == (443, 53)
    assert named.has_host_names()
    assert not StorePlaces(parse_database_url("postgresql://u@[2001:db8::1]/v")).has_host_names()
