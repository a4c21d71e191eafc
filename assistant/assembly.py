"""The one file that names concrete engines, instruments and devices: it opens them and nothing more. Threads and decisions are elsewhere.

Each import stands in the function that needs it, so that a command pays only for what it uses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assistant.interfaces import (
    Button,
    Camera,
    EchoCanceller,
    HeadphoneWatch,
    Instrument,
    Microphone,
    ObjectDetector,
    PictureMemory,
    RecordedCamera,
    SceneDescriber,
    Speaker,
    SpeakerControl,
    SpeakerRoute,
    SpeechSynthesizer,
    TextReader,
    Transcriber,
    Translator,
    VoiceDetector,
)
from assistant.languages import FALLBACK, languages
from assistant.messages import Picture
from assistant.problems import BadInput, MissingModel, shorten
from assistant.settings import BEST_MODEL, AnswerSettings, CameraSettings, EarSettings, KeySettings, VoiceSettings
from assistant.store import calibrations, variant_choice
from assistant.store.eye_choice import EYES, best_eye, memory_gb
from assistant.store.manifests import FULL_PRECISION, Manifest, all_manifests
from assistant.store.model_store import SAVED_GRAPHS, ModelStore, data_dir, with_utf8_name
from assistant.translatable import in_english

if TYPE_CHECKING:
    from assistant.devices.connection import OnChange
    from assistant.devices.pdf_file import PdfFile
    from assistant.devices.resampling import Resampler
    from assistant.devices.system_watchdog import SystemWatchdog
    from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
    from assistant.instruments.page_reader import PageReader
    from assistant.instruments.read_codes import CodeReader

T = TypeVar("T")

WHISPER = "whisper-base"
WHISPER_SMALL = "whisper-small"
SCENES = "scene-translator"
FIREFOX = "firefox-en-pt"
PPOCR = "ppocr-v6"
DETECTOR = "yolov4-tiny"
FACES = "centerface"
FINDS = "find things"
"""How the manifests call the job of a detector of things."""
READS = "read text"
"""How the manifests call the job of a text recogniser."""
TRANSLATES = "translate"
"""How the manifests call the job of a translator."""
SEES = "see and answer"
"""How the manifests call the job of a model that `--model` can name."""
_GRAPHS = ("vision_encoder", "embed_tokens", "decoder_model_merged")
LONGEST_READ = 32_000
"""Pixels along an edge of a picture that is read: a screenshot of many screens."""


def open_describer(settings: AnswerSettings, store: ModelStore, *, live: bool = False) -> SceneDescriber:
    """Open a model by its manifest's name, any folder in the SmolVLM2 layout, or a vision server on this machine by its address.

    `live` leaves room for sound beside it.
    """
    if not is_address(settings.model):
        return open_smolvlm2(settings, store, live=live)
    from assistant.engines.vlm.openai_server import ServerDescriber

    return ServerDescriber(settings.model, settings.max_keyframes)


def eye_name(model: str, store: ModelStore) -> str:
    """Return which model a setting means: of "best" the best that is here and has memory enough, else what it says."""
    if model != BEST_MODEL:
        return model
    return best_eye([name for name in EYES[:-1] if store.state(name) == "installed"], memory_gb())


def is_address(model: str) -> bool:
    """Tell whether what `--model` names is a server rather than a model that is opened here."""
    return model.lower().startswith(("http://", "https://"))


def open_smolvlm2(settings: AnswerSettings, store: ModelStore, variant: str | None = None, *, live: bool = False) -> Smolvlm2Describer:
    """Open a model of which more is needed than a SceneDescriber can: by its manifest's name, or any folder in the SmolVLM2 layout.

    `variant` by its name; None takes the one measured as the fastest by `assistant setup` or `check`, else the first in
    model_files.VARIANTS. `live` leaves room for sound beside it.
    """
    from assistant.engines.onnx.session import SessionSettings
    from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer

    folder, variants = find_variants(settings.model, store)
    if variant is None and variants:
        variant = chosen_variant(folder, variants, store)
    saved = store.root / SAVED_GRAPHS
    session = SessionSettings.beside_audio(settings.threads, saved) if live else SessionSettings(settings.threads, saved_graphs=saved)
    calibration = calibrations.recall(store.root, folder, variant, variants[variant]) if variant in variants else None
    return Smolvlm2Describer(folder, variant="" if variant == FULL_PRECISION else variant, session=session, calibration=calibration)


def chosen_variant(folder: Path, variants: Mapping[str, Sequence[Path]], store: ModelStore) -> str:
    """Return which of a model's variants is used: the one measured as the fastest that stays true, else the first."""
    ranking = variant_choice.recall(store.root, folder, variants) if len(variants) > 1 else []
    return next((known.variant for known in ranking), next(iter(variants)))


