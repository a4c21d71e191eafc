"""What a user may set, one frozen dataclass a device or engine. Units are in the names; values are checked on creation.

`load_settings` reads a TOML file whose tables are the fields of `Settings`:

    [ears]
    end_silence_s = 0.6
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from assistant.messages import Detail, NarrationMode
from assistant.problems import BadInput, shorten


@dataclass(frozen=True)
class CameraSettings:
    """How frames are read."""

    width: int = 640
    """Pixels asked of a live camera; it may give others."""
    height: int = 480
    largest_edge: int = 1280
    """Pixels; longer frames are shrunk on arrival."""

    def __post_init__(self) -> None:
        _check_range(self, width=(16, 8192), height=(16, 8192), largest_edge=(64, 8192))


@dataclass(frozen=True)
class KeyframeSettings:
    """Which frames are kept."""

    change_threshold: float = 0.03
    """Share of the picture in [0, 1] that must look different from the last keyframe: about one thing that came or went."""
    settle_s: float = 0.4
    """A change must last this long; the sharpest frame within is kept."""
    min_gap_s: float = 0.5
    max_gap_s: float = 20.0
    """A keyframe is kept for coverage after this long without a change."""
    most_per_minute: int = 30
    """Keyframes in any minute of a live camera; what changes more often is seen when its turn comes."""

    def __post_init__(self) -> None:
        _check_range(
            self,
            change_threshold=(0.0, 1.0),
            settle_s=(0.0, 10.0),
            min_gap_s=(0.0, 60.0),
            max_gap_s=(self.min_gap_s, 3600.0),
            most_per_minute=(1, 600),
        )


@dataclass(frozen=True)
class EarSettings:
    """When speech begins and ends, and how sure hearing must be."""

    speech_threshold: float = 0.5
    """Probability in [0, 1] from which a chunk counts as speech."""
    min_speech_s: float = 0.15
    """A spoken "Stop" or "Help" is this short; coughs that pass are sorted out by the recogniser."""
    end_silence_s: float = 0.7
    """Of silence end an utterance."""
    sure_silence_s: float = 0.25
    """The same when the words until then are a whole question or command; if they go on after all, they are taken as one."""
    pause_s: float = 0.03
    """After this much silence what was said is recognised and answered ahead, in case it was all."""
    interrupt_speech_s: float = 0.3
    """Speech this long silences the assistant; shorter sounds do so only when they turn out to be words, such as "Stop"."""
    pre_roll_s: float = 0.3
    """Sound kept from before speech was noticed, so that the first syllable survives."""
    max_utterance_s: float = 20.0
    language_floor: float = 0.3
    """Below this probability of the language, among all that the recogniser knows, the user is asked to say it again."""
    confidence_floor: float = 0.35
    """Below this confidence in the words the same."""
    languages: tuple[str, ...] = ()
    """Two-letter codes of the languages listened for, ["en", "pt"]; none: see assembly.enabled_languages."""
    greet_languages: bool = False
    """For a kiosk: when it is ready it invites in each of these languages, as many as a few seconds hold."""
    headphones: bool = False
    """Listen while speaking; with a loudspeaker the assistant would hear itself."""
    push_to_talk: bool = False
    """Hear nothing until a key is pressed."""
    wake_word: str = ""
    """When given, only what begins with this word is meant for the assistant."""

    def __post_init__(self) -> None:
        _check_range(
            self,
            speech_threshold=(0.0, 1.0),
            min_speech_s=(0.03, 5.0),
            end_silence_s=(0.1, 10.0),
            sure_silence_s=(0.1, 10.0),
            pause_s=(0.03, 10.0),
            interrupt_speech_s=(0.03, 10.0),
            pre_roll_s=(0.0, 5.0),
            max_utterance_s=(1.0, 30.0),
            language_floor=(0.0, 1.0),
            confidence_floor=(0.0, 1.0),
        )


SLOWEST, FASTEST, LOUDEST = 0.5, 6.0, 3.0


@dataclass(frozen=True)
class KeySettings:
    """What is pressed to talk or for silence."""

    talk: str = "any"
    """A key of the keyboard, "any", or a pin such as "gpio:17"."""

    def __post_init__(self) -> None:
        if not (self.talk == "any" or len(self.talk) == 1 or self.talk.startswith("gpio:")):
            raise BadInput(f"the setting talk = {shorten(self.talk)} is no key", 'use one character, "any" or a pin such as "gpio:17"')


@dataclass(frozen=True)
class VoiceSettings:
    """How the assistant sounds."""

    rate: float = 1.0
    """Times the voice's own pace, 0.5 to 6."""
    volume: float = 1.0
    """Times the voice's own loudness, 0 to 3; above 1 its peaks are rounded off."""

    def __post_init__(self) -> None:
        _check_range(self, rate=(SLOWEST, FASTEST), volume=(0.0, LOUDEST))


