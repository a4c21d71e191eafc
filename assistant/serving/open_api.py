"""The service's paths as OpenAPI 3.1 tells them to programs: GET /openapi.json. Made of the same forms that requests are parsed by."""

from __future__ import annotations

from typing import Any

import msgspec

from assistant import __version__
from assistant.languages import languages
from assistant.serving.request_forms import ChatRequest, LookRequest, SpeechRequest, WatchRequest

_FORMS = {
    "/look": (LookRequest, "Tell what a picture shows."),
    "/ask": (LookRequest, "Answer a question about a picture."),
    "/find": (LookRequest, "Tell where a thing is in a picture."),
    "/read": (LookRequest, "Read a picture's text and codes."),
    "/watch": (WatchRequest, "Tell at /events, once, when something is seen; needs --watch."),
    "/v1/chat/completions": (ChatRequest, "Answer the last question about the newest pictures, as OpenAI's API does."),
    "/v1/audio/speech": (SpeechRequest, "Speak a text, as WAV or raw samples."),
}
_PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAQklEQVQYGSXBMQEAAAjDsM4NsiYNOcjiaJJBizJoUQYtyqBFGbQogxZl0KIMWp"
    "RDRTlUlENFOVSUQ0U5VJRDRTlU9K7BD5EWqthRAAAAAElFTkSuQmCC"
)
"""A small picture, for the examples: four grey squares."""
_PARTS = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": _PICTURE}}]
_EXAMPLES: dict[str, dict[str, Any]] = {
    "/look": {"picture": _PICTURE, "language": "en", "detail": "normal"},
    "/ask": {"picture": _PICTURE, "question": "What colour is this?", "language": "en"},
    "/find": {"picture": _PICTURE, "thing": "cup", "language": "en"},
    "/read": {"picture": _PICTURE, "language": "en"},
    "/watch": {"event": "a person appears", "language": "en"},
    "/v1/chat/completions": {"model": "assistant", "messages": [{"role": "user", "content": _PARTS}]},
    "/v1/audio/speech": {"input": "A cup, on the left.", "response_format": "wav", "speed": 1.0, "language": "en"},
}
_GETS = {
    "/events": "Stream what a camera shows and a live loop says, as server-sent events.",
    "/v1/models": "List the one model.",
    "/health": "Tell whether the service lives.",
    "/metrics": "Numbers for monitoring, as Prometheus reads them.",
    "/openapi.json": "This document.",
}


def open_api() -> dict[str, Any]:
    """Return the document."""
    _, components = msgspec.json.schema_components([form for form, _ in _FORMS.values()], ref_template="#/components/schemas/{name}")
    for form in components.values():  # what no type can tell
        if language := form.get("properties", {}).get("language"):
            language["enum"] = ["", *languages()]
    problem = {"description": "A problem as RFC 9457 has it.", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
    answers = {"200": {"description": "The answer."}, "4XX": problem, "5XX": problem}
    paths: dict[str, Any] = {path: {"get": {"summary": says, "responses": answers}} for path, says in _GETS.items()}
    for path, (form, says) in _FORMS.items():
        schema = {"$ref": f"#/components/schemas/{form.__name__}"}
        body = {"required": True, "content": {"application/json": {"schema": schema, "example": _EXAMPLES[path]}}}
        paths[path] = {"post": {"summary": says, "requestBody": body, "responses": answers}}
    recording = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": recording}}}
    says = "Write down what is said in a recording."
    paths["/v1/audio/transcriptions"] = {"post": {"summary": says, "requestBody": body, "responses": answers}}
    about = {"title": "scene-assistant", "version": __version__, "description": "Sees, hears, answers and speaks on this machine alone."}
    return {"openapi": "3.1.0", "info": about, "paths": paths, "components": {"schemas": components}}
