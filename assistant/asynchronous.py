"""The library for programs that wait with `await`: the same calls as `Assistant`, none of which holds up the event loop.

    from assistant import AsyncAssistant

    async with AsyncAssistant() as assistant:
        seen = await assistant.look("kitchen.jpg")
        async for sentence in assistant.ask("What is this?", seen):
            print(sentence.text)

Three threads do the work (lanes.py, as in the service): one looks and answers, one waits for a microphone, one speaks. So it may hear the
next question while it speaks.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.lanes import Lane

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from assistant import Assistant
    from assistant.messages import Heard, Picture, PictureProblem, Question, Sentence, View
    from assistant.settings import Settings
    from assistant.turns import Turns

WAITING = 10_000
"""Calls that may wait for one lane; they are this program's own."""


class AsyncAssistant:
    """Looks, hears, answers and speaks, on this machine alone. Use it in an `async with` statement and in one event loop.

    Its tasks may call it at the same time; each then waits for its turn. A call that is cancelled gives up its place, or ends what it had
    begun: no more is heard or spoken, and no further sentence is made. Errors are those of `Assistant`.
    """

    def __init__(self, settings: Settings | None = None, *, models_dir: Path | None = None, offline: bool = True) -> None:
        """Take what `Assistant` takes; the models are loaded by `async with`."""
        self._given = settings, models_dir, offline
        self._assistant: Assistant | None = None
        self._lanes = {name: Lane(name, WAITING, None) for name in ("answers", "microphone", "voice")}

    async def look(self, source: str | Path | int | Picture = 0) -> View | PictureProblem:
        """Look at a picture, camera or video, as `Assistant.look` does."""
        return await self._lanes["answers"].do(lambda: self._opened.look(source))

    async def ask(
        self, question: str | Question | Sentence, seen: View | PictureProblem, language: str | None = None
    ) -> AsyncGenerator[Sentence, None]:
        """Answer a question about what was seen, a sentence at a time, as `Assistant.ask` does.

        **Begins once it is iterated**, goes on ahead of who iterates, and ends when they do.
        """
        async with aclosing(self._lanes["answers"].stream(lambda: self._opened.ask(question, seen, language))) as sentences:
            async for sentence in sentences:
                yield sentence

    async def hear(self, recording: str | Path | None = None) -> Question | Sentence:
        """Return the question that is spoken, as `Assistant.hear` does; cancelled, the microphone is closed."""
        microphone = await self._lanes["microphone"].do(lambda: self._opened.open_ears(recording))
        try:
            utterance = await self._lanes["microphone"].do(lambda: self._opened.utterance(microphone, is_whole=recording is not None))
        finally:
            microphone.close()
        return await self._lanes["answers"].do(lambda: self._opened.understand(utterance))

    async def say(
        self, words: str | Iterable[Sentence] | AsyncIterable[Sentence], recording: str | Path | None = None, language: str | None = None
    ) -> list[Heard]:
        """Speak a text, or sentences as they come from `ask`, as `Assistant.say` does; cancelled, it is silent at once."""
        from assistant.turns import Turns

        turns = Turns()
        if not isinstance(words, AsyncIterable):
            spoken: str | Iterable[Sentence] = words
            return await self._said(spoken, recording, language, turns)
        pieces: queue.SimpleQueue[Sentence | Exception | None] = queue.SimpleQueue()
        feeding = asyncio.ensure_future(_feed(words, pieces))
        try:
            return await self._said(_fed(pieces), recording, language, turns)
        finally:
            feeding.cancel()
            pieces.put(None)
            await asyncio.gather(feeding, return_exceptions=True)

    async def close(self) -> None:
        """Free the models' memory and end the threads; what runs comes to its end."""
        if self._assistant:
            await self._lanes["answers"].do(self._assistant.close)
        for lane in self._lanes.values():
            lane.close()

    async def __aenter__(self) -> Self:
        from assistant import Assistant

        settings, models_dir, offline = self._given
        self._assistant = await self._lanes["answers"].do(lambda: Assistant(settings, models_dir=models_dir, offline=offline))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def _opened(self) -> Assistant:
        assert self._assistant is not None, "use it in an `async with` statement, which loads the models"
        return self._assistant

    async def _said(self, words: str | Iterable[Sentence], recording: str | Path | None, language: str | None, turns: Turns) -> list[Heard]:
        try:
            return await self._lanes["voice"].do(lambda: self._opened.say(words, recording, language, turns=turns))
        except asyncio.CancelledError:
            turns.interrupt()
            raise


async def _feed(sentences: AsyncIterable[Sentence], pieces: queue.SimpleQueue[Sentence | Exception | None]) -> None:
    """Hand them to the thread that speaks, and what they end with."""
    end: Exception | None = None
    try:
        async for sentence in sentences:
            pieces.put(sentence)
    except Exception as error:
        end = error
    pieces.put(end)


def _fed(pieces: queue.SimpleQueue[Sentence | Exception | None]) -> Iterator[Sentence]:
    while (piece := pieces.get()) is not None:
        if isinstance(piece, Exception):
            raise piece
        yield piece
