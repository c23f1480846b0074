"""`/v1/models`.

source: the wire contract, history, voices, models and user, section 3
"""

from __future__ import annotations

from typing import Any, Final

from echoless.core.models import MODELS, Model
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import model_here
from echoless.volatile.gateway.routing import Route


async def list_models(call: Call) -> None:
    """List the models that speak; those that only hear are not listed."""
    limits = call.settings.character_limits
    listed = (model_here(model, call.settings) for model in MODELS if model.is_listed)
    await call.answer([_wire(model, limits.get(model.model_id, model.characters_max)) for model in listed])


def _wire(model: Model, characters_max: int) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "name": model.name,
        "description": model.description,
        "can_be_finetuned": False,
        "can_do_text_to_speech": model.can_do_text_to_speech,
        "can_do_voice_conversion": model.can_do_voice_conversion,
        "can_use_style": model.can_use_style,
        "can_use_speaker_boost": model.can_use_speaker_boost,
        "serves_pro_voices": False,
        "token_cost_factor": model.cost_factor,
        "requires_alpha_access": False,
        "max_characters_request_free_user": characters_max,
        "max_characters_request_subscribed_user": characters_max,
        "maximum_text_length_per_request": characters_max,
        "languages": [{"language_id": language.code, "name": language.name} for language in model.languages],
        "model_rates": {"character_cost_multiplier": model.cost_factor},
        "concurrency_group": model.concurrency_group,
    }


ROUTES: Final = (Route("GET /v1/models", list_models, "List models"),)
