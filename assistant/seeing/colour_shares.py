"""Finds the colours of a thing, how much of it each takes, and the pattern that they make. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from assistant.seeing.colours import Labs
from assistant.seeing.held_thing import Mask

Labels = npt.NDArray[np.intp]

LIGHTNESS = 0.45
"""Weight of L* beside a* and b*: folds change lightness alone."""
CLUSTERS = 6
MERGED = 15.0
"""Weighted distance below which two clusters are one colour in light and shade."""
LEAST_SHARE = 0.08
"""Share of the thing from which a colour is told."""
OFF_THE_WAY = 8.0
"""Distance in CIELAB from the way between two colours below which a third is a mixture of them."""
SHADED = (0.4, 0.8)
"""Shares of a colour's pixels, from the darkest on, between which are those that stand for it: folds darken, and what shines is white."""


@dataclass(frozen=True, eq=False)
class Shares:
    """The colours of a thing, the largest first."""

    colours: Labs
    """[n, 3]"""
    shares: npt.NDArray[np.float64]
    """[n], of the thing; at most 1 in all, for what is rare is left out."""
    labels: Labels
    """[h, w]: the place of each pixel's colour; -1 outside and for what is left out."""


def colour_shares(lab: Labs, mask: Mask) -> Shares:
    """Return the colours of the pixels of [h, w, 3] inside a mask: clusters in CIELAB, of which shades of one are merged."""
    pixels = lab[mask]
    weighted = np.asarray(pixels * (LIGHTNESS, 1, 1), np.float32)
    count = min(CLUSTERS, len(np.unique(weighted.round(1), axis=0)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 15, 0.5)
    cv2.setRNGSeed(0)
    samples = weighted if len(weighted) > 1 else weighted.repeat(2, axis=0)  # OpenCV takes a single row for a column
    _, found, centres = cv2.kmeans(samples, count, np.empty(0, np.int32), criteria, 1, cv2.KMEANS_PP_CENTERS)
    owners = _merged(np.asarray(centres, np.float64), np.bincount(found.ravel(), minlength=count))[found.ravel()[: len(pixels)]]
    sizes = np.bincount(owners) / len(owners)
    order = [place for place in np.argsort(-sizes) if sizes[place] >= LEAST_SHARE] or [int(np.argmax(sizes))]
    colours = np.array([_standing_for(pixels[owners == place]) for place in order])
    pure = [place for place in range(len(order)) if not _is_mixture(colours, place)]
    order, colours = [order[place] for place in pure], colours[pure]
    ranks = np.full(len(sizes), -1)
    ranks[order] = np.arange(len(order))
    labels = np.full(mask.shape, -1)
    labels[mask] = ranks[owners]
    return Shares(colours, sizes[order], labels)


def _merged(centres: Labs, sizes: npt.NDArray[np.intp]) -> Labels:
    """For each cluster the place of the colour that it belongs to; the nearest two are joined until all are far apart."""
    owners, centres, weights = np.arange(len(centres)), centres.copy(), sizes.astype(np.float64)
    while True:
        kept = np.unique(owners)
        apart = np.linalg.norm(centres[kept, None] - centres[None, kept], axis=2) + np.diag(np.full(len(kept), np.inf))
        if len(kept) < 2 or apart.min() >= MERGED:
            return np.searchsorted(kept, owners)
        one, other = kept[apart.argmin() // len(kept)], kept[apart.argmin() % len(kept)]
        centres[one] = (centres[one] * weights[one] + centres[other] * weights[other]) / max(weights[one] + weights[other], 1)
        weights[one] += weights[other]
        owners[owners == other] = one


def _is_mixture(colours: Labs, place: int) -> bool:
    """Whether a colour lies between two others, as where the bars of checks cross and where stripes are narrower than pixels."""
    ends = np.delete(colours, place, axis=0)
    for one in range(len(ends)):
        for other in range(one + 1, len(ends)):
            way = ends[other] - ends[one]
            along = float((colours[place] - ends[one]) @ way / max(float(way @ way), 1e-6))
            if 0.25 < along < 0.75 and np.linalg.norm(colours[place] - ends[one] - along * way) < OFF_THE_WAY:
                return True
    return False


def _standing_for(pixels: Labs) -> Labs:
    """The colour that people would name: of the lighter half, where no fold darkens it."""
    first, last = (int(len(pixels) * share) for share in SHADED)
    lit = pixels[np.argsort(pixels[:, 0])][first : max(last, first + 1)]
    return np.asarray(np.median(lit, axis=0), np.float64)
