"""`assistant serve`: the local service, for programs that speak OpenAI's API or its own, and a page with captions."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from assistant import assembly
from assistant.commands.options import add_model_argument, add_settings_argument, settings_of, store_of
from assistant.commands.output import Result
from assistant.problems import BadInput, MissingModel

PORT = 8710
TOKEN_VARIABLE = "ASSISTANT_TOKEN"
LEAST_TOKEN = 16
"""Characters of a token that somebody chose: shorter ones can be guessed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant serve` takes."""
    add_web_arguments(parser)
    parser.add_argument("--wyoming-port", type=int, metavar="N", help="also serve Home Assistant on this port of this machine, by Wyoming")
    parser.add_argument("--watch", metavar="SRC", help="a camera's number or a local stream, of which GET /events tells")
    add_model_argument(parser)
    add_settings_argument(parser)


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where a service listens, and who may ask it."""
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default: {PORT}; 0 takes a free one and tells which")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="an address of this machine; beyond loopback only with a token"
    )
    kept = f"holds the token that clients must send (also: {TOKEN_VARIABLE}); made if it isn't there"
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=kept)
    parser.add_argument("--name", action="append", default=[], metavar="HOST", help="a host name by which clients may ask")
    parser.add_argument("--tls-certificate", type=Path, metavar="PEM")
    parser.add_argument("--tls-key", type=Path, metavar="PEM")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Serve until a signal comes; yield where."""
    check_web_libraries()
    from assistant.serving.captions import Captions
    from assistant.serving.desk import Desk
    from assistant.serving.engines import open_engines
    from assistant.serving.limits import ServingLimits
    from assistant.serving.service import make_service
    from assistant.serving.watched_source import WatchedSource
    from assistant.serving.web_server import WebServer, bound_socket, together
    from assistant.serving.wyoming_service import wyoming_service

    token = checked_token(options)
    settings, store = settings_of(options), store_of(options)
    with ExitStack() as stack:
        sock = stack.enter_context(bound_socket(options.host, options.port))  # first: that fails sooner than models load
        wyoming = None if options.wyoming_port is None else stack.enter_context(bound_socket("127.0.0.1", options.wyoming_port))
        limits = ServingLimits()
        desk = stack.enter_context(closing(Desk(open_engines(settings, store), limits)))
        captions, source = Captions(limits.streams), None
        if options.watch:
            camera = assembly.open_camera(options.watch, settings.camera, real_time=True, on_change=captions.device_changed)
            source = WatchedSource(desk, captions, camera)
        names = frozenset(map(str.lower, options.name))
        app = make_service(desk, limits, names=names, token=token, captions=captions, source=source)
        beside = together(wyoming_service(desk, wyoming) if wyoming else None, source.run if source else None)
        yield where(options, sock.getsockname()[1], wyoming.getsockname()[1] if wyoming else None)
        WebServer(app, sock, options.tls_certificate, options.tls_key, beside, limits.live_message_bytes, captions.close).run()


def where(options: argparse.Namespace, port: int, wyoming_port: int | None = None) -> Result:
    """Return what is told once the service can be asked."""
    wyoming = f" Wyoming: tcp://127.0.0.1:{wyoming_port}." if wyoming_port else ""
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"{'https' if options.tls_certificate else 'http'}://{host}:{port}"
    told = f"Serving at {address}. OpenAI clients: base_url {address}/v1. Its paths: {address}/openapi.json.{wyoming}"
    return told, {"address": address, "wyoming_port": wyoming_port}


def check_web_libraries() -> None:
    """Raise MissingModel where the extra [serve] isn't installed."""
    try:
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
        import wyoming  # noqa: F401
    except ImportError as error:
        raise MissingModel(
            f"the web server's libraries aren't installed ({error.name})", "run: pip install 'scene-assistant[serve]'"
        ) from error


def checked_token(options: argparse.Namespace) -> str:
    """Return the token that clients must know, "" for none. BadInput where other machines could ask without one."""
    from assistant.serving.web_server import is_loopback

    token = _token(options.token_file)
    if bool(options.tls_certificate) != bool(options.tls_key):
        raise BadInput("TLS needs a certificate and its key", "give both --tls-certificate and --tls-key")
    for path in (options.tls_certificate, options.tls_key):
        if path and not path.is_file():
            raise BadInput(f"there is no file {path}", "check the path of the certificate and of its key")
    if not is_loopback(options.host):
        if not token:
            raise BadInput(f"--host {options.host} lets other machines ask", f"give --token-file FILE, or set {TOKEN_VARIABLE}")
        if not options.tls_certificate:
            print("assistant serve: without TLS whoever shares the network can read along, the token too.", file=sys.stderr)
    return token


def _token(path: Path | None) -> str:
    if path is None:
        token = os.environ.pop(TOKEN_VARIABLE, "").strip()
    elif path.exists():
        token = _read(path)
    else:
        token = secrets.token_urlsafe(32)
        _write(path, token)
    if (path or token) and len(token) < LEAST_TOKEN:
        raise BadInput(f"the token has {len(token)} characters", f"use {LEAST_TOKEN} or more, or name a file that isn't there yet")
    return token


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the token in {path} can't be read", "it must be one line of ASCII") from error


def _write(path: Path, token: str) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - for its owner alone, from the start
            file.write(token + "\n")
    except OSError as error:
        raise BadInput(f"no token can be written to {path} ({error.strerror})", "name a file in a folder that is there") from error
    print(f"assistant serve: a new token is in {path}", file=sys.stderr)