@dataclass(frozen=True)
class NarrationSettings:
    """When the assistant speaks without being asked."""

    mode: NarrationMode = "quiet"
    """quiet: never; changes: when the scene has changed; continuous: then, and every `every_s`."""
    every_s: float = 10.0
    cooldown_s: float = 60.0
    """The same isn't said again within this time."""
    gap_s: float = 2.0
    """Of silence after anybody spoke."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(NarrationMode):
            raise BadInput(f"the setting mode = {self.mode!r} is unknown", f"use {', '.join(get_args(NarrationMode))}")
        _check_range(self, every_s=(1.0, 3600.0), cooldown_s=(0.0, 3600.0), gap_s=(0.0, 60.0))


@dataclass(frozen=True)
class AnswerSettings:
    """How the model answers."""

    model: str = "starter"
    """Name of a manifest in `models/`, or a folder in the SmolVLM2 layout."""
    detail: Detail = "brief"
    max_keyframes: int = 4
    """Pictures given to the model at once; a model may take fewer."""
    threads: int = 0
    """Threads of the model; 0 = one per core, in the live loop one less where there are three or more: sound comes first."""

    def __post_init__(self) -> None:
        if self.detail not in ("brief", "normal", "full"):
            raise BadInput(f"the setting detail = {self.detail!r} is unknown", "use brief, normal or full")
        _check_range(self, max_keyframes=(1, 64), threads=(0, 256))


@dataclass(frozen=True)
class Settings:
    """Everything, with defaults that suit a laptop."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    keyframes: KeyframeSettings = field(default_factory=KeyframeSettings)
    ears: EarSettings = field(default_factory=EarSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    narration: NarrationSettings = field(default_factory=NarrationSettings)
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    answers: AnswerSettings = field(default_factory=AnswerSettings)
    language: str = "en"
    """The language spoken to a user who hasn't said anything yet."""


def load_settings(path: Path | None) -> Settings:
    """Read a TOML file; BadInput names the first field that is unknown, of the wrong kind or out of range."""
    if path is None:
        return Settings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"the settings file {shorten(path)} can't be read ({error.strerror})", "check the path after --settings") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the settings file {shorten(path)} is not valid TOML ({error})", "mend that line") from error
    settings: Settings = _from_table(Settings, table, shorten(path.name))
    return settings


def _from_table(kind: type[Any], table: dict[str, Any], where: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(kind)}
    values = {}
    for name, value in table.items():
        if name not in known:
            raise BadInput(f"{where} has an unknown setting {name!r}", f"the settings here are {', '.join(known)}")
        default = getattr(kind(), name)
        if dataclasses.is_dataclass(default):
            if not isinstance(value, dict):
                raise BadInput(f"{name} in {where} must be a table", f"write [{name}] on a line of its own")
            values[name] = _from_table(type(default), value, f"[{name}]")
        elif isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise BadInput(f"the setting {name} in {where} must be a list of texts", 'write them as ["en", "pt"]')
            values[name] = tuple(value)
        elif isinstance(value, bool) != isinstance(default, bool) or not isinstance(
            value, (int, float) if isinstance(default, float) else type(default)
        ):
            raise BadInput(f"the setting {name} in {where} must be {_kind_name(default)}", f"the default is {default!r}")
        else:
            values[name] = type(default)(value)
    return kind(**values)


def _kind_name(value: object) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[type(value)]


def _check_range(settings: object, **ranges: tuple[float, float]) -> None:
    for name, (low, high) in ranges.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            raise BadInput(f"the setting {name} = {value} is out of range", f"use {low} to {high}")
