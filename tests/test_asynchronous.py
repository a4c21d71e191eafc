"""`from assistant import AsyncAssistant`: the same answers with `await`, beside each other, and an end to what is cancelled."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import AsyncAssistant, assembly
from assistant.messages import AudioChunk, Question, Sentence, Transcript
from assistant.problems import BadInput, MissingModel
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer
from tests.support.folders import PROJECT

CAT = PROJECT / "models" / "starter" / "example.png"
QUESTION = PROJECT / "assistant" / "commands" / "demo_files" / "question1_en.wav"
Use = Callable[[AsyncAssistant], Coroutine[Any, Any, Any]]


class Deaf:
    """A microphone before which nobody ever speaks."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.closed = threading.Event()

    def chunks(self) -> Iterator[AudioChunk]:
        self.begun.set()
        while not self.closed.wait(0.01):
            yield AudioChunk(np.zeros(512, np.float32), 16000)

    def close(self) -> None:
        self.closed.set()


class Slow(ListSpeaker):
    """Takes a twentieth of a second a word."""

    def __init__(self) -> None:
        super().__init__(after_chunk=lambda: time.sleep(0.05))
        self.begun = threading.Event()

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        self.begun.set()
        return super().play(chunks, is_stale)

    def close(self) -> None: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Use], Any]:
    """Do something with one on fakes."""
    heard = [Transcript("How does it look?", "en", 0.9, "How does it look?", 0.9)]
    monkeypatch.setattr(assembly, "open_transcriber", lambda *_: ScriptedTranscriber(heard))
    monkeypatch.setattr(assembly, "open_describer", lambda *_: ScriptedDescriber(["It is red. It shines."]))
    monkeypatch.setattr(assembly, "open_synthesizers", lambda *_: [ToneSynthesizer()])
    monkeypatch.setattr(assembly, "open_translators", lambda *_: [])

    async def opened(use: Use) -> Any:
        async with AsyncAssistant(offline=False) as assistant:
            return await asyncio.wait_for(use(assistant), 60)

    return lambda use: asyncio.run(opened(use))


def test_what_was_heard_is_answered_and_spoken_as_it_comes(run: Callable[[Use], Any], tmp_path: Path) -> None:
    async def use(assistant: AsyncAssistant) -> Any:
        seen, question = await asyncio.gather(assistant.look(CAT), assistant.hear(QUESTION))
        assert isinstance(question, Question) and question.text == "How does it look?"
        texts = [sentence.text async for sentence in assistant.ask(question, seen)]
        return texts, await assistant.say(assistant.ask(question, seen), tmp_path / "answer.wav")

    texts, heard = run(use)
    assert texts == [each.sentence.text for each in heard] == ["It is red.", "It shines."]
    assert (tmp_path / "answer.wav").stat().st_size > 1000


def test_the_event_loop_goes_on_while_models_work(run: Callable[[Use], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "open_microphone", lambda _: Deaf())
    speaker = Slow()
    monkeypatch.setattr(assembly, "open_speaker", lambda _: speaker)

    async def use(assistant: AsyncAssistant) -> int:
        listening = asyncio.ensure_future(assistant.hear())
        speaking = asyncio.ensure_future(assistant.say("one two three four five six seven eight nine ten"))
        ticks = 0
        while not speaking.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert (await assistant.look(CAT)) is not None and not listening.done()
        listening.cancel()
        return ticks

    assert run(use) > 5


def test_who_is_cancelled_hears_and_says_no_more(run: Callable[[Use], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, speaker = Deaf(), Slow()
    monkeypatch.setattr(assembly, "open_microphone", lambda _: microphone)
    monkeypatch.setattr(assembly, "open_speaker", lambda _: speaker)

    async def endless() -> AsyncIterator[Sentence]:
        while True:
            yield Sentence("one two three four five six seven eight nine ten", "en")
            await asyncio.sleep(0.01)

    async def use(assistant: AsyncAssistant) -> None:
        listening, speaking = asyncio.ensure_future(assistant.hear()), asyncio.ensure_future(assistant.say(endless()))
        for device in (microphone, speaker):
            await asyncio.to_thread(device.begun.wait, 30)
        for task in (listening, speaking):
            task.cancel()
        for task in (listening, speaking):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert microphone.closed.is_set()
        assert await assistant.say("again") is not None, "the lane is free"

    run(use)


def test_whoever_stops_iterating_frees_the_lane(run: Callable[[Use], Any]) -> None:
    async def use(assistant: AsyncAssistant) -> Any:
        seen = await assistant.look(CAT)
        answer = assistant.ask("How does it look?", seen)
        first = await anext(answer)
        await answer.aclose()
        return first.text, [sentence.text async for sentence in assistant.ask("How does it look?", seen)]

    assert run(use) == ("It is red.", ["It is red.", "It shines."])


def test_what_is_wrong_is_told_as_the_plain_calls_tell_it(run: Callable[[Use], Any], tmp_path: Path) -> None:
    async def use(assistant: AsyncAssistant) -> None:
        with pytest.raises(BadInput, match=r"nothing\.jpg"):
            await assistant.look("nothing.jpg")
        with pytest.raises(BadInput):
            await assistant.hear(tmp_path / "nothing.wav")

        async def broken() -> AsyncIterator[Sentence]:
            yield Sentence("one", "en")
            raise BadInput("it broke", "mend it")

        with pytest.raises(BadInput, match="it broke"):
            await assistant.say(broken(), tmp_path / "a.wav")

    run(use)


def test_missing_models_are_named_as_it_is_opened(tmp_path: Path) -> None:
    async def use() -> None:
        async with AsyncAssistant(models_dir=tmp_path, offline=False):
            pass

    with pytest.raises(MissingModel, match="assistant"):
        asyncio.run(use())
