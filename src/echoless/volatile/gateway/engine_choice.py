"""Which engine stands behind a model id here, and what becomes of the model by that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from echoless.core.engine_names import EMBEDDED, local_name, remote_name
from echoless.core.languages import LANGUAGES, Language
from echoless.core.models import Model
from echoless.crossing.control import GatewayConfig


def engine_of(model_id: str, settings: GatewayConfig) -> str:
    """Return the `engine_model` of jobs for a model id; empty for the embedded engine."""
    return settings.model_engines.get(model_id, EMBEDDED)


def model_here(model: Model, settings: GatewayConfig) -> Model:
    """Return a model as this server has it: with the languages of its engine, and saying whose voice is heard."""
    engine = engine_of(model.model_id, settings)
    if engine == EMBEDDED:
        return model
    return replace(
        model,
        description=_said(model, engine),
        languages=_languages(model, settings.engine_languages.get(engine)),
        # Neither is known of an engine that is not ours.
        can_use_style=False,
        reads_phonemes=False,
    )


def _languages(model: Model, spoken: Collection[str] | None) -> tuple[Language, ...]:
    """Return the model's languages that its engine has; the engine's own where they share none, or where it hears.

    What a model hears is not for the model's id to say, but for its engine.
    """
    if spoken is None:
        return model.languages
    engines = tuple(language for language in LANGUAGES if language.code in spoken)
    shared = tuple(language for language in model.languages if language.code in spoken)
    return engines if model.can_do_speech_to_text or not shared else shared


def _said(model: Model, engine: str) -> str:
    if remote := remote_name(engine):
        return f"{model.description} Done by the remote {remote}: content leaves this machine."
    return f"{model.description} Done by the installed model {local_name(engine)}."
