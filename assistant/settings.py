"""What a user may set, one frozen group a device or engine. Units are in the names; values are checked on creation.

`load_settings` reads a TOML file whose tables are the fields of `Settings`:

    [ears]
    end_silence_s = 0.6
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from assistant.messages import AimingSound, Detail, Intent, NarrationMode
from assistant.problems import BadInput, shorten
from assistant.toml_files import check_fields, load_toml

BEST_MODEL = "best"
"""In place of a model's name: the best that was fetched."""

SLOWEST, FASTEST, LOUDEST = 0.5, 6.0, 3.0

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class CheckedSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A group of settings. Making one with a value that its type doesn't allow raises BadInput, in code as from a file."""

    def __post_init__(self) -> None:
        check_fields(self, "setting")


class CameraSettings(CheckedSettings, frozen=True):
    """How frames are read."""

    width: Annotated[int, Meta(ge=16, le=8192)] = 640
    """Pixels asked of a live camera; it may give others."""
    height: Annotated[int, Meta(ge=16, le=8192)] = 480
    largest_edge: Annotated[int, Meta(ge=64, le=8192)] = 1280
    """Pixels; longer frames are shrunk on arrival."""
    opening_degrees: Annotated[float, Meta(ge=10.0, le=170.0)] = 70.0
    """How wide it sees from left to right: what tells a thing's direction."""


class KeyframeSettings(CheckedSettings, frozen=True):
    """Which frames are kept."""

    change_threshold: Share = 0.03
    """Share of the picture in [0, 1] that must look different from the last keyframe: about one thing that came or went."""
    settle_s: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.4
    """A change must last this long; the sharpest frame within is kept."""
    min_gap_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5
    max_gap_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 20.0
    """A keyframe is kept for coverage after this long without a change; not less than `min_gap_s`."""
    most_per_minute: Annotated[int, Meta(ge=1, le=600)] = 30
    """Keyframes in any minute of a live camera; what changes more often is seen when its turn comes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_gap_s < self.min_gap_s:
            raise BadInput(f"the setting max_gap_s = {self.max_gap_s} is less than min_gap_s", f"use {self.min_gap_s} to 3600")


class EarSettings(CheckedSettings, frozen=True):
    """When speech begins and ends, and how sure hearing must be."""

    speech_threshold: Share = 0.5
    """Probability in [0, 1] from which a chunk counts as speech."""
    min_speech_s: Annotated[float, Meta(ge=0.03, le=5.0)] = 0.15
    """A spoken "Stop" or "Help" is this short; coughs that pass are sorted out by the recogniser."""
    end_silence_s: Annotated[float, Meta(ge=0.1, le=10.0)] = 0.7
    """Of silence end an utterance."""
    sure_silence_s: Annotated[float, Meta(ge=0.1, le=10.0)] = 0.25
    """Of silence end an utterance whose words are a whole question or command; if they go on after all, they are taken as one."""
    unfinished_silence_s: Annotated[float, Meta(ge=0.1, le=10.0)] = 1.5
    """Of silence end an utterance whose words only begin a question; what goes on within it belongs to what was said before."""
    pause_s: Annotated[float, Meta(ge=0.03, le=10.0)] = 0.03
    """After this much silence what was said is recognised and answered ahead, in case it was all."""
    interrupt_speech_s: Annotated[float, Meta(ge=0.03, le=10.0)] = 0.8
    """Speech this long ends what the assistant says; any pauses it, and ends it as soon as that turns out to be words, such as "Stop"."""
    pre_roll_s: Annotated[float, Meta(ge=0.0, le=5.0)] = 0.3
    """Sound kept from before speech was noticed, so that the first syllable survives."""
    max_utterance_s: Annotated[float, Meta(ge=1.0, le=30.0)] = 20.0
    language_floor: Share = 0.3
    """Below this probability of the language, among all that the recogniser knows, the user is asked to say it again."""
    confidence_floor: Share = 0.35
    """Below this confidence in the words, in [0, 1], the user is asked to say it again."""
    languages: tuple[str, ...] = ()
    """Two-letter codes of the languages listened for, ["en", "pt"]; none: see assembly.enabled_languages."""
    greet_languages: bool = False
    """For a kiosk: when it is ready it invites in each of these languages, as many as a few seconds hold."""
    headphones: bool = False
    """What it says can't reach the microphone: its own voice needn't be taken out of what it hears."""
    push_to_talk: bool = False
    """Hear nothing until a key is pressed."""
    wake_word: str = ""
    """When given, only what begins with this word is meant for the assistant."""


class KeySettings(CheckedSettings, frozen=True):
    """What is pressed to talk or for silence."""

    talk: str = "any"
    """A key of the keyboard, "any", or a pin such as "gpio:17"."""
    pause: str = " "
    """A key or a pin that makes the voice wait, and go on from the word it was at; in silence it is like the other. "" = none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.talk == "any" or _is_key(self.talk)):
            raise BadInput(f"the setting talk = {shorten(self.talk)} is no key", 'use one character, "any" or a pin such as "gpio:17"')
        if self.pause and not _is_key(self.pause):
            raise BadInput(f"the setting pause = {shorten(self.pause)} is no key", 'use one character, "" or a pin such as "gpio:27"')


