"""A day on a kiosk in minutes: 300 users in 19 languages come, ask, shout, leave in the middle, plug in headphones, hold a key, do nothing.

    python -m tests.support.kiosk_day --users 300 --seed 25

Engines and devices are fakes that keep nothing; the loop with its threads, the kiosk and the page's captions are not. The kiosk's clock is
turned on by hand, so that minutes of waiting take none. After each user all that can be reached in memory from the loop is searched for
what they said, and every file that was opened to be written is noted. Prints what happened as JSON; exit status 1 if anything was not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import psutil

from assistant.conversation import Conversation
from assistant.languages import languages, phrase
from assistant.live.kiosk import Kiosk
from assistant.live.loop import Devices, LiveLoop
from assistant.live.voice_control import VoiceControl
from assistant.messages import Command, Transcript
from assistant.serving.captions import Captions
from assistant.settings import EarSettings, KioskSettings, Settings, VoiceSettings
from tests.support.kiosk_fakes import LEVEL, Camera, Detector, Ears, Eyes, Loudspeaker, Microphone
from tests.support.left_in_memory import reachable
from tests.support.scripted_user import ForgetfulVoice
from tests.support.soak import use_one_heap

SECRET, REFUSED = "zanzibar", "dynamite"
NOON = 12
DEEDS = ("ask", "leave in the middle", "shout", "headphones", "nothing", "hold a key", "pause", "type", "forget", "ask what is refused")
WITHIN_S = 60.0
"""On the slowest machine; everything else waits for what happens."""
MEMORY_GROWTH = 1.05


class Day:
    """One kiosk from morning to evening; use it in a `with` statement."""

    def __init__(self, seed: int = 25) -> None:
        use_one_heap()
        self._rng = random.Random(seed)
        codes = tuple(languages())
        ears = EarSettings(headphones=True, greet_languages=True, languages=codes)
        self.settings = Settings(ears=ears, kiosk=KioskSettings(refused_words=(REFUSED,), quiet_from_hour=0, quiet_to_hour=0))
        self.now_s = 0.0
        self.microphone, self.ears, self.voice = Microphone(), Ears(), ForgetfulVoice(codes)
        control, eyes = VoiceControl(), Eyes([f"A {SECRET} on a sofa."])
        self.outside: list[object] = [self.ears, eyes, self.voice, self]
        """Fakes, and the test's own: what they know isn't the kiosk's."""
        conversation = Conversation(self.ears, eyes, self.settings.ears, "en")
        self.kiosk = Kiosk(self.settings, self._report, lambda: self.now_s)
        devices = Devices(Camera(), self.microphone, Loudspeaker(control), Detector(), [self.voice], control=control)
        self.loop = LiveLoop(devices, conversation, self.settings, self.kiosk.report)
        self.captions = Captions(16, self.loop)
        self.kiosk.watch_over(self.loop)
        self._thread = threading.Thread(target=self.loop.run)
        self._lock = threading.Lock()
        self._heard: list[tuple[str, float]] = []
        """What this user heard, and how much of it."""
        self._happened = Counter[str]()
        self.deeds = Counter[str]()
        self.broken: list[str] = []
        self.resident_bytes: list[int] = []
        self.written: set[str] = set()

    def __enter__(self) -> Self:
        sys.addaudithook(self._note_opened)
        self._thread.start()
        self._wait("the first greeting", lambda: self._says(phrase("ready", "en")[0]))
        self._settle()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.stop()
        self._thread.join()
        self._is_over = True

    _is_over = False

    def live_through(self, users: int, codes: Sequence[str] = tuple(languages())) -> dict[str, Any]:
        """Return what happened, and under "broken" each promise that wasn't kept. `codes`: of the languages that are spoken."""
        began_s, told = time.monotonic(), 0
        for number in range(users):
            deed = DEEDS[number % len(DEEDS)]
            self._visit(number, deed, codes[self._rng.randrange(len(codes))] if number >= len(codes) else codes[number])
            print(f"{number + 1} of {users} ({deed}, {time.monotonic() - began_s:.0f} s): {self.broken[told:] or 'well'}", file=sys.stderr)
            told = len(self.broken)
            self.resident_bytes.append(psutil.Process().memory_info().rss)
        warm, end = self._megabytes()
        if users >= 200 and end > warm * MEMORY_GROWTH:
            self.broken.append(f"resident memory grew from {warm} to {end} MB")
        if self.written:
            self.broken.append(f"files were written: {sorted(self.written)}")
        result = {
            "users": users,
            "visits": self.kiosk.visits,
            "hours": round(self.now_s / 3600, 2),
            "took_s": round(time.monotonic() - began_s),
        }
        return result | {"deeds": dict(self.deeds), "kiosk": dict(self._happened), "MB": [warm, end], "broken": self.broken}

    def _visit(self, number: int, deed: str, code: str) -> None:
        """One user comes, does something, and goes without a word."""
        with self._lock:
            self._heard.clear()
        self.deeds[deed] += 1
        who, before = f"user {number} ({deed}, {code})", self.kiosk.visits
        try:
            self.kiosk.report("people", {"count": 1})
            self._pass(25.0)
            getattr(self, f"_{deed.replace(' ', '_')}")(code, number)
            self._settle()
        except TimeoutError as late:
            self.broken.append(f"{who}: never {late}")
        if deed != "nothing" and self.kiosk.visits == before:
            self.broken.append(f"{who}: it was no visit")
        try:
            self.kiosk.report("people", {"count": 0})
            for _ in range(60):
                self._pass(5.0)
            if deed == "headphones":
                self.loop.headphones("aloud")
            self._settle()
            self._check_nothing_is_left(who, code)
        except TimeoutError as late:
            self.broken.append(f"{who}, who has gone: never {late}")

    def _ask(self, code: str, number: int) -> None:
        hello = languages()[code].hellos[0]
        self._speak(hello, code)
        self._wait(f"greeted in {code}", lambda: self._says(phrase("ready", code)[0]))
        self._settle()
        for kind in ("louder", "slower", "verbosity_full"):
            self.loop.obey(Command(kind))
            self._settle()
        self._speak(f"{SECRET}{number}?", code)
        self._wait("answered", lambda: self._is_served(code))

    def _leave_in_the_middle(self, code: str, number: int) -> None:
        self._speak(f"{SECRET}{number} and", code, 3.0)
        self._wait("answered or asked again", lambda: bool(self._heard))

    def _shout(self, code: str, number: int) -> None:
        self.loop.press()
        for again in range(4):
            self._speak(f"{SECRET}{number} {again}!", code, 1.5)
        self._wait("answered", lambda: self._is_served(code))

    def _headphones(self, code: str, number: int) -> None:
        self.loop.headphones("in")
        self._wait("told", lambda: self._says(phrase("headphones_in", "en")[0]))
        self._settle()
        self._speak(f"{SECRET}{number}?", code)
        self._wait("answered", lambda: self._is_served(code))
        self.loop.headphones("out")

    def _nothing(self, code: str, number: int) -> None:
        self._wait("invited", lambda: self._says(phrase("kiosk_attract", "en")[0]))

    def _hold_a_key(self, code: str, number: int) -> None:
        for _ in range(200):
            self.loop.press()
            self.loop.press_pause()
        self._wait("described", lambda: self._says(SECRET))

    def _pause(self, code: str, number: int) -> None:
        self._speak(f"{SECRET}{number}?", code, until=lambda: self.loop.pause())
        self._pass(5.0)

    def _type(self, code: str, number: int) -> None:
        self.loop.ask(f"{SECRET}{number}?", code)
        self._wait("answered", lambda: self._is_served(code))
        if not self._traces():
            self.broken.append("nothing is found while somebody is there: this day would notice nothing")

    def _forget(self, code: str, number: int) -> None:
        self._type(code, number)
        self._settle()
        resets = self._happened["reset"]
        self.loop.obey(Command("forget"))
        self._settle()
        self._pass(0.5)
        self._wait("forgotten at once", lambda: self._happened["reset"] > resets)

    def _ask_what_is_refused(self, code: str, number: int) -> None:
        self._speak(f"{SECRET}{number} {REFUSED}?", code)
        self._wait("refused aloud", lambda: self._says(phrase("kiosk_refused", code)[0]) or self._says(phrase("say_again", code)[0]))

    def _speak(self, text: str, code: str, seconds: float = 1.0, until: Callable[[], bool] | None = None) -> None:
        self.ears.says = Transcript(text, code, 0.9, text, 0.9)
        self.microphone.say(seconds)
        self._wait("heard", until or (lambda: self.microphone.has_been_heard))

    def _check_nothing_is_left(self, who: str, code: str) -> None:
        """The sound that is kept goes with the next chunk, and the answering thread's part with its next job."""
        self.ears.says = Transcript("", "en", 0.9, "", 0.9)
        give_up_s = time.monotonic() + WITHIN_S / 4
        while (left := self._traces()) and time.monotonic() < give_up_s:
            time.sleep(0.05)
        self.broken += [f"{who}: left {each}" for each in left]

    def _traces(self) -> list[str]:
        loop = self.loop
        session = loop._session
        found = reachable([loop, self.kiosk, self.captions], self.outside)
        words = {each for each in found if isinstance(each, str) and SECRET in each.lower() and each != SECRET}
        sounds = [
            f"sound {each.shape}" for each in found if isinstance(each, np.ndarray) and each.dtype == np.float32 and np.any(each == LEVEL)
        ]
        now = [
            str(session.detail),
            session.conversation.language,
            str(self.voice.settings),
            str(session.control.is_private),
            str(loop.is_paused),
        ]
        set_back = ["brief", "en", str(VoiceSettings()), "False", "False"]
        return sorted(words) + sounds + ([] if now == set_back else now)

    def _pass(self, seconds: float) -> None:
        """Let time pass at the kiosk, and what it then says be said."""
        self.now_s += seconds
        self.kiosk.tick(NOON)
        self._settle()

    def _settle(self) -> None:
        jobs = self.loop._session.jobs
        self._wait(
            "silence", lambda: (self.loop.is_silent or self.loop.is_paused) and not jobs.is_urgent and self.microphone.has_been_heard
        )

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        give_up_s = time.monotonic() + WITHIN_S
        while not done():
            if time.monotonic() > give_up_s:
                raise TimeoutError(f"{what} ({self._state()})")
            time.sleep(0.002)

    def _state(self) -> dict[str, object]:
        """Why it isn't silent, perhaps."""
        session = self.loop._session
        queues = {"sentences": len(session.sentences), "sounds": len(session.sounds), "plays": session.speaker.is_playing}
        users = {"speaks": session.turn_taking.user_speaks, "waits": session.waiting.is_waiting, "urgent": session.jobs.is_urgent}
        return {
            **queues,
            **users,
            "paused": self.loop.is_paused,
            "gain": session.control.gain(),
            "microphone": self.microphone.has_been_heard,
        }

    def _is_served(self, code: str) -> bool:
        """Whether an answer was heard, or aloud that the words weren't clear: made-up ones may only begin a question."""
        return self._says(SECRET) or self._says(phrase("say_again", code)[0])

    def _says(self, text: str) -> bool:
        """Whether a text's beginning has been heard: a phrase is said sentence by sentence."""
        begins = text[:12].lower()
        with self._lock:
            return any(share > 0 and begins in heard.lower() for heard, share in self._heard)

    def _report(self, event: str, details: dict[str, Any]) -> None:
        self.captions.report(event, details)
        if event == "heard":
            with self._lock:
                self._heard.append((details["text"], details["share"]))
        elif event == "kiosk" and details["is"] != "time_left":
            self._happened[details["is"]] += 1
        elif event in ("restarted", "trouble"):
            self.broken.append(f"{event}: {details}")
        elif event == "hung":  # on a busy machine: it is said aloud that the answer takes longer
            self._happened[event] += 1

    def _megabytes(self) -> tuple[float, float]:
        sixth = max(1, len(self.resident_bytes) // 6)
        warm, end = self.resident_bytes[sixth : 2 * sixth], self.resident_bytes[-sixth:]
        return round(float(np.median(warm or end)) / 1e6, 1), round(float(np.median(end)) / 1e6, 1)

    def _note_opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Of this process, opened to be written; a hook can't be taken out again."""
        if (
            event == "open"
            and not self._is_over
            and isinstance(flags := arguments[2], int)
            and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            path = str(arguments[0])
            if not path.startswith(("/dev/", "/proc/")):
                self.written.add(path)


def main() -> int:
    """Run a day by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seed", type=int, default=25)
    options = parser.parse_args()
    with Day(options.seed) as day:
        result = day.live_through(options.users)
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return 1 if result["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
