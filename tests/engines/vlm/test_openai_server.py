"""A model behind the OpenAI-compatible API of a server on this machine: what it is sent, what comes back, and what goes wrong."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from assistant import assembly
from assistant.conversation import Conversation
from assistant.engines.vlm import local_server
from assistant.engines.vlm.local_server import parse_address
from assistant.engines.vlm.openai_server import LARGEST_EDGE, TOKEN_CHARACTERS, ServerDescriber
from assistant.engines.vlm.token_decoding import TOKEN_CAPS
from assistant.languages import phrase
from assistant.messages import Frame, Keyframe, Picture, View
from assistant.problems import BadInput, Problem, ServerTrouble
from assistant.settings import EarSettings
from tests.support.vision_server import VisionServer, serve

QUESTION = "What is this?"


@pytest.fixture
def server() -> Iterator[VisionServer]:
    with serve() as running:
        yield running


def keyframe(height: int = 48, width: int = 64, time_s: float = 0.0) -> Keyframe:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = (250, 10, 10)
    return Keyframe(Frame(picture, time_s), "change")


def ask(server: VisionServer, address: str = "") -> str:
    describer = ServerDescriber(address or server.address, 4)
    return "".join(describer.answer(describer.look([keyframe()]), QUESTION))


def trouble(server: VisionServer, address: str = "") -> Problem:
    """What is told when it can't be answered: one line, with a cause and a fix."""
    with pytest.raises(Problem) as raised:
        ask(server, address)
    assert "\n" not in str(raised.value) and raised.value.what and raised.value.fix and len(str(raised.value)) < 400
    return raised.value


# --- what is sent


def decode(url: str) -> Picture:
    kind, data = url.split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def test_the_pictures_are_sent_before_the_question(server: VisionServer) -> None:
    assert ask(server) == "A red cup on a table."
    (request,) = server.requests
    picture, text = request["messages"][0]["content"]
    decoded = decode(picture["image_url"]["url"])
    assert decoded.shape == (48, 64, 3)
    assert np.abs(decoded[24, 8].astype(int) - (250, 10, 10)).max() < 12
    assert text["text"].startswith(QUESTION)
    assert (request["model"], request["max_tokens"], request["stream"]) == ("tiny-vlm", TOKEN_CAPS["brief"], True)


@pytest.mark.parametrize(("height", "width", "sent"), [(3000, 4000, (576, 768)), (2, 5000, (1, 768)), (20, 30, (20, 30))])
def test_large_pictures_are_shrunk_and_small_ones_are_not(server: VisionServer, height: int, width: int, sent: tuple[int, int]) -> None:
    describer = ServerDescriber(server.address, 4)
    list(describer.answer(describer.look([keyframe(height, width)]), QUESTION))
    assert decode(server.requests[0]["messages"][0]["content"][0]["image_url"]["url"]).shape[:2] == sent


def test_more_detail_sends_more_of_a_picture(server: VisionServer) -> None:
    assert LARGEST_EDGE["brief"] < LARGEST_EDGE["normal"] < LARGEST_EDGE["full"]


@pytest.mark.parametrize(
    ("duration_s", "told"),
    [(None, "taken at 0.0, 1.5 seconds."), (30.0, "taken at 4.0, 5.5 seconds of a video of 30.0 seconds.")],
)
def test_of_several_pictures_the_times_are_told(server: VisionServer, duration_s: float | None, told: str) -> None:
    describer = ServerDescriber(server.address, 2)
    view = describer.look([keyframe(time_s=1.0), keyframe(time_s=4.0), keyframe(time_s=5.5)], duration_s=duration_s)
    list(describer.answer(view, QUESTION))
    *pictures, text = server.requests[0]["messages"][0]["content"]
    assert len(pictures) == 2 and told in text["text"]


def test_the_address_may_name_a_model(server: VisionServer) -> None:
    ask(server, f"{server.address}/v1#other-vlm")
    assert server.requests[0]["model"] == "other-vlm"
    told = trouble(server, f"{server.address}#absent")
    assert isinstance(told, BadInput) and "absent" in told.what and "tiny-vlm" in told.fix


