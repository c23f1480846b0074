"""Models that can be installed and those that are: what they do, what loads them, which files they are.

A catalogue is a TOML file; each table names a model. Beside an installed model's files lies a manifest of the same
words, so that a server needs no catalogue to know what it has. Everything is checked as it is read.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import Any, Final

from echoless.core.engine_names import is_engine_name
from echoless.core.errors import EcholessError, ErrorCode

MANIFEST_NAME: Final = "echoless-model.json"
ANY_LANGUAGE: Final = "*"
# What a multilingual Whisper model was taught. source: the languages of its tokenizer, those with two letters
_WHISPER_LANGUAGES: Final = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy "
    "id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro "
    "ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FILE_BYTES_MAX: Final = 16 * 1024**3
_FAMILIES: Final = {
    ("sherpa-onnx", "speech"): ("vits", "kokoro", "matcha", "kitten"),
    ("sherpa-onnx", "live"): ("transducer",),
    ("faster-whisper", "recognition"): ("whisper",),
}
_PARTS: Final = {
    "vits": ("model", "tokens"),
    "kokoro": ("model", "tokens", "voices"),
    "kitten": ("model", "tokens", "voices"),
    "matcha": ("acoustic_model", "vocoder", "tokens"),
    "transducer": ("encoder", "decoder", "joiner", "tokens"),
    "whisper": (),
}
_OPTIONAL_PARTS: Final = frozenset({"lexicon", "rule_fsts"})


class Capability(StrEnum):
    """What a model does."""

    SPEECH = "speech"
    RECOGNITION = "recognition"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file as it is fetched.

    path:       in the model's directory; of an archive only the name
    is_archive: a tar file, compressed or not, that is unpacked
    """

    path: str
    address: str
    size_bytes: int
    sha256: str
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is.

    runtime:   which adapter loads it
    family:    of its shape, within the runtime
    languages: ISO 639-1; ANY_LANGUAGE for as many as Whisper was taught
    parts:     which of its files has which role; several files of one role stand in a row with commas
    speakers:  first and last of its speakers by language; empty where all of them speak every language
    """

    name: str
    description: str
    capability: Capability
    runtime: str
    family: str
    languages: tuple[str, ...]
    licence: str
    licence_address: str
    parts: Mapping[str, str] = field(default_factory=dict)
    speakers: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def language_codes(self) -> tuple[str, ...]:
        """Every single language."""
        return tuple(_WHISPER_LANGUAGES.split()) if ANY_LANGUAGE in self.languages else self.languages


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be installed."""

    card: ModelCard
    files: tuple[ModelFile, ...]

    @property
    def size_bytes(self) -> int:
        """How much is fetched."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is here.

    sizes_bytes: of each of its files, by their path below the directory
    """

    card: ModelCard
    directory: Path
    sizes_bytes: Mapping[str, int]

    @property
    def size_bytes(self) -> int:
        """How much disk it takes."""
        return sum(self.sizes_bytes.values())

    def missing_file(self) -> str | None:
        """Return the first of its files that is not there as it was installed; None when all are."""
        for path, size_bytes in self.sizes_bytes.items():
            place = self.directory / path
            if not place.is_file() or place.stat().st_size != size_bytes:
                return path
        return None


def shipped_catalogue() -> dict[str, CatalogueModel]:
    """Return the catalogue that comes with this version."""
    text = package_files("echoless.core").joinpath("model_catalogue.toml").read_text(encoding="utf-8")
    return parse_catalogue(text)


