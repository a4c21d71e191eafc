"""The service's own paths: look at a picture, ask about it, find a thing in it, read it. Answers are those of `--json`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant.serving.desk import Desk, json_response, look_request
from assistant.serving.request_forms import bounded_text, known_language


class OwnApi:
    """Handlers of /look, /ask, /find and /read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them all."""
        paths = {"/look": self.look, "/ask": self.ask, "/find": self.find, "/read": self.read}
        return [Route(path, handler, methods=["POST"]) for path, handler in paths.items()]

    async def look(self, request: Request) -> Response:
        """Tell what a picture shows."""
        asked, picture = await look_request(request)
        language = known_language(asked.language, self._desk.language)
        return json_response(await self._desk.do("answers", request, lambda: self._desk.engines.look(picture, language, asked.detail)))

    async def ask(self, request: Request) -> Response:
        """Answer a question about a picture."""
        asked, picture = await look_request(request)
        language = known_language(asked.language, self._desk.language)
        question = bounded_text(asked.question, self._desk.limits.question_characters, "the question")
        return json_response(
            await self._desk.do("answers", request, lambda: self._desk.engines.answer(picture, question, language, asked.detail))
        )

    async def find(self, request: Request) -> Response:
        """Tell where a thing is in a picture."""
        asked, picture = await look_request(request)
        language = known_language(asked.language, self._desk.language)
        thing = bounded_text(asked.thing, self._desk.limits.question_characters, "`thing`, what is looked for,")
        return json_response(await self._desk.do("answers", request, lambda: self._desk.engines.find(picture, thing, language)))

    async def read(self, request: Request) -> Response:
        """Read a picture's text and codes."""
        asked, picture = await look_request(request)
        language = known_language(asked.language, self._desk.language)
        return json_response(await self._desk.do("answers", request, lambda: self._desk.engines.read(picture, language)))
