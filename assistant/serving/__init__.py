"""The local service: other programs, and a page in a browser, see, ask, hear and speak through it."""
