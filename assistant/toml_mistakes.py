"""What people write in a TOML file that isn't TOML, or isn't a name, and how to mend it. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

ALIKE = 0.75
"""Likeness of two names, in [0, 1] as difflib measures it, from which one is taken for a slip of the pen of the other."""

# What a line holds that can't be read, and what to do.
_SLIPS = (
    (r"=\s*(#.*)?$", "write a value after the ="),
    (r"=\s*-?\d+,\d+\s*(#.*)?$", "write a decimal point, not a comma"),
    (r"=\s*(?i:yes|on|true)\s*(#.*)?$", "write true, in small letters and without quotes"),
    (r"=\s*(?i:no|off|false)\s*(#.*)?$", "write false, in small letters and without quotes"),
    ("[\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019]", 'write straight quotes: "..."'),
    (r"=\s*[^\W\d_][^\"'\[\]{}]*$", 'put a text into quotes: "..."'),
    (r"^\s*\w+\s*:", "write = instead of the colon"),
    (r"^\s*[{<]", "write [table] on a line of its own and name = value below it"),
)


def way_out(text: str, error: str) -> str:
    """Return what to do about a line that tomllib doesn't understand, by its error ("... (at line 2, column 7)")."""
    place = re.search(r"at line (\d+)", error)
    lines = text.split("\n")
    line = lines[min(int(place[1]), len(lines)) - 1] if place else ""
    if not place and lines and re.search(_SLIPS[0][0], text.rstrip()):
        return _SLIPS[0][1]
    if "twice" in error or "overwrite" in error:
        return "leave one of the two out"
    return next((fix for pattern, fix in _SLIPS if re.search(pattern, line)), "mend that line")


def nearest(field: str, here: Sequence[str], elsewhere: Mapping[str, Sequence[str]]) -> str:
    """Return what to write instead of an unknown name; "" where nothing is like it.

    Args:
        field: as it was written.
        here: names that are known at its place.
        elsewhere: table -> the names in it.
    """
    written = field.lower().replace("-", "_")
    if found := _closest(written, here):
        return f"write {found}"
    if table := next((table for table, names in elsewhere.items() if written in names), None):
        return f"write it below a line [{table}]"
    tables = {name: table for table, names in elsewhere.items() for name in names}
    found = _closest(written, list(tables))
    return f"write {found}, below a line [{tables[found]}]" if found else ""


def _closest(written: str, names: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(written, names, 1, ALIKE)), None)