def find_variants(model: str, store: ModelStore) -> tuple[Path, dict[str, list[Path]]]:
    """Return a model's folder and its variants of which all graphs are there: name -> graphs, in the order of model_files.VARIANTS."""
    from assistant.engines.vlm.model_files import VARIANTS

    folder = _model_folder(model, store)
    found = {}
    for suffix in VARIANTS:
        graphs = [folder / "onnx" / (f"{graph}_{suffix}.onnx" if suffix else f"{graph}.onnx") for graph in _GRAPHS]
        if all(path.is_file() for path in graphs):
            found[suffix or FULL_PRECISION] = graphs
    return folder, found


def graph_notes(store: ModelStore) -> dict[str, str]:
    """Return what was done to each graph when it was first loaded, by MODEL/GRAPH, as far as there is something to tell."""
    from assistant.engines.onnx.saved_graphs import read_notes

    return read_notes(store.root / SAVED_GRAPHS)


def open_transcriber(
    settings: EarSettings, store: ModelStore, threads: int = 0, language: str = FALLBACK, translators: Sequence[Translator] = ()
) -> Transcriber:
    """Open Whisper.

    Args:
        settings: when there is speech, and which languages are listened for.
        store: where its files are.
        threads: 0 = one per core.
        language: the user's, which is listened for in any case.
        translators: the conversation's, so that Whisper needn't put into English what they put into better English.
    """
    from assistant.engines.asr.whisper import WhisperTranscriber

    # Short sentences fool Whisper's choice among a hundred languages, so it chooses among few.
    enabled = enabled_languages(settings, language, store)
    can_be_translated = {source for translator in translators for source, target in translator.pairs if target == FALLBACK}
    untranslated = [code for code in can_be_translated & languages().keys() if languages()[code].english_by == "translator"]
    is_harder = language in languages() and not languages()[language].is_heard and store.state(WHISPER_SMALL) == "installed"
    return WhisperTranscriber(
        store.folder(WHISPER_SMALL if is_harder else WHISPER), open_voice_detector(), settings, threads, enabled, untranslated
    )


def enabled_languages(settings: EarSettings, language: str, store: ModelStore) -> tuple[str, ...]:
    """Return the languages to listen for: the user's own, then those of the settings. BadInput for one without a file.

    Without any: English, those that Whisper base was measured to hear usably, and those that the user has fetched a voice or a
    translator for. Each one more is one more to be mistaken for, and what is heard badly would be mistaken for others anyway.
    """
    chosen: Iterable[str] = settings.languages
    for code in (language, *chosen):
        if code not in languages():
            raise BadInput(
                "the language {language} is unknown", "use some of {known}", language=shorten(code), known=", ".join(languages())
            )
    if not settings.languages:
        fetched = {code for each in all_manifests() if store.state(each.name) == "installed" for code in _spoken_back(each)}
        chosen = (code for code, known in languages().items() if code == FALLBACK or known.is_heard or code in fetched)
    return tuple(dict.fromkeys((language, *chosen)))


