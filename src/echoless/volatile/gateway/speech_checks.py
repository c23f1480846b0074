"""What every product that speaks a text checks in a body: model, language, effects, earlier requests, rules.

source: the wire contract, text to speech, sections 1.2, 4, 5 and 6
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID, Model
from echoless.crossing.control import GatewayConfig
from echoless.crossing.dictionary_records import DictionaryRules, UseDictionary
from echoless.crossing.query_records import CheckRequestIds
from echoless.crossing.records import PronunciationRule
from echoless.crossing.sinks import TicketPort
from echoless.retention.stitching import Stitching, stitching_for
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import model_here
from echoless.volatile.gateway.schemas.text_to_speech import AudioEffects, DictionaryLocator
from echoless.volatile.speech.pronunciation import PronunciationRule as Rule
from echoless.volatile.speech.pronunciation import expanded_length, find_matches

_ERROR_IS_WANTED: Final = "error"
_REQUEST_ID_MAX: Final = 65
_DICTIONARY_ID: Final = re.compile(r"[A-Za-z0-9]{1,20}")
_EXPANSION_MAX: Final = 2
_LOCATORS: Final = "pronunciation_dictionary_locators"


def model_for(model_id: str | None, default_id: str, settings: GatewayConfig, param: str = "model_id") -> Model:
    """Return the model that is to speak, by id, by the operator's alias, or the operator's choice for unknown ones.

    param:  the field that named it, for errors
    raises: EcholessError(MODEL_NOT_FOUND), EcholessError(INVALID_PARAMETERS) for one that does not speak a text
    """
    model = _known_model(model_id, default_id, settings, param)
    if not model.can_do_text_to_speech:
        message = f"{model.model_id} does not speak a text."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=param)
    return model_here(model, settings)


def _known_model(model_id: str | None, default_id: str, settings: GatewayConfig, param: str) -> Model:
    wanted = default_id if model_id is None else settings.model_aliases.get(model_id, model_id)
    model = MODEL_BY_ID.get(wanted)
    if model is None and settings.unknown_model != _ERROR_IS_WANTED:
        model = MODEL_BY_ID.get(settings.unknown_model)
    if model is None:
        raise EcholessError(ErrorCode.MODEL_NOT_FOUND, "There is no model with this id.", param=param)
    return model


def characters_max(model: Model, settings: GatewayConfig) -> int:
    """Return how many characters a model takes in one request."""
    return settings.character_limits.get(model.model_id, model.characters_max)


def too_long(count: int, model: Model, limit: int, param: str) -> EcholessError:
    """Return the error of a text over the limit."""
    return EcholessError(
        ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED,
        f"The text has {count} characters; {model.model_id} takes at most {limit} in one request.",
        param=param,
    )


def honoured_language(language_code: str | None, model: Model) -> str:
    """Return the language that has an effect: one that the model does not list is passed over, as upstream does."""
    code = (language_code or "").strip().lower()
    return code if code and model.honours_language_code and model.speaks(code) else ""


def check_effects(effects: AudioEffects | None) -> None:
    """Refuse what names things that this server does not have, instead of passing over it in silence.

    raises: EcholessError(NOT_FOUND, INVALID_PARAMETERS)
    """
    if effects is None:
        return
    for name in ("filter_preset_id", "environment_id", "background_noise_id"):
        if getattr(effects, name):
            raise EcholessError(
                ErrorCode.NOT_FOUND, "There is no audio effect with this id.", param=f"audio_effects.{name}"
            )
    for name in ("distance", "pan"):
        if getattr(effects, name):
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, "This server has no audio effects.", param=f"audio_effects.{name}"
            )


async def check_request_ids(
    call: Call, previous: Sequence[str], following: Sequence[str], *, model_id: str, can_stitch: bool
) -> None:
    """Check the ids of earlier requests: known to the vault, or ignored, or refused.

    raises: EcholessError(ZERO_RETENTION_NOT_SUPPORTED, INVALID_PARAMETERS), RequestRefusedError
    """
    if not previous and not following:
        return
    param = "previous_request_ids" if previous else "next_request_ids"
    rule = stitching_for(call.mode, call.switch)
    if rule is Stitching.REFUSED:
        raise EcholessError(
            ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
            "Requests with zero retention cannot be joined to others; nothing was kept.",
            param=param,
        )
    if rule is Stitching.CHECKED:
        if not can_stitch:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{model_id} does not join requests.", param=param)
        await call.open_ticket.ask(CheckRequestIds(previous=_bounded(previous), next=_bounded(following)))


def _bounded(request_ids: Sequence[str]) -> list[str]:
    """Cut ids to one character more than any real one has: what is longer stays unknown."""
    return [request_id[:_REQUEST_ID_MAX] for request_id in request_ids]


async def rules_for(
    call: Call, locators: Sequence[DictionaryLocator] | None, texts: Sequence[str], model: Model, limit: int
) -> list[PronunciationRule]:
    """Return the rules of the named dictionaries that hold somewhere in these texts, in their order.

    What a dictionary is asked for leaves nothing behind, so a request with zero retention may use one.
    limit:  of the model; with what the rules put in, the texts may be twice as long
    raises: EcholessError(DICTIONARY_NOT_FOUND, MAX_CHARACTER_LIMIT_EXCEEDED), RequestRefusedError
    """
    usable = await dictionary_rules(call.open_ticket, locators or (), model)
    if not usable:
        return []
    rules = rules_of(usable)
    found = [find_matches(text, rules) for text in texts]
    length = sum(expanded_length(text, matches) for text, matches in zip(texts, found, strict=True))
    if length > _EXPANSION_MAX * limit:
        raise too_long(length, model, _EXPANSION_MAX * limit, _LOCATORS)
    held = {id(match.rule) for matches in found for match in matches}
    return [record for record, rule in zip(usable, rules, strict=True) if id(rule) in held]


class NamesDictionary(Protocol):
    """A locator of any body or message."""

    @property
    def pronunciation_dictionary_id(self) -> str:
        """The dictionary."""
        ...

    @property
    def version_id(self) -> str | None:
        """The version; None for the latest."""
        ...


async def dictionary_rules(
    ticket: TicketPort, locators: Sequence[NamesDictionary], model: Model
) -> list[PronunciationRule]:
    """Return all rules of the named dictionaries that a model can follow, in their order.

    raises: EcholessError(DICTIONARY_NOT_FOUND), RequestRefusedError
    """
    known: list[PronunciationRule] = []
    for locator in locators:
        known += await _rules_of(ticket, locator)
    return [record for record in known if record.alias or model.reads_phonemes]


async def _rules_of(ticket: TicketPort, locator: NamesDictionary) -> list[PronunciationRule]:
    dictionary_id, version_id = locator.pronunciation_dictionary_id, locator.version_id or ""
    if not _DICTIONARY_ID.fullmatch(dictionary_id) or (version_id and not _DICTIONARY_ID.fullmatch(version_id)):
        # No id of ours looks like this: it is not even asked for.
        raise EcholessError(
            ErrorCode.DICTIONARY_NOT_FOUND, "There is no pronunciation dictionary with this id.", param=_LOCATORS
        )
    answer = await ticket.ask(UseDictionary(dictionary_id=dictionary_id, version_id=version_id))
    assert isinstance(answer, DictionaryRules)
    return answer.rules


def rules_of(records: Sequence[PronunciationRule]) -> tuple[Rule, ...]:
    """Return rules as the flows take them."""
    return tuple(
        Rule(
            record.string, record.alias, record.phoneme, record.alphabet, record.is_case_sensitive,
            record.has_word_boundaries,
        )
        for record in records
    )  # fmt: skip
