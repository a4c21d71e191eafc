"""Pictures and videos of the kinds that went wrong once, and their neighbours: made the same every time.

Run as `python -m tests.support.odd_media`, it tells what becomes of each: a line for the table in docs/files.md.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw

os.environ.setdefault("SVT_LOG", "1")

from assistant.messages import Picture
from tests.support.heif_files import heif
from tests.support.odd_sounds import tone
from tests.support.pdf_files import pdf
from tests.support.video_files import STEADY_S, write_video

WIDTH, HEIGHT = 150, 100
NEAR = 22.0
"""Levels, of 255, that a picture may differ from what is right, on average, after lossy coding and scaling."""


@dataclass(frozen=True)
class Odd:
    """One input."""

    name: str
    make: Callable[[], bytes]
    says: str = ""
    """A pattern that the refusal must match, or the warning where it is read; "" = read without a word."""
    shows: Callable[[], Picture] | None = None
    """What one of its frames must show; None = it is refused."""


def landmark() -> Picture:
    """A picture of which every corner is another: uint8 [HEIGHT, WIDTH, 3]."""
    x, y = np.linspace(0, 1, WIDTH)[None], np.linspace(0, 1, HEIGHT)[:, None]
    picture = np.stack([255 * x + 0 * y, 255 * y + 0 * x, 128 + 100 * np.sin(9 * x) * np.sin(7 * y)], 2).astype(np.uint8)
    cv2.circle(picture, (30, 25), 14, (255, 255, 255), -1)
    cv2.rectangle(picture, (100, 60), (130, 90), (0, 0, 0), -1)
    return picture


def _text(ink: int, ground: int, alpha: int | None = None) -> Image.Image:
    """Words; with `alpha` on a ground that can be seen through."""
    image = Image.new("RGBA", (WIDTH, HEIGHT), (ground, ground, ground, 255 if alpha is None else alpha))
    ImageDraw.Draw(image).text((10, 30), "EXIT", fill=(ink, ink, ink, 255), font_size=44)
    return image


def _saved(image: Image.Image | Picture, form: str, **options: Any) -> bytes:
    file = BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, form, **options)
    return file.getvalue()


def _on(ink: int, ground: int) -> Picture:
    return np.asarray(_text(ink, ground).convert("RGB"))


def _animated(form: str, transparent: bool = False) -> bytes:
    """Three blank frames, then the landmark."""
    blank = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0 if transparent else 255))
    last = Image.fromarray(landmark()).convert("RGBA")
    return _saved(blank, form, save_all=True, append_images=[blank, blank, last], duration=400, loop=0)


def _turned(form: str, orientation: int, shown: Image.Image | None = None) -> bytes:
    """Stored as `orientation` says so that it shows the landmark, or another picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.asarray(shown) if shown else landmark()
    stored = np.rot90(upright, {1: 0, 3: 2, 6: 1, 8: -1}[orientation])
    return _saved(np.ascontiguousarray(stored), form, exif=exif)


