"""Pictures that a SmolVLM2-shaped model has looked at."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.engines.vlm.picture_keys import PictureKey
from assistant.engines.vlm.starter.picture_classes import PictureClasses
from assistant.messages import SeenPicture, View


@dataclass(frozen=True, eq=False, kw_only=True)
class SmolView(View):
    """Pictures that were looked at. Holds no cache itself, so it may be held for long; serves only the describer that made it."""

    opening: str
    """The prompt up to and including the last picture, and what is seen in a single one."""
    before_question: str
    """What else the prompt has before the question."""
    opening_ids: tuple[int, ...]
    """Token ids of `opening`."""
    pictures: tuple[PictureKey, ...]
    """What each picture is known by."""
    seen: tuple[SeenPicture, ...] | None = None
    """The encoded pictures, kept only where there is no picture to see again."""
    classes: PictureClasses | None = None
    """What the heads on the starter's encoder say of a single picture."""
    maker: object
    """The describer that made it."""
