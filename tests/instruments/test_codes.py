"""What a code holds is told plainly: whose site it really is, which network, whose number; and never more than a listener asked for."""

from __future__ import annotations

import pytest

from assistant.instruments.codes import Code, has_check_digit, phrase_of, read_content
from assistant.languages import phrase
from assistant.messages import Region

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nTEL;TYPE=CELL:+49 170 1234567\r\nEND:VCARD"
PARTY = (
    "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nDTSTART:19700101T000000\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY:Party\\, big\n"
    "DTSTART;TZID=Europe/Berlin:20270504T193000\nEND:VEVENT\nEND:VCALENDAR"
)


def told(text: str, kind: str = "QR Code") -> str:
    key, values = phrase_of(Code(kind, text, Region(0, 0, 1, 1), read_content(text, kind)))
    return phrase(key, "en", **values)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("WIFI:T:WPA;S:My\\;net;P:secret;;", "A Wi-Fi network: My;net."),
        ("https://www.example.org:8080/menu?table=1", "A link to example.org."),
        ("HTTPS://EXAMPLE.ORG", "A link to example.org."),
        ("www.example.org", "A link to example.org."),
        (CARD, "A contact: Jane Doe."),
        ("MECARD:N:Doe,John;TEL:+123456;;", "A contact: John Doe."),
        ("MECARD:TEL:+123456;;", "A phone number: + 1 2 3 4 5 6."),
        ("tel:+4930123456", "A phone number: + 4 9 3 0 1 2 3 4 5 6."),
        ("SMSTO:+123:Hello", "A phone number: + 1 2 3."),
        ("mailto:a@example.org?subject=Hi", "An e-mail address: a@example.org."),
        ("MATMSG:TO:a@example.org;SUB:x;;", "An e-mail address: a@example.org."),
        (PARTY, "An event: Party, big, 2027-05-04 19:30."),
        ("geo:52.5,13.4?q=Berlin", "A place on the map."),
        ("BCD\n002\n1\nSCT\nABCDEFGH\nRed Cross\nDE12\nEUR10\n", "A payment code."),
        ("bitcoin:1A2b?amount=1", "A payment code."),
        ("Table 12", "A code with text: Table 12"),
        ("hello.world is no site", "A code with text: hello.world is no site"),
        (" \x00\x1b ", "A code that holds no text."),
    ],
)
def test_what_a_code_holds_is_said_in_a_sentence(text: str, words: str) -> None:
    assert told(text) == words


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("https://bank.com@evil.example/", "evil.example"),
        ("https://bank.com:pw@evil.example", "evil.example"),
        ("https:///evil.example/bank.com", "evil.example"),
        ("http:\\\\evil.example\\@bank.com", "evil.example"),
        ("https://evil.example/https://bank.com", "evil.example"),
        ("https://evil.example#@bank.com", "evil.example"),
        ("https://b%61nk.com.evil.example", "bank.com.evil.example"),
        ("https://bank.com" + ".login" * 20 + ".evil.example/", "login.login.login.login.login.login.login.login.evil.example"),
        ("http://аррӏе.com", "xn--80ak6aa92e.com"),
        ("https://xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("https://pаypal.com", "xn--pypal-4ve.com"),
        ("http://3232235777/", "192.168.1.1"),
        ("http://0xC0.0xA8.1.1/", "192.168.1.1"),
        ("https://münchen.de", "münchen.de"),
        ("https://пример.рф", "пример.рф"),
        ("https://日本語.jp", "日本語.jp"),
        ("https://e\u200bxa\nmple.org", "example.org"),
        ("https://ｅxample。org", "example.org"),
    ],
)
def test_the_site_is_the_one_that_would_be_opened(text: str, site: str) -> None:
    """Whatever name stands before it, behind it, or in letters that only look like others."""
    assert told(text) == f"A link to {site}."


@pytest.mark.parametrize(
    ("digits", "kind", "words"),
    [
        ("4006381333931", "EAN-13", "A product number: 4 0 0 6 3 8 1 3 3 3 9 3 1."),
        ("0036000291452", "EAN-13", "A product number: 0 3 6 0 0 0 2 9 1 4 5 2."),
        ("96385074", "EAN-8", "A product number: 9 6 3 8 5 0 7 4."),
        ("9783161484100", "EAN-13", "A book number: 9 7 8 3 1 6 1 4 8 4 1 0 0."),
        ("9790260000438", "EAN-13", "A product number: 9 7 9 0 2 6 0 0 0 0 4 3 8."),
        ("4006381333930", "EAN-13", "A code with text: 4006381333930"),
        ("4006381333931", "QR Code", "A code with text: 4006381333931"),
    ],
)
def test_numbers_of_goods_are_told_digit_by_digit(digits: str, kind: str, words: str) -> None:
    assert told(digits, kind) == words


def test_the_number_of_a_medicine_is_told_without_its_other_fields() -> None:
    content = read_content("0109501101020917172610\x1d10AB", "Data Matrix", is_gs1=True)
    assert (content.kind, content.told) == ("product", "9501101020917")


def test_secrets_are_kept_for_who_asks() -> None:
    assert "secret" not in told("WIFI:T:WPA;S:Cafe;P:secret;;")
    assert read_content("WIFI:T:WPA;S:Cafe;P:secret;;").details == {"security": "WPA", "password": "secret"}
    assert told("otpauth://totp/Me?secret=ABC") == "A code with text: otpauth://totp/Me"


def test_details_are_there_for_who_asks() -> None:
    assert read_content(CARD).details == {"phone": "+49 170 1234567"}
    assert read_content("geo:52.5,-13.4").details == {"latitude": "52.5", "longitude": "-13.4"}
    assert read_content("BCD\n002\n1\nSCT\nABCDEFGH\nRed Cross\n").details == {"payee": "Red Cross"}
    assert read_content("SMSTO:+123:Hello you").details == {"text": "Hello you"}


def test_what_cant_be_seen_in_print_is_not_said() -> None:
    assert told("\u202eexe.\u2066gnp\x1b[31m  \x07 x") == "A code with text: exe.gnp [31m x"
    assert told("नमस्\u200dते") == "A code with text: नमस्\u200dते"


def test_a_long_text_is_cut() -> None:
    assert told("word " * 1000).endswith("word…")
    assert len(told("word " * 1000)) < 230


@pytest.mark.parametrize("digits", ["4006381333931", "96385074", "036000291452", "00012345678905"])
def test_one_wrong_digit_is_noticed(digits: str) -> None:
    assert has_check_digit(digits)
    assert not has_check_digit(digits[:-1] + str((int(digits[-1]) + 1) % 10))
    assert not has_check_digit(digits + "0")
