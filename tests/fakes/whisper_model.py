"""A tiny Whisper model for CTranslate2: the right vocabulary and shapes, random weights, no sense in its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from echoless.core.model_catalogue import Capability, InstalledModel, ModelCard
from tests.fakes.neural_models import installed

WIDTH = 16
TEXT_TOKEN_COUNT = 50_257
_MELS, _AUDIO_PLACES, _TEXT_PLACES = 80, 1500, 448


def whisper_model(directory: Path, *, languages: tuple[str, ...] = ("*",)) -> InstalledModel:
    """Make a multilingual model; it writes words such as `w123`."""
    directory.mkdir(parents=True)
    tokens = _vocabulary()
    spec = _Random().filled(whisper_spec.WhisperSpec(1, 2, 1, 2), len(tokens))
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(directory))
    _tokenizer(tokens).save(str(directory / "tokenizer.json"))
    card = ModelCard(
        directory.name, "Tiny.", Capability.RECOGNITION, "faster-whisper", "whisper", languages, "none",
        "https://models.example",
    )  # fmt: skip
    return installed(card, directory)


def _vocabulary() -> list[str]:
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    # By the empty one the runtime knows a multilingual vocabulary.
    words = [*signs, *(f"\u0120w{number}" for number in range(TEXT_TOKEN_COUNT - 1 - len(signs))), ""]
    marks = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _LANGUAGE_CODES)]
    marks += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
    return [*words, *marks, "<|notimestamps|>", *(f"<|{number * 0.02:.2f}|>" for number in range(1501))]


def _tokenizer(tokens: list[str]) -> Tokenizer:
    numbers = {token: number for number, token in enumerate(tokens[:TEXT_TOKEN_COUNT])}
    made = Tokenizer(models.BPE(vocab=numbers, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in tokens[TEXT_TOKEN_COUNT:]]
    )
    return made


class _Random:
    """Fills the layers of a model."""

    def __init__(self) -> None:
        self._source = np.random.default_rng(5)

    def filled(self, spec: Any, vocabulary_size: int) -> Any:
        encoder, decoder = spec.encoder, spec.decoder
        for convolution, width in ((encoder.conv1, _MELS), (encoder.conv2, WIDTH)):
            convolution.weight = self._numbers(0.1, WIDTH, width, 3)
            convolution.bias = np.zeros(WIDTH, "f4")
        encoder.position_encodings.encodings = self._numbers(0.1, _AUDIO_PLACES, WIDTH)
        decoder.position_encodings.encodings = self._numbers(0.5, _TEXT_PLACES, WIDTH)
        decoder.embeddings.weight = decoder.projection.weight = self._numbers(0.5, vocabulary_size, WIDTH)
        for layer in (*encoder.layer, *decoder.layer):
            self._attention(layer.self_attention, (3, 1))
            self._feed(layer.ffn)
        for layer in decoder.layer:
            self._attention(layer.attention, (1, 2, 1))
        self._norm(encoder.layer_norm)
        self._norm(decoder.layer_norm)
        return spec

    def _attention(self, spec: Any, widths: tuple[int, ...]) -> None:
        for linear, width in zip(spec.linear, widths, strict=True):
            self._linear(linear, width * WIDTH, WIDTH)
        self._norm(spec.layer_norm)

    def _feed(self, spec: Any) -> None:
        self._linear(spec.linear_0, 4 * WIDTH, WIDTH)
        self._linear(spec.linear_1, WIDTH, 4 * WIDTH)
        self._norm(spec.layer_norm)

    def _linear(self, spec: Any, out: int, into: int) -> None:
        spec.weight, spec.bias = self._numbers(0.3, out, into), self._numbers(0.1, out)

    def _norm(self, spec: Any) -> None:
        spec.gamma, spec.beta = np.ones(WIDTH, "f4"), np.zeros(WIDTH, "f4")

    def _numbers(self, scale: float, *shape: int) -> Any:
        return (self._source.standard_normal(shape) * scale).astype("f4")
