"""Measures which variant is the fastest here that stays true, for `setup` and `check`; `ask` and `run` only use what is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from assistant import assembly
from assistant.commands.demo import demo_file
from assistant.interfaces import RecordedCamera
from assistant.messages import Keyframe
from assistant.settings import Settings
from assistant.store import variant_choice
from assistant.store.manifests import all_manifests
from assistant.store.model_store import ModelStore
from assistant.store.variant_choice import Measured
from assistant.store.variant_truth import PICTURES
from assistant.translatable import Translatable, joined


@dataclass(frozen=True)
class RankedVariants:
    """Holds the variants of one model, ranked by speed."""

    model: str
    ranking: list[Measured]
    """Best first; empty if none can be used."""
    broken: dict[str, str]
    """Variant -> why it can't be used."""
    remembered: bool
    """Whether they were measured before and not now."""

    @property
    def detail(self) -> Translatable:
        """Return the ranking in one line for people."""
        times = joined(map(_times, self.ranking), ", ") if self.ranking else Translatable("none can be used")
        how = Translatable("remembered") if self.remembered else Translatable("measured")
        broken = (Translatable("{name}: {why}", name=name, why=why) for name, why in self.broken.items())
        return joined([Translatable("{name}: {why}", name=how, why=times), *broken], "; ")

    def to_dict(self) -> dict[str, Any]:
        """Return the ranking for programs."""
        ranking = [asdict(each) | {"answer_s": round(each.answer_s, 4)} for each in self.ranking]
        return {"variant": self.ranking[0].variant if self.ranking else None, "ranking": ranking, "remembered": self.remembered}


def _times(variant: Measured) -> Translatable:
    """One variant's, and how true it is where that isn't enough."""
    times = Translatable(
        "{name} {answer:.2f} s (look {look:.2f}, first word {first:.2f}, {rate:.0f} pieces/s)",
        name=variant.variant,
        answer=variant.answer_s,
        look=variant.look_s,
        first=variant.first_s,
        rate=1 / max(variant.piece_s, 1e-6),
    )
    doubt = Translatable("only {share:.0%} true to the most exact", share=variant.agreement)
    return times if variant.is_true else joined([times, doubt], ", ")


def installed_models(store: ModelStore) -> list[str]:
    """Return the names of the vision-language models that can be used."""
    seeing = [manifest for manifest in all_manifests() if manifest.job.startswith(assembly.SEES) and not manifest.export]
    return [manifest.name for manifest in seeing if store.state(manifest.name) == "installed"]


def choose_variants(models: Sequence[str], store: ModelStore) -> Iterator[RankedVariants]:
    """Yield one ranking for each model (name or folder) with several variants; measured unless that was done before."""
    for model in dict.fromkeys(models):
        if assembly.is_address(model):
            continue  # its server has chosen
        folder, variants = assembly.find_variants(model, store)
        if len(variants) < 2:
            continue
        if ranking := variant_choice.recall(store.root, folder, variants):
            yield RankedVariants(model, ranking, {}, remembered=True)
            continue
        ranking, broken = _measure(model, list(variants), store)
        if ranking:
            variant_choice.remember(store.root, folder, variants, ranking)
        yield RankedVariants(model, ranking, broken, remembered=False)


def _measure(model: str, variants: Sequence[str], store: ModelStore) -> tuple[list[Measured], dict[str, str]]:
    settings = Settings()
    answers = replace(settings.answers, model=model)
    camera = assembly.open_camera(str(demo_file("demo.mp4")), settings.camera)
    every_s = camera.duration_s / (PICTURES + 1) if isinstance(camera, RecordedCamera) else 1.0  # its last scene is a covered lens
    pictures = list[Keyframe]()
    for frame in camera.frames():
        if len(pictures) < PICTURES and frame.time_s >= every_s * (len(pictures) + 0.4):
            pictures.append(Keyframe(frame, "only"))
    camera.close()
    open_variant = partial(assembly.open_smolvlm2, answers, store)
    return variant_choice.measure(variants, open_variant, pictures[0], pictures=pictures)
