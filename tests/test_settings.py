"""What a user is told of a mistake in a settings file, and what may stand there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.problems import BadInput
from assistant.settings import AnswerSettings, EarSettings, KeyframeSettings, KeySettings, VoiceSettings, load_settings


def test_what_is_not_set_stays_as_it_is_by_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[voice]\nrate = 2\n"))
    assert settings.voice == VoiceSettings(rate=2.0)
    assert isinstance(settings.voice.rate, float)
    assert settings.ears == EarSettings() == load_settings(None).ears


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xef\xbb\xbf[ears]\r\nheadphones = true\r\n")
    assert load_settings(path).ears.headphones


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[voice]\nrate = 9.0", "[voice] of the settings file settings.toml has a bad setting rate = 9.0. Use a number from 0.5 to 6."),
        ("[voice]\nrate = nan", "rate = nan. Use a number from 0.5 to 6."),
        ('[voice]\nrate = "fast"', "rate = 'fast'. Use a number from 0.5 to 6."),
        ("[voice]\nrate = true", "rate = true. Use a number from 0.5 to 6."),
        ("[camera]\nwidth = 640.5", "width = 640.5. Use a whole number from 16 to 8192."),
        ("[camera]\nwidth = 99999999999999999999", "width = 99999999999999999999. Use a whole number from 16 to 8192."),
        ("[ears]\nheadphones = 1", "headphones = 1. Use true or false."),
        ("[ears]\nlanguages = ['en', 3]", "languages = ['en', 3]. Use a list of texts, such as"),
        ("[answers]\nmodel = 3", "model = 3. Use a text."),
        ('[narration]\nmode = "loud"', """mode = 'loud'. Use "changes", "continuous" or "quiet"."""),
        ("voice = 3", "settings.toml has a bad setting voice = 3. Use a table: write [voice] on a line of its own."),
        (
            "[voice]\nspeed = 2",
            "[voice] of the settings file settings.toml has an unknown setting 'speed'. The settings here are rate, volume.",
        ),
        (
            "[mouth]\n",
            "an unknown setting 'mouth'. The settings here are camera, keyframes, ears, keys, narration, voice, reading, answers, ",
        ),
        ("[keyframes]\nmin_gap_s = 40", "the setting max_gap_s = 20.0 is less than min_gap_s. Use 40.0 to 3600."),
        ('[keys]\ntalk = "F1"', "the setting talk = F1 is no key."),
        ("[voice", "settings.toml is not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_its_file_its_place_and_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput) as bad:
        load_settings(write(tmp_path, text))
    assert told in str(bad.value)
    assert "\n" not in str(bad.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read .*Check the path after --settings"):
        load_settings(tmp_path / "settings.toml")


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (VoiceSettings, {"rate": 9.0}, "the setting rate = 9.0 can't be used. Use a number from 0.5 to 6."),
        (AnswerSettings, {"detail": "long"}, """detail = 'long' can't be used. Use "brief", "full" or "normal"."""),
        (KeyframeSettings, {"min_gap_s": 30.0}, "max_gap_s = 20.0 is less than min_gap_s"),
        (KeySettings, {"talk": "F1"}, "is no key"),
    ],
)
def test_a_value_given_in_code_is_checked_too(kind: Any, values: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as bad:
        kind(**values)
    assert told in str(bad.value)


def write(folder: Path, text: str) -> Path:
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return folder / "settings.toml"


@pytest.mark.parametrize("coding", ["utf-16", "utf-8", "utf-8-sig", "utf-16-be with a mark"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["Unix", "Windows", "old Mac"])
def test_other_machines_encodings_and_line_ends_are_read(tmp_path: Path, coding: str, ends: str) -> None:
    path = tmp_path / "settings.toml"
    text = f"[answers]{ends}model = 'café'{ends}"
    path.write_bytes(b"\xfe\xff" + text.encode("utf-16-be") if "mark" in coding else text.encode(coding))
    assert load_settings(path).answers.model == "café"


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("[ears]\nend_silense_s = 1", "Write end_silence_s."),
        ("[ears]\nend-silence-s = 1", "Write end_silence_s."),
        ("[Ears]\nheadphones = true", "Write ears."),
        ("[ear]\nheadphones = true", "Write ears."),
        ("[voice]\nend_silence_s = 1", "Write it below a line [ears]."),
        ("end_silence_s = 1", "Write it below a line [ears]."),
        ("[voice]\nheadphone = true", "Write headphones, below a line [ears]."),
        ("[ears]\nend_silence_s = 0,6", "Write a decimal point"),
        ("[ears]\nheadphones = yes", "Write true"),
        ("[ears]\nheadphones = False", "Write false"),
        ("[ears]\nheadphones: true", "Write = instead of the colon."),
        ("[answers]\nmodel = starter", "Put a text into quotes"),
        ("[answers]\nmodel = “starter”", "Write straight quotes"),
        ("[ears]\nheadphones =", "Write a value"),
        ("[ears]\nheadphones = true\n[ears]\npause_s = 1", "Leave one of the two out."),
        ('{"ears": {}}', "Write [table] on a line of its own"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_what_is_right(tmp_path: Path, text: str, way_out: str) -> None:
    with pytest.raises(BadInput) as bad:
        load_settings(write(tmp_path, text))
    assert way_out in str(bad.value) and "\n" not in str(bad.value)


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"[answers]\nmodel = 'caf\xe9'\n")
    with pytest.raises(BadInput, match="isn't written in UTF-8, line 2.*Save it as UTF-8"):
        load_settings(path)
