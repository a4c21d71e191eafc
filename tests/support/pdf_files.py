"""Small PDF files, written by hand: text in any place, colour and manner, pictures, many pages, locks and damage."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.messages import Picture

A4 = (595.0, 842.0)


def text_at(x: float, y: float, text: str, size: float = 12, *, mode: int = 0, grey: float = 0.0, matrix: str = "") -> str:
    """Return the drawing of a text. Places and sizes in points from the bottom left; `mode` 3 is invisible; `matrix` turns it."""
    escaped = text.replace("\\", "\\\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 {size} Tf {mode} Tr {grey} g {matrix or '1 0 0 1'} {x} {y} Tm ({escaped}) Tj ET"


def pdf(
    pages: Sequence[str], size: tuple[float, float] = A4, *, picture: Picture | None = None, locked: bool = False, font: str = ""
) -> bytes:
    """Return a PDF file.

    Args:
        pages: what is drawn on each.
        size: width and height of all pages, in points.
        picture: drawn by "/P Do".
        locked: whether it needs a password.
        font: entries of the font's dictionary that replace Helvetica.
    """
    objects = ["", "", f"<< /Type /Font {font or '/Subtype /Type1 /BaseFont /Helvetica'} >>", _picture(picture)]
    kids = []
    for drawing in pages:
        objects.append(f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream")
        resources = "<< /Font << /F1 3 0 R >> /XObject << /P 4 0 R >> >>"
        box = f"[0 0 {size[0]} {size[1]}]"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Resources {resources} /Contents {len(objects)} 0 R >>")
        kids.append(f"{len(objects)} 0 R")
    objects[0], objects[1] = "<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    secret = "00" * 32
    lock = f" /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{secret}> /U <{secret}> >> /ID [<{secret}> <{secret}>]" if locked else ""
    body, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    body_end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R{lock} >>\n"
    return f"{body}{body_end}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


def _picture(picture: Picture | None) -> str:
    if picture is None:
        return "<< /Length 0 >>\nstream\n\nendstream"
    height, width = picture.shape[:2]
    dots = picture.tobytes().hex()
    head = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8"
    return f"<< {head} /Filter /ASCIIHexDecode /Length {len(dots) + 1} >>\nstream\n{dots}>\nendstream"
