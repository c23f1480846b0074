"""`echoless voices`: the premade voices, and other ids that speak with them."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICE_BY_ID, VOICES
from echoless.crossing.operator_records import ListVoiceAliases, SetVoiceAlias, VoiceAliases
from echoless.crossing.query_records import Done


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("list")(list_command)
    app.command("alias")(alias_command)
    return app


def list_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """List the premade voices and the ids that were mapped to them."""
    settings = config_of(config=config, data=data)
    aliases = dict(settings.voice_aliases) | ask(settings, ListVoiceAliases(), VoiceAliases).aliases
    rows = [(voice.catalogue_id, voice.name, voice.language, voice.description) for voice in VOICES]
    rows += [
        (voice_id, VOICE_BY_ID[other].name, VOICE_BY_ID[other].language, f"speaks as {other}")
        for voice_id, other in sorted(aliases.items())
        if other in VOICE_BY_ID
    ]
    show_table(("id", "name", "language", "what"), rows)


def alias_command(
    voice_id: Annotated[str, typer.Argument(help="The other id, as your programs send it.")],
    voice: Annotated[str, typer.Argument(help="Id or name of a premade voice.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the mapping away.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let another voice id speak with a premade voice."""
    if remove is bool(voice):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "name a voice, or --remove and no voice")
    catalogue_id = catalogue_id_of(voice) if voice else ""
    ask(config_of(config=config, data=data), SetVoiceAlias(voice_id, catalogue_id), Done)
    show_note(f"{voice_id} now speaks as {catalogue_id}" if catalogue_id else f"{voice_id} is no voice any more")


def catalogue_id_of(voice: str) -> str:
    """Return the id of a premade voice from its id or its name in any case.

    raises: EcholessError(VOICE_NOT_FOUND)
    """
    for known in VOICES:
        if voice == known.catalogue_id or voice.casefold() == known.name.casefold():
            return known.catalogue_id
    raise EcholessError(
        ErrorCode.VOICE_NOT_FOUND, "no premade voice has this id or name; see `echoless voices list`"
    )
