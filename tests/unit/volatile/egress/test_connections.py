"""One HTTP exchange with the outside: where it goes, what it shows, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.egress.connections import AddressRefusedError, Connections, NoAnswerError
from echoless.volatile.egress.targets import parse_target
from tests.fakes.egress_pair import HOST, FixedNames, certificate_for, reach_of
from tests.fakes.outside import Outside, Said

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def get(connections: Connections, url: str) -> tuple[int, bytes]:
    async with connections.ask("GET", parse_target(url), {}) as answer:
        return answer.status, await answer.whole(1 << 20)


async def test_the_connection_goes_to_the_address_and_the_request_names_the_host() -> None:
    outside = Outside(lambda _asked: Said(body=b"recorded"))
    async with outside.serving():
        assert await get(reach_of(), f"http://{HOST}:{outside.port}/a?b=c") == (200, b"recorded")
    (asked,) = outside.asked
    assert (asked.path, asked.headers["host"]) == ("/a?b=c", f"{HOST}:{outside.port}")


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(tmp_path: Path) -> None:
    certificate = certificate_for(tmp_path, HOST)
    outside = Outside(lambda _asked: Said(body=b"recorded"))
    async with outside.serving(certificate):
        connections = reach_of(allows_plain=False, ca=certificate[0])
        assert await get(connections, f"https://{HOST}:{outside.port}/") == (200, b"recorded")
        assert outside.asked[0].server_name == HOST
        with pytest.raises(NoAnswerError):
            await get(connections, f"https://other.example:{outside.port}/")
        with pytest.raises(NoAnswerError):
            await get(reach_of(), f"https://{HOST}:{outside.port}/")
    assert len(outside.asked) == 1, "nothing was sent to a server that could not show the right certificate"


@pytest.mark.claim("Z21")
async def test_a_private_address_is_refused_before_any_connection() -> None:
    outside = Outside(lambda _asked: Said())
    async with outside.serving():
        connections = reach_of(allows_private=False)
        for host in (HOST, "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"):
            with pytest.raises(AddressRefusedError):
                await get(connections, f"http://{host}:{outside.port}/")
    assert outside.connection_count == 0


@pytest.mark.claim("Z21")
async def test_a_port_out_of_reach_is_refused_before_any_look_up_or_connection() -> None:
    """The kernel holds the process to its ports only where its Landlock knows them."""
    outside, names = Outside(lambda _asked: Said(body=b"recorded")), FixedNames()
    async with outside.serving():
        url = f"http://{HOST}:{outside.port}/"
        with pytest.raises(EcholessError) as caught:
            await get(reach_of(names=names, ports=frozenset({443})), url)
        assert (caught.value.code, outside.connection_count) == (ErrorCode.INVALID_PARAMETERS, 0)
        assert names.asked == []
        assert await get(reach_of(ports=frozenset({443, outside.port})), url) == (200, b"recorded")


@pytest.mark.claim("Z21")
async def test_a_name_is_looked_up_once_and_the_address_that_was_checked_is_connected_to() -> None:
    """A name that answers otherwise the second time (DNS rebinding) is not asked a second time."""
    names = FixedNames(["1.1.1.1"], ["127.0.0.1"])
    checked = await reach_of(allows_private=False, names=names)._addresses(HOST)
    assert checked == ("1.1.1.1",)
    assert names.asked == [HOST]
    outside = Outside(lambda _asked: Said())
    async with outside.serving():
        with pytest.raises(AddressRefusedError):
            await get(reach_of(allows_private=False, names=FixedNames(["127.0.0.1"], ["1.1.1.1"])),
                      f"http://{HOST}:{outside.port}/")  # fmt: skip
    assert outside.connection_count == 0


async def test_plain_http_is_refused_unless_it_is_allowed() -> None:
    names = FixedNames()
    with pytest.raises(EcholessError) as caught:
        await get(reach_of(allows_plain=False, names=names), "http://secret.example/")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert "secret" not in caught.value.public_description
    assert names.asked == []


async def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    outside = Outside(lambda _asked: Said(body=b"x"))
    async with outside.serving():
        names = FixedNames(["127.0.0.2", "127.0.0.1"])
        assert (await get(reach_of(names=names), f"http://{HOST}:{outside.port}/"))[0] == 200


async def test_no_connection_no_cookie_and_nothing_of_the_environment_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outside = Outside(lambda _asked: Said(headers={"set-cookie": "a=b"}))
    async with outside.serving():
        connections = reach_of()
        for _ in range(2):
            await get(connections, f"http://{HOST}:{outside.port}/")
    assert outside.connection_count == 2
    assert all("cookie" not in asked.headers for asked in outside.asked)
    assert all(asked.headers["accept-encoding"] == "identity" for asked in outside.asked)


async def test_a_body_that_breaks_off_is_no_whole_body() -> None:
    outside = Outside(lambda _asked: Said(pieces=[b"half"], breaks_off=True))
    async with outside.serving():
        with pytest.raises(NoAnswerError):
            await get(reach_of(), f"http://{HOST}:{outside.port}/")


async def test_an_answer_longer_than_allowed_is_not_gathered() -> None:
    outside = Outside(lambda _asked: Said(pieces=[b"x" * 65536] * 40))
    async with outside.serving():
        with pytest.raises(NoAnswerError):
            await get(reach_of(), f"http://{HOST}:{outside.port}/")


async def test_errors_do_not_say_what_was_asked_for() -> None:
    """C26, T5: also not in their causes, which a traceback would show."""
    with pytest.raises(NoAnswerError) as caught:
        await get(reach_of(), "http://secret.example:9/secret")
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__ or error.__context__
