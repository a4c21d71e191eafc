"""Reads TOML files into checked values, and says what is wrong with one in words that its author understands.

A msgspec type says what a file may hold (https://jcristharif.com/msgspec). Its errors become BadInput here and nowhere else.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec

from assistant import toml_mistakes
from assistant.problems import BadInput, shorten

T = TypeVar("T")


def load_toml(path: Traversable, kind: type[T], what: str, unreadable: str, noun: str = "field", **given: object) -> T:
    """Read a TOML file as a value of a msgspec type.

    Args:
        path: the file, in UTF-8, or in UTF-16 as Windows calls "Unicode". A byte order mark at its head is no fault.
        kind: a msgspec.Struct; its fields are the file's.
        what: what the file is, for people: "the manifest".
        unreadable: what to do if it can't be read.
        noun: what a field of it is called.
        given: values of fields that the file may not set.

    Raises BadInput that names the file, its first bad field, and what is allowed there.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        table = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
    except OSError as error:
        raise BadInput(f"{what} {shorten(path)} can't be read ({error.strerror})", unreadable) from error
    except UnicodeDecodeError as error:
        place = f"line {content[: error.start].count(10) + 1} has other letters"
        raise BadInput(f"{what} {shorten(path)} is not valid TOML: it isn't written in UTF-8, {place}", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{what} {shorten(path)} is not valid TOML ({error})", toml_mistakes.way_out(text, str(error))) from error
    try:
        if taken := given.keys() & table.keys():
            raise msgspec.ValidationError(f"Object contains unknown field `{min(taken)}`")
        return msgspec.convert(table | given, kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error), table, kind, noun, f"{what} {shorten(path.name)}", given) from error


def check_fields(value: msgspec.Struct, noun: str) -> None:
    """Compare each field of a value that was made in code with its type; BadInput names the first bad one and what is allowed."""
    for name, allowed in _types_of_fields(type(value)).items():
        found = getattr(value, name)
        try:
            msgspec.convert(found, allowed)
        except msgspec.ValidationError as error:
            raise BadInput(f"the {noun} {name} = {_shown(found)} can't be used", f"use {_in_words(_type_info(allowed))}") from error


@functools.cache
def _types_of_fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _explain(message: str, table: Mapping[str, Any], kind: type, noun: str, where: str, given: Mapping[str, object]) -> BadInput:
    """Word an error of msgspec, such as "Expected `int` >= 1 - at `$.sources[0].wheels[1].size_bytes`"."""
    path = re.search(r"`\$([^`]*)`$", message)
    steps = [name or int(position) for name, position in re.findall(r"\.(\w+)|\[(\d+)\]", path[1] if path else "")]
    about_table = re.match("Object (contains unknown|missing required) field `(.*?)`", message)
    if about_table is None:
        while isinstance(steps[-1], int):  # what is wrong with a list's element is told of the list
            steps.pop()
    field = about_table[2] if about_table else str(steps.pop())
    found, fields = _follow(steps, table, kind)
    place = f"{_header(steps)} of {where}" if steps else where
    if about_table and about_table[1] == "missing required":
        return BadInput(f"{place} lacks the {noun} {field}", "add it")
    if about_table:
        known = [name for name in fields if name not in given or steps]
        tables = {each.encode_name: [inner.encode_name for inner in getattr(each.type, "fields", ())] for each in _type_info(kind).fields}
        nearest = toml_mistakes.nearest(field, known, tables)
        return BadInput(f"{place} has an unknown {noun} {shorten(field)!r}", nearest or f"the {noun}s here are {', '.join(known)}")
    name = ".".join([*(step for step in steps if isinstance(step, str)), field])
    what = f"{place} has a bad {noun} {field} = {_shown(found[field])}"
    return BadInput(what, f"use {_in_words(fields[field], name)}")


def _follow(steps: Sequence[str | int], table: Any, kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The table that the steps lead to, and its fields by name with msgspec's description of their types."""
    fields = _fields(_type_info(kind), table)
    inner: Any = None
    for step in steps:
        table = table[step]
        inner = fields[step] if isinstance(step, str) else inner.item_type
        fields = _fields(inner, table)
    return table, fields


def _fields(info: Any, table: Any) -> dict[str, Any]:
    """The fields of a table's type by name; where several types are possible the table says which, by its tag."""
    from msgspec.inspect import LiteralType, StructType, UnionType

    if not isinstance(info, UnionType):
        return {field.encode_name: field.type for field in getattr(info, "fields", ())}
    structs = {each.tag: each for each in info.types if isinstance(each, StructType)}
    tag_field = str(next(iter(structs.values())).tag_field)
    return {tag_field: LiteralType(tuple(structs))} | _fields(structs.get(str(table.get(tag_field))), table)


def _type_info(kind: Any) -> Any:
    from msgspec.inspect import type_info  # slow to import, and needed only once something is wrong

    return type_info(kind)


def _header(steps: Sequence[str | int]) -> str:
    """How the table is headed in the file: "[voice]"; "[[files]] 2" for the second one."""
    name = ".".join(step for step in steps if isinstance(step, str))
    return f"[[{name}]] {steps[-1] + 1}" if isinstance(steps[-1], int) else f"[{name}]"


def _shown(value: object) -> str:
    """The value about as TOML writes it."""
    return str(value).lower() if isinstance(value, bool) else repr(shorten(value, 60)) if isinstance(value, str) else shorten(value, 60)


def _in_words(info: Any, name: str = "NAME") -> str:
    """What values a type allows, for people; `name` is the table's, should it be one."""
    from msgspec import inspect

    match info:
        case inspect.Metadata():
            return (info.extra_json_schema or {}).get("description") or _in_words(info.type, name)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            return f"a {'whole ' if isinstance(info, inspect.IntType) else ''}number{_range_in_words(info)}"
        case inspect.LiteralType():
            return _either([f'"{value}"' for value in info.values])
        case inspect.StructType():
            return f"a table: write [{name}] on a line of its own"
        case inspect.VarTupleType(item_type=inspect.StructType() | inspect.UnionType()):
            return f"one table or more: write [[{name}]] on a line of its own"
        case inspect.VarTupleType():
            return 'a list of texts, such as ["...", "..."]'
        case inspect.DictType():
            keys = _in_words(info.key_type) if isinstance(info.key_type, inspect.LiteralType) else "names"
            return f"a table from {keys} to {_in_words(info.value_type)}"
        case inspect.UnionType():
            return _either([_in_words(each, name) for each in info.types if not isinstance(each, inspect.NoneType)])
        case _:
            return "a text that isn't empty" if info.min_length else "a text"


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _range_in_words(info: Any) -> str:
    if info.ge is None:
        return ""
    return f" of {info.ge:g} or more" if info.le is None else f" from {info.ge:g} to {info.le:g}"
