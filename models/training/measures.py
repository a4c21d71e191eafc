"""The measures of `evaluate`, each over one collection's development split."""

from __future__ import annotations

import dataclasses
import random
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from assistant.answering.calibrated_answers import certainty, presence_scores
from assistant.answering.doubting import with_doubts
from assistant.conversation import Conversation
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.starter.encoder_heads import SeenLabel
from assistant.engines.vlm.starter.hedged_names import NameThresholds, noun_tree
from assistant.engines.vlm.starter.picture_classes import ClassifiedPicture
from assistant.engines.vlm.starter.single_object import naming_answers, single_object_score
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.engines.vlm.view import SmolView
from assistant.languages.nouns import Noun, labels_to_nouns, nouns_by_label
from assistant.messages import Frame, Keyframe, Picture
from assistant.seeing.frame_quality import picture_problem
from assistant.settings import EarSettings
from models.training.augment import UNREADABLE_KINDS, mirrored_variation, unreadable
from models.training.caption_scores import bleu4, cider_d
from models.training.data import (
    Example,
    clothing_examples,
    flickr_examples,
    grocery_examples,
    imagenet_examples,
    mentions_person,
    names,
)
from models.training.hedging import JUDGEMENTS, calibration_figures, fit_names, judge, kinds, name_figures, seeded_halves
from models.training.judging import (
    area_under_curve,
    balanced_accuracy,
    calibration_error,
    commonest,
    fit_platt,
    fit_single_object,
    fit_sure_label,
    fit_words,
    halves,
    matches,
)
from models.training.questions import (
    Exchange,
    how_many,
    possible_things,
    present_things,
    what_colour,
    what_doing,
    where,
    who,
)

QUESTION = "What is in front of me?"
NAME_QUESTION = "What is this?"
SEED = 11
GALLERY = 20
RANKED_PICTURES = 400
ASKED_PICTURES = 400
UNREADABLE_PICTURES = 140
DOUBTED_SHARE = 0.1
FITTED_PICTURES = 400
NAMED_PICTURES = 150
MEASURES = ("naming", "hedging", "captions", "doubt", "ranking", "groceries", "objects", "presence", "questions", "nothing_to_see")
RULES: dict[str, Callable[[list[str], random.Random], Exchange | None]] = {
    "colour": what_colour,
    "count": how_many,
    "doing": what_doing,
    "who": who,
    "where": where,
}


@dataclass(frozen=True)
class Measure:
    name: str
    value: float
    floor: str
    pictures: int


@dataclass(frozen=True)
class PresenceScore:
    """One thing in one picture: the model's log-odds of it, and whether it is there."""

    there_log_odds: float
    """From "Is there a dog?"."""
    absent_log_odds: float
    """From "Is it true that there is no dog?"; the thing is there when this is low."""
    present: bool

    @property
    def score(self) -> float:
        return (self.there_log_odds - self.absent_log_odds) / 2


