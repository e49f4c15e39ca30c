"""Speech: a recording into text, and a text into sound. The model is a stub, so what is heard and what is said are always the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..call import Call
from ..errors import Refusal, envelope, invalid_param
from ..routing import UUID, operation
from ..uploads import generated
from ..validate import Field, check
from ..wire import Answer, json_answer, streamed

TYPES = frozenset(f"audio/{kind}" for kind in ("mp3", "m4a", "wav", "amr", "mpga"))
MOST_MB = 30
HEARD = "hello from the stub"
_PIECE = b"ID3" + bytes(range(256)) * 4
_PIECES = 3
SPEAK = (
    Field("message_id", "str", null=True),
    Field("voice", "str", null=True),
    Field("text", "str", null=True),
    Field("streaming", "bool", null=True),
)


def _is_off(call: Call) -> bool:
    assert call.key is not None
    return call.key.kind not in call.world.settings.speech_kinds


def _require_model(call: Call, kind: str) -> None:
    if call.world.settings.models != "stub":
        raise Refusal(envelope(400, "provider_not_initialize", f"Default model not found for {kind}"))


@operation("audio.to_text", "POST", "/audio-to-text", auth="app", form="keep_upload_bytes")
def to_text(call: Call) -> Answer:
    part = call.form.file("file") if call.form is not None else None
    if part is None:
        message = "The browser (or proxy) sent a request that this server could not understand."
        raise Refusal(envelope(400, "bad_request_key_error", message))
    if _is_off(call):
        raise invalid_param("Speech to text is not enabled")
    if part.content_type.partition(";")[0].strip().lower() not in TYPES:
        raise Refusal(envelope(415, "unsupported_audio_type", "Audio type not allowed."))
    if part.size > MOST_MB * 1024 * 1024:
        raise Refusal(envelope(413, "audio_too_large", f"Audio size larger than {MOST_MB} mb"))
    _require_model(call, "speech2text")
    call.effect()
    return json_answer({"text": HEARD})


async def _said(size: int) -> AsyncIterator[bytes]:
    """What the stub's model says, or generated content of so many bytes."""
    if not size:
        for _ in range(_PIECES):
            yield _PIECE
    for piece in generated(size):
        yield piece


@operation("audio.from_text", "POST", "/text-to-audio", auth="app")
def from_text(call: Call) -> Answer:
    payload = check("TextToAudioPayload", call.json(), SPEAK)
    message_id = payload.get("message_id")
    if message_id and not (UUID.match(message_id) and message_id.lower() in call.app.messages):
        return json_answer(None)
    if _is_off(call):
        raise invalid_param("TTS is not enabled")
    if not message_id and payload.get("text") is None:
        raise invalid_param("Text is required")
    _require_model(call, "tts")
    call.effect()
    return streamed(_said(int(call.world.settings.audio_bytes)), "audio/mpeg")
