"""An on-device assistant that tells a blind or low-vision person what its camera sees. Start reading at `conversation.py`."""

import os

__version__ = "0.1.0"

# onnxruntime would tell its maker what it runs, from C++, where no guard of ours sees it; it reads this when it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