def _spoken_back(manifest: Manifest) -> tuple[str, ...]:
    """The languages of a voice or translator."""
    return tuple(code[:2] for code in manifest.languages) if manifest.kind == "voice" or manifest.job.startswith(TRANSLATES) else ()


def open_voice_detector() -> VoiceDetector:
    """Open Silero's voice detector, one for each stream of sound: it keeps state."""
    from assistant.engines.vad.silero import SileroVad

    return SileroVad()


def open_resampler(to_hz: int) -> Resampler:
    """Open what brings one stream of sound to a rate."""
    from assistant.devices.resampling import Resampler

    return Resampler(to_hz)


def open_echo_canceller() -> EchoCanceller:
    """Open what takes the assistant's own voice out of what it hears, one for each microphone. Raises MissingModel."""
    from assistant.engines.echo.webrtc import WebrtcEchoCanceller

    return WebrtcEchoCanceller()


def open_synthesizers(settings: VoiceSettings, store: ModelStore, voice: str | None = None) -> list[SpeechSynthesizer]:
    """Open voices, the best first: `voice` if given, else every installed voice a language prefers, then eSpeak for the rest."""
    from assistant.engines.tts.espeak import EspeakSynthesizer
    from assistant.engines.tts.piper import PiperSynthesizer

    voices = {manifest.name: manifest for manifest in all_manifests() if manifest.kind == "voice"}
    if voice is not None and voice not in voices:
        raise BadInput("there is no voice named {voice}", "run: {command}", voice=shorten(voice), command="assistant voices list")
    preferred = [name for language in languages().values() for name in language.voices if name in voices]
    wanted = [voice] if voice else [name for name in preferred if store.state(name) != "missing"]
    piper = [PiperSynthesizer(store.folder(name), name, voices[name].languages[0], settings) for name in wanted]
    return [*piper, EspeakSynthesizer(settings)]


def open_translators(store: ModelStore, threads: int = 0) -> list[Translator]:
    """Open translators, the best first: the fetched models of single pairs, Firefox's, that of scenes, then Apertium where it is installed.

    Each is loaded when it is first used.
    """
    from assistant.engines.onnx.session import SessionSettings
    from assistant.engines.translation.apertium import ApertiumTranslator
    from assistant.engines.translation.ctranslate import CTranslateTranslator
    from assistant.engines.translation.firefox import FirefoxTranslator
    from assistant.engines.translation.scenes import SceneTranslator

    installed = _installed(TRANSLATES, store)
    found: list[Translator] = [
        CTranslateTranslator(store.folder(each.name), each.languages[0], each.languages[1], threads)
        for each in installed
        if each.name != FIREFOX
    ]
    if any(each.name == FIREFOX for each in installed):
        found.append(FirefoxTranslator(store.folder(FIREFOX), SessionSettings(threads, spin=False)))
    if store.state(SCENES) == "installed":
        found.append(SceneTranslator(store.folder(SCENES), threads=1))  # so small that more wait for one another: three times as slow
    with contextlib.suppress(MissingModel):
        found.append(ApertiumTranslator())
    return found


def open_instruments(
    store: ModelStore,
    threads: int = 0,
    *,
    live: bool = False,
    opening_degrees: float = CameraSettings().opening_degrees,
    describer: SceneDescriber | None = None,
) -> list[Instrument]:
    """Open what answers by measuring, before a vision model is asked; what isn't fetched is left out. Each loads when it is first used.

    Args:
        store: where models are.
        threads: 0 = one per core.
        live: leave room for sound.
        opening_degrees: how wide the camera sees.
        describer: whose encoder knows things again that were shown to it; None: such aren't remembered.
    """
    return instrument_maker(store, threads, live=live, opening_degrees=opening_degrees)(describer)


