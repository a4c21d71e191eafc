"""Takes out the tint of a lamp, as far as a picture tells it. Pure."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TEMPERATURES_K = (2400, 2700, 3100, 3600, 4200, 5000, 6500, 8000, 10000)
"""Of the lamps that are thought of; 6500 K leaves a picture as it is."""
GREEN = (1.0, 1.08, 1.16)
"""Green of a lamp over that of a glowing body, as fluorescent tubes have it."""

STRENGTH = 0.8
"""Share of the tint that is taken out of a picture whose edges have the very colour of a lamp: cameras have taken out most already."""
LAMP_WIDTH = 0.1
"""Distance, in logarithms of linear RGB, at which the colour of edges is hardly that of a lamp."""


def planckian(kelvin: float) -> Floats:
    """Return the linear sRGB [3], of mean 1, of a glowing body whose light at 6500 K is neutral.

    After Kim et al., Design of advanced color temperature control system (2002), the cubic approximation of its chromaticity.
    """
    colour, neutral = _locus(kelvin), _locus(6500)
    ratio = colour / neutral
    return np.asarray(ratio / ratio.mean(), np.float64)


def balanced(linear: Floats) -> Floats:
    """Return linear sRGB [h, w, 3] without as much of its lamp's tint as is likely.

    The colour of edges (grey-edge, van de Weijer, Gevers and Gijsenij 2007), taken for the nearest lamp that there is. The less it looks
    like one, the less is taken out: a picture of one colour has edges of that colour alone.
    """
    if min(linear.shape[:2]) < 2:
        return linear
    steps = np.abs(np.diff(linear, axis=0))[:, :-1] + np.abs(np.diff(linear, axis=1))[:-1]
    edges = np.log(steps.mean((0, 1)) + 1e-6)
    lamps = _log_lamps()
    distances = np.linalg.norm(lamps - (edges - edges.mean()), axis=1)
    likely = STRENGTH * np.exp(-((distances.min() / LAMP_WIDTH) ** 2))
    return np.asarray(linear / np.exp(likely * lamps[distances.argmin()]), np.float64)


@functools.cache
def _log_lamps() -> Floats:
    """The logarithms [n, 3] of the lamps' colours, each of mean 0."""
    lamps = np.log([planckian(kelvin) * (1, green, 1) for kelvin in TEMPERATURES_K for green in GREEN])
    return np.asarray(lamps - lamps.mean(axis=1, keepdims=True), np.float64)


def _locus(kelvin: float) -> Floats:
    t = 1000 / kelvin
    if kelvin < 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin < 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin < 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    to_rgb = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    return np.asarray(np.maximum(to_rgb @ xyz, 1e-3), np.float64)
