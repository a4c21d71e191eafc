"""Takes out the tint of a lamp, as far as a picture tells it. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TEMPERATURES_K = (2400, 2700, 3100, 3600, 4200, 5000, 6500, 8000, 10000)
"""Of the lamps that are thought of; 6500 K leaves a picture as it is."""
GREEN = (1.0, 1.08, 1.16)
"""Green of a lamp over that of a glowing body, as fluorescent tubes have it."""


def planckian(kelvin: float) -> Floats:
    """Return the linear sRGB [3], of mean 1, of a glowing body whose light at 6500 K is neutral.

    After Kim et al., Design of advanced color temperature control system (2002), the cubic approximation of its chromaticity.
    """
    colour, neutral = _locus(kelvin), _locus(6500)
    ratio = colour / neutral
    return np.asarray(ratio / ratio.mean(), np.float64)


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