def instrument_maker(
    store: ModelStore,
    threads: int = 0,
    *,
    live: bool = False,
    opening_degrees: float = CameraSettings().opening_degrees,
    reader: TextReader | None = None,
) -> Callable[[SceneDescriber | None], list[Instrument]]:
    """Return what makes instruments, of which each set remembers nothing of what another was asked; the models are shared.

    Args are those of `open_instruments`, whose describer is given for each set, and a `reader` of text that is open already.
    """
    from assistant.instruments.colour import ColourInstrument
    from assistant.instruments.faces import FaceInstrument
    from assistant.instruments.light import LightInstrument
    from assistant.instruments.my_things import MyThings
    from assistant.instruments.objects import ObjectInstrument
    from assistant.instruments.read_codes import CodeInstrument
    from assistant.instruments.read_text import TextInstrument

    text = reader or _or_none(lambda: open_text_reader(store, threads, live=live))
    detector = _or_none(lambda: open_detector(store, threads, live=live))
    faces = _or_none(lambda: open_face_detector(store, threads, live=live))
    reads = readable_languages(store)

    def make(describer: SceneDescriber | None) -> list[Instrument]:
        made: list[Instrument] = [CodeInstrument(open_code_reader()), LightInstrument()]
        if text:
            made.append(TextInstrument(text, reads=reads, opening_degrees=opening_degrees))
        if detector:
            objects = ObjectInstrument(detector, opening_degrees)
            made += [objects, ColourInstrument(objects.find)]
            if isinstance(describer, PictureMemory):
                made.append(MyThings(describer, detector, opening_degrees, data_dir() / "my_things.npz"))
        else:
            made.append(ColourInstrument())
        if faces:
            made.append(FaceInstrument(faces, opening_degrees))
        return made

    return make


def _or_none(open_it: Callable[[], T]) -> T | None:
    """None for what isn't fetched."""
    with contextlib.suppress(MissingModel):
        return open_it()
    return None


def readable_languages(store: ModelStore) -> frozenset[str]:
    """Return the codes of the languages of which the installed recognisers of text know all letters."""
    return frozenset(code for each in _installed(READS, store) for code in each.languages)


def open_page_reader(store: ModelStore, threads: int = 0, reader: TextReader | None = None) -> PageReader:
    """Open what reads whole pages, with a reader of text that is open already if given. Raises MissingModel where none is fetched."""
    from assistant.instruments.page_reader import PageReader

    return PageReader(reader or open_text_reader(store, threads))


def open_pdf(path: Path) -> PdfFile:
    """Open a PDF file. BadInput if it can't be read, isn't one, needs a password, is damaged or has no page."""
    from assistant.devices.pdf_file import PdfFile

    return PdfFile(path)


def is_pdf(source: str) -> bool:
    """Tell whether a source is a PDF file, by its first bytes or its name."""
    from assistant.devices.pdf_file import is_pdf

    return is_pdf(Path(source))


def open_readable_picture(source: str) -> RecordedCamera | None:
    """Open a picture in all its size, however long, for its text; None for what is no picture but a video or stream."""
    from assistant.devices.picture_file import PictureFile
    from assistant.devices.sources import is_picture

    return PictureFile(Path(source), LONGEST_READ) if is_picture(source) else None


def decode_picture(content: bytes, largest_edge: int = LONGEST_READ) -> Picture:
    """Return the picture that bytes hold, as uint8 [H, W, 3] RGB with no edge longer than that. BadInput where they hold none."""
    from assistant.devices.uploaded import decode_picture

    return decode_picture(content, largest_edge)


def open_uploaded_sound(content: bytes) -> AbstractContextManager[Microphone]:
    """Open the recording that bytes hold, for one `with` block. BadInput where they hold none."""
    from assistant.devices.uploaded import uploaded_sound

    return uploaded_sound(content)


def open_code_reader() -> CodeReader:
    """Open the reader of QR codes, bar codes and their like."""
    from assistant.instruments.read_codes import CodeReader

    return CodeReader()


