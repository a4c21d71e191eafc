"""What waits to be said is said in order and whole, unless the user has moved on: then none of it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from assistant.messages import Sentence
from assistant.speaking.speech_queue import QUEUED_SENTENCES, SpeechQueue, Spoken
from assistant.turns import Turns

DEADLOCK_S = 20.0


def test_sentences_come_out_in_order_until_the_queue_is_closed() -> None:
    queue = SpeechQueue(Turns())
    for text in ("one", "two", "three"):
        assert queue.put(Sentence(text, "en"))
    heard = []
    for sentence in queue:
        heard.append(said(sentence))
        if len(heard) == 3:
            queue.close()
    assert heard == ["one", "two", "three"]


def test_an_interruption_drops_what_waits_and_what_still_comes() -> None:
    turns = Turns()
    queue = SpeechQueue(turns)
    queue.put(Sentence("waits", "en", turn=0))
    turns.interrupt()
    assert not queue.put(Sentence("late", "en", turn=0))
    assert len(queue) == 0
    assert queue.put(Sentence("new", "en", turn=turns.begin()))
    assert said(next(iter(queue))) == "new"


def test_a_writer_waits_while_the_queue_is_full_and_nothing_is_lost() -> None:
    queue = SpeechQueue(Turns())
    texts = [str(number) for number in range(3 * QUEUED_SENTENCES)]
    writer = in_thread(lambda: [queue.put(Sentence(text, "en")) for text in texts])
    sentences = iter(queue)
    assert [said(next(sentences)) for _ in texts] == texts
    join(writer)


def test_a_waiting_writer_is_let_go_when_the_user_interrupts() -> None:
    """The speaking thread asks for the next sentence, finds all stale, and makes room."""
    turns = Turns()
    queue = SpeechQueue(turns)
    put: list[bool] = []
    writer = in_thread(lambda: put.extend(queue.put(Sentence("old", "en", turn=0)) for _ in range(QUEUED_SENTENCES + 1)))
    while len(queue) < QUEUED_SENTENCES:
        assert writer.is_alive()
    turns.interrupt()
    reader = in_thread(lambda: list(queue))
    join(writer)
    assert put == [True] * QUEUED_SENTENCES + [False]
    queue.close()
    join(reader)


def test_closing_lets_readers_and_writers_go() -> None:
    queue = SpeechQueue(Turns())
    reader = in_thread(lambda: list(queue))
    queue.close()
    queue.close()
    join(reader)
    assert not queue.put(Sentence("too late", "en"))


def said(spoken: Spoken) -> str:
    assert isinstance(spoken, Sentence)
    return spoken.text


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def join(thread: threading.Thread) -> None:
    thread.join(DEADLOCK_S)
    assert not thread.is_alive()
