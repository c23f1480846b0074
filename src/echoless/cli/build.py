"""`echoless build`: which program is installed here, and what it is made of.

Its hash stands in each receipt, and in the transparency log whenever another build starts; two installations of one
release have the same.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from echoless import __version__
from echoless.cli.screen import show_line, show_table
from echoless.core.build import build_hash, file_hashes
from echoless.core.errors import EcholessError, ErrorCode

_NAME: Final = "echoless"
_REQUIRED: Final = re.compile(r"[A-Za-z0-9._-]+")
_OPTIONAL: Final = re.compile(r";.*\bextra\s*==")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("build")(build_command)


def build_command(
    *,
    files: Annotated[bool, typer.Option("--files", help="Show the hash of each file too.")] = False,
    sbom: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a bill of materials (CycloneDX JSON) of what is installed."),
    ] = None,
) -> None:
    """Show the version and the hash of the installed program: the `build_hash` of its receipts."""
    rows = [("version", __version__), ("build_hash", build_hash())]
    show_table(("what", "says"), [*rows, *file_hashes()] if files else rows)
    if sbom is not None:
        sbom.write_text(bill_of_materials(), encoding="utf-8")
        show_line(f"The bill of materials is in {sbom}.")


def bill_of_materials() -> str:
    """Return what is installed and needed, as CycloneDX 1.6 in JSON; the program itself carries its build hash.

    raises: EcholessError(CONFIGURATION) without the library for it
    """
    try:
        from cyclonedx.model import HashAlgorithm, HashType
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output import make_outputter
        from cyclonedx.schema import OutputFormat, SchemaVersion
        from packageurl import PackageURL
    except ImportError:
        pass
    else:
        own = HashType(alg=HashAlgorithm.SHA_256, content=build_hash())
        program = Component(name=_NAME, version=__version__, type=ComponentType.APPLICATION, hashes=[own])
        bom = Bom()
        bom.metadata.component = program
        parts = [
            Component(name=name, version=version, purl=PackageURL("pypi", None, name, version))
            for name, version in sorted(installed_parts())
        ]
        bom.components.update(parts)
        bom.register_dependency(program, parts)
        return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    raise EcholessError(
        ErrorCode.CONFIGURATION, "a bill of materials needs a library: pip install 'echoless[sbom]'"
    )


def installed_parts() -> set[tuple[str, str]]:
    """Return name and version of every package that this one needs, near or far, as it is installed here."""
    found: dict[str, str] = {}
    waiting = list(_needs(_NAME))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # Meant for another system or another Python.
            continue
        waiting.extend(_needs(name))
    return set(found.items())


def _needs(name: str) -> Iterator[str]:
    for line in importlib.metadata.requires(name) or ():
        matched = _REQUIRED.match(line)
        if matched is not None and not _OPTIONAL.search(line):
            yield re.sub(r"[-_.]+", "-", matched.group()).lower()
