"""What clients send: the forms of JSON bodies, pictures as `data:` URIs, and nothing that names a file or an address. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from assistant.languages import languages
from assistant.messages import Detail
from assistant.problems import shorten
from assistant.serving.problem_json import Refused

T = TypeVar("T")
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*);base64,", re.ASCII)


class LookRequest(Struct):
    """The body of /look, /ask, /read and /find, each of which needs some of it."""

    picture: str = ""
    """A `data:image/...;base64,` URI."""
    question: str = ""
    thing: str = ""
    language: str = ""
    """Two-letter code; "" for that of the service's settings."""
    detail: Detail = "brief"


class WatchRequest(Struct):
    """The body of /watch: what is to be told when it is seen."""

    event: str
    """In words: "a dog appears"."""
    language: str = ""


class ImageUrl(Struct):
    """As OpenAI's API wraps a picture."""

    url: str


class TextPart(Struct, tag_field="type", tag="text"):
    """A text in a message."""

    text: str


class PicturePart(Struct, tag_field="type", tag="image_url"):
    """A picture in a message."""

    image_url: ImageUrl


class Message(Struct):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart | PicturePart] | None = None

    @property
    def text(self) -> str:
        """Return its text."""
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        return " ".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def pictures(self) -> list[str]:
        """Return the addresses of its pictures."""
        return [part.image_url.url for part in self.content if isinstance(part, PicturePart)] if isinstance(self.content, list) else []


class StreamOptions(Struct):
    """What else a stream tells; nothing of it is made here."""

    include_usage: bool = False


class ChatRequest(Struct):
    """The body of /v1/chat/completions. What else OpenAI's API knows is let pass and has no effect, but for `n`."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=256)]
    model: str = ""
    stream: bool = False
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    language: str = ""
    """Ours: the language of the questions, as a two-letter code."""
    detail: Detail = "brief"
    """Ours."""
    stream_options: StreamOptions | None = None


class SpeechRequest(Struct):
    """The body of /v1/audio/speech."""

    input: str
    model: str = ""
    voice: Any = ""
    """Whatever it is: the voice is that of the language."""
    response_format: Literal["wav", "pcm"] = "wav"
    speed: Annotated[float, Meta(ge=0.25, le=6.0)] = 1.0
    language: str = ""
    """Ours, as a two-letter code."""


def parsed(content: bytes, form: type[T]) -> T:
    """Return the body as one of the forms; Refused, with the place of the mistake, for anything else."""
    try:
        return msgspec.json.decode(content, type=form)
    except msgspec.ValidationError as error:
        raise Refused(422, f"the body can't be used: {_plain(str(error))}. GET /openapi.json tells its form.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "the body is no JSON. Send it as UTF-8, and check it with a JSON tool.") from error


def decoded_picture(uri: str) -> bytes:
    """Return the bytes of a `data:` URI in base64. Refused for anything else: nothing is fetched or opened by name."""
    if not uri:
        raise Refused(422, "there is no picture. Send it as data:image/jpeg;base64,... in `picture`, or as the body itself.")
    start = _DATA_URI.match(uri, 0, 256)
    if start is None:
        scheme = f" ({shorten(uri.split(':')[0], 12)}:)" if re.match(r"[\w+.-]{1,12}:", uri) else ""
        raise Refused(422, f"addresses and paths aren't opened{scheme}. Send the picture itself, as data:image/jpeg;base64,...")
    try:
        return base64.b64decode(uri[start.end() :].encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(422, "the picture's base64 is damaged. Encode the file's bytes once more.") from error


def known_language(code: str, default: str) -> str:
    """Return the code, or the default for none. Refused for a language without a file here."""
    if code and code not in languages():
        raise Refused(422, f"the language {shorten(code, 20)} is unknown. Use one of {', '.join(languages())}.")
    return code or default


def bounded_text(text: str, most: int, what: str) -> str:
    """Return the text. Refused where there is nothing in it, or too much."""
    if not text.strip():
        raise Refused(422, f"{what} is empty. Write some text.")
    if len(text) > most:
        raise Refused(422, f"{what} has {len(text)} characters. Use at most {most}.")
    return text


def _plain(message: str) -> str:
    return message.replace("`$.", "`").replace(" - at `$`", "")