def open_text_reader(store: ModelStore, threads: int = 0, *, live: bool = False) -> TextReader:
    """Open PP-OCR with every recogniser that is fetched; Tesseract, where it is installed, tries what those can't read.

    Nothing is loaded before it is used. `threads`: 0 = one per core; `live` leaves room for sound beside it. Raises MissingModel.
    """
    from assistant.engines.ocr.ppocr import PpocrReader
    from assistant.engines.ocr.second_reader import TwoReaders
    from assistant.engines.ocr.tesseract import TesseractReader
    from assistant.engines.onnx.session import SessionSettings

    folders = [store.folder(each.name) for each in _installed(READS, store) if each.name != PPOCR]
    session = SessionSettings.beside_audio(threads) if live else SessionSettings(threads, spin=False)
    reader = PpocrReader(store.folder(PPOCR), folders, session)
    with contextlib.suppress(MissingModel):
        return TwoReaders(reader, TesseractReader(threads=threads or 1))
    return reader


def open_detector(store: ModelStore, threads: int = 0, *, live: bool = False) -> ObjectDetector:
    """Open the finder of people and things: a better one that was fetched, else the default one. Raises MissingModel.

    Nothing is loaded before it is used. `threads`: 0 = one per core; `live` leaves room for sound beside it.
    """
    better = [each.name for each in _installed(FINDS, store) if each.name != DETECTOR]
    return _open_detector(store.folder([*better, DETECTOR][0]), threads, live)


def open_face_detector(store: ModelStore, threads: int = 0, *, live: bool = False) -> ObjectDetector:
    """Open the finder of faces likewise; what it finds has the label "face" or FACING. Raises MissingModel."""
    return _open_detector(store.folder(FACES), threads, live)


def _open_detector(folder: Path, threads: int, live: bool) -> ObjectDetector:
    from assistant.engines.detection.detector import OnnxDetector
    from assistant.engines.onnx.session import SessionSettings

    return OnnxDetector(folder, SessionSettings.beside_audio(threads) if live else SessionSettings(threads, spin=False))


def open_camera(source: str, settings: CameraSettings, *, real_time: bool = False, on_change: OnChange | None = None) -> Camera:
    """Open a picture, a video file, a camera by its number, or a local stream.

    With `on_change`, here and below, a live device that is lost is opened again until it is back, and `on_change` is told.
    """
    from assistant.devices.reconnecting import ReconnectingCamera
    from assistant.devices.sources import is_live, open_source

    if on_change is not None and is_live(source):
        return ReconnectingCamera(lambda: open_source(source, settings), on_change)
    return open_source(source, settings, real_time)


def open_button(talk: str) -> Button:
    """Open what the setting `keys.talk` names: a key of the keyboard, or a pin."""
    if talk.startswith("gpio:"):
        from assistant.devices.gpio_button import GpioButton

        return GpioButton(talk.removeprefix("gpio:"))
    from assistant.devices.keyboard import Keyboard

    return Keyboard(talk)


def open_buttons(keys: KeySettings) -> tuple[Button, Button | None]:
    """Open the key or pin to talk and the one to pause the voice, None for none; the second is to be watched first."""
    talk = open_button(keys.talk)
    if keys.pause in ("", keys.talk):
        return talk, None
    from assistant.devices.keyboard import Keyboard

    if isinstance(talk, Keyboard) and not keys.pause.startswith("gpio:"):
        return talk, talk.other(keys.pause)
    return talk, open_button(keys.pause)


def open_headphone_watch(loudspeaker: str | None) -> HeadphoneWatch:
    """Open what notices headphones and mutes the loudspeaker meanwhile: the one whose name contains this, or the system's choice."""
    from assistant.devices.headphones import Headphones

    return Headphones(loudspeaker or "")


def open_system_watchdog() -> SystemWatchdog:
    """Open what tells systemd that we live, where it has started us."""
    from assistant.devices.system_watchdog import SystemWatchdog

    return SystemWatchdog()


