"""The commands of README in a German, a French and an Arabic session, as a new user has them: no English word but the promised.

Promised in English (docs/languages.md): names of files, models, programs, options and settings; what stands in backquotes or brackets;
descriptions that nothing here translates surely; what was heard or read, and doubt about that, in its own language. The demo answers each
question in the language in which it was recorded.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.commands.demo import demo_file
from assistant.languages import languages, phrase
from assistant.languages.catalogues import in_language
from assistant.languages.nouns import nouns
from assistant.translatable import Translatable
from script import catalogues
from tests.support.running_assistant import NO_NETWORK, can_lose_network

pytestmark = [pytest.mark.models, pytest.mark.slow]

MARK = "### "
RUN = f"""
import json, sys
from assistant.command_line import main
for arguments in json.load(sys.stdin):
    print({MARK!r} + " ".join(arguments), flush=True)
    main(arguments)
    sys.stderr.flush()
"""
ASKED = {
    "de": ("Was ist das?", "Wer hat das gebaut?", "eine Katze", "jemand springt", "Ja. Nein."),
    "fr": ("Qu'est-ce que c'est ?", "Qui a construit cela ?", "un chat", "quelqu'un saute", "Oui. Non."),
    "ar": ("ما هذا؟", "من بنى هذا؟", "قطة", "شخص يقفز عاليا", "نعم. لا."),
}
"""A question about a thing, one for the model, a thing to find, something that no lexicon has, two sentences to say."""
PROMISED = frozenset(
    ("assistant", "starter", "whisper", "base", "piper", "espeak", "firefox", "apertium", "hugging", "face", "hub", "bleu", "exit")
)
"""Names; "EXIT" stands on the sign."""
DESCRIBED = ("ask", "describe", "run", "demo")
"""Commands that tell descriptions."""


def commands(code: str, folder: Path) -> list[list[str]]:
    thing, free, sought, strange, said = ASKED[code]
    clip, question = str(demo_file("clip.mp4")), str(demo_file("question6_de.wav"))
    return [
        ["check"],
        ["ask", clip, thing],
        ["ask", "dark.png", thing],
        ["ask", "sign.png", free],
        ["ask", "missing.jpg", thing],
        ["ask", "note.txt", thing],
        ["ask", "sign.png", " "],
        ["ask", "sign.png", thing, "--model", "none"],
        ["ask", "cut.jpg", thing],
        ["read", "sign.png"],
        ["read", "missing.png"],
        ["run", "--camera", clip, "--microphone", question, "--speaker", "spoken.wav", "--duration-s", "4"],
        ["run", "--camera", "57"],
        ["run", "--camera", clip, "--microphone", "none"],
        ["demo"],
        ["describe", clip],
        ["describe", "dark.png"],
        ["describe", "sign.png", "--srt", "film.srt"],
        ["find", clip, sought],
        ["find", clip, strange],
        ["watch", clip, sought],
        ["watch", "missing.mp4", sought],
        ["say", said, "--language", code, "--out", "said.wav"],
        ["say", "...", "--language", code],
        ["hear", "missing.wav"],
    ]


def write_media(folder: Path) -> None:
    sign = np.full((360, 640, 3), 255, np.uint8)
    cv2.putText(sign, "EXIT", (120, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, (0, 0, 0), 8)
    cv2.imwrite(str(folder / "sign.png"), sign)
    cv2.imwrite(str(folder / "dark.png"), np.zeros((360, 640, 3), np.uint8))
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    cut = cv2.imencode(".jpg", noise)[1].tobytes()
    (folder / "cut.jpg").write_bytes(cut[: len(cut) // 2])
    (folder / "note.txt").write_text("one two three", encoding="utf-8")


@pytest.fixture(scope="module", params=sorted(ASKED))
def session(request: pytest.FixtureRequest, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, list[str]]]:
    """The language, and what each command prints for its user, by the command."""
    code, folder = request.param, tmp_path_factory.mktemp(request.param)
    write_media(folder)
    (folder / "data/scene-assistant").mkdir(parents=True)
    (folder / "data/scene-assistant/language").write_text(code, encoding="ascii")
    environment = os.environ | {
        "XDG_DATA_HOME": str(folder / "data"),
        "ASSISTANT_MODELS": str(models_dir),
        "PYTHONPATH": str(catalogues.PACKAGE.parent),
    }
    without_network = NO_NETWORK if can_lose_network() else []
    done = subprocess.run(
        [*without_network, sys.executable, "-c", RUN],
        input=json.dumps(commands(code, folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    printed: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            printed[line.removeprefix(MARK)] = lines = list[str]()
        else:
            lines.append(line)
    return code, printed


def words(text: str) -> list[str]:
    """Words in Latin letters of three letters and more, but for the command's name and what stands in backquotes, brackets and paths."""
    text = re.sub(r"^assistant \w+:", "", text)
    text = re.sub(r"`[^`]*`|\([^)]*\)|'[^']*'|--\S+|\S*[/_\d.]\S*", " ", text)
    return re.findall(r"(?<![\w-])[a-z]{3,}(?![\w-])", text.lower())


