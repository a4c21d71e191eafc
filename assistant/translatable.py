"""English text that can be told in the user's language: `languages/catalogues.py` has the words, this keeps what goes into them.

To everything else it is the English text: it is compared, joined and written to JSON as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


class Translatable(str):
    """A message with its template and the values in it, as `"there is no file {name}"`; the values may be translatable too."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Translatable:
        """`template` is what a catalogue knows it by, with the blanks of `str.format`."""
        text = super().__new__(cls, template.format(**values))
        text.template, text.values = template, values
        return text

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """What a copy is made of."""
        return (self.template,), self.values

    def told(self, translate: Callable[[str], str]) -> str:
        """Return the text whose templates are what `translate` makes of them, with the values put in."""
        values = {name: value.told(translate) if isinstance(value, Translatable) else value for name, value in self.values.items()}
        return translate(self.template).format(**values)


class Capitalized(Translatable):
    """A text that begins with a capital letter, in whichever language."""

    def __new__(cls, text: str) -> Capitalized:
        """`text` may be translatable."""
        message = str.__new__(cls, text[:1].upper() + text[1:])
        message.template, message.values = "{text}", {"text": as_message(text)}
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """What a copy is made of."""
        return (str(self),), {}

    def told(self, translate: Callable[[str], str]) -> str:
        """Return the text as `translate` has it, with its capital letter."""
        text = super().told(translate)
        return text[:1].upper() + text[1:]


def joined(parts: Iterable[str], between: str) -> Translatable:
    """Return texts one after the other, each of which stays translatable."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Translatable(between.join(f"{{{name}}}" for name in values), **values)


def as_message(text: str, values: Mapping[str, object] | None = None) -> Translatable:
    """Return a text as a message: what is one as it is, else as the template of the `values`; without any its braces are its own."""
    if isinstance(text, Translatable):
        return text
    return Translatable(text, **values) if values else Translatable(text.replace("{", "{{").replace("}", "}}"))


def in_english(text: str) -> Translatable:
    """Mark a text that is told in English in every language: too rare to be translated, or for those who make models and programs."""
    return Translatable("{text}", text=text)
