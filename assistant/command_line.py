"""The commands of DESIGN.md section 3: parsing, printing and exit status. What each command does is in `commands/`."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from assistant import __version__, offline
from assistant.commands.options import language_of
from assistant.commands.output import Result, print_result
from assistant.languages.catalogues import for_terminal, set_terminal_language
from assistant.problems import MissingDevice, Problem, shorten
from assistant.translatable import Translatable

COMMANDS = {
    "setup": ("setup", "fetch and verify the default models; safe to run again"),
    "demo": ("demo", "the main job without hardware: a sample clip, spoken questions, spoken answers"),
    "run": ("run", "the live loop: camera, microphone and loudspeaker"),
    "kiosk": ("kiosk", "the live loop for a machine that anybody may walk up to, with a page of captions"),
    "serve": ("serve", "the local service: other programs see, ask, hear and speak through it"),
    "ask": ("ask", "answer a question about a picture or video"),
    "read": ("read", "read the text of a picture, PDF or video aloud, and its codes"),
    "describe": ("describe", "describe a picture, or a video scene by scene"),
    "find": ("find", "the moments of a video that fit a description"),
    "index": ("index", "look through a folder of videos once, for `find` to search them all"),
    "watch": ("watch", "tell when something begins, in a video or before a camera"),
    "keyframes": ("keyframes", "list the frames of a video that matter"),
    "hear": ("hear", "write down what is said in a sound file"),
    "say": ("say", "speak a text, or write it as a WAV file"),
    "models": ("models", "list, fetch, verify or remove models"),
    "voices": ("voices", "list or fetch voices"),
    "check": ("check", "what works on this machine"),
    "bench": ("bench", "how fast this machine is with a model, beside other runtimes"),
}
"""Command -> (its module below assistant.commands, what it is for)."""
MAY_USE_THE_NETWORK = {("setup", None), ("models", "fetch"), ("voices", "fetch")}
"""(command, action) of all that may reach beyond this machine; None where a command has no actions."""
_INTERNAL_ERROR, _INTERRUPTED = 1, 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse likewise, and remember what was given: `error` is told of too little."""
        self._given = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        name = shorten(next((given for given in self._given if _is_dashed_file(given)), ""))
        mended = f"{name} begins with a dash, as options do. If it is a file, write ./{name}"
        print(f"{self.prog}: {mended}" if name else f"{self.prog}: {message}. Run: {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 bad input, 3 model missing, 4 device missing."""
    signal.signal(signal.SIGTERM, _on_terminate)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as `nohup` has it
        signal.signal(signal.SIGHUP, _on_terminate)
    try:
        options = build_parser().parse_args(arguments)
    except ImportError as error:  # OpenCV's wheel needs two of the system's libraries
        print(f"assistant: a library is missing ({error}). On Debian run: sudo apt install libgl1 libglib2.0-0", file=sys.stderr)
        return MissingDevice.exit_status
    if (options.command, getattr(options, "action", None)) not in MAY_USE_THE_NETWORK:
        offline.enforce()
        offline.enforce_below_python()
    _mend_texts(options)
    set_terminal_language(language_of(options))
    try:
        _print(importlib.import_module(f"assistant.commands.{COMMANDS[options.command][0]}").run(options), options.json)
    except Problem as problem:
        print(f"assistant {options.command}: {for_terminal(problem.text)}", file=sys.stderr)
        return problem.exit_status
    except KeyboardInterrupt:
        print(f"assistant {options.command}: {for_terminal(Translatable('stopped.'))}", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("ASSISTANT_DEBUG"):
            traceback.print_exc()
        what = f"{type(error).__name__}: {error}"
        told = for_terminal(Translatable("this is our mistake ({error}). Please report it with ASSISTANT_DEBUG=1 set.", error=what))
        print(f"assistant {options.command}: {told}", file=sys.stderr)
        return _INTERNAL_ERROR
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command with its arguments; each also takes --json and --models-dir."""
    parser = _Parser(prog="assistant", description="Tells a blind or low-vision person what the camera sees. Nothing leaves this machine.")
    parser.add_argument("--version", action="version", version=f"assistant {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.set_defaults(json=False)
        importlib.import_module(f"assistant.commands.{module}").add_arguments(command)
        add_common_arguments(command)
    return parser


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --json and --models-dir, which every command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line, instead of text")
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where models are kept (also: ASSISTANT_MODELS)")


def _is_dashed_file(given: str) -> bool:
    """Whether it may be the name of a file that begins with a dash."""
    return given.startswith("-") and (Path(given).is_file() or re.fullmatch(r"-[^=]*\.[A-Za-z]\w{1,4}", given) is not None)


def _print(results: Iterator[Result], as_json: bool) -> None:
    for result in results:
        print_result(result, as_json)


def _mend_texts(options: argparse.Namespace) -> None:
    """Read texts that aren't UTF-8 as Western European, which they most often are: from an old terminal or another machine's script."""
    for name in ("question", "text", "query", "event"):
        given = getattr(options, name, None)
        if isinstance(given, str) and not _is_utf8(given) and not os.path.lexists(given):
            setattr(options, name, os.fsencode(given).decode("cp1252", "replace"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _on_terminate(*_: object) -> None:
    raise KeyboardInterrupt
