"""What commands share of their arguments: the settings and the model store that they name."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec.structs import replace

from assistant.commands.language_sets import default_language
from assistant.languages.codes import language_code
from assistant.problems import Problem
from assistant.settings import Settings, load_settings
from assistant.store.model_store import ModelStore, models_dir
from assistant.written_files import WAV, check_place

_MODEL = "a model's name, a folder in the SmolVLM2 layout, or the address of a vision server on this machine"


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Add --model."""
    parser.add_argument("--model", metavar="NAME|DIR|URL", help=f"{_MODEL} (default: the best that was fetched)")


def add_language_argument(parser: argparse.ArgumentParser) -> None:
    """Add --language, of what is searched or waited for."""
    parser.add_argument("--language", metavar="xx", help="the language that this is written in (default: your own)")


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add --settings."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help="a TOML file with settings")


def add_force_argument(parser: argparse.ArgumentParser) -> None:
    """Add --force."""
    parser.add_argument("--force", action="store_true", help="replace a file of another kind that is there already")


def check_sound_place(options: argparse.Namespace) -> None:
    """Raise BadInput where the WAV file of --out can't be written: at once, rather than after the work."""
    if options.out is not None:
        check_place(options.out, WAV, options.force)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of --settings, with --model over it where the command has that."""
    settings = load_settings(options.settings) if options.settings else replace(Settings(), language=default_language())
    model = getattr(options, "model", None)
    return replace(settings, answers=replace(settings.answers, model=model)) if model else settings


def language_of(options: argparse.Namespace) -> str:
    """Return the language of who runs the command: the first that is asked for, that of the settings, or that of set-up."""
    given = getattr(options, "language", None) or next(iter(getattr(options, "languages", [])), None)
    try:
        return language_code(given) if given else settings_of(options).language if hasattr(options, "settings") else default_language()
    except Problem:  # is told when the command itself meets it
        return default_language()


def store_of(options: argparse.Namespace) -> ModelStore:
    """Return the model store of --models-dir, or the user's own."""
    return ModelStore(models_dir(options.models_dir))