def is_sound_file(given: str) -> bool:
    """Tell whether a text names a recording, which may be missing: it is called like one, or there is such a file with sound in it."""
    from assistant.devices.sound_files import names_sound

    return names_sound(given)


def open_sound_file(path: str, *, real_time: bool = False) -> Microphone:
    """Open a recording in place of a microphone."""
    from assistant.devices.sound_files import RecordedMicrophone

    return RecordedMicrophone(Path(path), real_time=real_time)


def open_microphone(source: str | None, on_change: OnChange | None = None) -> Microphone:
    """Open a sound file, played in real time, or the microphone whose name contains `source` (None: the system's choice)."""
    if source and is_sound_file(source):
        return open_sound_file(source, real_time=True)
    from assistant.devices.reconnecting import ReconnectingMicrophone
    from assistant.devices.sounddevice_microphone import SounddeviceMicrophone

    if on_change is None:
        return SounddeviceMicrophone(source or "")
    return ReconnectingMicrophone(lambda: SounddeviceMicrophone(source or ""), on_change)


def open_wav_file(path: Path, force: bool = False) -> Speaker:
    """Open a WAV file to write in place of a loudspeaker, whatever its name ends in; with `force` over a file of another kind."""
    from assistant.devices.sound_files import WavSpeaker

    return WavSpeaker(path, force)


def quieted_sound_libraries(told: Callable[[str], None]) -> contextlib.AbstractContextManager[None]:
    """Show each kind of message of PortAudio and ALSA once, meanwhile; `told` is told every one."""
    from assistant.devices.sound_messages import sound_messages_once

    return sound_messages_once(told)


def open_speaker(
    destination: str | None,
    on_change: OnChange | None = None,
    control: SpeakerControl | None = None,
    *,
    route: SpeakerRoute | None = None,
    force: bool = False,
) -> Speaker:
    """Open a WAV file to write, or the loudspeaker whose name contains `destination` (None: the system's choice).

    A loudspeaker asks `control` and tells it what it plays; a file doesn't. `route`: when one that is named gives way to headphones.
    With `force` a file of another kind is written over.
    """
    if destination and Path(destination).suffix.lower() == ".wav":
        return open_wav_file(Path(destination), force)
    from assistant.devices.reconnecting_speaker import ReconnectingSpeaker
    from assistant.devices.routed_speaker import RoutedSpeaker
    from assistant.devices.sounddevice_speaker import SounddeviceSpeaker

    def opened() -> Speaker:
        if destination and route:
            return RoutedSpeaker(lambda name: SounddeviceSpeaker(name, control), destination, route)
        return SounddeviceSpeaker(destination or "", control)

    return opened() if on_change is None else ReconnectingSpeaker(opened, on_change, control=control)


def _installed(job: str, store: ModelStore) -> list[Manifest]:
    """The models of a job that are there and whole."""
    return [each for each in all_manifests() if each.job.startswith(job) and store.state(each.name) == "installed"]


def _model_folder(model: str, store: ModelStore) -> Path:
    model = eye_name(model, store)
    if is_address(model):
        raise BadInput("{model} is a server, and this needs the model itself", "use a model's name or its folder", model=shorten(model))
    seeing = {manifest.name: manifest for manifest in all_manifests() if manifest.job.startswith(SEES)}
    if model in seeing:
        folder = store.folder(model)
        if seeing[model].export:
            fix = in_english(f"run `assistant models export {shorten(folder)} --out DIR`, then use `--model DIR`")
            raise MissingModel(in_english(f"{model} came as PyTorch weights, of which graphs must be made first"), fix)
        return folder
    try:
        if Path(model).is_dir():
            return with_utf8_name(Path(model))
    except OSError:
        pass  # too long to be a path: then it isn't a folder either
    raise BadInput(
        "there is no model named {model}, nor such a folder",
        "use one of {names}, a folder in the SmolVLM2 layout, or the address of a vision server on this machine",
        model=shorten(model),
        names=", ".join(seeing),
    )
