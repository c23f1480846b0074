"""Tiny models with the shapes that the runtimes expect. Their weights are random numbers: they speak no language.

Each writes the files of an installed model, manifest included.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from echoless.core.model_catalogue import (
    MANIFEST_NAME,
    Capability,
    InstalledModel,
    ModelCard,
    manifest_of,
    read_installed,
)

VITS_RATE_HZ = 16_000
KOKORO_RATE_HZ = 24_000
_SAMPLES_PER_SIGN = 64
_REPEATS = 8.0
# Signs of espeak-ng's phonemes for English and German, and marks of clauses.
SIGNS = (
    "_^$ !'(),-.:;?abcdefhijklmnopqrstuvwxyz\u00e6\u00e7\u00f0\u00f8\u0127\u014b\u0153\u0250\u0251\u0252\u0254"
    "\u0259\u025a\u025b\u025c\u0261\u026a\u0279\u027e\u0283\u028a\u028c\u0292\u0294\u03b8\u03b2\u02c8\u02cc\u02d0\u1d7b"
    "\u0303\u0329\u0327AIOWYT\u02a4\u02a7\u1d4a"
)


def installed(card: ModelCard, directory: Path) -> InstalledModel:
    """Write the manifest of a model whose files are there."""
    sizes = {
        path.relative_to(directory).as_posix(): path.stat().st_size
        for path in directory.rglob("*")
        if path.is_file()
    }
    (directory / MANIFEST_NAME).write_text(manifest_of(card, sizes), encoding="utf-8")
    return read_installed(directory)


def tts_card(name: str, family: str, parts: Mapping[str, str], languages: tuple[str, ...] = ("en",)) -> ModelCard:
    return ModelCard(
        name, "Tiny.", Capability.SPEECH, "sherpa-onnx", family, languages, "none", "https://models.example", parts
    )


def piper_model(directory: Path, *, speaker_count: int = 3, languages: tuple[str, ...] = ("en",)) -> InstalledModel:
    """Make a VITS model as Piper exports them: phonemes in, as many samples for each sign as the speed says."""
    directory.mkdir(parents=True)
    noise = np.random.default_rng(1).standard_normal((1, 1, _SAMPLES_PER_SIGN)).astype("f4")
    constants = _constants(w=noise, two=[2], shape=[1, 1, 1, -1], ones=[1, 1], at1=[1], at2=[2], axis=[0])
    constants += _floats(repeats=[_REPEATS], small=0.07)
    nodes = [
        helper.make_node("Cast", ["input"], ["signs"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["sid"], ["speaker"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["signs", "speaker"], ["pitches"]),
        helper.make_node("Mul", ["pitches", "small"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "two"], ["spread"]),
        helper.make_node("Mul", ["spread", "w"], ["angles"]),
        helper.make_node("Sin", ["angles"], ["waves"]),
        helper.make_node("Slice", ["scales", "at1", "at2", "axis"], ["length"]),
        helper.make_node("Mul", ["length", "repeats"], ["repeated"]),
        helper.make_node("Cast", ["repeated"], ["times"], to=TensorProto.INT64),
        helper.make_node("Concat", ["ones", "times"], ["tiles"], axis=0),
        helper.make_node("Tile", ["waves", "tiles"], ["long"]),
        helper.make_node("Reshape", ["long", "shape"], ["output"]),
    ]
    inputs = [
        _value("input", TensorProto.INT64, [1, "t"]), _value("input_lengths", TensorProto.INT64, [1]),
        _value("scales", TensorProto.FLOAT, [3]), _value("sid", TensorProto.INT64, [1]),
    ]  # fmt: skip
    meta = {
        "model_type": "vits", "comment": "piper", "language": "English", "voice": "en-us", "has_espeak": "1",
        "n_speakers": str(speaker_count), "sample_rate": str(VITS_RATE_HZ),
    }  # fmt: skip
    output = _value("output", TensorProto.FLOAT, [1, 1, 1, "s"])
    _save(directory / "model.onnx", nodes, inputs, [output], constants, meta)
    _write_tokens(directory / "tokens.txt")
    parts = {"model": "model.onnx", "tokens": "tokens.txt"}
    return installed(tts_card(directory.name, "vits", parts, languages), directory)


def styled_model(directory: Path, family: str, *, speaker_count: int = 4) -> InstalledModel:
    """Make a Kokoro or Kitten model: signs, a style by speaker and length, and the speed in; samples out.

    The runtime cuts some thousand samples off the end of what a Kitten model makes.
    """
    directory.mkdir(parents=True)
    signs_max, style_size = (510, 256) if family == "kokoro" else (1, 256)
    noise = np.random.default_rng(3).standard_normal((1, 1, 10 * _SAMPLES_PER_SIGN)).astype("f4")
    constants = _constants(w=noise, two=[2], flat=[-1], one=[1])
    names = (
        ("tokens", "style", "speed", "audio") if family == "kokoro" else ("input_ids", "style", "speed", "waveform")
    )
    nodes = [
        helper.make_node("Cast", [names[0]], ["signs"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["style"], ["speaker"], axes=[1], keepdims=1),
        helper.make_node("Add", ["signs", "speaker"], ["pitches"]),
        helper.make_node("Mul", ["pitches", names[2]], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "two"], ["spread"]),
        helper.make_node("Mul", ["spread", "w"], ["angles"]),
        helper.make_node("Sin", ["angles"], ["waves"]),
        helper.make_node("Reshape", ["waves", "flat"], [names[3]]),
    ]
    inputs = [
        _value(names[0], TensorProto.INT64, [1, "t"]), _value("style", TensorProto.FLOAT, [1, style_size]),
        _value("speed", TensorProto.FLOAT, [1]),
    ]  # fmt: skip
    meta = {
        "model_type": f"{family}-tts" if family == "kitten" else family, "language": "English", "has_espeak": "1",
        "sample_rate": str(KOKORO_RATE_HZ), "n_speakers": str(speaker_count), "version": "1", "voice": "en-us",
        "style_dim": f"{signs_max},1,{style_size}" if family == "kokoro" else f"{signs_max},{style_size}",
        "speaker_names": ",".join(f"s{index}" for index in range(speaker_count)), "max_token_len": "510",
    }  # fmt: skip
    _save(directory / "model.onnx", nodes, inputs, [_value(names[3], TensorProto.FLOAT, ["s"])], constants, meta)
    styles = np.repeat(np.arange(speaker_count, dtype="f4"), signs_max * style_size)
    (directory / "voices.bin").write_bytes(styles.tobytes())
    _write_tokens(directory / "tokens.txt")
    parts = {"model": "model.onnx", "tokens": "tokens.txt", "voices": "voices.bin"}
    return installed(tts_card(directory.name, family, parts), directory)


def transducer_model(directory: Path) -> InstalledModel:
    """Make a streaming transducer of the LSTM kind that says " hey", " b", "c" in turn while it is loud."""
    directory.mkdir(parents=True)
    frames, layers, width, vocabulary, context = 9, 2, 8, 6, 2
    states = [_value(name, TensorProto.FLOAT, [layers, "n", width]) for name in ("h", "c")]
    next_states = [_value(name, TensorProto.FLOAT, [layers, "n", width]) for name in ("next_h", "next_c")]
    nodes = [
        helper.make_node("Slice", ["x", "first", "last", "axis"], ["chunk"]),
        helper.make_node("ReduceMean", ["chunk"], ["encoder_out"], axes=[1, 2], keepdims=1),
        helper.make_node("Identity", ["h"], ["next_h"]),
        helper.make_node("Identity", ["c"], ["next_c"]),
    ]
    meta = {
        "model_type": "lstm", "version": "1", "num_encoder_layers": str(layers), "T": str(frames),
        "decode_chunk_len": "4", "rnn_hidden_size": str(width), "d_model": str(width),
    }  # fmt: skip
    outputs = [_value("encoder_out", TensorProto.FLOAT, ["n", 1, 1]), *next_states]
    inputs = [_value("x", TensorProto.FLOAT, ["n", frames, 80]), *states]
    _save(directory / "encoder.onnx", nodes, inputs, outputs, _constants(first=[0], last=[4], axis=[1]), meta)
    following = np.zeros((vocabulary, vocabulary), dtype="f4")
    for said, next_said in ((0, 1), (1, 2), (2, 3), (3, 1)):
        following[said, next_said] = 4.0
    nodes = [
        helper.make_node("Slice", ["y", "first", "last", "axis"], ["said"]),
        helper.make_node("Reshape", ["said", "flat"], ["numbers"]),
        helper.make_node("Gather", ["following", "numbers"], ["decoder_out"], axis=0),
    ]
    constants = _constants(first=[context - 1], last=[context], axis=[1], flat=[-1]) + _floats(following=following)
    output = _value("decoder_out", TensorProto.FLOAT, ["n", vocabulary])
    meta = {"context_size": str(context), "vocab_size": str(vocabulary)}
    inputs = [_value("y", TensorProto.INT64, ["n", context])]
    _save(directory / "decoder.onnx", nodes, inputs, [output], constants, meta)
    nodes = [
        helper.make_node("MatMul", ["encoder_out", "weight"], ["loud"]),
        helper.make_node("Add", ["loud", "bias"], ["biased"]),
        helper.make_node("Add", ["biased", "decoder_out"], ["logit"]),
    ]
    # Logarithms of mel filters: about -16 in silence, about -3 for loud noise.
    constants = _floats(weight=[[0, 1, 1, 1, 0, 0]], bias=[[3, 6, 6, 6, -99, -99]])
    inputs = [
        _value("encoder_out", TensorProto.FLOAT, ["n", 1]),
        _value("decoder_out", TensorProto.FLOAT, ["n", vocabulary]),
    ]
    output = _value("logit", TensorProto.FLOAT, ["n", vocabulary])
    _save(directory / "joiner.onnx", nodes, inputs, [output], constants, {"joiner_dim": "1"})
    names = ("<blk>", "\u2581hey", "\u2581b", "c", "<unk>", "<sos/eos>")
    table = "".join(f"{name} {number}\n" for number, name in enumerate(names))
    (directory / "tokens.txt").write_text(table, encoding="utf-8")
    card = ModelCard(
        directory.name, "Tiny.", Capability.LIVE, "sherpa-onnx", "transducer", ("en", "de"), "none",
        "https://models.example",
        {"encoder": "encoder.onnx", "decoder": "decoder.onnx", "joiner": "joiner.onnx", "tokens": "tokens.txt"},
    )  # fmt: skip
    return installed(card, directory)


def _write_tokens(path: Path) -> None:
    path.write_text("".join(f"{sign} {number}\n" for number, sign in enumerate(SIGNS)), encoding="utf-8")


def _value(name: str, kind: int, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _constants(**values: object) -> list[onnx.TensorProto]:
    arrays = {name: np.asarray(value) for name, value in values.items()}
    return [numpy_helper.from_array(array if array.dtype == "f4" else array.astype("i8"), name)
            for name, array in arrays.items()]  # fmt: skip


def _floats(**values: object) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.asarray(value, dtype="f4"), name) for name, value in values.items()]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto],
    meta: Mapping[str, str],
) -> None:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in meta.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
