"""When somebody speaks and what was said: pure steps told sound and times. Knows no microphone and no model."""
