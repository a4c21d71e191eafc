"""Errors named by the user's trouble. Each says what is wrong and how to mend it, in one line fit for reading or speaking.

`command_line` prints a Problem as one line on stderr and exits with its status; the live loop speaks it.
"""

from __future__ import annotations

import re

from assistant.translatable import Capitalized, Translatable, as_message


class Problem(Exception):
    """Something the user can act on: what is wrong, and how to mend it."""

    exit_status = 2
    """Of the command that ends with it."""

    def __init__(self, what: str, fix: str, /, **values: object) -> None:
        """`what` and `fix`: English, each a template with blanks such as {name} for the `values`; catalogues know it as such."""
        self.parts = [as_message(part, values) for part in (what, fix)]
        """What is wrong, and how to mend it, for `languages.catalogues`, which tells them in other languages."""
        self.what, self.fix = (" ".join(part.split()).rstrip(".") for part in self.parts)
        super().__init__(f"{self.what}. {self.fix[:1].upper()}{self.fix[1:]}.")

    @property
    def text(self) -> Translatable:
        """Return it as one line that can be told in other languages."""
        what, fix = self.parts
        return Translatable("{what}. {fix}.", what=what, fix=Capitalized(fix))


class BadInput(Problem):
    """A file, text or option that can't be used."""


class DiskFull(Problem):
    """Nothing more can be written where it should go."""


class NetworkTrouble(Problem):
    """A download failed, so that what was to be fetched is still missing; no half of it can be taken for the whole."""

    exit_status = 3


class MissingModel(Problem):
    """A model or voice isn't there, or isn't whole; the fix names the command that fetches it."""

    exit_status = 3


class DamagedModel(MissingModel):
    """A model's file has the wrong contents and was not loaded."""


class ServerTrouble(MissingModel):
    """A model server on this machine isn't there, or doesn't answer as it should."""


class MissingDevice(Problem):
    """A camera, microphone or loudspeaker, or the library that reaches it, isn't there."""

    exit_status = 4


class LostDevice(MissingDevice):
    """A device that worked has gone."""


def shorten(text: object, longest: int = 120) -> str:
    """Cut a path or input to its two ends, so that it is short enough to be read out."""
    words = re.sub("[\ud800-\udfff]", "\ufffd", " ".join(str(text).split()))  # bytes that aren't UTF-8 can't be said
    return words if len(words) <= longest else f"{words[: longest // 2]}...{words[-longest // 2 :]}"
