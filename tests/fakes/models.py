"""Entries of a catalogue for files that a test makes."""

from __future__ import annotations

import hashlib
import io
import tarfile

from echoless.core.model_catalogue import Capability, CatalogueModel, ModelCard, ModelFile

HOST = "https://models.example"


def file_of(path: str, data: bytes, *, is_archive: bool = False) -> ModelFile:
    return ModelFile(path, f"{HOST}/{path}", len(data), hashlib.sha256(data).hexdigest(), is_archive)


def whisper(name: str = "ours", **files: bytes) -> CatalogueModel:
    """Return a model of plain files."""
    card = ModelCard(
        name,
        "Ours.",
        Capability.RECOGNITION,
        "faster-whisper",
        "whisper",
        ("*",),
        "MIT",
        "https://models.example/l",
    )
    return CatalogueModel(card, tuple(file_of(path, data) for path, data in files.items()))


def voice(archive: bytes, name: str = "voice") -> CatalogueModel:
    """Return a model of one archive, with a model and tokens in it."""
    parts = {"model": "model.onnx", "tokens": "tokens.txt"}
    card = ModelCard(
        name, "Ours.", Capability.SPEECH, "sherpa-onnx", "vits", ("en",), "MIT", "https://models.example/l", parts
    )
    return CatalogueModel(card, (file_of("voice.tar.bz2", archive, is_archive=True),))


def archive_of(members: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    """Return a compressed tar file; `more` are members without content."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:bz2") as archive:
        for path, data in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in more:
            archive.addfile(member)
    return held.getvalue()


def toml_of(model: CatalogueModel) -> str:
    """Return an entry as an operator would write it."""
    card = model.card
    lines = [
        f"[{card.name}]", f'description = "{card.description}"', f'capability = "{card.capability}"',
        f'runtime = "{card.runtime}"', f'family = "{card.family}"',
        f"languages = [{', '.join(repr(code) for code in card.languages)}]", f'licence = "{card.licence}"',
        f'licence_address = "{card.licence_address}"',
        "parts = { " + ", ".join(f'{role} = "{path}"' for role, path in card.parts.items()) + " }",
    ]  # fmt: skip
    for file in model.files:
        lines += [
            f"[[{card.name}.files]]", f'path = "{file.path}"', f'address = "{file.address}"',
            f"size_bytes = {file.size_bytes}", f'sha256 = "{file.sha256}"',
            f"is_archive = {str(file.is_archive).lower()}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"
