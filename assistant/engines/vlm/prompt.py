"""The text around pictures, as SmolVLM2's processor and chat template word it. Pure; knows nothing of tokens' numbers or graphs.

A prompt is an opening, up to and including the last picture, and a closing. The opening ends with a special token, where
every tokenizer splits, so the two may be tokenised apart with the same result as together. What the encoder's heads see may stand behind
it, as a line of its own: where a line ends, the tokenizers of these models split too.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.messages import Prompts

FAKE, GLOBAL, IMAGE, END = "<fake_token_around_image>", "<global-img>", "<image>", "<end_of_utterance>"
MAX_FRAMES = 64
"""Pictures in one prompt at most, as in the reference's video sampling."""


IMAGE_PROMPTS, VIDEO_PROMPTS = (
    Prompts(
        scene={
            "brief": f"Can you describe this {pictures} in one short sentence?",
            "normal": f"Can you describe this {pictures}?",
            "full": f"Describe this {pictures} in detail.",
        },
        inside=f" in the {pictures}",
        briefly="\nGive a very brief answer.",
        yes_or_no="\nAnswer yes or no.",
        hint="\nHint: {}",
    )
    for pictures in ("image", "video")
)
"""As SmolVLM2's model cards ask for descriptions, and as its makers' benchmarks ask for short answers and put hints behind
questions (VLMEvalKit's SmolVLM)."""


@dataclass(frozen=True)
class Exchange:
    """An earlier question about the same pictures, and its answer."""

    question: str
    answer: str


def picture_block(rows: int, cols: int, image_tokens: int) -> str:
    """Return one picture's tokens as text: rows x cols tiles and the whole picture last, or that alone when rows = cols = 0."""
    image = IMAGE * image_tokens
    tiles = "".join(
        "".join(f"{FAKE}<row_{row}_col_{col}>{image}" for col in range(1, cols + 1)) + "\n"  # one line a row of tiles
        for row in range(1, rows + 1)
    )
    return f"{tiles}{chr(10) if rows else ''}{FAKE}{GLOBAL}{image}{FAKE}"


def image_opening(blocks: Sequence[str]) -> str:
    """Return the beginning of a prompt with pictures that follow each other directly; `blocks` as `picture_block` makes them."""
    return f"<|im_start|>User:{''.join(blocks)}"


def video_opening(blocks: Sequence[str], times_s: Sequence[float], duration_s: float) -> str:
    """Return the beginning of a prompt with frames of a video.

    Args:
        blocks: of the frames, as `picture_block` makes them.
        times_s: of the frames, from the video's start.
        duration_s: of the video.
    """
    from num2words import num2words  # as the reference does; slow to import, and needed for several pictures only

    length = datetime.timedelta(seconds=int(duration_s))
    frames = "".join(f"\nFrame from {_minutes(time_s)}:{block}" for time_s, block in zip(times_s, blocks, strict=True))
    number = num2words(len(blocks))
    return f"<|im_start|>User: You are provided the following series of {number} frames from a {length} [H:MM:SS] video.\n{frames}"


def closing(question: str, history: Sequence[Exchange] = (), *, before: str = "") -> str:
    """Return the rest of a prompt: `before` (what stands between pictures and text), earlier exchanges, and the question."""
    earlier = "".join(f"{past.question}{END}\nAssistant: {past.answer}{END}\nUser: " for past in history)
    return f"{before}{earlier}{question}{END}\nAssistant:"


def neutralise(text: str, special_tokens: Collection[str]) -> str:
    """Break every special token in a user's text by a blank ("< image>"), and replace halves of characters."""
    pattern = "|".join(re.escape(token) for token in sorted(special_tokens, key=len, reverse=True) if token)
    text = text.encode("utf-8", "replace").decode()
    return re.sub(pattern, lambda match: f"{match[0][0]} {match[0][1:]}", text) if pattern else text


def _minutes(time_s: float) -> str:
    """ "66:39" for 3999.5: minutes aren't wrapped into hours."""
    return f"{int(time_s // 60):02d}:{int(time_s % 60):02d}"
