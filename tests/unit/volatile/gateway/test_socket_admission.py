"""Who is let in, in which mode, and how refusals look."""

from __future__ import annotations

from dataclasses import replace

import pytest
import websockets

from tests.fakes.fake_vault import API_KEY
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

INIT = {"text": " "}
END = {"text": ""}
STREAM = f"{PATH}/stream-input"


@pytest.mark.claim("Z15")
@pytest.mark.parametrize(
    ("query", "mode"), [("", "default"), ("enable_logging=true", "default"), ("enable_logging=FALSE", "zero")]
)
async def test_the_handshake_states_the_mode(query: str, mode: str) -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?{query}", INIT, END)
        assert (heard.close_code, heard.headers["x-echoless-retention"]) == (1000, mode)
        assert heard.headers["request-id"] == next(iter(gateway.vault.tickets)).hex()


@pytest.mark.claim("Z4")
async def test_zero_that_cannot_be_had_is_refused_in_a_frame_before_any_text() -> None:
    async with socket_gateway() as gateway:
        gateway.vault.standing = replace(gateway.vault.standing, is_entitled=False)
        heard = await gateway.talk(f"{STREAM}?enable_logging=false", INIT, {"text": "secret "})
        assert (heard.error, heard.close_code) == ("zero_retention_not_permitted", 1008)
        assert heard.headers["x-echoless-retention"] == "zero"
        assert gateway.vault.tickets == {}


@pytest.mark.parametrize(
    "query", ["enable_logging=maybe", "enable_logging=true&enable_logging=false", "enableLogging=false"]
)
async def test_a_switch_that_cannot_be_read_is_an_invalid_message(query: str) -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?{query}", INIT)
        assert (heard.error, heard.close_code) == ("invalid_message", 1008)
        assert heard.headers["x-echoless-retention"] == "zero"


async def test_a_switch_in_a_message_is_refused_because_it_would_have_no_effect() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(STREAM, INIT | {"enable_logging": False})
        assert heard.error == "invalid_message"


@pytest.mark.parametrize(
    "target", [f"{STREAM}?authorization={API_KEY}", f"{STREAM}?authorization=Bearer%20{API_KEY}"]
)
async def test_a_key_may_come_in_the_query(target: str) -> None:
    async with socket_gateway() as gateway:
        assert (await gateway.talk(target, INIT, END, key="")).close_code == 1000


async def test_a_key_may_come_in_the_first_message_only() -> None:
    async with socket_gateway() as gateway:
        assert (await gateway.talk(STREAM, INIT | {"xi_api_key": API_KEY}, END, key="")).close_code == 1000
        assert (await gateway.talk(STREAM, INIT, {"text": "x", "xi_api_key": API_KEY}, key="")).error == (
            "invalid_api_key"
        )


async def test_a_token_is_asked_for_as_a_token() -> None:
    async with socket_gateway() as gateway:
        await gateway.talk(f"{STREAM}?single_use_token={API_KEY}", INIT, END, key="")
        question = gateway.vault.questions[0]
        assert getattr(question, "is_token", False) is True


async def test_unknown_voices_and_unserved_products_are_frames_and_unknown_addresses_are_not() -> None:
    async with socket_gateway() as gateway:
        assert (await gateway.talk("/v1/text-to-speech/nobody/stream-input")).error == "voice_not_found"
        assert (await gateway.talk("/v1/convai/conversation")).error == "not_available"
        assert (await gateway.talk("/v1/convai/conversation", key="")).error == "invalid_api_key"
        with pytest.raises(websockets.InvalidStatus) as caught:
            await gateway.open("/v1/nothing")
        assert caught.value.response.status_code == 404


async def test_without_a_vault_nobody_is_let_in() -> None:
    async with socket_gateway() as gateway:
        for link in gateway.vault.links:
            link.close()
        heard = await gateway.talk(STREAM, INIT)
        assert (heard.error, heard.close_code) == ("engine_unavailable", 1011)
