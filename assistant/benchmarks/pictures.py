"""Pictures for scripted videos: made up ones, or photographs of a folder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from assistant.benchmarks.labelled_pictures import PERSON, boxed_pictures, opened_pictures
from assistant.benchmarks.scripted_videos import HEIGHT, MARGIN, WIDTH, fitted
from assistant.messages import Picture
from assistant.problems import BadInput, shorten
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.held_thing import cut_out


def made_up_pictures(count: int, seed: int = 1) -> list[Picture]:
    """Return clouds of colour with shapes before them, uint8 [240, 360, 3]: as unlike as photographs, and needing no file."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        picture = cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (360, 240), interpolation=cv2.INTER_CUBIC)
        for _ in range(25):
            colour, centre = [int(c) for c in rng.integers(0, 256, 3)], [int(rng.integers(360)), int(rng.integers(240))]
            axes = [int(a) for a in rng.integers(6, 50, 2)]
            cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        grain = cv2.resize(rng.normal(0, 25, (120, 180)).astype(np.float32), (360, 240))[..., None]
        pictures.append(np.clip(picture + grain, 0, 255).astype(np.uint8))
    return pictures


def photographs(folder: Path, count: int, seed: int = 1) -> list[Picture]:
    """Return development pictures of the collections in `folder` (each with images.tar and a table *.tsv), the same each time.

    Without those that the frame check finds blurred or dark when they are enlarged to fill a frame: they give no keyframe on purpose.
    BadInput if there are too few.
    """
    archives = sorted(folder.glob("*/images.tar"))
    found = []
    for number, archive in enumerate(archives):
        share = count * (number + 1) // len(archives) - count * number // len(archives)
        found += _some_of(archive, share, seed)
    if len(found) < count:
        raise BadInput(
            f"{shorten(folder)} has {len(found)} photographs where {count} are needed",
            "give a folder of collections, each a folder with images.tar and a table .tsv",
        )
    order = np.random.default_rng(seed).permutation(len(found))
    return [found[index] for index in order]


def people_and_background(folder: Path, count: int) -> tuple[Picture, list[Picture]]:
    """Return a picture without people, and people cut out of others: COCO's small pictures, with boxes.tsv.

    Only whole people who take a good part of their picture. BadInput if there are too few.
    """
    found = list(boxed_pictures(folder, "report", 10_000))
    empty = [each.picture for each in found if not each.people and not picture_problem(fitted(each.picture))]
    crops = []
    for each in found:
        for name, region in each.things:
            if name == PERSON and region.height > 0.5 and region.width > 0.12 and region.top > 0.01 and region.top + region.height < 0.99:
                crops.append(cut_out(each.picture, region))
                break
    if not empty or len(crops) < count:
        raise BadInput(f"{shorten(folder)} shows {len(crops)} whole people where {count} are needed", "give the project's coco_small")
    return empty[0], crops[:count]


def _some_of(archive: Path, count: int, seed: int) -> list[Picture]:
    rows = [line.split("\t") for table in sorted(archive.parent.glob("*.tsv")) for line in table.read_text(encoding="utf-8").splitlines()]
    has_splits = any(row[1] == "dev" for row in rows)
    names = sorted({row[0] for row in rows if row[0].lower().endswith(".jpg") and (not has_splits or row[1] == "dev")})
    wanted = set(np.random.default_rng(seed).choice(names, min(2 * count, len(names)), replace=False))
    pictures: list[Picture] = []
    for _, picture in opened_pictures(archive.parent, wanted):
        if len(pictures) < count and picture_problem(_seen_small(picture)) is None:
            pictures.append(picture)
    return pictures


def _seen_small(picture: Picture) -> Picture:
    """The frame's part of a picture, at rest."""
    return fitted(picture)[MARGIN : MARGIN + HEIGHT, MARGIN : MARGIN + WIDTH]
