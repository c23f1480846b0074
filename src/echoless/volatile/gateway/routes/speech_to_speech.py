"""`/v1/speech-to-speech/{voice}` and `/stream`, and the same two under the newer name `/v1/voice-changer`.

source: the wire contract, voice changer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import DEFAULT_CONVERSION_MODEL_ID, MODEL_BY_ID, Model
from echoless.crossing.client import SpeechPart
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.media_records import Convert, InputFormat, InputKnown
from echoless.crossing.records import KeepText, ReserveUnits, SpeechBegan, SpeechEnded
from echoless.crossing.sinks import RetainingSink, ZeroSink, sink_for
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.feeding import fed
from echoless.volatile.gateway.form_values import check_no_switch, json_value
from echoless.volatile.gateway.forms import Form
from echoless.volatile.gateway.media_jobs import conversion
from echoless.volatile.gateway.media_problems import media_error
from echoless.volatile.gateway.ports import MediaSource
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, STREAMED_MEDIA_TYPES, Route
from echoless.volatile.gateway.schemas.speech_to_speech import ConversionForm
from echoless.volatile.gateway.schemas.text_to_speech import StreamedSpeechQuery, WholeSpeechQuery
from echoless.volatile.gateway.speaking import WINDOW_BYTES, KeptSpeech, SpeechAnswer
from echoless.volatile.gateway.uploads import Upload, said_before_file

_AUDIO: Final = "audio"
_SETTINGS: Final = "voice_settings"
_FILE_BYTES_MAX: Final = 50 * 1024 * 1024
_DURATION_MS_MAX: Final = 10 * 60 * 1000


@dataclass(frozen=True, slots=True)
class _Order:
    """One conversion, checked."""

    job: Convert
    model: Model
    fields: ConversionForm
    audio_format: AudioFormat


async def convert(call: Call) -> None:
    """One audio file."""
    await _convert(call, WholeSpeechQuery)


async def stream(call: Call) -> None:
    """Audio as it is made."""
    await _convert(call, StreamedSpeechQuery)


async def _convert(call: Call, schema: type[WholeSpeechQuery]) -> None:
    query = schema.parse(call.query)
    with Upload(call, _AUDIO, _FILE_BYTES_MAX) as upload:
        await _convert_upload(call, query, upload)


async def _convert_upload(call: Call, query: WholeSpeechQuery, upload: Upload) -> None:
    await upload.begin()
    if not said_before_file(upload.form, ()):
        await upload.hold(call.settings.held_bytes_max)
    if not upload.has_file:
        raise UnprocessableError([FieldError(("body", _AUDIO), "Field required", "missing")])
    order = _order(call, query, _fields(call, upload.form))
    await call.reserve(
        ReserveUnits(model_id=order.model.model_id, output_format=order.audio_format.name, characters=0)
    )
    # (2) From here on the mode is an object.
    sink = sink_for(call.open_ticket)
    if isinstance(sink, RetainingSink):
        sink.keep_text(KeepText(text="", settings=dict(order.job.settings), seed=order.fields.seed))

    async def check_rest() -> None:
        _check_unchanged(call, upload.form, order.fields)

    with conversion(call, order.job, order.model.model_id, sink) as job:
        async with fed(call, upload, job, sink, check_rest):
            speech = _Converted(job, upload, sink)
            source = KeptSpeech(speech, sink) if isinstance(sink, RetainingSink) else speech
            rendering = PlainAudio(order.audio_format)
            await SpeechAnswer(call, source, rendering, _headers(call), sink, problem=_problem).send()


class _Converted:
    """A conversion as speech: what its input turned out to be goes to the sink on the way."""

    def __init__(self, job: MediaSource, upload: Upload, sink: ZeroSink | RetainingSink) -> None:
        self._job = job
        self._upload = upload
        self._sink = sink
        self.credit = job.credit

    def abandon(self) -> None:
        self._job.abandon()

    async def next(self) -> SpeechPart:
        """Return the next part of speech."""
        while True:
            part = await self._job.next()
            if isinstance(part, InputKnown):
                if isinstance(self._sink, RetainingSink):
                    self._sink.keep_input_type(part.media_type)
            elif isinstance(part, AudioContent):
                self._upload.read_on()
                return part
            elif isinstance(part, SpeechBegan | SpeechEnded | JobDiagnosis):
                return part
            else:
                raise EcholessError(ErrorCode.INTERNAL_ERROR, "a conversion answered with something else")


def _fields(call: Call, form: Form) -> ConversionForm:
    """Return the fields that have come so far.

    raises: UnprocessableError
    """
    values: dict[str, object] = dict(form.texts)
    if _SETTINGS in form.texts:
        values[_SETTINGS] = json_value(_SETTINGS, form.texts[_SETTINGS])
    check_no_switch(call, values)
    return ConversionForm.checked(values)


def _check_unchanged(call: Call, form: Form, began_with: ConversionForm) -> None:
    """Refuse what was said after the file, once the job had begun.

    raises: UnprocessableError, EcholessError(FILE_TOO_LARGE)
    """
    if _fields(call, form) != began_with:
        raise EcholessError(
            ErrorCode.FILE_TOO_LARGE, "The recording is too large to be held: send the fields before the file."
        )


def _order(call: Call, query: WholeSpeechQuery, fields: ConversionForm) -> _Order:
    voice = call.grant.voice
    assert voice is not None
    model = _model(call, fields.model_id)
    settings = dict(voice.settings)
    if fields.voice_settings is not None:
        settings |= fields.voice_settings.given()
    job = Convert(
        engine_model=engine_of(model.model_id, call.settings),
        catalogue_id=voice.catalogue_id,
        settings=settings,
        seed=fields.seed,
        output_format=query.output_format,
        input_format=InputFormat(fields.file_format),
        removes_noise=fields.remove_background_noise,
        window_bytes=WINDOW_BYTES,
        duration_ms_max=_DURATION_MS_MAX,
    )
    return _Order(job, model, fields, AUDIO_FORMATS[query.output_format])


def _model(call: Call, model_id: str | None) -> Model:
    """Return the model.

    raises: EcholessError(MODEL_NOT_FOUND, INVALID_PARAMETERS)
    """
    wanted = model_id or DEFAULT_CONVERSION_MODEL_ID
    model = MODEL_BY_ID.get(call.settings.model_aliases.get(wanted, wanted))
    if model is None:
        raise EcholessError(ErrorCode.MODEL_NOT_FOUND, "There is no model with this id.", param="model_id")
    if not model.can_do_voice_conversion:
        message = f"{model.model_id} does not change voices; {DEFAULT_CONVERSION_MODEL_ID} does."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="model_id")
    return model


def _headers(call: Call) -> list[Header]:
    """Return what the answer says besides: its cost is counted by the minute, which nobody knows yet."""
    item_id = call.grant.history_item_id
    return [(b"history-item-id", item_id.encode("ascii"))] if item_id else []


def _problem(code: str) -> EcholessError:
    return media_error(code, _AUDIO)


def _route(product: str, suffix: str) -> Route:
    is_streamed = bool(suffix)
    return Route(
        f"POST /v1/{product}/{{voice}}{suffix}",
        stream if is_streamed else convert,
        "Say a recording with another voice" + (", streamed" if is_streamed else ""),
        query=StreamedSpeechQuery if is_streamed else WholeSpeechQuery,
        form=ConversionForm,
        form_files=(_AUDIO,),
        media_types=STREAMED_MEDIA_TYPES if is_streamed else AUDIO_MEDIA_TYPES,
        needs_voice=True,
        upload_bytes_max=_FILE_BYTES_MAX,
    )


# One handler for both names: a client's new version must not lose zero retention by a new path.
ROUTES: Final = tuple(
    _route(product, suffix) for product in ("speech-to-speech", "voice-changer") for suffix in ("", "/stream")
)
