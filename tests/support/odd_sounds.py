"""Sounds as voice memos, messages and old recorders hold them, and WAV files whose header is wrong: made the same every time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np

from assistant.messages import Sound


def tone(seconds: float = 1.0) -> Sound:
    return (0.4 * np.sin(2 * np.pi * 440 * np.arange(round(16000 * seconds)) / 16000)).astype(np.float32)


def sound_file(name: str, codec: str, rate_hz: int = 16000, *, sides: Sound | None = None) -> bytes:
    """A second of a tone. `sides`: float32 [2, n], a stereo sound instead."""
    samples = tone()[None] if sides is None else sides
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        layout = "mono" if sides is None else "stereo"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate_hz, layout=layout)
            if codec == "wmav2":  # it knows none by itself
                stream.bit_rate = 64000
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate = 16000
            resampler = av.AudioResampler(stream.format, layout, rate_hz, frame_size=stream.frame_size or 0)
            for each in (frame, None):
                for piece in resampler.resample(each):
                    container.mux(stream.encode(piece))
            container.mux(stream.encode())
        return path.read_bytes()


def riff(off_by: int) -> bytes:
    """A WAV whose header tells so many bytes more than there are."""
    whole = sound_file("a.wav", "pcm_s16le")
    return whole[:4] + (len(whole) - 8 + off_by).to_bytes(4, "little") + whole[8:]


def sounds() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield (file name, how to make its bytes) of a second of a tone at 440 Hz, as voice memos and messages hold it."""
    for name, codec, rate_hz in (
        ("memo.m4a", "aac", 16000),
        ("memo.aac", "aac", 16000),
        ("message.opus", "libopus", 48000),
        ("message.ogg", "libopus", 48000),
        ("browser.webm", "libopus", 48000),
        ("old phone.amr", "libopencore_amrnb", 8000),
        ("old phone.3gp", "libopencore_amrnb", 8000),
        ("apple.caf", "pcm_s16be", 16000),
        ("apple.aiff", "pcm_s16be", 16000),
        ("lossless.m4a", "alac", 16000),
        ("windows.wma", "wmav2", 16000),
        ("memo without an ending", "pcm_s16le", 16000),
        ("caf\udce9.m4a", "aac", 16000),
        ("10:30.m4a", "aac", 16000),
        ("track.mka", "pcm_s16le", 16000),
        ("song.flac", "flac", 16000),
        ("song.mp3", "libmp3lame", 16000),
        ("disc.au", "pcm_s16be", 16000),
    ):
        written = "a.wav" if "." not in name else "a" + name[name.rindex(".") :]
        yield name, partial(sound_file, written, codec, rate_hz)
    for off_by in (-8, -1, 1, 7, 8):
        yield f"header off by {off_by}.wav", partial(riff, off_by)
