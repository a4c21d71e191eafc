"""Text in quotation marks: it keeps its own language in a translation, and in a voice."""

from __future__ import annotations

import re

QUOTED = re.compile(r'"[^"]*\w[^"]*"|“[^”]*\w[^”]*”|«[^»]*\w[^»]*»|„[^“”]*\w[^“”]*[“”]')
"""A quotation with at least one letter or digit, its marks included."""
