"""What a code holds, in plain form, and the phrase that tells it. Pure: a code's text is data, never obeyed and never opened."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote

from assistant.instruments.code_fields import card_lines, clean, fields, site
from assistant.messages import Region

LONGEST_TOLD = 200
"""Characters that are told of a text."""
LONGEST_NAME = 80
"""Characters of a name, number or address that are told."""

ContentKind = Literal["wifi", "link", "contact", "event", "phone", "email", "place", "payment", "product", "book", "text", "nothing"]


@dataclass(frozen=True)
class Content:
    """What a code holds, cleaned and bounded, as far as it can be told."""

    kind: ContentKind
    """phone: to call or to write to; place: on a map; payment: of any kind, not read further; nothing: no text, or only bytes."""
    told: str = ""
    """What is said of it: the network's, person's or event's name, the site, number, address, digits or text; "" for others."""
    details: dict[str, str] = field(default_factory=dict, compare=False)
    """Told on request only. wifi: "security", "password"; contact: "phone", "email", "organisation"; event: "start"; place: "latitude",
    "longitude"; payment: "payee"; phone and email: "text". What isn't there has no entry."""


@dataclass(frozen=True)
class Code:
    """A code that stands in a picture."""

    type: str
    """As its standard names it: "QR Code", "EAN-13"."""
    text: str
    """All of it, without control characters: one line, bounded."""
    region: Region
    content: Content

    @property
    def phrase(self) -> tuple[str, dict[str, str]]:
        """Return the phrase that tells it, as `phrase_of` does."""
        return phrase_of(self)


def read_content(text: str, code_type: str = "", *, is_binary: bool = False, is_gs1: bool = False) -> Content:
    """Return what the text of a code holds.

    Args:
        text: raw, with its control characters.
        code_type: of the code, as its standard names it: goods have a number of their own in "EAN-13", "EAN-8", "UPC-A", "UPC-E" and "ITF".
        is_binary: whether it holds bytes that are no text.
        is_gs1: whether it holds numbered fields as goods have them.
    """
    if is_binary or not clean(text):
        return Content("nothing")
    if is_gs1 or code_type.startswith(("EAN", "UPC", "ISBN", "ITF")):
        return _goods(text) or _text(text)
    start = text.lstrip()[:MARK_LENGTH].upper()
    for marks, read in _READERS:
        if start.startswith(marks):
            return read(text.strip()) or _text(text)
    is_link = re.match(r"(?i)www\.|[a-z0-9.-]+\.[a-z]{2,}/", text.strip()) and not re.search(r"\s", text.strip())
    return (_link(text) if is_link else None) or _text(text)


def phrase_of(code: Code) -> tuple[str, dict[str, str]]:
    """Return (key of a phrase in the language files, what stands in its blanks) that tells a code. Numbers are told digit by digit."""
    content = code.content
    blank = _BLANKS.get(content.kind)
    if blank is None:
        return f"code_{'no_text' if content.kind == 'nothing' else content.kind}", {}
    told = " ".join(re.sub(r"[^\d+*#A-Za-z]", "", content.told)) if content.kind in ("phone", "product", "book") else content.told
    told = told if content.kind == "text" else told.rstrip(". ")  # the phrase has a stop of its own
    if content.kind == "event" and "start" in content.details:
        told = f"{told}, {content.details['start']}"
    return f"code_{content.kind}", {blank: told}


def has_check_digit(digits: str) -> bool:
    """Tell whether the last of 8, 12, 13 or 14 digits is the one that the others ask for."""
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", digits):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def _text(text: str) -> Content:
    """A scheme's parameters may be secrets, as in "otpauth://totp/me?secret=...", so they aren't told."""
    if re.match(r"(?i)[a-z][a-z0-9+.-]{1,30}:/*[^\s?]+\?", text.strip()):
        text = text.partition("?")[0]
    return Content("text", clean(text, LONGEST_TOLD))


def _goods(text: str) -> Content | None:
    digits = re.sub(r"^\(?01\)?(?=[0-9]{14})", "", text)[:14] if len(text) > 14 else text
    if not has_check_digit(digits):
        return None
    if re.fullmatch(r"0?97(8|9(?!0))[0-9]{10}", digits):  # 9790 is printed music
        return Content("book", digits[-13:])
    return Content("product", digits.lstrip("0").rjust(8, "0") if len(digits) == 8 else digits.lstrip("0").rjust(12, "0"))


def _wifi(text: str) -> Content | None:
    told = fields(text[len("WIFI:") :])
    name = clean(told.get("S", "").strip('"'), LONGEST_NAME)
    details = {"security": told.get("T", "").upper() or "nopass", "password": told.get("P", "").strip('"')}
    return Content("wifi", name, {key: value for key, value in details.items() if value}) if name else None


def _link(text: str) -> Content | None:
    if text.upper().startswith("MEBKM:"):
        text = fields(text[len("MEBKM:") :]).get("URL", "")
    found = site(re.sub(r"(?i)^url(to)?:\s*", "", text.strip()))
    return Content("link", found) if found else None


