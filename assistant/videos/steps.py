"""An instruction video as numbered steps: the scenes, the words shown in them and the words spoken over them, put together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.languages.normalized import normalize
from assistant.videos.step_questions import without_number
from assistant.videos.step_scenes import Said, Scene, sentences_of, what_is_new, with_new_titles, without_fixtures
from assistant.videos.step_signs import EARLY_S, Sign, step_signs

_BULLETS = "-–—•·*▪►✓ "


@dataclass(frozen=True)
class Step:
    """One thing that is to be done."""

    number: int
    """From 1 on; 0: what is said before the first step."""
    start_s: float
    end_s: float
    title: str
    """What is shown, "" where nothing is."""
    spoken: str
    seen: str
    language: str
    """Of what is spoken, "" where nothing is."""
    cards: tuple[str, ...] = ()
    """All texts that are shown, a line a line; each once."""

    @property
    def text(self) -> str:
        """Return what is spoken, else what is shown, else what is seen; what is shown first where the voice doesn't say it."""
        title = (without_number(self.title) or self.title).lstrip(_BULLETS)
        if not self.spoken:
            return title or self.seen
        return self.spoken if not title or _words(title) <= _words(self.spoken) else f"{_ended(title)} {self.spoken}"


def steps_of(scenes: Sequence[Scene], said: Sequence[Said], end_s: float) -> list[Step]:
    """Return the steps in order of time, the introduction first where there is one.

    Args:
        scenes: in order of time, without gaps.
        said: utterances in order of time.
        end_s: until when the video lasts.
    """
    as_shown = scenes
    scenes = without_fixtures(scenes, is_voiced=bool(said))
    scenes = with_new_titles(scenes) if said else what_is_new(scenes)  # of a silent film what is new is all there is
    sentences = [sentence for each in said for sentence in sentences_of(each)]
    signs = step_signs(scenes, said, sentences)
    bounds = [*(sign.start_s for sign in signs), max(end_s, signs[-1].start_s if signs else 0.0)]
    before = _introduction(as_shown, scenes, sentences, bounds[0])
    steps = [
        replace(
            _step(number, sign, until_s, scenes, sentences, is_last=number == len(signs)), cards=_cards(as_shown, sign.start_s, until_s)
        )
        for number, (sign, until_s) in enumerate(zip(signs, bounds[1:], strict=True), 1)
    ]
    return [before, *steps] if before.text or before.cards else steps


def _introduction(as_shown: Sequence[Scene], scenes: Sequence[Scene], sentences: Sequence[Said], until_s: float) -> Step:
    """What is said before the first step, else what is shown."""
    spoken, cards = _spoken(sentences, -1e9, until_s - EARLY_S), _cards(as_shown, -1e9, until_s)
    title = "" if spoken else next((scene.title for scene in scenes if scene.title and scene.start_s < until_s - EARLY_S), "")
    return Step(0, 0.0, until_s, title, spoken, "", sentences[0].language if spoken else "", cards)


def _cards(scenes: Sequence[Scene], from_s: float, until_s: float) -> tuple[str, ...]:
    """All texts that are shown in a time, each once."""
    return tuple(dict.fromkeys(each.shown for each in scenes if each.shown and from_s - EARLY_S <= each.start_s < until_s - EARLY_S))


def _step(number: int, sign: Sign, until_s: float, scenes: Sequence[Scene], sentences: Sequence[Said], *, is_last: bool) -> Step:
    start_s, last_s = sign.start_s, 1e9 if is_last else until_s - EARLY_S
    shown = [scene for scene in scenes if start_s - EARLY_S <= scene.start_s < last_s]
    shown = shown or [scene for scene in scenes if scene.start_s <= start_s < scene.end_s]
    language = next((each.language for each in sentences if start_s - EARLY_S <= each.start_s < last_s), "")
    title = sign.title or next((scene.title for scene in shown if scene.title), "")
    seen = next((scene.seen for scene in shown if scene.seen), "")
    return Step(number, start_s, until_s, title, _spoken(sentences, start_s - EARLY_S, last_s), seen, language)


def _spoken(sentences: Sequence[Said], from_s: float, until_s: float) -> str:
    return " ".join(each.text for each in sentences if from_s <= each.start_s < until_s)


def _words(text: str) -> set[str]:
    return set(normalize(without_number(text)).split())


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?:" else f"{text}."