class Evaluation:
    """One model over the three collections. `outputs` keeps what was asked and said, `presence_scores` the yes/no scores."""

    def __init__(self, describer: Smolvlm2Describer, data: Path, most: int) -> None:
        self._describer = describer
        self._data = data
        self._most = most
        self.outputs: dict[str, list[tuple[str, str]]] = {}
        self.presence_scores: list[PresenceScore] = []
        self.name_thresholds: NameThresholds | None = None
        measured = describer.thresholds
        self.thresholds = measured if isinstance(measured, StarterThresholds) else StarterThresholds()

    def naming(self) -> Iterator[Measure]:
        """Fit thresholds for what the class head names on altered training pictures: the model knows the others by heart."""
        objects = list(self._altered(imagenet_examples(self._data, "train")))
        if not _labels(objects[0][1]):
            return
        scores = np.array([self._single_object_score(view) for _, view in objects])
        scenes = np.array([self._single_object_score(view) for _, view in self._altered(flickr_examples(self._data, "train"))])
        probabilities = np.array([_labels(view)[0].probability for _, view in objects])
        right = np.array([names(_labels(view)[0].name, example.label) for example, view in objects])
        single, sure = fit_single_object(scenes), fit_sure_label(probabilities, right)
        self.thresholds = dataclasses.replace(self.thresholds, single_object=single, sure_label=sure)
        is_object = np.repeat([True, False], [len(scores), len(scenes)])
        area, plainly = area_under_curve(np.r_[scores, scenes], is_object), right[probabilities >= sure]
        yield Measure("training: single objects told from scenes, area under the curve", area, "report", len(is_object))
        yield Measure("training: single objects named by the head", _share(iter(scores >= single)), "report", len(scores))
        yield Measure("training: the head's first label is right", _share(iter(right)), "report", len(right))
        yield Measure("training: the same of those told plainly", _share(iter(plainly)), "report", len(plainly))

    def hedging(self) -> Iterator[Measure]:
        """Fit how precise the class head's names may be on half of ImageNet's pictures and measure them on the others; then ask
        "What is this?" of those, groceries and clothing, with the thresholds that the model's folder has.
        """
        examples, truths = _with_nouns_by_place(self._data), labels_to_nouns()
        seen = [self._describer.see(picture) for _, picture in self._pictures([example for example, _ in examples])]
        logits = np.array([picture.class_logits for picture in seen if isinstance(picture, ClassifiedPicture)])
        if logits.shape != (len(examples), len(truths)):
            return
        tree = noun_tree([noun.synset for noun in truths])
        fitted, kept = seeded_halves(len(examples))
        self.name_thresholds = thresholds = fit_names(tree, logits[fitted], np.array(fitted), [kinds(truths[n]) for n in fitted])
        found = [tree.name(row, thresholds) for row in logits[kept]]
        for what, value in name_figures(tree, found, [kinds(truths[n]) for n in kept]).items():
            yield Measure(f"names: {what}", value, ">= 0.95" if what == "right of the names said" else "report", len(kept))
        for temperature in (1.0, thresholds.temperature):
            for what, value, pictures in calibration_figures(logits[kept], np.array(kept), temperature):
                yield Measure(what, value, "report", pictures)
        yield from self._judge("ImageNet", NAME_QUESTION, [examples[n] for n in kept], NAMED_PICTURES)
        for kind, named in (("grocery", grocery_examples(self._data, "dev")), ("clothing", clothing_examples(self._data))):
            known = nouns_by_label(kind)
            with_nouns = [(example, known[example.label]) for example in named if example.label in known]
            yield from self._judge(kind, NAME_QUESTION, with_nouns, NAMED_PICTURES)

    def captions(self) -> Iterator[Measure]:
        said = self._describe_all("flickr8k", flickr_examples(self._data, "dev"))
        references, outputs = [list(e.answers) for e, _ in said], [text for _, text in said]
        yield Measure("Flickr8k: CIDEr-D", cider_d(references, outputs), ">= 0.55", len(said))
        yield Measure("Flickr8k: BLEU-4", bleu4(references, outputs), ">= 0.17", len(said))
        yield Measure('Flickr8k: "I can\'t tell"', _share(_refused(text) for text in outputs), "<= 0.10", len(said))
        yield Measure('Flickr8k: told with "It looks like"', _share(_hedged(text) for text in outputs), "report", len(said))

    def doubt(self) -> Iterator[Measure]:
        """Tell descriptions with doubt as the model's thresholds say; are they wrong more often than the others? Where no word classifier
        judges them the least certain tenth is doubted, and that limit fitted.
        """
        told = []
        for example, view in self._views(self._sample(flickr_examples(self._data, "dev"), ASKED_PICTURES)):
            text = "".join(self._describer.answer(view, QUESTION, whole_picture=True))
            sure = certainty(self._describer, view, QUESTION, text)
            classifier = self._describer.classifier if view.classes and view.classes.words else None
            words = classifier.doubtful_words(view, text, sure) if classifier else None
            told.append((None if words is None else with_doubts(text, words) != text, sure, text, example))
        if any(doubted is None for doubted, *_ in told):
            limit = round(float(np.quantile([sure for _, sure, *_ in told], DOUBTED_SHARE)), 3)
            self.thresholds = dataclasses.replace(self.thresholds, doubt=limit)
            told = [(sure < limit, sure, text, example) for _, sure, text, example in told]
        for name, wanted in (("with doubt", True), ("plainly", False)):
            group = [(list(example.answers), text) for doubted, _, text, example in told if doubted == wanted]
            if group:
                score = bleu4([answers for answers, _ in group], [text for _, text in group])
                yield Measure(f"Flickr8k: BLEU-4 of descriptions told {name}", score, "report", len(group))

    def ranking(self) -> Iterator[Measure]:
        """Galleries of 20 pictures: for one caption of each, is its own picture where the caption is likeliest?"""
        examples = flickr_examples(self._data, "dev")[: min(self._most, RANKED_PICTURES)]
        hits = tried = 0
        for first in range(0, len(examples) - GALLERY + 1, GALLERY):
            gallery = examples[first : first + GALLERY]
            captions = [e.answers[0] for e in gallery]
            scores = np.array(
                [self._describer.log_likelihoods(v, QUESTION, captions) for _, v in self._views(gallery)]
            )  # [picture, caption]
            hits += int((scores.argmax(0) == np.arange(GALLERY)).sum())
            tried += GALLERY
        yield Measure(f"Flickr8k: right picture among {GALLERY} by likelihood", hits / tried, ">= 0.72", tried)

    def groceries(self) -> Iterator[Measure]:
        said = self._describe_all("grocery", grocery_examples(self._data, "dev"))
        yield Measure("grocery: a person is mentioned", _share(mentions_person(text) for _, text in said), "<= 0.01", len(said))
        yield Measure("grocery: coarse class named", _share(names(text, e.label) for e, text in said), ">= 0.80", len(said))
        yield Measure("grocery: can't tell or hedged", _share(_refused(t) or _hedged(t) for _, t in said), "report", len(said))

    def objects(self) -> Iterator[Measure]:
        """Pictures of single things whose classes were never trained, right at whatever level: "A dog, perhaps a redbone."."""
        examples = [example for example in _with_nouns_by_place(self._data) if example[0] in set(imagenet_examples(self._data, "dev"))]
        floors = {"right": ">= 0.68", "wrong": "<= 0.12"}
        yield from self._judge("ImageNet, pictures never trained", QUESTION, examples, self._most, floors)

    def presence(self) -> Iterator[Measure]:
        """A thing that is there and one that isn't but is in a similar picture, each asked in both polarities."""
        self.presence_scores = list(self._score_presence())
        fitted, shown = halves(self.presence_scores)
        slope, offset = fit_platt(*_arrays(fitted))
        sure, absent = fit_words(_logistic(slope, offset, _arrays(fitted)[0]), _arrays(fitted)[1])
        self.thresholds = dataclasses.replace(self.thresholds, slope=round(slope, 4), offset=round(offset, 4), sure=sure, absent=absent)
        scores, labels = _arrays(shown)
        probabilities = _logistic(slope, offset, scores)
        there = np.array([s.there_log_odds for s in shown])
        n = len(shown)
        yield Measure("presence: area under the curve", area_under_curve(scores, labels), ">= 0.90", n)
        yield Measure("presence: the same, positive polarity alone", area_under_curve(there, labels), "report", n)
        yield Measure("presence: balanced accuracy", balanced_accuracy(probabilities, labels), ">= 0.80", n)
        margin = self.thresholds.cant_tell_margin
        said_yes = float((probabilities[~labels] >= 0.5 + margin).mean())
        yield Measure('presence: "yes" or "I think so" on absent things', said_yes, "<= 0.15", n)
        yield Measure("presence: the same, the model's own first word", float((there[~labels] >= 0).mean()), "report", n)
        yield Measure("presence: expected calibration error", calibration_error(probabilities, labels), "<= 0.10", n)
        yield Measure('presence: "I can\'t tell"', float((abs(probabilities - 0.5) < margin).mean()), "<= 0.10", n)

    def questions(self) -> Iterator[Measure]:
        """Questions made from captions by rule, against always giving the commonest answer."""
        asked = defaultdict(list)
        for example, view in self._views(self._sample(flickr_examples(self._data, "dev"), ASKED_PICTURES)):
            for kind, rule in RULES.items():
                if exchange := rule(list(example.answers), random.Random(f"{SEED} {example.picture}")):
                    question = exchange.question
                    right = [a for c in example.answers for a in _answers(rule, c, question)] or list(exchange.answers)
                    said = self._say(view, question)
                    asked[kind].append((right, said))
                    self.outputs.setdefault("questions", []).append((f"{question} [{' / '.join(sorted(set(right)))}]", said))
        for kind, pairs in asked.items():
            usual = commonest(kind, [right for right, _ in pairs])
            yield Measure(f"{kind}: right", _share(matches(kind, said, right) for right, said in pairs), "report", len(pairs))
            yield Measure(f"{kind}: always {usual!r}", _share(matches(kind, usual, right) for right, _ in pairs), "report", len(pairs))
        texts = [text for pairs in asked.values() for _, text in pairs]
        yield Measure('rule-made questions: "I can\'t tell"', _share(_refused(text) for text in texts), "<= 0.10", len(texts))

    def nothing_to_see(self) -> Iterator[Measure]:
        """Noise, textures, plain and heavily blurred pictures that the frame check lets through."""
        grounds = self._pictures(self._sample(flickr_examples(self._data, "dev"), UNREADABLE_PICTURES))
        said, kept = [], 0
        for number, (_, ground) in enumerate(grounds):
            kind = UNREADABLE_KINDS[number % len(UNREADABLE_KINDS)]
            picture = unreadable(kind, ground, np.random.default_rng([1, number]))
            if picture_problem(picture) is None:
                kept += 1
                said.append((kind, self._say(self._look(picture), QUESTION)))
        self.outputs["nothing to see"] = said
        yield Measure('nothing to see, past the frame check: "I can\'t tell"', _share(_refused(text) for _, text in said), ">= 0.90", kept)
        yield Measure("nothing to see: stopped by the frame check", 1 - kept / (number + 1), "report", number + 1)

    def _score_presence(self) -> Iterator[PresenceScore]:
        examples = self._sample(flickr_examples(self._data, "dev"), ASKED_PICTURES)
        with_thing = defaultdict(list)
        for example in examples:
            for thing in present_things(example.answers):
                with_thing[thing].append(example)
        for example, view in self._views(examples):
            rng = random.Random(f"{SEED} {example.picture}")
            things = sorted(present_things(example.answers))
            if not things:
                continue
            other = rng.choice(with_thing[rng.choice(things)])
            absent = sorted(present_things(other.answers) - possible_things(example.answers))
            if absent:
                for thing, present in ((rng.choice(things), True), (rng.choice(absent), False)):
                    yield PresenceScore(*presence_scores(self._describer, view, thing), present)

    def _judge(
        self, kind: str, question: str, examples: list[tuple[Example, Noun]], most: int, floors: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Measure]:
        """Ask what it is of pictures of a single thing."""
        sample = random.Random(SEED).sample(examples, min(self._most, most, len(examples)))
        conversation = Conversation(None, self._describer, EarSettings())
        asked, judged, told = conversation.written(question, "en"), [], []
        for (example, view), (_, noun) in zip(self._views([example for example, _ in sample]), sample, strict=True):
            said = list(conversation.answer(view, asked))
            judged.append(judge(said[0].finding, noun))
            told.append((f"{example.label} [{judged[-1]}]", " ".join(sentence.text for sentence in said)))
        self.outputs[f"{question} ({kind})"] = told
        for judgement in JUDGEMENTS:
            floor = floors.get(judgement, "report")
            yield Measure(f"{kind}: {question} {judgement}", judged.count(judgement) / len(judged), floor, len(judged))

    def _describe_all(self, kind: str, examples: list[Example]) -> list[tuple[Example, str]]:
        said = [(e, self._say(view, QUESTION)) for e, view in self._views(self._sample(examples, self._most))]
        self.outputs[kind] = [(e.label or e.answers[0], text) for e, text in said]
        return said

    def _altered(self, examples: list[Example]) -> Iterator[tuple[Example, SmolView]]:
        for number, (example, picture) in enumerate(self._pictures(self._sample(examples, FITTED_PICTURES))):
            yield example, self._look(mirrored_variation(picture, np.random.default_rng([SEED, number])))

    def _single_object_score(self, view: SmolView) -> float:
        likelihoods = self._describer.log_likelihoods(view, QUESTION, naming_answers(_labels(view)))
        return single_object_score(likelihoods, view.classes.expected_words if view.classes else 1.0)

    def _sample(self, examples: list[Example], most: int) -> list[Example]:
        return random.Random(SEED).sample(examples, min(self._most, most, len(examples)))

    def _say(self, view: SmolView, question: str) -> str:
        conversation = Conversation(None, self._describer, EarSettings())
        return " ".join(said.text for said in conversation.answer(view, conversation.written(question, "en")))

    def _views(self, examples: list[Example]) -> Iterator[tuple[Example, SmolView]]:
        for example, picture in self._pictures(examples):
            yield example, self._look(picture)

    def _look(self, picture: Picture) -> SmolView:
        return self._describer.look([Keyframe(Frame(picture, 0.0), "only")])

    def _pictures(self, examples: list[Example]) -> Iterator[tuple[Example, Picture]]:
        with tarfile.open(self._data / examples[0].collection / "images.tar") as tar:
            members = {Path(member.name).name: member for member in tar if member.isfile()}
            for example in examples:
                file = tar.extractfile(members[example.picture])
                assert file is not None
                yield example, cv2.cvtColor(cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _with_nouns_by_place(data: Path) -> list[tuple[Example, Noun]]:
    return list(zip(imagenet_examples(data, "all"), labels_to_nouns(), strict=True))


def _labels(view: SmolView) -> tuple[SeenLabel, ...]:
    """What the class head takes a picture for."""
    return view.classes.labels if view.classes else ()


def _answers(rule: Callable[[list[str], random.Random], Exchange | None], caption: str, question: str) -> tuple[str, ...]:
    """What this caption alone answers to the same question."""
    exchange = rule([caption], random.Random(0))
    return exchange.answers if exchange and (exchange.question == question or rule in (who, where)) else ()


def _arrays(scores: list[PresenceScore]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s.score for s in scores]), np.array([s.present for s in scores])


def _logistic(slope: float, offset: float, scores: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-(slope * scores + offset))))


def _refused(text: str) -> bool:
    return text.startswith("I can't tell")


def _hedged(text: str) -> bool:
    return text.startswith(("It looks like", "It might be", "I think:"))


def _share(hits: Iterator[bool]) -> float:
    return float(np.mean(list(hits)))
