"""A photo, and a text beside it, against a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import regex
import torch
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.registry import usual_method
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, Tokens, check_text, normalised, split_words
from vtviz.models.base import MATCH, FusionModel, as_score
from vtviz.models.finite import need_numbers
from vtviz.tasks.policy.policy import Action, Policy, Rule
from vtviz.tasks.search.sides import side_of, text_vectors

BLOCK = 25  # phrases that are matched at a time
NEAREST = 3  # rules beside the one that fired
FLAGS = regex.IGNORECASE | regex.VERSION1
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"  # words run together
LETTER = rf"[\w--[{UNSPACED}]]"
START, END = (rf"(?!(?<={LETTER}){LETTER})", rf"(?<!{LETTER}(?={LETTER}))")  # not in the middle of a word


@dataclass(frozen=True)
class Score:
    """What a rule says: its ``score``, None where it needs a text and there is none; whether it ``fires``, and its
    ``margin`` beyond the threshold. ``phrase`` describes the photo best of its phrases, and ``spans`` are the
    characters of the text that its words stand on; ``meaning`` is the phrase that is nearest to the text. A rule that
    is ``idle`` asks nothing of the photo, as its words are not in the text: its score is 1, and it has no margin."""

    rule: str
    action: Action
    message: str
    score: float | None
    threshold: float
    fires: bool = False
    margin: float | None = None
    phrase: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    meaning: str = ""
    idle: bool = False


@dataclass(frozen=True, eq=False)
class Evidence:
    """Why a phrase or the text describes the photo: its ``tokens`` and their ``relevance``, on ``frame`` of the photo,
    by a ``method``."""

    tokens: Tokens
    relevance: Relevance
    method: str
    frame: Frame = WHOLE_FRAME


@dataclass(frozen=True, eq=False)
class Ruling:
    """What a policy says of a photo and a text: the ``action``, the rule that ``fired`` first, if any, with its
    ``evidence`` on the photo, if its phrases speak of the photo; the ``nearest`` other rules, the one closest to firing
    first; words of its phrases that the model does not know, on which nothing can be built; and the ``text`` as it was
    read by the ``model``, in which the spans of the scores lie."""

    action: Action
    fired: Score | None
    evidence: Evidence | None
    nearest: tuple[Score, ...]
    scores: tuple[Score, ...]
    unknown: tuple[str, ...]
    weights_sha256: str
    model: str
    text: str


def ruling_dict(ruling: Ruling) -> dict[str, Any]:
    """A ruling as plain values, with the map of its evidence, rounded to 1e-5."""
    return {
        "action": ruling.action,
        "model": ruling.model,
        "weights_sha256": ruling.weights_sha256,
        "text": ruling.text,
        "fired": asdict(ruling.fired) if ruling.fired else None,
        "nearest": [asdict(score) for score in ruling.nearest],
        "scores": [asdict(score) for score in ruling.scores],
        "unknown": list(ruling.unknown),
        "evidence": None if ruling.evidence is None else _evidence_dict(ruling.evidence),
    }


def _evidence_dict(evidence: Evidence) -> dict[str, Any]:
    tokens, relevance = evidence.tokens, evidence.relevance
    return {
        "text": tokens.text,
        "method": evidence.method,
        "grid": list(relevance.image.shape),
        "frame": list(evidence.frame),
        "image_map": np.round(relevance.image.astype(np.float64), 5).tolist(),
        "tokens": [
            {"text": tokens.text[start:end], "start": start, "end": end, "relevance": float(score)}
            for (start, end), score in zip(tokens.spans, relevance.tokens, strict=True)
        ],
    }


def check_photo(model: FusionModel, policy: Policy, image: ImageInput, features: Tensor, text: str = "") -> Ruling:
    """What a policy says of a photo, ``features [1, patches, channels]``, and the text beside it, if any.

    Raises:
        InputError: if a text is given that holds nothing to read.
        ModelError: if a score is not a number.
    """
    text = check_text(text) if text.strip() else ""
    scores = score_rules(model, policy.rules, features, text)
    fired = next((score for score in scores if score.fires), None)
    others = [score for score in scores if score is not fired and score.margin is not None]
    nearest = tuple(sorted(others, key=lambda score: -(score.margin or 0.0)))[:NEAREST]
    evidence = _evidence(model, image, features, fired, policy, text) if fired else None
    words = [word.text for rule in policy.rules for phrase in rule.photo for word in split_words(phrase)]
    unknown = tuple(dict.fromkeys(words[index] for index in model.unknown_words(words)))
    action = fired.action if fired else policy.otherwise
    return Ruling(action, fired, evidence, nearest, tuple(scores), unknown, model.weights_sha256, model.name, text)


def score_rules(model: FusionModel, rules: Sequence[Rule], features: Tensor, text: str) -> list[Score]:
    """The score of each rule for a photo, ``features [1, patches, channels]``, and a text (empty for none).

    Raises:
        ModelError: if a score is not a number.
    """
    phrases = list(dict.fromkeys(phrase for rule in rules for phrase in rule.photo))
    wants_text = bool(text) and any(rule.describes for rule in rules)
    matches = _matches(model, features, [*phrases, *([text] if wants_text else ())])
    nearness = _nearness(model, rules, text) if text else {}
    return [_score(rule, text, matches, nearness) for rule in rules]


def spans_of(words: Sequence[str], text: str) -> tuple[tuple[int, int], ...]:
    """The characters ``[start, end)`` of a text where one of some words or phrases stands, whole and in any case."""
    found = set[tuple[int, int]]()
    for word in words:
        begun = word.endswith("*")
        escaped = r"\s+".join(regex.escape(part) for part in normalised(word.removesuffix("*")).split())
        pattern = START + escaped + (r"\w*" if begun else END)
        found.update(result.span() for result in regex.finditer(pattern, text, FLAGS))
    return tuple(sorted(found))


def _score(rule: Rule, text: str, matches: dict[str, float], nearness: dict[str, float]) -> Score:
    about = {"rule": rule.name, "action": rule.action, "message": rule.message, "threshold": rule.threshold}
    if rule.needs_text and not text:
        return Score(**about, score=None)  # type: ignore[arg-type]
    photo, words, phrase, spans, meaning = list[float](), list[float](), "", tuple[tuple[int, int], ...](), ""
    if rule.words:
        spans = spans_of(rule.words, text)
        words.append(float(bool(spans)))
    if rule.means:
        meaning = max(rule.means, key=lambda item: nearness[item])
        words.append(nearness[meaning])
    if rule.has_condition and (min(words) < rule.threshold or (rule.words and not spans)):
        return Score(**about, score=1.0, spans=spans, meaning=meaning, idle=True)  # type: ignore[arg-type]
    if rule.photo:
        phrase = max(rule.photo, key=lambda item: matches[item])
        photo.append(matches[phrase])
    if rule.describes:
        photo.append(matches[text])
    score = min(photo if rule.has_condition else photo + words)
    fires, margin = rule.fires(score), rule.margin(score)
    return Score(**about, score=score, fires=fires, margin=margin, phrase=phrase, spans=spans, meaning=meaning)  # type: ignore[arg-type]


@torch.inference_mode()
def _matches(model: FusionModel, features: Tensor, texts: Sequence[str]) -> dict[str, float]:
    """The match of the photo with each text."""
    matches = dict[str, float]()
    for first in range(0, len(texts), BLOCK):
        part = list(texts[first : first + BLOCK])
        logits = model.match_logits(features.expand(len(part), -1, -1), part)
        need_numbers(logits)
        matches.update(zip(part, as_score(logits.float(), model.score_kind).tolist(), strict=True))
    return matches


def _nearness(model: FusionModel, rules: Sequence[Rule], text: str) -> dict[str, float]:
    """The cosine of the text with each phrase that it may mean; zeros where the model has no vectors of texts."""
    phrases = list(dict.fromkeys(phrase for rule in rules for phrase in rule.means))
    if not phrases:
        return {}
    vectors = text_vectors(side_of(model), [text, *phrases])
    cosines = np.zeros(len(phrases)) if vectors is None else vectors[1:] @ vectors[0]
    need_numbers(cosines)
    return dict(zip(phrases, cosines.tolist(), strict=True))


def _evidence(
    model: FusionModel, image: ImageInput, features: Tensor, fired: Score, policy: Policy, text: str
) -> Evidence | None:
    rule = next(rule for rule in policy.rules if rule.name == fired.rule)
    shown = fired.phrase or (text if rule.describes else "")
    if not shown:
        return None
    method = usual_method(model, MATCH.kind).name
    (relevance,) = attribute_case(Case(model, image, [shown], features=features), method)
    return Evidence(model.tokenize(shown), relevance, method, model.frame(image))
