"""An on-device assistant that tells a blind or low-vision person what its camera sees, as a library:

    from assistant import Assistant

    with Assistant() as assistant:
        seen = assistant.look("kitchen.jpg")
        for sentence in assistant.ask("What is this?", seen):
            print(sentence.text)

To read on, `conversation.py` is the main path and `interfaces.py` what every engine and device must do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # each method imports what it needs, so that `import assistant` costs nothing
    from types import TracebackType
    from typing import Self

    from assistant.asynchronous import AsyncAssistant
    from assistant.interfaces import Microphone
    from assistant.messages import Frame, Heard, Picture, PictureProblem, Question, Sentence, Utterance, View
    from assistant.settings import Settings
    from assistant.turns import Turns

__all__ = ["Assistant", "AsyncAssistant", "__version__"]
__version__ = "0.1.0"

LOOK_S = 1.0
"""Of a camera or video are looked through for a clear picture: a camera finds its focus and exposure meanwhile."""

# onnxruntime would tell its maker what it runs, from C++, where no guard of ours sees it; it reads this when it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> object:
    """Load the asynchronous form once it is asked for."""
    if name == "AsyncAssistant":
        from assistant.asynchronous import AsyncAssistant

        return AsyncAssistant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Assistant:
    """Looks, hears, answers and speaks, on this machine alone. Use it in a `with` statement and from one thread.

    Every method raises a `problems.Problem` for what the user can mend; its text says what is wrong and how to mend it.
    """

    def __init__(self, settings: Settings | None = None, *, models_dir: Path | None = None, offline: bool = True) -> None:
        """Load the models, which takes some seconds.

        Args:
            settings: what can be set, such as `Settings(language="pt")`; None for the defaults.
            models_dir: folder of the models; None for the one that `assistant setup` fills.
            offline: refuse all connections of this process to other machines from now on. False leaves them to your program;
                nothing here makes any.

        Raises:
            MissingModel: a model isn't there, or isn't whole; the fix names the command that fetches it.
            BadInput: a setting names a model or a language that isn't known.
        """
        from assistant import assembly
        from assistant.conversation import Conversation
        from assistant.offline import enforce
        from assistant.settings import Settings
        from assistant.store import model_store

        if offline:
            enforce()
        self.settings = settings = settings or Settings()
        store, threads = model_store.ModelStore(model_store.models_dir(models_dir)), settings.answers.threads
        translators = assembly.open_translators(store, threads)
        transcriber = assembly.open_transcriber(settings.ears, store, threads, settings.language, translators)
        describer = assembly.open_describer(settings.answers, store)
        self._voices = assembly.open_synthesizers(settings.voice, store)
        instruments = assembly.open_instruments(store, threads, describer=describer)
        self._conversation = Conversation(transcriber, describer, settings.ears, settings.language, translators, instruments)

    def look(self, source: str | Path | int | Picture = 0) -> View | PictureProblem:
        """Look at a picture, to ask about it as often as you like.

        Args:
            source: a picture file, a camera's number, the address of a stream on this machine, a video file, which plays the camera,
                or pixels, uint8 [H, W, 3] RGB.

        Returns:
            What the model has seen or, where nothing can be made out, what is wrong: "covered", "dark", "overexposed", "blank", "blurred".

        Raises:
            BadInput: the file can't be read, or there is no picture in it.
            MissingDevice: the camera isn't there.
        """
        from assistant.assembly import open_camera
        from assistant.messages import Frame
        from assistant.problems import BadInput
        from assistant.seeing.keyframe_selector import select_keyframes

        settings = self.settings
        if isinstance(source, (str, Path, int)):
            camera = open_camera(str(source), settings.camera)
            try:
                keyframes = select_keyframes(_first_second(camera.frames()), settings.keyframes, settings.answers.max_keyframes)
            finally:
                camera.close()
        else:
            keyframes = select_keyframes([Frame(source, 0.0)], settings.keyframes)
        if (seen := self._conversation.look(keyframes, settings.answers.detail)) is None:
            raise BadInput("there is no picture in {source}", "use another file or camera", source=source)
        return seen

    def ask(self, question: str | Question | Sentence, seen: View | PictureProblem, language: str | None = None) -> Iterator[Sentence]:
        """Answer a question about what was seen, a sentence at a time. **Works only while it is iterated.**

        Args:
            question: text, or what `hear` returned.
            seen: what `look` returned; where that is a problem, it is named and nothing is described.
            language: two-letter code of a text's language; None for that of the settings.

        Yields:
            Sentences in the question's language, or in English where nothing here translates into it; `english` has what was translated.
        """
        from assistant.messages import Question, Sentence

        if isinstance(question, Sentence):
            yield question  # it says why there is no question
            return
        if not isinstance(question, Question):
            question = self._conversation.written(question, language or self.settings.language)
        yield from self._conversation.answer(seen, question, self.settings.answers.detail)

    def hear(self, recording: str | Path | None = None) -> Question | Sentence:
        """Return the question that is spoken, or the sentence that says why there is none.

        Args:
            recording: a sound file with one question, of 30 seconds at most; None for the next thing said into the microphone.

        Raises:
            BadInput: the file can't be read.
            MissingDevice: there is no microphone.
        """
        microphone = self.open_ears(recording)
        try:
            utterance = self.utterance(microphone, is_whole=recording is not None)
        finally:
            microphone.close()
        return self.understand(utterance)

    def open_ears(self, recording: str | Path | None = None) -> Microphone:
        """Open what `hear` listens to; the first of the three parts that it has, for whoever wants a thread for each."""
        from assistant.assembly import open_microphone, open_sound_file

        return open_sound_file(str(recording)) if recording else open_microphone(None)

    def utterance(self, microphone: Microphone, *, is_whole: bool = False) -> Utterance:
        """Return the next thing said into a microphone; where it `is_whole`, all of a recording. Needs none of the models of the rest."""
        from assistant.assembly import open_voice_detector
        from assistant.hearing.listen import next_utterance, whole_utterance

        return whole_utterance(microphone) if is_whole else next_utterance(microphone, open_voice_detector(), self.settings.ears)

    def understand(self, utterance: Utterance) -> Question | Sentence:
        """Return the question in an utterance, or the sentence that says why there is none."""
        return self._conversation.understand(utterance)

    def say(
        self,
        words: str | Iterable[Sentence],
        recording: str | Path | None = None,
        language: str | None = None,
        *,
        turns: Turns | None = None,
    ) -> list[Heard]:
        """Speak a text, or sentences as they come from `ask`, and wait until all is said.

        Args:
            words: what to say.
            recording: a WAV file to write; None for the loudspeaker.
            language: two-letter code of a text's language; None for that of the settings.
            turns: whose `interrupt`, called from another thread, silences it.

        Returns:
            Each sentence with the share of it that was heard.

        Raises:
            BadInput: the file can't be written.
            MissingDevice: there is no loudspeaker.
            MissingModel: there is no voice for the language.
        """
        from assistant.answering.sentences import SentenceSplitter
        from assistant.assembly import open_speaker, open_wav_file
        from assistant.messages import Sentence
        from assistant.speaking.speak import speak
        from assistant.turns import Turns

        if isinstance(words, str):
            splitter = SentenceSplitter()
            texts = [*splitter.feed(words), *splitter.flush()]
            words = [Sentence(text, language or self.settings.language) for text in texts]
        speaker = open_wav_file(Path(recording)) if recording else open_speaker(None)
        try:
            return list(speak(words, self._voices, speaker, turns or Turns()))
        finally:
            speaker.close()

    def close(self) -> None:
        """Free the vision model's memory; another `look` loads it again."""
        self._conversation.unload()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _first_second(frames: Iterator[Frame]) -> Iterator[Frame]:
    start_s: float | None = None
    for frame in frames:
        start_s = frame.time_s if start_s is None else start_s
        if frame.time_s > start_s + LOOK_S:
            return
        yield frame