def test_a_model_that_the_server_runs_elsewhere_is_never_used(server: VisionServer) -> None:
    server.models = ["big-vlm:480b-cloud", "vlm:cloud", "tiny-vlm"]
    ask(server)
    assert server.requests[0]["model"] == "tiny-vlm"
    assert "on this machine" in trouble(server, f"{server.address}#vlm:cloud").what
    server.models = ["vlm:cloud"]
    assert "no model here" in trouble(server).what


def test_a_view_of_another_describer_is_refused(server: VisionServer) -> None:
    first, second = ServerDescriber(server.address, 1), ServerDescriber(server.address, 1)
    for view in (first.look([keyframe()]), View()):
        with pytest.raises(TypeError):
            next(second.answer(view, QUESTION))


# --- as it comes


@pytest.mark.parametrize("closes", [True, False])
def test_the_first_word_is_told_before_the_last_is_known(server: VisionServer, closes: bool) -> None:
    server.closes = closes
    server.go_on.clear()
    describer = ServerDescriber(server.address, 4)
    pieces = describer.answer(describer.look([keyframe()]), QUESTION)
    assert next(pieces) == "A "
    server.go_on.set()
    assert "".join(pieces) == "red cup on a table."


@pytest.mark.parametrize("closes", [True, False])
def test_to_stop_iterating_is_to_leave_the_server(server: VisionServer, closes: bool) -> None:
    server.closes, server.endless = closes, True
    describer = ServerDescriber(server.address, 4)
    pieces = describer.answer(describer.look([keyframe()]), QUESTION)
    next(pieces)
    del pieces
    assert server.left.wait(5)


def test_no_more_is_taken_than_was_asked_for(server: VisionServer) -> None:
    server.endless, server.answer = True, "again and "
    assert len(ask(server)) == TOKEN_CAPS["brief"] * TOKEN_CHARACTERS
    assert server.left.wait(5)


@pytest.mark.parametrize("answer", ["", "  \n "])
def test_nothing_is_made_up_where_the_model_says_nothing(server: VisionServer, answer: str) -> None:
    server.answer = answer
    describer = ServerDescriber(server.address, 4)
    conversation = Conversation(None, describer, EarSettings())
    assert list(describer.answer(describer.look([keyframe()]), QUESTION)) == []
    said = conversation.answer(conversation.look([keyframe()]), conversation.written(QUESTION, "en"))
    assert [sentence.text for sentence in said] == [phrase("cant_tell_thing", "en")[0]]


def test_half_a_character_can_be_printed(server: VisionServer) -> None:
    server.body = b'data: {"choices": [{"delta": {"content": "A cup \\ud83d"}}]}\n\ndata: [DONE]\n\n'
    assert ask(server).encode() == b"A cup ?"


# --- this machine only


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1:8080",
        "http://example.com/v1",
        "http://0.0.0.0:8080",
        "http://[2001:db8::1]:80",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@192.0.2.1/",
        "http://192.0.2.1#@127.0.0.1",
        "http://2130706433:8080",
        "https://127.0.0.1:8080",
        "http://name:word@127.0.0.1:8080",
        "http://127.0.0.1:8080/v1?to=elsewhere",
        "http://127.0.0.1:8080/a b",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://",
        "HTTP:///v1",
    ],
)
def test_whatever_isnt_surely_this_machine_is_refused(address: str) -> None:
    assert assembly.is_address(address)
    with pytest.raises(BadInput, match="127.0.0.1"):
        ServerDescriber(address, 4)


@pytest.mark.parametrize(
    ("address", "host", "port", "path", "model"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080, "/v1", ""),
        ("http://localhost:11434/v1/#qwen2.5vl:7b", "127.0.0.1", 11434, "/v1", "qwen2.5vl:7b"),
        ("HTTP://LOCALHOST", "127.0.0.1", 80, "/v1", ""),
        ("http://[::1]:1/api/v1", "::1", 1, "/api/v1", ""),
        ("http://127.9.9.9:1#a%20b/c", "127.9.9.9", 1, "/v1", "a b/c"),
    ],
)
def test_addresses_of_this_machine_are_understood(address: str, host: str, port: int, path: str, model: str) -> None:
    read = parse_address(address)
    assert (read.hosts[0], read.port, read.path, read.model) == (host, port, path, model)


