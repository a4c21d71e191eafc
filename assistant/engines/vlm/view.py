"""Pictures that a SmolVLM2-shaped model has looked at."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from assistant.engines.vlm.picture_encoder import PictureKey
from assistant.engines.vlm.starter.caption_consistency import WordAgreement
from assistant.engines.vlm.starter.encoder_heads import Head
from assistant.messages import SeenPicture, View


@dataclass(frozen=True, eq=False, kw_only=True)
class SmolView(View):
    """Pictures that were looked at. Holds no cache itself, so it may be held for long; serves only the describer that made it."""

    opening: str
    """The prompt up to and including the last picture, and what is seen in a single one."""
    before_question: str
    """What else the prompt has before the question."""
    opening_ids: tuple[int, ...]
    pictures: tuple[PictureKey, ...]
    seen: tuple[SeenPicture, ...] | None = None
    """Kept only where there is no picture to see again."""
    head: Head
    """The encoder's head of words."""
    maker: object
    """The describer that made it."""

    def agreement(self, text: str) -> float | None:
        return self._expected.of(text) if self.words else None

    @functools.cached_property
    def _expected(self) -> WordAgreement:
        usual = zip(self.head.names, self.head.shares, strict=True)
        return WordAgreement((term, share * math.exp(self.words[term]), share) for term, share in usual)
