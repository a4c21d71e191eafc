"""Speech from eSpeak NG through its C library (package espeakng-loader): instant, robotic, over a hundred languages.

The library is one global engine, so that all of this process share it behind a lock. API: espeak-ng's speak_lib.h.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
from collections.abc import Iterator

import numpy as np

from assistant.engines.tts.voice_shaping import amplify
from assistant.messages import AudioChunk, Sound
from assistant.problems import BadInput, MissingModel
from assistant.settings import VoiceSettings
from assistant.translatable import Translatable

_SYNCHRONOUS = 2
"""espeak_AUDIO_OUTPUT: sound is handed to the callback before espeak_Synth returns."""
_DONT_EXIT = 0x8000
_RATE = 1
"""espeak_PARAMETER"""
_NORMAL_WORDS_PER_MINUTE = 175
_UTF8 = 1
_BY_CHARACTER = 1
"""espeak_POSITION_TYPE"""

_REINSTALL = Translatable("run: {command}", command="pip install --force-reinstall espeakng-loader")

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


class _Voice(ctypes.Structure):
    """espeak_VOICE"""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakSynthesizer:
    """Implements `interfaces.SpeechSynthesizer` for every language that eSpeak lists."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Load the library. MissingModel when that can't be done."""
        with _lock:
            self._engine = _engine()
        self.settings = settings

    @property
    def sample_rate_hz(self) -> int:
        """Return the sample rate of what is synthesised."""
        return self._engine.rate_hz

    def speaks(self, language: str) -> bool:
        """Tell whether eSpeak has a voice for a language's code."""
        return language in self._engine.voices

    def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
        """Yield the text's sound in one chunk. BadInput for a language eSpeak doesn't have."""
        if not self.speaks(language):
            raise BadInput(
                "eSpeak has no voice for the language {language!r}",
                "use a two-letter code such as {known}",
                language=language,
                known="en, es, hi",
            )
        with _lock:
            samples = self._engine.say(text, language, self.settings.rate)
        if len(samples):
            yield AudioChunk(amplify(samples, self.settings.volume), self.sample_rate_hz)


class _Engine:
    """The library, initialised. Its callers hold the lock."""

    def __init__(self) -> None:
        import espeakng_loader

        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
            data_folder = espeakng_loader.get_data_path()
        except (OSError, RuntimeError) as error:
            raise MissingModel(
                "the speech library eSpeak NG can't be loaded", "run: {command}", command="pip install --force-reinstall espeakng-loader"
            ) from error
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self.rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data_folder.encode(), _DONT_EXIT))
        if self.rate_hz <= 0:
            raise MissingModel("eSpeak NG can't read its data", _REINSTALL)
        self._collected: list[Sound] = []
        self._callback = _SynthCallback(self._collect)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)
        self.voices = self._list_voices()
        """Identifier of the voice eSpeak prefers, by language code: {"zh": b"sit/cmn", "pt": b"roa/pt", "pt-br": b"roa/pt-BR"}"""

    def say(self, text: str, language: str, rate: float) -> Sound:
        """float32 [n] at `rate_hz`; eSpeak keeps the pitch at any rate, by the library sonic above 450 words a minute."""
        library = self._library
        library.espeak_SetVoiceByName(self.voices[language])
        library.espeak_SetParameter(_RATE, round(_NORMAL_WORDS_PER_MINUTE * rate), 0)
        encoded = text.encode("utf-8") + b"\0"
        self._collected.clear()
        library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded)), 0, _BY_CHARACTER, 0, _UTF8, None, None)
        return np.concatenate([*self._collected, np.zeros(0, np.float32)])

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            numbers = np.ctypeslib.as_array(samples, (count,))
            self._collected.append((numbers / 32768).astype(np.float32))
        return 0

    def _list_voices(self) -> dict[str, bytes]:
        best: dict[str, tuple[int, bytes]] = {}
        voices = self._library.espeak_ListVoices(None)
        for voice in itertools.takewhile(bool, (voices[index] for index in itertools.count())):
            identifier = voice.contents.identifier
            for priority, code in _languages(voice.contents.languages):
                best[code] = min(best.get(code, (priority, identifier)), (priority, identifier))
        return {code: identifier for code, (_, identifier) in best.items()}


@functools.cache
def _engine() -> _Engine:
    return _Engine()


def _languages(address: int) -> Iterator[tuple[int, str]]:
    """Read espeak_VOICE's list of languages: a priority byte (low is preferred) and a C string each, until a priority of 0."""
    while priority := ctypes.c_ubyte.from_address(address).value:
        code = ctypes.string_at(address + 1)
        yield priority, code.decode()
        address += len(code) + 2