def test_a_redirect_is_not_followed_wherever_it_leads(server: VisionServer) -> None:
    with serve() as other:
        for elsewhere in ("http://192.0.2.1:8080", other.address):
            server.moved_to = elsewhere
            assert elsewhere in trouble(server).what
        assert other.paths == []


def test_a_redirect_of_a_question_doesnt_take_its_picture_along(server: VisionServer) -> None:
    describer = ServerDescriber(server.address, 4)
    view = describer.look([keyframe()])
    with serve() as other:
        server.moved_to = other.address
        with pytest.raises(ServerTrouble, match="sends its visitors on"):
            next(describer.answer(view, QUESTION))
        assert other.paths == []


def test_no_proxy_is_asked(server: VisionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        assert ask(server)
        assert proxy.paths == []


# --- what goes wrong


def test_a_server_that_isnt_running_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(ServerTrouble, match=f"127.0.0.1:{port}.*refused.*[Ss]tart it"):
        ServerDescriber(f"http://localhost:{port}", 4)


@pytest.mark.parametrize(
    ("status", "reply", "kind", "words"),
    [
        (500, {"error": {"code": 500, "message": "image input is not supported"}}, ServerTrouble, "image input is not supported"),
        (500, "not as an object", ServerTrouble, "status 500"),
        (400, {"error": "too many pictures"}, BadInput, "too many pictures.*max_keyframes"),
        (413, {}, BadInput, "max_keyframes"),
        (404, {"error": {"message": "model not found"}}, ServerTrouble, "model not found.*/v1"),
        (401, {"message": "who are you?"}, ServerTrouble, "who are you.*API key"),
        (503, {"error": {"message": "Loading model"}}, ServerTrouble, "Loading model.*again"),
    ],
)
def test_an_error_is_told_with_what_the_server_says(
    server: VisionServer, status: int, reply: object, kind: type[Problem], words: str
) -> None:
    server.failure = (status, reply)
    told = trouble(server)
    assert isinstance(told, kind) and re.search(words, str(told))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"page": True}, "no OpenAI-compatible"),
        ({"models": None}, "no model"),
        ({"models": []}, "no model"),
        ({"cut_after": 2}, "broke off"),
        ({"cut_after": 0}, "broke off"),
        ({"cut_after": 2, "closes": True}, "broke off"),
        ({"body": b"data: {'half\n\n"}, "else than JSON"),
        ({"body": b"data: " + b"[" * 100_000 + b"\n\n"}, "else than JSON"),
        ({"body": b'data: {"error": {"message": "out of memory"}}\n\n'}, "out of memory"),
        ({"body": b"data: " + b"x" * (local_server.MOST_BYTES + 9)}, "more than a model server"),
        ({"body": b""}, "broke off"),
    ],
)
def test_a_server_that_misbehaves_is_told(server: VisionServer, change: dict[str, object], words: str) -> None:
    for name, value in change.items():
        setattr(server, name, value)
    told = trouble(server)
    assert isinstance(told, ServerTrouble) and words in told.what


def test_a_web_page_in_place_of_an_answer_is_told(server: VisionServer) -> None:
    describer = ServerDescriber(server.address, 4)
    view = describer.look([keyframe()])
    server.page = True
    with pytest.raises(ServerTrouble, match="text/html"):
        next(describer.answer(view, QUESTION))


@pytest.mark.parametrize("body", [b'data: {"choices": []}\n\n', b"data: 3\n\n", b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'])
def test_events_without_text_are_passed_over(server: VisionServer, body: bytes) -> None:
    server.body = body + b"data: [DONE]\n\n"
    assert ask(server) == ""


@pytest.mark.parametrize(("limit", "change"), [("FIRST_S", {"silent": True}), ("NEXT_S", {}), ("REPLY_S", {"endless": True})])
def test_nobody_waits_for_ever(server: VisionServer, monkeypatch: pytest.MonkeyPatch, limit: str, change: dict[str, object]) -> None:
    monkeypatch.setattr(local_server, limit, 0.2 if limit != "REPLY_S" else 0.0)
    server.go_on.clear()  # it stops in the middle, where it isn't stopped before
    if limit == "REPLY_S":
        server.go_on.set()
    for name, value in change.items():
        setattr(server, name, value)
    assert "too long" in trouble(server).what
