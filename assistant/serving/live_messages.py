"""What a client sends over the live socket beside sound: JSON messages, told apart by `type`. Pure."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from assistant.messages import Detail


class PictureMessage(Struct, tag="picture"):
    """What the client's camera shows now; questions are about the last one."""

    picture: str
    """A `data:image/...;base64,` URI."""


class AskMessage(Struct, tag="ask"):
    """A question that was typed."""

    text: str
    language: str = ""


class SettingsMessage(Struct, tag="settings"):
    """How it is to answer from now on; what isn't given stays."""

    language: str = ""
    """Two-letter code; "" leaves it as it is."""
    detail: Detail | None = None
    speak: bool | None = None
    """Whether answers come as sound, too."""
    speed: Annotated[float, Meta(ge=0.5, le=6.0)] | None = None


class StopMessage(Struct, tag="stop"):
    """Silence: the answer isn't wanted any more."""


class ForgetMessage(Struct, tag="forget"):
    """Nothing of what was shown and asked is to be known any more."""


ClientMessage = PictureMessage | AskMessage | SettingsMessage | StopMessage | ForgetMessage
