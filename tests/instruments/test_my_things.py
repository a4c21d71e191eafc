"""Things of the user's own are found again once they were shown, kept only if that is asked for, and people never."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from assistant.conversation import Conversation
from assistant.instruments.my_things import MyThings
from assistant.interfaces import PictureMemory
from assistant.messages import Frame, Keyframe, Picture, SeenPicture
from assistant.settings import EarSettings
from tests.instruments.test_objects import Found
from tests.support.fakes import ScriptedDescriber

GROUND = np.random.default_rng(1).integers(90, 110, (480, 640, 3)).astype(np.uint8)
WALLET, KEYS, CUP = (200, 40, 40), (40, 60, 200), (30, 160, 60)


class ByColour:
    """A PictureMemory that makes of a picture how much of each colour it has."""

    encoder_id = "by colour"

    def see(self, picture: Picture) -> SeenPicture:
        shares = [(np.abs(picture.astype(int) - colour).max(axis=2) < 40).mean() for colour in (WALLET, KEYS, CUP)]
        return SeenPicture("", np.array([[*shares, 0.2]], np.float32), "")


def shown(colour: tuple[int, int, int], left: int = 240, top: int = 160, size: int = 160) -> Picture:
    picture = GROUND.copy()
    picture[top : top + size, left : left + size] = colour
    return picture


class Owner:
    """Somebody who shows things and asks for them."""

    def __init__(self, file: Path) -> None:
        things = MyThings(cast(PictureMemory, cast(Any, ByColour())), Found([]), 70.0, file)
        self.talk = Conversation(None, ScriptedDescriber(["A room."]), EarSettings(), instruments=[things])

    def says(self, words: str, picture: Picture, language: str = "en") -> str:
        seen = self.talk.glance([Keyframe(Frame(picture, 0.0), "only")])
        return " ".join(sentence.text for sentence in self.talk.answer(seen, self.talk.written(words, language)))


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return Owner(tmp_path / "kept" / "my_things.npz")


def test_what_was_shown_is_found_among_other_things_and_its_absence_is_told(owner: Owner) -> None:
    assert owner.says("This is my wallet", shown(WALLET)) == "I'll remember this: wallet. You can show me another side."
    clutter = shown(WALLET, left=20, top=300)
    clutter[40:200, 440:600] = KEYS
    assert owner.says("Where is my wallet?", clutter).startswith("A wallet: at 11 o'clock")
    assert owner.says("Is my wallet there?", clutter) != "No."
    assert owner.says("Where is my wallet?", shown(KEYS)) == "I don't see a wallet."


def test_it_may_be_asked_for_in_another_language(owner: Owner) -> None:
    owner.says("This is my wallet", shown(WALLET))
    assert owner.says("Wo ist meine Brieftasche?", shown(WALLET, left=470), "de").startswith("Brieftasche: auf 1 Uhr")


def test_only_what_is_to_be_kept_for_good_outlives_the_session_and_can_be_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "my_things.npz"
    first = Owner(file)
    first.says("This is my wallet", shown(WALLET))
    assert not file.exists()
    assert not Owner(file).says("Where is my wallet?", shown(WALLET)).startswith("A wallet:")
    assert first.says("Remember it for good", shown(WALLET)) == "I keep this for good: wallet."
    assert Owner(file).says("Where is my wallet?", shown(WALLET)).startswith("A wallet: straight ahead")
    assert Owner(file).says("Forget my wallet", shown(WALLET)) == "I have forgotten this: wallet."
    assert not Owner(file).says("Where is my wallet?", shown(WALLET)).startswith("A wallet:")
    assert Owner(file).says("Forget my wallet", shown(WALLET)) == "You haven't shown me this yet: wallet."


def test_forgetting_everything_forgets_what_was_shown(owner: Owner) -> None:
    owner.says("This is my wallet", shown(WALLET))
    owner.talk.forget()
    assert not owner.says("Where is my wallet?", shown(WALLET)).startswith("A wallet:")


def test_a_person_is_never_remembered(owner: Owner) -> None:
    for words in ("This is my mother", "This is my person", "This is my Alice"):
        owner.says(words, shown(WALLET))
    assert not owner.says("Where is my mother?", shown(WALLET)).startswith("A mother:")
    assert not owner.says("Where is my person?", shown(WALLET)).startswith("A person:")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 damaged"])
def test_a_damaged_file_of_things_is_as_if_there_were_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "my_things.npz"
    file.write_bytes(content)
    user = Owner(file)
    user.says("This is my wallet", shown(WALLET))
    assert user.says("Where is my wallet?", shown(WALLET)).startswith("A wallet:")