def _is_key(name: str) -> bool:
    return len(name) == 1 or name.startswith("gpio:")


class VoiceSettings(CheckedSettings, frozen=True):
    """How the assistant sounds."""

    rate: Annotated[float, Meta(ge=SLOWEST, le=FASTEST)] = 1.0
    """Times the voice's own pace, 0.5 to 6."""
    volume: Annotated[float, Meta(ge=0.0, le=LOUDEST)] = 1.0
    """Times the voice's own loudness, 0 to 3; above 1 its peaks are rounded off."""


class NarrationSettings(CheckedSettings, frozen=True):
    """When the assistant speaks without being asked."""

    mode: NarrationMode = "quiet"
    """quiet: never; changes: when the scene has changed; continuous: then, and every `every_s`."""
    every_s: Annotated[float, Meta(ge=1.0, le=3600.0)] = 10.0
    cooldown_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 60.0
    """Within this time nothing is said twice."""
    gap_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 2.0
    """Of silence after anybody spoke."""


class ReadingSettings(CheckedSettings, frozen=True):
    """How text is read."""

    aiming: AimingSound = "words"
    """What tells how to move the camera until a text can be read, or turn to what is looked for: words; tones, which rise; both."""


class AnswerSettings(CheckedSettings, frozen=True):
    """How the model answers."""

    model: str = BEST_MODEL
    """"best": the best that was fetched; the name of a manifest in `models/`, a folder in the SmolVLM2 layout, or the address of a vision
    server on this machine."""
    detail: Detail = "brief"
    max_keyframes: Annotated[int, Meta(ge=1, le=64)] = 4
    """Pictures given to the model at once; a model may take fewer."""
    threads: Annotated[int, Meta(ge=0, le=256)] = 0
    """Threads of the model; 0 = one per core, in the live loop one less where there are three or more: sound comes first."""


class KioskSettings(CheckedSettings, frozen=True):
    """How a machine behaves that anybody may walk up to: `assistant kiosk`."""

    attract_every_s: Annotated[float, Meta(ge=0.0, le=86_400.0)] = 90.0
    """Between invitations while nobody uses it; 0 = none."""
    attract_on: Literal["people", "motion", "time"] = "people"
    """What must have been seen since the last invitation: somebody, who is invited as soon as they come; something new; or nothing. Where
    nothing here finds people, whatever moves counts."""
    over_room_db: Annotated[float, Meta(ge=0.0, le=40.0)] = 20.0
    """Decibels that the voice is kept over the room, as the microphone hears both; 0 = it is as loud in any room."""
    loudest: Annotated[float, Meta(ge=1.0, le=10.0)] = LOUDEST
    """Times its own loudness, at most, that a loud room makes the voice; peaks are rounded off."""
    microphone_nearer_db: Annotated[float, Meta(ge=-40.0, le=40.0)] = 0.0
    """By how much louder the voice is at the microphone than at the user's ear."""
    private_listening: bool = True
    """Headphones that are plugged in mute the loudspeaker."""
    quiet_from_hour: Annotated[int, Meta(ge=0, le=23)] = 22
    quiet_to_hour: Annotated[int, Meta(ge=0, le=23)] = 7
    """Between these hours nobody is invited; the same twice = always invited."""
    idle_s: Annotated[float, Meta(ge=5.0, le=3600.0)] = 45.0
    """After which the user is asked whether they need more time."""
    answer_within_s: Annotated[float, Meta(ge=5.0, le=600.0)] = 25.0
    """In which they may say so, before everything is forgotten."""
    visit_s: Annotated[float, Meta(ge=0.0, le=86_400.0)] = 900.0
    """Of one user at most; a minute before they are told. 0 = no limit."""
    refused_words: tuple[str, ...] = ()
    """Questions with such a word, in any language, aren't answered here."""
    refused_intents: tuple[Intent, ...] = ()
    """Kinds of questions that aren't answered here, as `messages.Intent` has them: "code", "who"."""


class Settings(CheckedSettings, frozen=True):
    """Everything, with defaults that suit a laptop."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    keyframes: KeyframeSettings = field(default_factory=KeyframeSettings)
    ears: EarSettings = field(default_factory=EarSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    narration: NarrationSettings = field(default_factory=NarrationSettings)
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    answers: AnswerSettings = field(default_factory=AnswerSettings)
    kiosk: KioskSettings = field(default_factory=KioskSettings)
    language: str = "en"
    """The language spoken to a user who hasn't said anything yet."""


def load_settings(path: Path | None) -> Settings:
    """Read a TOML file; BadInput names the first setting that is unknown, of the wrong kind or out of range. None = the defaults."""
    return Settings() if path is None else load_toml(path, Settings, "the settings file", "check the path after --settings", "setting")
