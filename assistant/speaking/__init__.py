"""Sentences to sound in the right order. Knows no loudspeaker and no voice."""
