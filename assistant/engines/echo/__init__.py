"""Taking what the loudspeaker plays out of what the microphone hears."""
