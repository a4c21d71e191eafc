"""The models that are made on this machine rather than fetched, and what makes each."""

from __future__ import annotations

from assistant.store.fetch import Builder


def builder_of(name: str) -> Builder | None:
    """Return what makes the model `name` out of others; None where it is fetched as it is.

    The imports stand here because onnx and gguf take a second.
    """
    if name == "starter":
        from assistant.export.starter import build_starter

        return build_starter
    if name == "firefox-en-pt":
        from assistant.export.firefox import build_firefox

        return build_firefox
    if name == "scene-translator":
        from assistant.export.scene_translator import build_scene_translator

        return build_scene_translator
    if name == "yolov4-tiny":
        from assistant.export.detectors import build_yolov4_tiny

        return build_yolov4_tiny
    if name == "centerface":
        from assistant.export.detectors import build_centerface

        return build_centerface
    return None
