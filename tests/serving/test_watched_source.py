"""`assistant serve --watch`: programs hear what a camera shows, who comes and goes, and what they wait for, as it happens."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.instruments.objects import ObjectInstrument
from assistant.messages import Frame
from assistant.serving.engines import Engines
from assistant.serving.watched_source import MOST_WATCHES
from tests.live.test_unasked_people import Room
from tests.support.service import Client, fake_engines, served


class Street:
    """A camera: what the test puts before it is seen from then on, ten frames a second."""

    def __init__(self) -> None:
        self.room, self.closed = Room(), threading.Event()

    def frames(self) -> Iterator[Frame]:
        number = 0
        while not self.closed.wait(0.01):
            yield Frame(self.room.picture(), number / 10)
            number += 1

    def close(self) -> None:
        self.closed.set()


def engines_of(street: Street) -> Engines:
    engines = fake_engines()
    engines.instruments = lambda _: [ObjectInstrument(street.room, 70.0)]
    return engines


class Events:
    """A listener to /events."""

    def __init__(self, client: Client) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        self._connection.request("GET", "/events")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200

    def until(self, kind: str, within_s: float = 30.0) -> dict[str, Any]:
        give_up_s, event = time.monotonic() + within_s, ""
        while time.monotonic() < give_up_s:
            line = self._answer.readline().decode()
            if line.startswith("event: "):
                event = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and event == kind:
                return dict(json.loads(line.removeprefix("data: ")))
        raise AssertionError(f"never: {kind}")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def client(street: Street) -> Iterator[Client]:
    with served(engines_of(street), camera=street) as client:
        yield client
    assert street.closed.is_set()


def test_keyframes_descriptions_and_who_comes_and_goes(street: Street, client: Client) -> None:
    events = Events(client)
    assert events.until("state")["state"] == "ready"
    street.room.things = ["chair"]
    assert events.until("keyframe")["problem"] is None
    assert events.until("description")["description"]
    street.room.things = ["chair", "person", "person"]
    assert {key: value for key, value in events.until("people").items() if key != "time_s"} == {"is": "came", "count": 2}
    street.room.things = ["chair"]
    assert events.until("people")["is"] == "left"
    assert client.get("/picture.jpg").status == 200
    events.close()


def test_what_is_waited_for_is_told_once(street: Street, client: Client) -> None:
    street.room.things = ["chair"]
    events = Events(client)
    asked = client.post("/watch", {"event": "a person appears"})
    assert asked.status == 200 and client.get("/watch").json["watches"] == [asked.json]
    street.room.things = ["chair", "person"]
    told = events.until("event")
    assert (told["id"], told["event"]) == (asked.json["id"], "a person appears")
    assert client.get("/watch").json == {"watches": []}
    events.close()


def test_what_is_waited_for_is_bounded_and_can_be_given_up(client: Client) -> None:
    numbers = [client.post("/watch", {"event": "a dog appears"}).json["id"] for _ in range(MOST_WATCHES)]
    assert client.post("/watch", {"event": "a dog appears"}).status == 429
    assert client.ask("DELETE", f"/watch/{numbers[0]}").json == {"done": numbers[0]}
    assert client.ask("DELETE", f"/watch/{numbers[0]}").status == 404
    assert client.post("/watch", {"event": " "}).status == 422
    assert client.post("/watch", {"event": "a dog", "language": "xx"}).status == 422


def test_who_listens_is_let_go_when_the_service_ends(street: Street, capfd: pytest.CaptureFixture[str]) -> None:
    with served(engines_of(street), camera=street) as client:
        events = Events(client)
        events.until("state")
    events.close()
    assert "Traceback" not in capfd.readouterr().err


def test_without_a_camera_to_watch_one_line_says_so() -> None:
    with served(fake_engines()) as client:
        assert client.get("/events").status == 404 and "--watch" in client.get("/events").json["detail"]
        assert client.post("/watch", {"event": "a dog"}).status == 404
        assert client.post("/say", {"text": "What is this?"}).status == 404