def _deep(bits: int, ending: str) -> bytes:
    shades = (landmark()[..., ::-1].astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
    return bytes(cv2.imencode(ending, shades)[1].tobytes())


def _cut(content: bytes, share: float) -> bytes:
    return content[: int(len(content) * share)]


def _opencv(ending: str) -> bytes:
    return bytes(cv2.imencode(ending, landmark()[..., ::-1])[1].tobytes())


def _video(name: str, times_s: Any = STEADY_S[:12], after: Callable[[bytes], bytes] = bytes, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return after(write_video(Path(folder, name), times_s, **options).read_bytes())


def _seen(first: bool = True) -> Picture:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:, :80, 0], picture[:, 80:, 2] = 220, 190
    return picture


def _song(cover: bool, name: str = "a.mp3", codec: str = "libmp3lame", picture_first: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        with av.open(str(path), "w") as container:
            sound = container.add_stream(codec, rate=16000, layout="mono")
            if cover:
                art = container.add_stream("mjpeg", rate=1)
                art.width, art.height, art.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
                art.disposition = av.stream.Disposition.attached_pic
                container.mux(art.encode(av.VideoFrame.from_ndarray(landmark())))
                container.mux(art.encode())
            frame = av.AudioFrame.from_ndarray(tone()[None], format="fltp", layout="mono")
            frame.sample_rate = 16000
            for each in (frame, None):
                container.mux(sound.encode(each))
        return path.read_bytes()


SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
SMALL = "too small"


def pictures() -> Iterator[Odd]:
    """Yield pictures, and what is taken for one."""
    whole = landmark
    yield Odd("grid.heic", lambda: heif(landmark()), shows=whole)
    yield Odd("one tile.heic", lambda: heif(landmark(), 160), shows=lambda: np.pad(landmark(), ((0, 60), (0, 10), (0, 0)), mode="edge"))
    yield Odd("turned grid.heic", lambda: heif(landmark(), quarter_turns=1), shows=lambda: np.rot90(landmark()))
    yield Odd("turned thrice.heic", lambda: heif(landmark(), quarter_turns=3), shows=lambda: np.rot90(landmark(), 3))
    yield Odd("mirrored grid.heic", lambda: heif(landmark(), mirror=1), shows=lambda: landmark()[:, ::-1])
    yield Odd("grid.jpg", lambda: heif(landmark()), shows=whole)
    yield Odd("still.avif", lambda: _opencv(".avif"), shows=whole)
    yield Odd("still.jp2", lambda: _opencv(".jp2"), shows=whole)
    yield Odd("turned 6.jpg", lambda: _turned("JPEG", 6), shows=whole)
    yield Odd("turned 3.png", lambda: _turned("PNG", 3), shows=whole)
    yield Odd("turned 8.webp", lambda: _turned("WEBP", 8), shows=whole)
    yield Odd("black on nothing.png", lambda: _saved(_text(0, 0, 0), "PNG"), shows=lambda: _on(0, 255))
    yield Odd("white on nothing.png", lambda: _saved(_text(255, 255, 0), "PNG"), shows=lambda: _on(255, 0))
    yield Odd("turned black on nothing.png", lambda: _turned("PNG", 6, _text(0, 0, 0)), shows=lambda: _on(0, 255))
    yield Odd("mirrored black on nothing.tif", lambda: _turned("TIFF", 3, _text(0, 0, 0)), shows=lambda: _on(0, 255))
    yield Odd("black on nothing.webp", lambda: _saved(_text(0, 0, 0), "WEBP", lossless=True), shows=lambda: _on(0, 255))
    yield Odd("black on nothing.tif", lambda: _saved(_text(0, 0, 0), "TIFF"), shows=lambda: _on(0, 255))
    yield Odd("black on nothing.gif", lambda: _saved(_text(0, 0, 0), "GIF"), shows=lambda: _on(0, 255))
    yield Odd("grey and alpha.png", lambda: _saved(_text(0, 0, 0).convert("LA"), "PNG"), shows=lambda: _on(0, 255))
    yield Odd("anim.gif", lambda: _animated("GIF"), shows=whole)
    yield Odd("anim.webp", lambda: _animated("WEBP"), shows=whole)
    yield Odd("anim.png", lambda: _animated("PNG"), shows=whole)
    yield Odd("see-through anim.gif", lambda: _animated("GIF", True), shows=whole)
    yield Odd("gif named.jpg", lambda: _animated("GIF"), shows=whole)
    for bits in (10, 12, 16):
        for ending in (".png", ".tif"):
            yield Odd(f"{bits} bits{ending}", partial(_deep, bits, ending), shows=whole)
    for share in (0.4, 0.8):
        cut = partial(_cut, _saved(landmark(), "JPEG", quality=90), share)
        yield Odd(f"cut at {share:.0%}.jpg", cut, "cut off: only the upper", landmark)
    yield Odd("cut progressive.jpg", lambda: _cut(_saved(landmark(), "JPEG", progressive=True), 0.7), "cut off", whole)
    yield Odd("no end mark.jpg", lambda: _saved(landmark(), "JPEG", quality=90)[:-2], shows=whole)
    yield Odd("cut header.jpg", lambda: _saved(landmark(), "JPEG")[:120], "cut off")
    for width, height in ((1, 1), (4000, 3), (3, 900)):
        yield Odd(f"{width}x{height}.png", partial(_saved, np.full((height, width, 3), 90, np.uint8), "PNG"), SMALL)
    yield Odd("cut header.webp", lambda: _animated("WEBP")[:20], "cut off")
    yield Odd("still.jxl", lambda: b"\xff\x0a" + bytes(range(99)), "JPEG XL")
    yield Odd("boxed.jxl", lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL")
    yield Odd("drawing.svg", lambda: SVG, "SVG")
    yield Odd("letter.pdf", lambda: pdf(["x"]), "assistant read")
    yield Odd("letter named.jpg", lambda: pdf(["x"]), "assistant read")
    yield Odd("letter.docx", lambda: b"PK\3\4" + bytes(99), "ZIP|Office")
    yield Odd("page.html", lambda: b"<!DOCTYPE html><html><body>x</body></html>", "text|HTML|web")
    yield Odd("layers.psd", lambda: b"8BPS\0\1" + bytes(99), "Photoshop")
    yield Odd("zeros.jpg", lambda: bytes(5000), "zeros|nothing")


def videos() -> Iterator[Odd]:
    """Yield videos, and what is taken for one."""
    yield Odd("av1.mp4", lambda: _video("a.mp4", codec="libsvtav1"), shows=_seen)
    yield Odd("av1.mkv", lambda: _video("a.mkv", codec="libsvtav1"), shows=_seen)
    yield Odd("vp9.webm", lambda: _video("a.webm", codec="libvpx-vp9"), shows=_seen)
    yield Odd("hevc.mp4", lambda: _video("a.mp4", codec="libx265", options={"x265-params": "log-level=none"}), shows=_seen)
    yield Odd("starts at 100 s.mkv", lambda: _video("a.mkv", [100 + t for t in STEADY_S]), shows=_seen)
    yield Odd("starts at 100 s.ts", lambda: _video("a.ts", [100 + t for t in STEADY_S], codec="libx264"), shows=_seen)
    yield Odd("starts at 100 s.mp4", lambda: _video("a.mp4", [100 + t for t in STEADY_S]), shows=_seen)
    yield Odd("10:30.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("data:x.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("concat:a|b.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("http:%%b.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("a%03d.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("caf\udce9.mp4", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("caf\udce9.jpg", lambda: _saved(landmark(), "JPEG"), shows=landmark)
    yield Odd("caf\udce9.heic", lambda: heif(landmark()), shows=landmark)
    yield Odd("no suffix", lambda: _video("a.mp4"), shows=_seen)
    yield Odd("cover.mp3", lambda: _song(True), "sound but no picture")
    yield Odd("song.mp3", lambda: _song(False), "sound but no picture")
    yield Odd(
        "unknown codec.mkv",
        lambda: _video("a.mkv", after=lambda b: b.replace(b"V_MPEG4/ISO", b"V_QQQQ9/ISO")),
        "can't be decoded|codec|decode",
    )
    yield Odd("list.m3u8", lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "play ?list")
    yield Odd("list.ffconcat", lambda: b"ffconcat version 1.0\nfile a.mp4\n", "text|play ?list")
    yield Odd("session.sdp", lambda: b"v=0\no=- 0 0 IN IP4 192.0.2.1\nm=video 9 RTP/AVP 96\n", "text|play ?list")


def fate(path: Path, odd: Odd) -> tuple[bool, str]:
    """Whether what became of it is right, and what that was."""
    try:
        from assistant.devices.sources import open_source
    except ImportError:  # as it was before
        from assistant.devices.opencv_camera import open_source  # type: ignore[attr-defined,no-redef]
    from assistant.problems import Problem
    from assistant.settings import CameraSettings

    try:
        camera = open_source(str(path), CameraSettings())
        frames = list(camera.frames())
        warning = " ".join(getattr(camera, "warnings", []))
    except Problem as problem:
        told = str(problem)
        return odd.shows is None and bool(re.search(odd.says, told)), told
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"
    size = "x".join(map(str, frames[-1].picture.shape[1::-1]))
    told = f"{len(frames)} frame{'s' * (len(frames) > 1)} of {size}" + (f"; {warning}" if warning else "")
    if odd.shows is None:
        return False, told
    least = min(difference(frame.picture, odd.shows()) for frame in frames)
    right = least < NEAR and bool(re.search(odd.says, warning) if odd.says else not warning)
    return right, told + ("" if least < NEAR else f", {least:.0f} levels off")


def difference(found: Picture, right: Picture) -> float:
    """Levels by which two pictures differ on average, as far as `found` goes from one of the sides; 255 if they are of other shapes."""
    height, width = found.shape[:2]
    sides = (right[:height, :width], right[-height:, -width:]) if height == right.shape[0] or width == right.shape[1] else (right,)
    return min(_same_part(found, side) for side in sides)


def _same_part(found: Picture, right: Picture) -> float:
    if abs(found.shape[1] / found.shape[0] - right.shape[1] / right.shape[0]) > 0.35:
        return 255.0
    small = [cv2.resize(np.ascontiguousarray(each), (50, 40), interpolation=cv2.INTER_AREA).astype(float) for each in (found, right)]
    return float(np.abs(small[0] - small[1]).mean())


def _measure() -> None:
    """Each in a process of its own, for some ended the whole program."""
    right = 0
    from tests.support.cut_pictures import cut_pictures

    everything = [*pictures(), *cut_pictures(), *videos()]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for odd in everything:
            path = Path(odd.name)
            path.write_bytes(odd.make())
            reading, writing = os.pipe()
            if (child := os.fork()) == 0:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                good, told = fate(path, odd)
                os.write(writing, f"{int(good)}{told}".encode(errors="backslashreplace"))
                os._exit(0)
            os.close(writing)
            said = os.fdopen(reading, "rb").read().decode()
            status = os.waitpid(child, 0)[1]
            good, told = said[:1] == "1", said[1:] or f"ended by signal {status}"
            right += good
            print(f"{'right' if good else 'WRONG'} | {ascii(odd.name)} | {told}", flush=True)
    print(f"{right} of {len(everything)} right")


if __name__ == "__main__":
    _measure()
