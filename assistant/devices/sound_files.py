"""Sound files in place of a microphone and a loudspeaker. Knows nothing of speech.

Files are read by PyAV, so every common kind works, the sound track of a video too; they are written as 16-bit mono WAV.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import IO

import av
import numpy as np

from assistant.devices.file_kinds import opened_name
from assistant.devices.mono import to_mono
from assistant.devices.resampling import Resampler
from assistant.messages import AudioChunk, Sound
from assistant.problems import BadInput, shorten
from assistant.written_files import WAV, WrittenFile

SAMPLE_RATE_HZ = 16_000
CHUNK_SAMPLES = 512
READABLE_FORMATS = (
    "wav,w64,aiff,au,flac,ogg,mp3,aac,loas,mov,matroska,avi,caf,amr,amrnb,amrwb,asf,mpegts,mpeg,flv,gsm,voc,wv,tta,ape,dsf,"
    "ac3,eac3,qcp,sox,iff"
)
"""FFmpeg's names of formats. Play lists are left out: they can point into the network."""
ONLY_THIS_FILE = {"format_whitelist": READABLE_FORMATS, "protocol_whitelist": "file"}
SUFFIXES = tuple(
    f".{ending}"
    for endings in (
        "wav flac ogg oga opus mp3 m4a m4b aac mp4 mov webm weba mka mkv",
        "amr awb 3gp 3ga caf wma aif aiff aifc au w64 ac3 ape wv voc gsm",
    )
    for ending in endings.split()
)
"""Endings of the names of sound files, and of videos with sound."""
MOST_OFF = 8
"""Bytes by which the size in a WAV's header may be wrong: some programs count the header, or leave the last odd byte out."""
UNKNOWN_SIZE = 0x7FFF_F000
"""Bytes that a WAV which was written to a pipe claims to have, at least."""


class RecordedMicrophone:
    """Implements `interfaces.Microphone` on a file: mixed to mono, at 16 kHz, its times those of the recording.

    Raises BadInput at once when the file can't be read as sound, and from `chunks` where it turns out to be damaged.
    """

    def __init__(self, path: Path, real_time: bool = False) -> None:
        """Open the file. With `real_time` a chunk is yielded only when a microphone would have had it."""
        self._path = path
        self._real_time = real_time
        self._closed = threading.Event()
        next(_decode(path))

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield 512 samples at a time, the last ones padded with zeros, until the file's end or `close`."""
        started_s = time.monotonic()
        for number, samples in enumerate(_blocks(_decode(self._path))):
            chunk = AudioChunk(samples, SAMPLE_RATE_HZ, number * CHUNK_SAMPLES / SAMPLE_RATE_HZ)
            if self._real_time:
                self._closed.wait(max(0.0, started_s + chunk.time_s + chunk.duration_s - time.monotonic()))
            if self._closed.is_set():
                return
            yield chunk

    def close(self) -> None:
        """End `chunks`."""
        self._closed.set()


class WavSpeaker:
    """Implements `interfaces.Speaker` on a WAV file, in the first chunk's sample rate: all that is played, one piece after the other.

    The file appears under its name when `close` is called, whole, or not at all; if nothing was played, no file is made.
    Raises BadInput when the file can't be written there, DiskFull when it doesn't fit.
    """

    def __init__(self, path: Path, force: bool = False) -> None:
        """Open the file. With `force` one of another kind may be replaced."""
        self._written = WrittenFile(path, WAV, force)
        self._sample_rate_hz = 0
        self._data_bytes = 0

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Write until the chunks end or `is_stale()`, and return the seconds written, which count as heard."""
        played_s = 0.0
        resampler: Resampler | None = None
        for chunk in chunks:
            if is_stale():
                break
            self._sample_rate_hz = self._sample_rate_hz or chunk.sample_rate_hz
            resampler = resampler or Resampler(self._sample_rate_hz)
            self._write(resampler.feed(chunk.samples, chunk.sample_rate_hz))
            played_s += chunk.duration_s
        if resampler:
            self._write(resampler.flush())
        return played_s

    def close(self) -> None:
        """Finish the file; safe to call twice."""
        if self._written.file.closed:
            return
        if not self._data_bytes:
            self.discard()
            return
        self._written.rewrite_start(_wav_header(self._sample_rate_hz, self._data_bytes))
        self._written.commit()

    def discard(self) -> None:
        """Leave no file behind; safe to call twice."""
        self._written.discard()

    def _write(self, samples: Sound) -> None:
        data = np.rint(np.clip(np.nan_to_num(samples), -1.0, 1.0) * 32767).astype("<i2").tobytes()
        if not self._data_bytes:
            self._written.write(_wav_header(self._sample_rate_hz, 0))
        self._written.write(data)
        self._data_bytes += len(data)


def names_sound(given: str) -> bool:
    """Tell whether a text is the name of a sound file, which may be missing, by its ending or by what is in the file of that name."""
    if "\n" in given:
        return False
    path = Path(given)
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():
            return False
        with opened_name(path) as plain, av.open(plain, options=ONLY_THIS_FILE, metadata_errors="ignore") as container:
            return bool(container.streams.audio)
    except (av.FFmpegError, OSError, ValueError):
        return False


def write_wav(path: Path, chunks: Iterable[AudioChunk]) -> float:
    """Write a 16-bit WAV file, whole or not at all, and return its seconds; no chunks, no file. BadInput or DiskFull if it can't be."""
    speaker = WavSpeaker(path)
    try:
        seconds = speaker.play(iter(chunks), lambda: False)
        speaker.close()
    finally:
        speaker.discard()
    return seconds


