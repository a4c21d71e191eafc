"""Live sound over a WebSocket, by a client of another make: what is said is answered in text and sound, within bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from assistant.languages import phrase
from assistant.serving.limits import ServingLimits
from tests.support.service import CAT_URI, Client, fake_engines, served

TOKEN = "correct-horse-battery-staple"
SECOND = (np.random.default_rng(0).standard_normal(16000) * 3000).astype("<i2").tobytes()
WORD_BYTES = 2 * 2400
"""Of a word of the fakes' voice, a tenth of a second at 24 kHz."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with served(fake_engines()) as client:
        yield client
        assert client.get("/health").status == 200  # after all that was tried


def opened(client: Client, query: str = "", **options: Any) -> ClientConnection:
    return connect(  # type: ignore[no-any-return]
        f"ws://127.0.0.1:{client.port}/live{query}", max_size=None, proxy=None, **options
    )


def until(socket: ClientConnection, kind: str, within_s: float = 30.0) -> tuple[list[dict[str, Any]], int]:
    """All that is told up to a message of a kind, and how many bytes of sound."""
    told: list[dict[str, Any]] = []
    sound, give_up_s = 0, time.monotonic() + within_s
    while not told or told[-1]["type"] != kind:
        message = socket.recv(timeout=max(0.1, give_up_s - time.monotonic()))
        if isinstance(message, bytes):
            sound += len(message)
        else:
            told.append(json.loads(message))
    return told, sound


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [each["type"] for each in told]


def send(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def test_what_is_said_into_it_is_answered_in_text_and_sound(client: Client) -> None:
    with opened(client, "?rate=16000") as socket:
        assert until(socket, "ready")[0][-1]["rate"] == 24000
        send(socket, type="picture", picture=CAT_URI)
        for _ in range(2):  # a second of speech, and some silence
            socket.send(SECOND)
        told, sound = until(socket, "end")
    assert kinds(told) == ["state", "state", "question", "sentence", "sound", "sentence", "sound", "end"]
    assert [each["state"] for each in told if each["type"] == "state"] == ["listening", "thinking"]
    assert [each["text"] for each in told if each["type"] == "sentence"] == ["A cat on a sofa.", "It sleeps."]
    assert sound == 7 * WORD_BYTES


def test_another_rate_is_heard_too_and_answers_may_come_without_sound(client: Client) -> None:
    with opened(client, "?rate=48000&speak=no") as socket:
        for _ in range(6):
            socket.send(SECOND)
        told, sound = until(socket, "end")
    assert sound == 0
    assert [each["text"] for each in told if each["type"] == "sentence"] == [phrase("no_picture", "en")[0]]


def test_a_typed_question_a_repetition_and_silence(client: Client) -> None:
    with opened(client) as socket:
        send(socket, type="picture", picture=CAT_URI)
        send(socket, type="ask", text="How does it look?")
        first, _ = until(socket, "end")
        send(socket, type="ask", text="Repeat that.")
        again, _ = until(socket, "end")
        assert [e["text"] for e in again if e["type"] == "sentence"] == [e["text"] for e in first if e["type"] == "sentence"]
        send(socket, type="settings", language="pt", speak=False, speed=2.0)
        assert until(socket, "settings")[0][-1] == {"type": "settings", "language": "pt", "detail": "brief", "speak": False, "speed": 2.0}
        send(socket, type="forget")
        until(socket, "forgotten")
        send(socket, type="ask", text="O que é isto?")
        assert until(socket, "end")[0][-2]["text"] == phrase("no_picture", "pt")[0]


def test_speech_ends_an_answer(client: Client) -> None:
    with opened(client) as socket:
        send(socket, type="ask", text="What is this? " * 20)
        until(socket, "question")
        socket.send(SECOND)
        told, _ = until(socket, "state")
        assert kinds(told)[-1] == "state"


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        "[]",
        '{"type": "other"}',
        '{"type": "ask"}',
        '{"type": "ask", "text": " "}',
        '{"type": "ask", "text": "x", "language": "xx"}',
        '{"type": "picture", "picture": "/etc/passwd"}',
        '{"type": "picture", "picture": "http://192.0.2.1/a.png"}',
        '{"type": "picture", "picture": "data:image/png;base64,AAAA"}',
        '{"type": "settings", "speed": 1e9}',
        "\ud83d\ude00" * 10,
        b"odd",
        "[" * 50_000,
    ],
)
def test_what_cant_be_used_is_told_in_one_line_and_the_connection_goes_on(client: Client, message: str | bytes) -> None:
    with opened(client) as socket:
        until(socket, "ready")
        socket.send(message.encode("utf-16", "surrogatepass").decode("utf-16") if isinstance(message, str) else message)
        told, _ = until(socket, "problem")
        assert told[-1]["status"] in (400, 422) and "\n" not in told[-1]["detail"]
        send(socket, type="settings")
        until(socket, "settings")


def ends(socket: ClientConnection, messages: Iterable[str | bytes] = ()) -> list[dict[str, Any]]:
    """What is told until the connection ends."""
    told = list[dict[str, Any]]()
    try:
        for message in messages:
            socket.send(message)
        while True:
            message = socket.recv(timeout=30)
            told += [json.loads(message)] if isinstance(message, str) else []
    except ConnectionClosed:
        return told


def test_bounds_end_the_connection_with_one_line() -> None:
    limits = ServingLimits(per_minute=100_000, live=2, live_messages_per_minute=20, live_message_bytes=100_000, live_idle_s=1.0)
    with served(fake_engines(), limits) as client:
        with opened(client) as one, opened(client):
            with opened(client) as third:
                assert ends(third)[-1]["status"] == 503
            told = ends(one, ['{"type": "stop"}'] * 50)
            assert told[-1]["status"] == 429
        with opened(client) as idle:
            assert ends(idle)[-1]["status"] == 408
        with opened(client) as fast:
            assert ends(fast, [SECOND] * 100)[-1]["status"] == 429
        with opened(client) as large:
            ends(large, [bytes(200_000)])
            assert large.close_code == 1009
        with opened(client, "?rate=44100000000") as odd:
            assert ends(odd)[-1]["status"] == 422
        assert client.get("/health").status == 200
        time.sleep(0.2)
        assert b"assistant_live_connections 0" in client.get("/metrics").body


def test_who_may_not_ask_may_not_connect() -> None:
    with served(fake_engines(), token=TOKEN) as client:
        for options in (
            {},
            {"additional_headers": {"Authorization": f"Bearer {TOKEN}x"}},
            {"subprotocols": [Subprotocol("assistant"), Subprotocol("bearer.wrong")]},
        ):
            with pytest.raises(InvalidStatus) as refused:
                opened(client, **options)
            assert refused.value.response.status_code == 401 and TOKEN.encode() not in refused.value.response.body
        with opened(client, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as socket:
            until(socket, "ready")
        with opened(client, subprotocols=[Subprotocol("assistant"), Subprotocol(f"bearer.{TOKEN}")]) as socket:
            until(socket, "ready")
            assert socket.subprotocol == "assistant"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_sites_page_may_not_connect(client: Client, origin: str) -> None:
    """A browser lets any page open a socket anywhere, and says only here who asks."""
    with pytest.raises(InvalidStatus) as refused:
        opened(client, origin=origin)
    assert refused.value.response.status_code == 403


def test_a_name_that_was_made_to_lead_here_isnt_answered(client: Client) -> None:
    told = client.ask(
        "GET",
        "/live",
        headers={
            "Host": "evil.example",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version": "13",
        },
    )
    assert told.status == 421