def parse_catalogue(text: str) -> dict[str, CatalogueModel]:
    """Return the models of a catalogue by name.

    raises: EcholessError(CONFIGURATION) that names the model and what is wrong with it
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        tables = None
    if tables is None:
        raise _refuse("the catalogue is not valid TOML")
    models: dict[str, CatalogueModel] = {}
    for name, table in tables.items():
        if not is_engine_name(name) or not isinstance(table, dict):
            raise _refuse("the catalogue has an entry whose name is no name of a model, or which is no table")
        entries = table.pop("files", None)
        if not isinstance(entries, list) or not entries:
            raise _refuse(f"{name}: no files")
        models[name] = CatalogueModel(_card(name, table), tuple(_file(name, entry) for entry in entries))
    return models


def read_installed(directory: Path) -> InstalledModel:
    """Return the model that was installed in a directory.

    raises: EcholessError(CONFIGURATION) where there is none
    """
    try:
        manifest = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = None
    sizes = manifest.pop("sizes_bytes", None) if isinstance(manifest, dict) else None
    if not isinstance(sizes, dict) or not all(type(size) is int and size >= 0 for size in sizes.values()):
        raise _refuse(f"{directory.name}: no model is installed under this name")
    for path in sizes:
        _checked_path(directory.name, path)
    return InstalledModel(_card(directory.name, manifest), directory, sizes)


def manifest_of(card: ModelCard, sizes_bytes: Mapping[str, int]) -> str:
    """Return the text of the manifest of a model that has just been unpacked."""
    words = {
        "description": card.description,
        "capability": card.capability.value,
        "runtime": card.runtime,
        "family": card.family,
        "languages": list(card.languages),
        "licence": card.licence,
        "licence_address": card.licence_address,
        "parts": dict(card.parts),
        "speakers": {language: list(span) for language, span in card.speakers.items()},
    }
    return json.dumps(words | {"sizes_bytes": dict(sizes_bytes)}, indent=1, sort_keys=True) + "\n"


def part_paths(value: str) -> list[str]:
    """Return the files of one role."""
    return [path for path in value.split(",") if path]


# --- checks -----------------------------------------------------------------------------------------------------


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text)


def _card(name: str, table: Mapping[str, Any]) -> ModelCard:
    words = dict(table)
    parts = words.pop("parts", {})
    speakers = words.pop("speakers", {})
    languages = words.pop("languages", [])
    texts = ("description", "capability", "runtime", "family", "licence", "licence_address")
    if set(words) != set(texts) or not all(isinstance(words[key], str) and words[key] for key in texts):
        raise _refuse(f"{name}: it needs exactly {', '.join(texts)}, languages, parts and files")
    families = _FAMILIES.get((words["runtime"], words["capability"]), ())
    if words["family"] not in families:
        raise _refuse(f"{name}: no adapter loads this runtime, capability and family")
    if not isinstance(languages, list) or not languages or not all(isinstance(code, str) for code in languages):
        raise _refuse(f"{name}: languages must be a list of codes")
    words["capability"] = Capability(words["capability"])
    return ModelCard(
        name=name, languages=tuple(languages), parts=_parts(name, words["family"], parts),
        speakers=_speakers(name, speakers), **words,
    )  # fmt: skip


def _parts(name: str, family: str, parts: object) -> dict[str, str]:
    needed = set(_PARTS[family])
    if not isinstance(parts, dict) or not needed <= set(parts) <= needed | _OPTIONAL_PARTS:
        raise _refuse(f"{name}: a {family} model needs these parts: {', '.join(sorted(needed)) or 'none'}")
    for value in parts.values():
        if not isinstance(value, str) or not part_paths(value):
            raise _refuse(f"{name}: a part must be the path of a file")
        for path in part_paths(value):
            _checked_path(name, path)
    return dict(parts)


def _speakers(name: str, speakers: object) -> dict[str, tuple[int, int]]:
    checked: dict[str, tuple[int, int]] = {}
    for language, span in speakers.items() if isinstance(speakers, dict) else [("", None)]:
        match span:
            case [int(first), int(last)] if 0 <= first <= last:
                checked[language] = (first, last)
            case _:
                raise _refuse(f"{name}: speakers must give the first and last number for each language")
    return checked


def _file(name: str, entry: object) -> ModelFile:
    match entry:
        case {"path": str(path), "address": str(address), "size_bytes": int(size), "sha256": str(sha256), **more}:
            pass
        case _:
            raise _refuse(f"{name}: a file needs path, address, size_bytes and sha256")
    is_archive = more.pop("is_archive", False)
    if more or type(is_archive) is not bool:
        raise _refuse(f"{name}: a file has words that nobody knows")
    if not _SHA256.fullmatch(sha256) or not 0 < size <= _FILE_BYTES_MAX:
        raise _refuse(f"{name}: sha256 must be 64 small hexadecimal digits, size_bytes a size")
    if not address.startswith("https://"):
        raise _refuse(f"{name}: an address must begin with https")
    _checked_path(name, path)
    return ModelFile(path, address, size, sha256, is_archive)


def _checked_path(name: str, path: str) -> None:
    """Refuse a path that could lead out of the model's directory."""
    pure = PurePosixPath(path)
    if (
        not path
        or pure.is_absolute()
        or ".." in pure.parts
        or "\\" in path
        or "\0" in path
        or path == MANIFEST_NAME
    ):
        raise _refuse(f"{name}: a path leads out of the model's directory")
