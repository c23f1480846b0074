"""`echoless serve`: starts the server and stays until it is told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.settings import ConfigOption, DataOption, config_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve_command)


def serve_command(
    *,
    config: ConfigOption = None,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless told.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 8080 unless told, 0 for any free one.")
    ] = None,
    tls_cert: Annotated[str | None, typer.Option(metavar="FILE", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="Private key of it, PEM.")] = None,
    tls_self_signed: Annotated[
        bool | None, typer.Option("--tls-self-signed", help="Make and use a self-signed certificate.")
    ] = None,
    behind_proxy: Annotated[
        bool | None,
        typer.Option("--behind-proxy", help="A proxy of yours ends TLS: allow other addresses without."),
    ] = None,
    public_url: Annotated[str | None, typer.Option(metavar="URL", help="How clients reach the server.")] = None,
    api_key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with the first API key. Or set ECHOLESS_API_KEY.")
    ] = None,
    engines: Annotated[int | None, typer.Option(help="Engine processes; as many as cores unless told.")] = None,
    gateways: Annotated[int | None, typer.Option(help="Gateway processes; 2 unless told.")] = None,
    engine: Annotated[str | None, typer.Option(help="espeak-ng, or null for tones.")] = None,
    assurance: Annotated[
        str | None, typer.Option(help="strict, or best_effort for hosts that cannot close every channel.")
    ] = None,
    unknown_voice: Annotated[
        str | None, typer.Option(help="error, or the voice that speaks for unknown ids.")
    ] = None,
    unknown_model: Annotated[str | None, typer.Option(help="error, or the model for unknown ids.")] = None,
    durability: Annotated[str | None, typer.Option(help="process, or power.")] = None,
    audit_view: Annotated[
        bool | None,
        typer.Option("--audit-view", help="Leave memory readable to the supervisor. Not for production."),
    ] = None,
    scrubbing: Annotated[
        bool | None, typer.Option("--scrubbing/--no-scrubbing", help="Off only to test the audit.")
    ] = None,
    allocator_profile: Annotated[
        bool | None, typer.Option("--allocator-profile/--no-allocator-profile", help="Off only to test the audit.")
    ] = None,
) -> None:
    """Start the server. What is not given here comes from ECHOLESS_* variables, then the file, then defaults."""
    # Every parameter is a key of the configuration under its own name.
    settings = config_of(**locals())
    # Loaded late: the other commands need no supervisor.
    from echoless.supervisor.service import serve

    raise typer.Exit(serve(settings))
