"""Sound files in place of a microphone and a loudspeaker: every common kind is heard, and trouble is told in one line."""

from __future__ import annotations

import itertools
import time
import tracemalloc
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from assistant.devices.sound_files import RecordedMicrophone, WavSpeaker, write_wav
from assistant.messages import AudioChunk, Sound
from assistant.problems import BadInput, DiskFull, Problem


def tone(seconds: float, rate_hz: int = 16000, frequency_hz: float = 440.0) -> Sound:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def write_sound(path: Path, samples: Sound, rate_hz: int, codec: str, sample_format: str, layout: str = "mono") -> Path:
    """float32 [n] written as FFmpeg's `codec`; in stereo the right side is silent."""
    sides = np.stack([samples, np.zeros_like(samples)] if layout == "stereo" else [samples])
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout, format=sample_format)
        frame = av.AudioFrame.from_ndarray(sides, format="fltp", layout=layout)
        frame.sample_rate = rate_hz
        for packet in itertools.chain(stream.encode(frame), stream.encode(None)):
            container.mux(packet)
    return path


def heard(path: Path) -> Sound:
    return np.concatenate([chunk.samples for chunk in RecordedMicrophone(path).chunks()])


def loudest_hz(samples: Sound) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples))


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "layout"),
    [
        ("a.wav", "pcm_s16le", "s16", "mono"),
        ("a.wav", "pcm_u8", "u8", "mono"),
        ("a.wav", "pcm_s24le", "s32", "mono"),
        ("a.wav", "pcm_f32le", "flt", "stereo"),
        ("a.flac", "flac", "s16", "stereo"),
        ("a.ogg", "libopus", "flt", "stereo"),
        ("a.mp3", "libmp3lame", "fltp", "mono"),
    ],
)
def test_every_common_kind_of_file_is_heard(tmp_path: Path, name: str, codec: str, sample_format: str, layout: str) -> None:
    path = write_sound(tmp_path / name, tone(1.0, 48000), 48000, codec, sample_format, layout)
    sound = heard(path)
    assert len(sound) / 16000 == pytest.approx(1.0, abs=0.1)
    assert loudest_hz(sound) == pytest.approx(440, abs=5)
    assert 0.1 < np.abs(sound[4000:12000]).max() <= 0.6


def test_chunks_are_what_a_microphone_gives(tmp_path: Path) -> None:
    """32 ms each, in order, the last one padded with silence."""
    write_wav(tmp_path / "a.wav", [AudioChunk(tone(0.1), 16000)])
    chunks = list(RecordedMicrophone(tmp_path / "a.wav").chunks())
    assert [len(chunk.samples) for chunk in chunks] == [512] * 4
    assert [chunk.time_s for chunk in chunks] == pytest.approx([0.0, 0.032, 0.064, 0.096])
    assert {(chunk.sample_rate_hz, chunk.samples.dtype) for chunk in chunks} == {(16000, np.dtype(np.float32))}
    assert not chunks[-1].samples[1600 - 3 * 512 :].any()
    np.testing.assert_allclose(np.concatenate([chunk.samples for chunk in chunks])[:1600], tone(0.1), atol=1e-4)


def test_in_real_time_no_chunk_comes_before_a_microphone_would_have_had_it(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [AudioChunk(tone(0.2), 16000)])
    microphone = RecordedMicrophone(tmp_path / "a.wav", real_time=True)
    started_s = time.monotonic()
    for chunk in microphone.chunks():
        assert time.monotonic() - started_s >= chunk.time_s + chunk.duration_s - 0.001


def test_a_closed_microphone_falls_silent(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [AudioChunk(tone(1.0), 16000)])
    microphone = RecordedMicrophone(tmp_path / "a.wav")
    chunks = microphone.chunks()
    next(chunks)
    microphone.close()
    microphone.close()
    assert list(chunks) == []


def test_minutes_are_heard_in_the_memory_of_a_moment(tmp_path: Path) -> None:
    """Three minutes are 11 MB as float32; a three-hour recording must not be loaded whole."""
    write_wav(tmp_path / "long.wav", itertools.repeat(AudioChunk(tone(1.0), 16000), 180))
    tracemalloc.start()
    count = sum(1 for _ in RecordedMicrophone(tmp_path / "long.wav").chunks())
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 180 * 16000 // 512
    assert peak_bytes < 2e6


