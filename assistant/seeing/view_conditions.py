"""Judges how good the view is for the camera: light, its direction, sharpness. Pure; answers "where am I looking?".

Each number was chosen so that few of 448 photographs of Flickr8k, grocery shelves and ImageNet are named by it; the share stands beside it.
"""

from __future__ import annotations

import numpy as np

from assistant.messages import Picture
from assistant.seeing.frame_quality import Plane, least_slope, luma_of, picture_problem, thumbnail

DIM_MEDIAN = 45
"""Luma that half of a dim picture stays below; 4 % of photographs."""
BRIGHT_MEAN = 200
"""Mean luma that a bright picture exceeds; 1 % of photographs."""
BACKLIT_CENTRE, BACKLIT_BORDER = 70, 130
"""Median luma of a backlit middle, at most, and of what surrounds it, at least; 2 % of photographs."""
SIDE_RATIO, SIDE_DIFFERENCE = 2.0, 60
"""How much brighter the third on one side is than that on the other, as a factor and in luma levels; 1 % of photographs."""
SOFT_SLOPE = 0.45
"""Slope below which a picture is soft: 5 % of photographs, and three in four of those blurred by 3 pixels in 640; see least_slope."""


def view_conditions(picture: Picture) -> list[str]:
    """Return keys of the phrases that name the view's conditions, at least one. A picture with a problem has that alone."""
    problem = picture_problem(picture)
    if problem is not None:
        return [problem]
    luma = luma_of(thumbnail(picture))
    soft = ["view_soft"] if least_slope(luma) < SOFT_SLOPE else []
    return [*light_conditions(luma), *soft] or ["view_good"]


def light_conditions(luma: Plane) -> list[str]:
    """Return keys of the phrases for the light in luma f32 [h, w] of a thumbnail; none where it is neither dim nor bright nor one-sided."""
    if np.median(luma) < DIM_MEDIAN:
        return ["view_dim"]
    if luma.mean() > BRIGHT_MEAN:
        return ["view_bright"]
    if _is_backlit(luma):
        return ["view_backlit"]
    third = max(1, luma.shape[1] // 3)
    left, right = float(luma[:, :third].mean()), float(luma[:, -third:].mean())
    one_sided = abs(left - right) > SIDE_DIFFERENCE and max(left, right) > SIDE_RATIO * min(left, right)
    return [f"view_lit_{'left' if left > right else 'right'}"] if one_sided else []


def _is_backlit(luma: Plane) -> bool:
    height, width = luma.shape
    middle = np.zeros(luma.shape, bool)
    middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    if middle.all():
        return False
    return bool(np.median(luma[middle]) < BACKLIT_CENTRE and np.median(luma[~middle]) > BACKLIT_BORDER)
