"""Cameras, microphones, loudspeakers, and files that stand in for them. Each adapter converts to the forms of `messages`."""