def bad_files(folder: Path) -> Iterator[tuple[str, Path]]:
    whole = folder / "whole.wav"
    write_wav(whole, [AudioChunk(tone(1.0), 16000)])
    data = whole.read_bytes()
    contents = {
        "text": b"What is in front of me?\n" * 40,
        "empty": b"",
        "header only": data[:4] + (36).to_bytes(4, "little") + data[8:40] + bytes(4),
        "cut short": data[:20_001],
        "cut within the header": data[:30],
        "play list": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    }
    for name, content in contents.items():
        path = folder / f"{name}.wav"
        path.write_bytes(content)
        yield name, path
    flac = write_sound(folder / "damaged.flac", tone(2.0), 16000, "flac", "s16")
    flac.write_bytes(flac.read_bytes()[:200] + bytes(5000))
    yield "damaged", flac
    yield "missing", folder / "missing.wav"
    yield "folder", folder
    yield "long path", folder / ("x" * 5000)


def test_what_is_no_sound_is_told_in_one_line_that_names_it(tmp_path: Path) -> None:
    for name, path in bad_files(tmp_path):
        with pytest.raises(BadInput) as told:
            heard(path)
        line = str(told.value)
        assert "\n" not in line and len(line) < 400, name
        assert path.name[-20:] in line, name


def test_a_wav_from_a_pipe_that_does_not_know_its_length_is_heard(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [AudioChunk(tone(1.0), 16000)])
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:])
    assert len(heard(tmp_path / "a.wav")) / 16000 == pytest.approx(1.0, abs=0.032)


def test_what_is_played_is_in_the_file_and_counts_as_heard(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path / "out.wav")
    chunks = [AudioChunk(tone(0.5, 22050), 22050), AudioChunk(tone(1.0, 22050), 22050)]
    assert speaker.play(iter(chunks), lambda: False) == pytest.approx(1.5)
    assert speaker.play(iter([AudioChunk(tone(0.5), 16000)]), lambda: False) == pytest.approx(0.5)
    assert not (tmp_path / "out.wav").exists()
    speaker.close()
    speaker.close()
    with wave.open(str(tmp_path / "out.wav")) as written:
        assert (written.getnchannels(), written.getsampwidth(), written.getframerate()) == (1, 2, 22050)
        assert written.getnframes() / 22050 == pytest.approx(2.0, abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert loudest_hz(heard(tmp_path / "out.wav")) == pytest.approx(440, abs=5)


def test_a_stale_answer_is_not_written(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path / "out.wav")
    stale = iter([False, True])
    assert speaker.play(itertools.repeat(AudioChunk(tone(0.1), 16000)), lambda: next(stale)) == pytest.approx(0.1)
    speaker.close()
    assert len(heard(tmp_path / "out.wav")) / 16000 == pytest.approx(0.1, abs=0.032)


def test_too_loud_or_broken_sound_is_written_without_wrapping_round(tmp_path: Path) -> None:
    samples = np.array([2.0, -2.0, np.nan, 0.0] * 128, np.float32)
    write_wav(tmp_path / "out.wav", [AudioChunk(samples, 16000)])
    np.testing.assert_allclose(heard(tmp_path / "out.wav")[:4], [1, -1, 0, 0], atol=1e-3)


def test_nothing_to_say_leaves_no_file(tmp_path: Path) -> None:
    assert write_wav(tmp_path / "out.wav", []) == 0.0
    assert list(tmp_path.iterdir()) == []


def test_a_voice_that_fails_midway_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    def failing() -> Iterator[AudioChunk]:
        yield AudioChunk(tone(0.1), 16000)
        raise BadInput("no more", "stop")

    (tmp_path / "out.wav").write_text("old")
    with pytest.raises(BadInput):
        write_wav(tmp_path / "out.wav", failing())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.wav", "old")]


def test_a_full_disk_is_told_and_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(DiskFull, match="out.wav"):
        write_wav(small_disk / "out.wav", [AudioChunk(tone(60.0), 16000)])
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("where", ["missing/out.wav", ".", "x" * 5000])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_said(tmp_path: Path, where: str) -> None:
    with pytest.raises(Problem) as told:
        WavSpeaker(tmp_path / where)
    assert isinstance(told.value, BadInput)
