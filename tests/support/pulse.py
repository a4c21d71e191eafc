"""The benchmarks' private sound system, which tests play on too."""

from assistant.benchmarks.sound_system import (
    LOUDSPEAKER,
    MICROPHONE_FEED,
    RATE_HZ,
    Recording,
    SoundSystem,
    is_installed,
    sound_system,
)

__all__ = ["LOUDSPEAKER", "MICROPHONE_FEED", "RATE_HZ", "Recording", "SoundSystem", "is_installed", "sound_system"]