def _decode(path: Path) -> Iterator[Sound]:
    """Yield the sound as float32 [n] at 16 kHz, mono, in bounded memory; at least one sample or BadInput."""
    name = shorten(path)
    found = False
    try:
        with ExitStack() as stack:
            with path.open("rb") as file:
                _check_whole(file, name)
            plain = stack.enter_context(opened_name(path))  # not the file itself: PyAV prints where a damaged one makes it seek
            with av.open(plain, options=ONLY_THIS_FILE, metadata_errors="ignore") as container:
                stream = container.streams.audio[0] if container.streams.audio else None
                if stream is not None and stream.codec_context is None:
                    raise BadInput(
                        "the sound in {name} is of a kind (codec) that nothing here can decode", "save it as WAV or MP3", name=name
                    )
                is_mono = stream is not None and stream.codec_context.layout.nb_channels == 1
                resampler = av.AudioResampler("fltp", "mono" if is_mono else "stereo", SAMPLE_RATE_HZ)
                frames = container.decode(stream) if stream else iter(())
                for frame in chain(frames, [None]):  # None: what the resampler still holds
                    for resampled in resampler.resample(frame):
                        found = True
                        yield to_mono(resampled.to_ndarray().T)
    except av.FFmpegError as error:
        raise BadInput(
            "{name} is not a sound file, or it is damaged", "use a WAV, MP3, M4A, OGG, OPUS or FLAC file that a player can play", name=name
        ) from error
    except FileNotFoundError as error:
        raise BadInput("there is no sound file {name}", "check its name and folder", name=name) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput("{name} can't be read ({reason})", "check the path", name=name, reason=reason) from error
    if not found:
        raise BadInput("{name} has no sound in it", "record it again", name=name)


def _check_whole(file: IO[bytes], name: str) -> None:
    """FFmpeg plays a WAV that was cut short without a word; a question that was cut short must not be answered."""
    kind, claimed = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if kind == b"RIFF" and size + MOST_OFF < claimed + 8 < UNKNOWN_SIZE:
        raise BadInput(
            "{name} is cut short: {size} of {claimed} bytes", "copy or record it again", name=name, size=size, claimed=claimed + 8
        )


def _blocks(pieces: Iterator[Sound]) -> Iterator[Sound]:
    """Yield the sound in blocks of CHUNK_SAMPLES, the last one padded with zeros."""
    pending = np.zeros(0, np.float32)
    for piece in pieces:
        pending = np.concatenate([pending, piece])
        whole = len(pending) - len(pending) % CHUNK_SAMPLES
        yield from pending[:whole].reshape(-1, CHUNK_SAMPLES)
        pending = pending[whole:]
    if len(pending):
        yield np.pad(pending, (0, CHUNK_SAMPLES - len(pending)))


def _wav_header(sample_rate_hz: int, data_bytes: int) -> bytes:
    """Return the header of a WAV file of 16-bit mono PCM."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + data_bytes, b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)
