"""Which installed models the configuration uses, checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping

from echoless.core.engine_names import local_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import Capability, InstalledModel, read_installed
from echoless.core.models import MODEL_BY_ID, Model
from echoless.crossing.control import LocalModel
from echoless.supervisor.config import ServerConfig

UsedModels = Mapping[str, InstalledModel]
"""Installed models by what jobs call them: `local:` and a name."""


def used_models(config: ServerConfig) -> dict[str, InstalledModel]:
    """Return the installed models that model ids are mapped to.

    raises: EcholessError(CONFIGURATION) for one that is not installed, not whole, or does something else
    """
    used: dict[str, InstalledModel] = {}
    for model_id, engine in config.model_engines.items():
        if not (name := local_name(engine)):
            continue
        model = used[engine] = used.get(engine) or _installed(config, name)
        if model.card.capability is not _capability(MODEL_BY_ID[model_id]):
            raise _refuse(f"{model_id} cannot be done by {name}, which is for {model.card.capability.value}")
    return used


def models_for(used: UsedModels, capability: Capability) -> tuple[LocalModel, ...]:
    """Return what a process must know of the models of its kind."""
    return tuple(
        LocalModel(model.card.name, model.card.runtime, str(model.directory))
        for model in used.values()
        if model.card.capability is capability
    )


def languages_of(used: UsedModels) -> dict[str, list[str]]:
    """Return what each model speaks or understands."""
    return {engine: list(model.card.language_codes) for engine, model in used.items()}


def _installed(config: ServerConfig, name: str) -> InstalledModel:
    directory = config.models_path / name
    model = read_installed(directory) if directory.is_dir() else None
    if model is None:
        raise _refuse(f"{name} is not installed in {config.models_path}; see `echoless models install`")
    if (missing := model.missing_file()) is not None:
        raise _refuse(f"{name} is damaged ({missing}); remove it and install it again")
    return model


def _capability(model: Model) -> Capability | None:
    """Return what a model needs to be done here; None for what no installed model does."""
    if model.can_do_text_to_speech:
        return Capability.SPEECH
    if model.can_hear_live:
        return Capability.LIVE
    return Capability.RECOGNITION if model.can_do_speech_to_text else None


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, f"model_engines: {text}", param="model_engines")
