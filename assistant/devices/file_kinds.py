"""What kind of file a picture or video is, by its first bytes: a name is only what somebody called it.

What can't be read here is refused by its own name, with the way out: a user who can't see a file can't see what is wrong with it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.problems import BadInput, shorten
from assistant.translatable import Translatable

HEAD_BYTES = 4096
"""At a file's start, which tell its kind."""
_ANY = re.DOTALL

# Kind -> how such a file begins. The first that fits is it.
_PICTURES = {
    "jpeg": rb"\xff\xd8\xff",
    "png": rb"\x89PNG\r\n\x1a\n",
    "gif": rb"GIF8[79]a",
    "webp": rb"RIFF....WEBP",
    "avif": rb"....ftypavi[fs]",
    "heif": rb"....ftyp(?:hei[cxms]|mif1|mif2)",
    "jp2": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    "bmp": rb"BM.{4}\0{4}",
    "pnm": rb"P[1-7fF][\s#]",
    "hdr": rb"#\?R(?:ADIANCE|GBE)",
    "sun": rb"\x59\xa6\x6a\x95",
}
_AS_PICTURE = Translatable("save it as JPEG or PNG")
_RAW = Translatable("a raw photograph, which isn't read here")
# How what isn't read begins -> what it is, and the way out.
_REFUSED = {
    rb"\xff\x0a|\0\0\0\x0cJXL ": (Translatable("a JPEG XL picture, which isn't read here"), _AS_PICTURE),
    rb".{0,1020}%PDF-": (Translatable("a PDF file"), Translatable("run `assistant read` for its text, or save its page as PNG")),
    rb"....ftypcrx |II\*\0\x10\0\0\0CR|FUJIFILMCCD|II(?:RO|RS|U\0)|MMOR": (_RAW, _AS_PICTURE),
    rb"8BP[SB]": (Translatable("a Photoshop file, which isn't read here"), _AS_PICTURE),
    rb"gimp xcf": (Translatable("a GIMP file, which isn't read here"), _AS_PICTURE),
    rb"\x00\x00[\x01\x02]\x00.\x00": (Translatable("an icon, which isn't read here"), _AS_PICTURE),
    rb"\x76\x2f\x31\x01": (Translatable("an OpenEXR picture, which isn't read here"), _AS_PICTURE),
    rb"DDS |qoif|AT&TFORM|%!PS|\xc5\xd0\xd3\xc6": (Translatable("a kind of picture that isn't read here"), _AS_PICTURE),
    rb".{128}DICM": (Translatable("a medical picture (DICOM), which isn't read here"), _AS_PICTURE),
    rb"PK\x03\x04|\xd0\xcf\x11\xe0": (
        Translatable("a ZIP or Office file"),
        Translatable("take the picture out of it, or save its page as PNG"),
    ),
    rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ": (Translatable("an archive"), Translatable("unpack it, and give a picture or video file")),
    rb"\x7fELF|MZ.{58}": (Translatable("a program"), Translatable("give a picture or video file")),
}
_RAW_SUFFIXES = (".nef", ".arw", ".dng", ".cr2", ".pef", ".srw")
_PLAY_LIST_IS = Translatable("a play list, which may lead into the network")
_TIFF = rb"II\*\0|MM\0\*|II\+\0|MM\0\+"
_PLAY_LIST = re.compile(
    rb"#EXTM3U|\[playlist\]|ffconcat version|v=0\r?\n|<\?xml.{0,400}<(?:MPD|playlist|asx)\b|<asx\b", _ANY | re.IGNORECASE
)


def check_readable(path: Path) -> bytes:
    """Return a file's first HEAD_BYTES; BadInput, which says why, for what isn't a file, is empty or may not be read."""
    name = shorten(path)
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            raise BadInput("{name} is {what}", "give a picture or video file", name=name, what=_what_else(kind))
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise BadInput("there is no file {name}", "check its name and folder", name=name or repr("")) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput("{name} can't be read ({reason})", "check the path and the right to read it", name=name, reason=reason) from error
    if not head:
        raise BadInput("{name} is empty", "give a picture or video file", name=name)
    return head


@contextmanager
def opened_name(path: Path) -> Iterator[str]:
    """Open a file and yield a plain name of it, by which a library within this block may open it again."""
    with path.open("rb") as file:
        yield f"/proc/self/fd/{file.fileno()}"


def picture_kind(path: Path, head: bytes) -> str | None:
    """Return the kind of picture that begins so ("png", "heif" ...); None for what may be a video. BadInput for what is neither."""
    name = shorten(path.name)
    if re.match(_TIFF, head) and path.suffix.lower() not in _RAW_SUFFIXES and head[8:10] != b"CR":
        return "tiff"
    for kind, start in _PICTURES.items():
        if re.match(start, head, _ANY):
            return kind
    if re.match(_TIFF, head):
        raise BadInput("{name} is {what}", _AS_PICTURE, name=name, what=_RAW)
    for start, (what, fix) in _REFUSED.items():
        if re.match(start, head, _ANY):
            raise BadInput("{name} is {what}", fix, name=name, what=what)
    if not head.strip(b"\0"):
        raise BadInput(
            "there is nothing but zeros in {name}: it was never written to its end", "copy it again from where it came", name=name
        )
    if (text := _as_text(head)) is not None:
        raise _text_refused(name, text)
    return None


def _text_refused(name: str, text: bytes) -> BadInput:
    if _PLAY_LIST.match(text):
        return BadInput("{name} is {what}", "give the video itself that it names", name=name, what=_PLAY_LIST_IS)
    if re.search(rb"<svg[\s>]", text):
        return BadInput("{name} is {what}", _AS_PICTURE, name=name, what=Translatable("an SVG drawing, which isn't read here"))
    if re.search(rb"<html|<!doctype html", text, re.IGNORECASE):
        return BadInput(
            "{name} is {what}", "save the picture itself, or take a picture of the screen", name=name, what=Translatable("a web page")
        )
    return BadInput(
        "{name} is {what}", "give a picture or video file", name=name, what=Translatable("a text, neither a picture nor a video")
    )


def _as_text(head: bytes) -> bytes | None:
    """The start of a text in UTF-8 or UTF-16, as bytes; None for anything else."""
    coding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = head[: len(head) // 2 * 2 if coding == "utf-16" else len(head)].decode(
            coding, "ignore" if len(head) == HEAD_BYTES else "strict"
        )
    except UnicodeDecodeError:
        return None
    if len(text) < len(head) / 4 or any(ord(each) < 32 and each not in "\t\r\n\f\x1b" for each in text):
        return None
    return text.encode().lstrip()


def _what_else(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return Translatable("a folder")
    return Translatable("a pipe or socket") if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else Translatable("a device")
