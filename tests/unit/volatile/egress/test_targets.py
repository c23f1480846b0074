"""Addresses on the web: what is accepted, and that no trick of writing hides where they lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.egress.targets import Target, parse_target, redirect_target

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://files.example/a.mp3", Target("https", "files.example", 443, "/a.mp3")),
        ("HTTPS://Files.Example", Target("https", "files.example", 443, "/")),
        ("https://files.example:8443/a?b=c&d=%20e#part", Target("https", "files.example", 8443, "/a?b=c&d=%20e")),
        ("https://files.example?x", Target("https", "files.example", 443, "/?x")),
        ("https://[2606:4700::1]:444/x", Target("https", "2606:4700::1", 444, "/x")),
        ("https://bücher.example/ü", Target("https", "xn--bcher-kva.example", 443, "/%C3%BC")),
        ("http://127.0.0.1/", Target("http", "127.0.0.1", 80, "/")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "", "files.example/a", "ftp://files.example/a", "file:///etc/passwd", "https://", "https:///a",
        "https://:443/",
        "https://user:secret@files.example/", "https://files.example@127.0.0.1/", "https://a b/",
        "https://a/\r\nx: y",
        "https://a:0/", "https://a:65536/", "https://a:x/", "https://[::1/", "https://a\\@b/", "https://a..b/",
        "gopher://a/", "javascript:alert(1)", "https://" + "a" * 254 + "/", "https://a/" + "x" * 9000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(EcholessError) as caught:
        parse_target(url)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


@given(st.text(max_size=60))
def test_no_text_makes_a_target_that_could_break_a_request(text: str) -> None:
    """C26: whatever a client sends, the line and the headers that come of it are printable ASCII without spaces."""
    try:
        target = parse_target("https://" + text)
    except EcholessError as error:
        assert text not in error.public_description or len(text) < 3
        return
    for part in (target.host_header, target.path):
        assert part.isascii()
        assert part.isprintable()
        assert " " not in part


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://other.example/b", "https://other.example/b"),
        ("//other.example/b", "https://other.example/b"),
        ("/b?c", "https://files.example:8443/b?c"),
        ("b", "https://files.example:8443/dir/b"),
        ("?c", "https://files.example:8443/dir/a?c"),
        ("http://files.example/", "http://files.example/"),
    ],
)
def test_a_redirect_leads_where_the_standard_says(location: str, url: str) -> None:
    before = parse_target("https://files.example:8443/dir/a?old")
    assert redirect_target(before, location) == parse_target(url)


@pytest.mark.parametrize("location", ["", "ftp://x/", "data:text/plain,x", "/a b"])
def test_a_redirect_to_elsewhere_than_the_web_is_refused(location: str) -> None:
    with pytest.raises(EcholessError):
        redirect_target(parse_target("https://files.example/"), location)


def test_a_target_does_not_print() -> None:
    """C26, T5: an address that a client named is content."""
    assert "secret" not in repr(parse_target("https://secret.example/secret"))