@functools.cache
def own_words(code: str) -> set[str]:
    """All words that the project itself has in a language."""
    known = languages()[code]
    texts = [str(message.string) for message in catalogues.catalogue(code) if message.id]
    texts += [
        *known.phrases.values(),
        *known.places.values(),
        *known.colours.values(),
        *(form for each in known.counted.values() for form in each.values()),
    ]
    texts += [name for names in known.language_names.values() for name in names]
    texts += [called.text for noun in nouns().values() for called in noun.names(code)]
    return {word for text in texts for word in re.findall(r"[a-z]{3,}", text.lower())}


@functools.cache
def english_words() -> set[str]:
    """All words that the project itself has in English, and what its eye says."""
    english = languages()["en"]
    texts = [message.text for message in catalogues.messages()] + [
        *english.phrases.values(),
        *english.places.values(),
        *english.colours.values(),
    ]
    texts += [
        "the and with from this that what there which looks like front sitting standing",
        *(called.text for noun in nouns().values() for called in noun.names("en")),
    ]
    return {word for text in texts for word in re.findall(r"[a-z]{3,}", text.lower())}


def in_english(lines: list[str], code: str, is_described: bool) -> Iterator[str]:
    english = english_words() - own_words(code) - PROMISED
    quoted = (in_language(Translatable("You: {text}", text=""), code), phrase("may_say", "en", text="")[0])
    for line in lines:
        if line.startswith(quoted):  # what was heard, and what may stand in a text in its own language
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", line):
            found = [word for word in words(sentence) if word in english]
            if found and not (is_described and re.match(r"(?:It looks like |I think:? |An? |Two |The |Some )", sentence)):
                yield f"{', '.join(found)}: {line}"


def test_no_english_word_but_the_promised(session: tuple[str, dict[str, list[str]]]) -> None:
    code, printed = session
    found = [
        f"{command} -> {line}"
        for command, lines in printed.items()
        if command != "demo"
        for line in in_english(lines, code, command.split()[0] in DESCRIBED)
    ]
    assert found == []


def test_every_command_says_something(session: tuple[str, dict[str, list[str]]]) -> None:
    code, printed = session
    assert len(printed) == len(commands(code, Path()))
    assert [command for command, lines in printed.items() if not any(lines)] == []


def test_the_demo_tells_what_it_did_in_the_users_language(session: tuple[str, dict[str, list[str]]]) -> None:
    code, printed = session
    heard = {"de": "gehört [de]", "fr": "entendu [de]", "ar": "سُمع [de]"}[code]
    assert any(heard in line for line in printed["demo"])
    assert not [line for line in printed["demo"] if "heard" in line or "said:" in line or "spoken answers" in line]


def test_what_is_looked_for_is_found_or_refused_in_the_users_language(session: tuple[str, dict[str, list[str]]]) -> None:
    code, printed = session
    clip, (_, _, sought, strange, _) = demo_file("clip.mp4"), ASKED[code]
    assert sought not in printed[f"find {clip} {sought}"][0], "the cat of the first seconds was not found"
    refused = {"de": "hier übersetzt nichts", "fr": "rien ici ne met", "ar": "لا شيء هنا ينقل"}[code]
    assert refused in printed[f"find {clip} {strange}"][0]


def test_the_checker_knows_english_when_it_sees_it() -> None:
    line = "ok       camera 0: there is no microphone here"
    assert list(in_english([line], "de", False)) and list(in_english([line], "ar", False))
    assert not list(in_english(["Es gibt keine Kamera `assistant check` (No such file) /tmp/check.png --out"], "de", False))
