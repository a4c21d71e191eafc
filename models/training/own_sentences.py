"""How many of the program's own sentences the translator of scenes tells: what the starter says of pictures that it wasn't trained on.

    python -m models.training.own_sentences --data ../shared/data [--json]

Fifty pictures of Flickr8k's development split, ten of the groceries', fifteen of COCO, drawn by a seed: what is said of each
to "Describe the picture.", sentence by sentence. A sentence of names that is told natively needs no translator and isn't counted.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from assistant.assembly import open_describer
from assistant.commands.describe import SCENE
from assistant.conversation import Conversation
from assistant.engines.translation.scenes import SceneTranslator
from assistant.export.scene_translator import write_translators
from assistant.messages import Frame, Keyframe, View
from assistant.settings import Settings
from assistant.store.model_store import ModelStore, models_dir
from models.training.data import flickr_examples, grocery_examples, read_rows
from models.training.evaluate_answers import read_picture

SEED = 23
PICTURES = {"flickr8k": 50, "grocery": 10, "coco_small": 15}


def pictures(data: Path) -> list[tuple[Path, str]]:
    """Return the archive and the name of each picture."""
    names = {
        "flickr8k": sorted({example.picture for example in flickr_examples(data, "dev")}),
        "grocery": sorted({example.picture for example in grocery_examples(data, "dev")}),
        "coco_small": sorted({row[0] for row in read_rows(data / "coco_small" / "captions.tsv")[1:]}),
    }
    dice = random.Random(SEED)
    return [(data / where / "images.tar", name) for where, count in PICTURES.items() for name in dice.sample(names[where], count)]


def own_sentences(data: Path) -> list[str]:
    """Return what is said of the pictures in the model's own words, a sentence each."""
    settings = Settings()
    conversation = Conversation(None, open_describer(settings.answers, ModelStore(models_dir())), settings.ears)
    said = list[str]()
    for archive, name in pictures(data):
        seen = conversation.look([Keyframe(Frame(read_picture(archive, name), 0.0), "only")])
        answered = conversation.answer(seen, SCENE) if isinstance(seen, View) else ()
        said += [sentence.text for sentence in answered if sentence.finding and sentence.finding.kind == "text"]
    return said


def main() -> None:
    """Measure, and print the share of sentences that are told in each language, and what kept back the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stored", type=Path, default=Path("models/translator"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sentences = own_sentences(options.data)
    hedged = sum(text.startswith("It looks like") for text in sentences)
    with tempfile.TemporaryDirectory() as folder:
        write_translators(options.stored, Path(folder), "int8")
        translator = SceneTranslator(Path(folder), threads=1)
        for language in sorted(translator.scene_languages):
            doubts = [translator.explain(text, language).doubt for text in sentences]
            told = doubts.count("")
            why = dict(Counter(doubt.split(":")[0] for doubt in doubts if doubt))
            figures = {"sentences": len(sentences), "hedged": hedged, "told": told, "share": round(told / len(sentences), 3), "doubts": why}
            line = f"{language}  told {told} of {len(sentences)} ({told / len(sentences):.0%}; {hedged} begin “It looks like”); {why}"
            print(json.dumps({language: figures}, ensure_ascii=False) if options.json else line, flush=True)


if __name__ == "__main__":
    main()
