"""A vision-language model in another program on this machine, asked over the OpenAI-compatible chat API.

llama-server, Ollama and vLLM speak it. Such a model can look and answer; how likely a given answer is, it doesn't tell.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cv2

from assistant.engines.vlm.local_server import LocalServer, parse_address
from assistant.engines.vlm.token_decoding import TOKEN_CAPS
from assistant.messages import Detail, Keyframe, Picture, View
from assistant.problems import BadInput, ServerTrouble, shorten

LARGEST_EDGE: dict[Detail, int] = {"brief": 768, "normal": 1024, "full": 1280}
"""Pixels; larger pictures are shrunk. What a model takes for a picture grows with its area."""
JPEG_QUALITY = 90
TOKEN_CHARACTERS = 16
"""Of a token on average, at most; an answer of more for each that was asked for is cut off, for then the server pays no heed to that."""

_ELSEWHERE = re.compile(r"[:-]cloud$")
"""Ends the names of models that a local Ollama hands on to its maker's machines."""
_LENGTHS: dict[Detail, str] = {"brief": "one short sentence", "normal": "one to three sentences", "full": "several sentences"}


@dataclass(frozen=True, eq=False, kw_only=True)
class ServerView(View):
    """Pictures as they are sent with each question: the server keeps nothing that could be relied on."""

    pictures: tuple[str, ...]
    """As data URLs."""
    times: str
    """When they were taken, for the model; "" of a single picture."""
    maker: object
    """The describer that made it."""


class ServerDescriber:
    """A SceneDescriber that asks a server. Threads may share it; between two pieces of an answer it can't be cut."""

    scorer = None
    classifier = None
    reliability: Mapping[str, float] = MappingProxyType({})

    def __init__(self, address: str, max_pictures: int) -> None:
        """Ask the server for its models.

        Args:
            address: "http://127.0.0.1:PORT", with "/v1" behind it or not; "#NAME" chooses another model than the server's first.
            max_pictures: given to the model at once.

        Raises:
            BadInput: the address isn't one of this machine, or the server has no such model.
            ServerTrouble: nothing listens there, or it is no model server.
        """
        where = parse_address(address)
        self._max_pictures = max_pictures
        self._server = LocalServer(where)
        names = _names(self._server.get("/models"))
        if not names:
            raise ServerTrouble(f"the model server at {where} has no model here", "have it load one that takes pictures")
        if where.model and where.model not in names:
            what = f"the model server at {where} has no model {shorten(where.model)} on this machine"
            raise BadInput(what, f"use one of {shorten(', '.join(names))}")
        self._model = where.model or names[0]

    @property
    def max_pictures(self) -> int:
        """Return how many pictures one View can hold."""
        return self._max_pictures

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> ServerView:
        """Compress the last `max_pictures` pictures, larger for more detail. Raises BadInput without any picture."""
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        kept = tuple(keyframes[-self.max_pictures :])
        pictures = tuple(_data_url(keyframe.frame.picture, LARGEST_EDGE[detail]) for keyframe in kept)
        return ServerView(kept, pictures=pictures, times=_times(kept, duration_s), maker=self)

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        """Yield pieces of text as the server sends them; **work starts when the first is asked for**, and stops with the iterating.

        Raises ServerTrouble or BadInput when the server fails, also in the middle.
        """
        if not isinstance(view, ServerView) or view.maker is not self:
            raise TypeError("a view is answered by the describer that made it")
        begun, room = False, TOKEN_CAPS[detail] * TOKEN_CHARACTERS
        with closing(self._server.stream("/chat/completions", self._request(view, question, detail))) as events:
            for event in events:
                piece = _piece(event)
                piece = piece if begun else piece.lstrip()
                if piece:
                    begun = True
                    yield piece[:room]
                room -= len(piece)
                if room <= 0:
                    return

    def unload(self) -> None:
        """Do nothing: the model's memory is the server's."""

    def forget(self) -> None:
        """Do nothing: whatever is kept, the server keeps."""

    def _request(self, view: ServerView, question: str, detail: Detail) -> dict[str, Any]:
        """The pictures first, which a server may then remember for the next question about them."""
        how = f"Answer in {_LENGTHS[detail]} of plain English. If the picture doesn't show it, say that you can't tell."
        text = _encodable("\n".join(filter(None, (view.times, question.strip(), how))))
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in view.pictures]
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": [*pictures, {"type": "text", "text": text}]}],
            "max_tokens": TOKEN_CAPS[detail],
            "temperature": 0,
            "stream": True,
        }


def _names(reply: Any) -> list[str]:
    """Of the models in the server's list that run on this machine."""
    listed = reply.get("data") if isinstance(reply, dict) else None
    entries = listed if isinstance(listed, list) else []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str) and name and not _ELSEWHERE.search(name)]


def _piece(event: Any) -> str:
    """The text in an event of the stream; "" where it brings none."""
    try:
        text = event["choices"][0]["delta"]["content"]
    except (KeyError, IndexError, TypeError):
        return ""
    return _encodable(text) if isinstance(text, str) else ""


def _data_url(picture: Picture, largest_edge: int) -> str:
    """`picture`: uint8 [H, W, 3] RGB."""
    height, width = picture.shape[:2]
    scale = min(1.0, largest_edge / max(height, width))
    if scale < 1:
        picture = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


def _times(keyframes: Sequence[Keyframe], duration_s: float | None) -> str:
    """Of several pictures; they count from the first unless they are of a recording."""
    if len(keyframes) == 1:
        return ""
    start_s = keyframes[0].frame.time_s if duration_s is None else 0.0
    times = ", ".join(f"{keyframe.frame.time_s - start_s:.1f}" for keyframe in keyframes)
    return f"These pictures were taken at {times} seconds{f' of a video of {duration_s:.1f} seconds' if duration_s else ''}."


def _encodable(text: str) -> str:
    """Without halves of characters, which no UTF-8 has."""
    return text.encode("utf-8", "replace").decode()
