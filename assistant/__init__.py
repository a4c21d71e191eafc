"""An on-device assistant that tells a blind or low-vision person what its camera sees. Start reading at `conversation.py`."""

__version__ = "0.1.0"
