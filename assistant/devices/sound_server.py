"""What the sound server does behind PortAudio's back: without a microphone it offers what its loudspeaker plays in its place.

Asked through `pactl`, which PulseAudio and PipeWire have; where it is missing, nothing is known.
"""

from __future__ import annotations

import os
import subprocess

ANSWER_WITHIN_S = 2.0


def offers_only_a_monitor() -> bool:
    """Tell whether the server's own choice of a microphone is a loudspeaker's monitor."""
    try:
        done = subprocess.run(
            ["pactl", "info"], env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, timeout=ANSWER_WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return any(line.startswith("Default Source:") and line.rstrip().endswith(".monitor") for line in done.stdout.splitlines())
