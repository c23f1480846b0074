"""Which engine a model id leads to, and what the model is here by that."""

from __future__ import annotations

import pytest

from echoless.core.models import MODEL_BY_ID
from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.engine_choice import engine_of, model_here
from tests.fakes.gateway import VOICE_ID, gateway_config, running_gateway
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = pytest.mark.unit
FLASH, FLASH_ENGLISH = MODEL_BY_ID["eleven_flash_v2_5"], MODEL_BY_ID["eleven_flash_v2"]


def mapped(engine: str, *languages: str, model_id: str = FLASH.model_id) -> GatewayConfig:
    known = {engine: list(languages)} if languages else {}
    return gateway_config(model_engines={model_id: engine}, engine_languages=known)


def codes(settings: GatewayConfig, model_id: str = FLASH.model_id) -> list[str]:
    return [language.code for language in model_here(MODEL_BY_ID[model_id], settings).languages]


def test_a_model_without_a_word_is_embedded_and_unchanged() -> None:
    assert engine_of("eleven_v3", mapped("local:thorsten", "de")) == ""
    assert model_here(FLASH, gateway_config()) is FLASH


def test_a_model_speaks_what_its_engine_speaks_and_no_more() -> None:
    settings = mapped("local:two", "de", "en")
    assert engine_of(FLASH.model_id, settings) == "local:two"
    assert codes(settings) == ["en", "de"]


def test_a_model_whose_list_its_engine_shares_nothing_with_has_the_engines_languages() -> None:
    settings = mapped("local:thorsten", "de", model_id=FLASH_ENGLISH.model_id)
    assert codes(settings, FLASH_ENGLISH.model_id) == ["de"]


def test_a_model_that_hears_understands_what_its_engine_understands() -> None:
    """The ids of the wire say nothing of what is installed."""
    settings = mapped("local:whisper", "de", "en", "fr", model_id="scribe_v1")
    assert codes(settings, "scribe_v1") == ["de", "en", "fr"]


def test_a_remote_without_stated_languages_keeps_the_models_own_and_says_that_content_leaves() -> None:
    here = model_here(FLASH, mapped("remote:upstream"))
    assert here.languages == FLASH.languages
    assert "remote upstream" in here.description and "leaves this machine" in here.description


def test_an_engine_that_is_not_the_embedded_one_reads_no_phonemes_and_has_no_style() -> None:
    here = model_here(FLASH_ENGLISH, mapped("local:two", "en", model_id=FLASH_ENGLISH.model_id))
    assert FLASH_ENGLISH.reads_phonemes and not here.reads_phonemes
    assert not here.can_use_style


ENGINES = {"eleven_v3": "local:two", "eleven_flash_v2_5": "local:two"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/text-to-speech/{VOICE_ID}", {"text": "Hi", "model_id": "eleven_flash_v2_5"}),
        (f"/v1/text-to-speech/{VOICE_ID}/stream/with-timestamps", {"text": "Hi", "model_id": "eleven_v3"}),
        ("/v1/text-to-dialogue", {"inputs": [{"text": "Hi", "voice_id": VOICE_ID}], "model_id": "eleven_v3"}),
    ],
)
async def test_jobs_name_the_engine_of_their_model(path: str, body: dict[str, object]) -> None:
    async with running_gateway(model_engines=ENGINES) as gateway:
        assert (await gateway.ask("POST", path, body)).status == 200
        await gateway.ask("POST", f"/v1/text-to-speech/{VOICE_ID}", {"text": "Hi"})
        assert [job.speak.engine_model for job in gateway.engine.jobs] == ["local:two", ""]


@pytest.mark.anyio
async def test_a_socket_names_the_engine_of_its_model() -> None:
    async with socket_gateway(model_engines=ENGINES) as gateway:
        query = "model_id=eleven_flash_v2_5"
        await gateway.talk(f"{PATH}/stream-input?{query}", {"text": " "}, {"text": "Hi. "}, {"text": ""})
        assert gateway.engine.streams[0].job.engine_model == "local:two"


@pytest.mark.anyio
async def test_the_list_of_models_tells_what_stands_behind_each() -> None:
    async with running_gateway(model_engines=ENGINES, engine_languages={"local:two": ["de", "en"]}) as gateway:
        models = {model["model_id"]: model for model in (await gateway.ask("GET", "/v1/models")).json}
        shown = models["eleven_flash_v2_5"]
        assert [language["language_id"] for language in shown["languages"]] == ["en", "de"]
        assert "installed model two" in shown["description"]
        unchanged = MODEL_BY_ID["eleven_multilingual_v2"].languages
        assert len(models["eleven_multilingual_v2"]["languages"]) == len(unchanged)