def _contact(text: str) -> Content | None:
    if text.upper().startswith("BEGIN:"):
        told: dict[str, str] = {}
        for name, value in card_lines(text):
            told.setdefault(name, value)
        name = told.get("FN") or " ".join(reversed(told.get("N", "").split(";")[:2]))
    else:
        told = fields(text.partition(":")[2])
        name = " ".join(part.strip() for part in reversed(told.get("N", "").split(",")))
    organisation, phone, email = told.get("ORG", "").strip("; "), told.get("TEL", "").removeprefix("tel:"), told.get("EMAIL", "")
    named = {"phone": phone, "email": email, "organisation": organisation}
    details = {key: clean(value, LONGEST_NAME) for key, value in named.items() if value.strip()}
    if name := clean(name, LONGEST_NAME) or details.get("organisation", ""):
        return Content("contact", name, details)
    return _phone(phone) or _email(email)


def _event(text: str) -> Content | None:
    told: dict[str, str] = {}
    lines = card_lines(text)
    begun = next((place for place, line in enumerate(lines) if line == ("BEGIN", "VEVENT")), 0)  # time zones before it have starts too
    for name, value in lines[begun:]:
        told.setdefault(name, value)
    name = clean(told.get("SUMMARY", ""), LONGEST_NAME)
    start = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2}))?", told.get("DTSTART", ""))
    clock = f" {start[4]}:{start[5]}" if start and start[4] else ""
    return Content("event", name, {"start": f"{start[1]}-{start[2]}-{start[3]}{clock}"} if start else {}) if name else None


def _phone(text: str) -> Content | None:
    """Of a call or a text message: "tel:+4930123", "SMSTO:+4930123:Hello"."""
    number, _, message = re.sub(r"(?i)^(tel|sms|smsto|mms|mmsto|facetime):/*", "", text.strip()).replace("?body=", ":").partition(":")
    number = unquote(re.split(r"[;?,]", number)[0])
    if not re.fullmatch(r"[+*#0-9][-0-9A-Za-z*#().\s/]{1,40}", number):
        return None
    said = clean(unquote(message), LONGEST_TOLD)
    return Content("phone", clean(number, LONGEST_NAME), {"text": said} if said else {})


def _email(text: str) -> Content | None:
    if text.upper().startswith("MATMSG:"):
        told = fields(text[len("MATMSG:") :])
        address, message = told.get("TO", ""), told.get("SUB", "")
    else:
        address, _, query = re.sub(r"(?i)^(mailto|smtp):", "", text.strip()).partition("?")
        message = dict(parse_qsl(query, max_num_fields=100) if query.count("&") < 100 else []).get("subject", "")
        address = unquote(address).partition(":")[0]
    address, message = clean(address, LONGEST_NAME), clean(message, LONGEST_TOLD)
    is_one = re.fullmatch(r"[^\s@:,;]+@[^\s@:,;]+", address)
    return Content("email", address, {"text": message} if message else {}) if is_one else None


def _place(text: str) -> Content | None:
    found = re.match(r"(?i)geo:(-?[0-9]{1,3}(?:\.[0-9]{1,15})?),(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)", text)
    return Content("place", "", {"latitude": found[1], "longitude": found[2]}) if found else None


def _payment(text: str) -> Content | None:
    """The payee only as the text names it; amounts and accounts aren't read."""
    if text.startswith(_EMV) and len(text) < LEAST_EMV:
        return None
    lines = text[:1000].splitlines()
    named = re.search(r"(?i)(?:\*RN:|[?&]pn=)([^*&\n]{1,100})", text[:1000])
    payee = lines[5] if text.startswith(("BCD", "SPC")) and len(lines) > 5 else unquote(named[1]) if named else ""
    payee = clean(payee, LONGEST_NAME)
    return Content("payment", "", {"payee": payee} if payee else {})


_BLANKS = {
    "wifi": "name", "link": "site", "contact": "name", "event": "name", "phone": "number", "email": "address", "product": "digits",
    "book": "digits", "text": "text",
}  # fmt: skip
_EMV = "000201"
LEAST_EMV = 40
"""Characters of the shortest payment code of the cards' standard; a shorter text that begins so is some number."""
_COINS = ("BITCOIN:", "ETHEREUM:", "LITECOIN:", "LIGHTNING:", "MONERO:", "DOGECOIN:", "BITCOINCASH:")
_READERS = (
    (("WIFI:",), _wifi),
    (("HTTP://", "HTTPS://", "URL:", "URLTO:", "MEBKM:", "HTTP:", "HTTPS:"), _link),
    (("BEGIN:VCARD", "MECARD:", "BIZCARD:"), _contact),
    (("BEGIN:VCALENDAR", "BEGIN:VEVENT"), _event),
    (("TEL:", "SMS:", "SMSTO:", "MMS:", "MMSTO:", "FACETIME:"), _phone),
    (("MAILTO:", "MATMSG:", "SMTP:"), _email),
    (("GEO:",), _place),
    (("BCD\n", "BCD\r", "SPC\n", "SPC\r", "SPD*", "UPNQR", "ST0001", "HCT\n", _EMV, "UPI://", "PAYTO:", "SWISH:", *_COINS), _payment),
)
MARK_LENGTH = 16
"""Characters at a text's start that tell what it holds."""
