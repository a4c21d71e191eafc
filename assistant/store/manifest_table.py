"""A TOML table whose fields are taken one by one, each checked; what is left over at the end is a spelling mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from assistant.problems import BadInput, shorten

T = TypeVar("T")


class Table:
    """Every method raises BadInput that names the file (`where`) and the field."""

    def __init__(self, fields: dict[str, Any], where: str) -> None:
        self._fields = dict(fields)
        self.where = where

    def take(self, field: str, kind: type, default: Any = None) -> Any:
        value = self._fields.pop(field, default)
        if value is None:
            raise BadInput(f"{self.where} lacks the field {field}", "add it")
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise self.bad(field, value, f"it must be a {kind.__name__}")
        return value

    def text(self, field: str, default: str | None = None) -> str:
        value: str = self.take(field, str, default)
        if not value and default is None:
            raise self.bad(field, value, "it must not be empty")
        return value

    def texts(self, field: str, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.take(field, list, default)
        if (not values and default is None) or not all(isinstance(value, str) and value for value in values):
            raise self.bad(field, values, "it must be a list of texts")
        return tuple(values)

    def size(self, field: str) -> int:
        value: int = self.take(field, int)
        if value <= 0:
            raise self.bad(field, value, "it must be a positive number of bytes")
        return value

    def sha256(self, field: str) -> str:
        return self._hexadecimal(field, 64)

    def md5(self, field: str) -> str:
        return self._hexadecimal(field, 32)

    def optional(self, read: Callable[[Table, str], T], field: str) -> T | None:
        """As `read(self, field)`, None if the field isn't there."""
        return read(self, field) if field in self._fields else None

    def or_unknown(self, read: Callable[[Table, str], T], field: str) -> T | None:
        """As `read(self, field)`, None for the text "unknown"."""
        if self._fields.get(field) == "unknown":
            del self._fields[field]
            return None
        return read(self, field)

    def known_of(self, names: Iterable[str], read: Callable[[Table, str], T], field: str) -> dict[str, T]:
        """The values under `field`, a table from some of `names` (or none) to values, or the text "unknown"."""
        table = self.or_unknown(Table.table, field)
        if table is None:
            return {}
        values = {name: read(table, name) for name in names if name in table._fields}
        table.expect_empty()
        return values

    def table(self, field: str) -> Table:
        return Table(self.take(field, dict), f"{self.where} {field}")

    def tables(self, field: str, default: list[Any] | None = None) -> list[Table]:
        values = self.take(field, list, default)
        if not all(isinstance(value, dict) for value in values):
            raise self.bad(field, values, f"write [[{field}]] on a line of its own")
        return [Table(value, f"{self.where}, {field} {number},") for number, value in enumerate(values, start=1)]

    def lists(self) -> dict[str, tuple[str, ...]]:
        """The whole table, from names to lists of texts."""
        return {field: self.texts(field) for field in list(self._fields)}

    def expect_empty(self) -> None:
        if self._fields:
            raise BadInput(f"{self.where} has an unknown field {next(iter(self._fields))!r}", "take it out or mend its spelling")

    def _hexadecimal(self, field: str, digits: int) -> str:
        value = self.text(field)
        if not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
            raise self.bad(field, value, f"it must be {digits} hexadecimal digits")
        return value

    def bad(self, field: str, value: object, fix: str) -> BadInput:
        return BadInput(f"{self.where} has a bad field {field} = {shorten(value, 60)!r}", fix)
