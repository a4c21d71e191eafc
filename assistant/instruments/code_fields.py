"""Takes apart the texts that codes hold: clean text, fields, lines of cards, the site of a link. Pure; nothing is opened or obeyed."""

from __future__ import annotations

import ipaddress
import quopri
import re
import socket
import unicodedata
from itertools import islice
from urllib.parse import unquote

MOST_CHARACTERS = 4_000
"""Characters kept of a code's text: a QR code holds 2,953 bytes; several joined codes may hold more."""
MOST_FIELDS = 200
"""Fields or lines looked at in one code; no real card has as many."""
MOST_MARKS = 3
"""Accents kept on one letter; more of them only make a text that no voice can say."""
LONGEST_SITE = 60
"""Characters of a site's name that are told: its end, which is what tells whose it is."""

_JOINERS = "\u200c\u200d"
"""Invisible, but Hindi, Arabic and Persian are spelled with them."""
_SCRIPTS = ({"LATIN"}, {"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"})
"""Scripts that may stand together in one part of a site's name, and that don't look like another's letters."""
_DOMAIN = re.compile(r"(?i)(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def clean(text: str, most: int = MOST_CHARACTERS, *, lines: bool = False) -> str:
    """Return a text without what can't be seen (control characters, turned writing, private use), of at most `most` characters.

    `lines` keeps line breaks; else they are spaces.
    """
    kept: list[str] = []
    marks = 0
    for letter in text[: 4 * MOST_CHARACTERS]:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if letter in "\r\n\t" or category in ("Zl", "Zp", "Zs", "Cc"):
            kept.append("\n" if lines and letter in "\r\n\u2028\u2029" else " ")
        elif marks <= MOST_MARKS and (letter in _JOINERS or category[0] != "C"):
            kept.append(letter)
    rows = (" ".join(row.split()).strip(_JOINERS) for row in "".join(kept).split("\n"))
    whole = "\n".join(row for row in rows if row)
    return whole if len(whole) <= most else f"{whole[: most - 1].rstrip()}…"


def fields(text: str) -> dict[str, str]:
    r"""Return the fields of "T:WPA;S:my\;net;;" as MECARD and Wi-Fi codes write them, names in capitals; the first of a name counts."""
    found: dict[str, str] = {}
    for part in islice(re.finditer(r"(?:\\.|[^;\\])+", text[:MOST_CHARACTERS], re.DOTALL), MOST_FIELDS):
        name, colon, value = part[0].partition(":")
        if colon:
            found.setdefault(name.strip().upper(), _unescaped(value))
    return found


def card_lines(text: str) -> list[tuple[str, str]]:
    """Return (name in capitals, value) of each line of a vCard or iCalendar, long lines joined again."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text[:MOST_CHARACTERS])
    found = []
    for line in unfolded.splitlines()[:MOST_FIELDS]:
        head, colon, value = line.partition(":")
        name, *parameters = head.upper().split(";")
        if colon:
            is_quoted = any("QUOTED-PRINTABLE" in each for each in parameters)
            value = quopri.decodestring(value.encode()).decode("utf-8", "replace") if is_quoted else value
            found.append((name.rpartition(".")[2].strip(), _unescaped(value)))
    return found


def site(link: str) -> str:
    """Return the name of the site that a browser would open for a link: "example.org"; "" where that is none.

    Names in letters that pass for others stay in the form that shows it ("xn--80ak6aa92e.com"), but for sites of which the last part,
    too, is in such letters: those aren't meant to be taken for something else.
    """
    rest = re.sub(r"[\x00-\x20\u2028\u2029]", "", link).replace("\\", "/")  # as browsers do
    rest = re.sub(r"(?i)^https?:/*", "", rest)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return _address(authority[1:].partition("]")[0])
    host = unicodedata.normalize("NFKC", unquote(authority)).replace("。", ".").partition(":")[0].rstrip(".").lower()
    if re.fullmatch(r"[0-9a-fx.]*\d[0-9a-fx.]*", host) and _address(host):
        return _address(host)
    parts = [_ascii(part) for part in host.split(".")]
    if not _DOMAIN.fullmatch(".".join(parts)):
        return ""
    is_foreign = parts[-1].startswith("xn--")
    names = [_readable(part, is_foreign) for part in (parts[1:] if parts[0] == "www" and len(parts) > 2 else parts)]
    while len(names) > 2 and len(".".join(names)) > LONGEST_SITE:
        names = names[1:]
    return ".".join(names)[-LONGEST_SITE:]


def _unescaped(value: str) -> str:
    return clean(re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], value))


def _address(host: str) -> str:
    """An address in numbers as it is usually written: browsers take 3232235777 and 0xC0A80101 for 192.168.1.1 too."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(ipaddress.ip_address(socket.inet_aton(host))) if host else ""
    except (OSError, ValueError):
        return ""


def _ascii(part: str) -> str:
    """One part of a site's name in the form that is looked up; "" if it has none."""
    if part.isascii():
        return part
    try:
        return part.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _readable(part: str, is_foreign: bool) -> str:
    """One part of a site's name in its own letters, unless these pass for others."""
    if not part.startswith("xn--"):
        return part
    try:
        own = part[4:].encode("ascii").decode("punycode")
        scripts = {unicodedata.name(letter).split()[0] for letter in own if letter.isalpha()}
        is_whole = own.isprintable() and own.encode("idna").decode("ascii") == part
    except (UnicodeError, ValueError, OverflowError):
        return part
    is_plain = all(letter <= "\u017f" or letter >= "\u3000" for letter in own) and "ı" not in own
    is_told = is_plain and any(scripts <= together for together in _SCRIPTS) or is_foreign and len(scripts) == 1
    return own if is_whole and is_told else part
