"""Does the map stay the same while the photo and the meaning do?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput, split_words
from vtviz.metrics.agreement import rank_correlation
from vtviz.metrics.base import SIGNED, Metric, Need, Subject, Work
from vtviz.metrics.captum_metrics import DRAWS, NOISE, from_unit

SYNONYMS = (
    ("man", "guy"), ("woman", "lady"), ("boy", "young boy"), ("girl", "young girl"), ("people", "persons"),
    ("child", "kid"), ("children", "kids"), ("dog", "hound"), ("picture", "photo"), ("big", "large"),
    ("small", "little"), ("street", "road"), ("bike", "bicycle"), ("near", "close to"), ("beside", "next to"),
    ("while", "as"), ("through", "across"), ("jumps", "leaps"), ("jumping", "leaping"), ("holds", "is holding"),
    ("runs", "is running"), ("stands", "is standing"), ("sits", "is sitting"), ("walks", "is walking"),
)  # fmt: skip
PREFIX = "a photo of "
LEAST = 1e-6  # stands for what would be divided by if it is smaller
AGARWAL = "Agarwal et al., Rethinking Stability for Attribution-based Explanations, 2022"
Change = Callable[[Subject, ImageInput], float]


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two maps, -1..1; 1 where both are the same, NaN if only one is flat."""
    if np.array_equal(first, second):
        return 1.0
    correlation = rank_correlation(first, second)
    return float("nan") if correlation is None else correlation


def paraphrase(text: str) -> str:
    """The text with "a photo of" before it and, where a list of 24 knows one, synonyms for its words."""
    known = {**dict(SYNONYMS), **{second: first for first, second in SYNONYMS if " " not in second}}
    parts, end = [], 0
    for word in split_words(text):
        parts += [text[end : word.start], known.get(word.text.lower(), word.text)]
        end = word.end
    written = "".join(parts) + text[end:]
    return PREFIX + written[:1].lower() + written[1:]


def shuffled(text: str, seed: int) -> str:
    """The words of a text in another order, drawn at random."""
    words = [word.text for word in split_words(text)]
    return " ".join(np.random.default_rng(seed).permutation(words))


def noise_stability(subject: Subject) -> float:
    """Mean similarity of the map with those of the photo under noise of at most 2 % of the range, over 3 draws."""
    assert subject.explain is not None
    rng, pixels = np.random.default_rng(subject.seed), subject.image.pixels / 255
    similarities = []
    for _ in range(DRAWS):
        noisy = from_unit(pixels + rng.uniform(-NOISE, NOISE, pixels.shape))
        similarities.append(
            similarity(subject.relevance.image, subject.explain(noisy, subject.case.tokens[0].text).image)
        )
    return float(np.mean(similarities))


def _under(subject: Subject, text: str) -> float:
    assert subject.explain is not None
    return similarity(subject.relevance.image, subject.explain(subject.image, text).image)


def relative_change(first: np.ndarray, second: np.ndarray) -> float:
    """‖(first − second) / first‖, where an element of 0 counts as ``LEAST``."""
    return float(np.linalg.norm((first - second) / (first + (first == 0) * LEAST)))


def relative_stability(subject: Subject, change: Change) -> float:
    """The largest relative change of the map over that of something else, over photos under noise of at most 2 % of
    the range (Agarwal et al., 2022; the formula as in Quantus)."""
    assert subject.explain is not None
    rng, pixels = np.random.default_rng(subject.seed), subject.image.pixels / 255
    ratios = []
    for _ in range(DRAWS):
        noisy = from_unit(pixels + rng.uniform(-NOISE, NOISE, pixels.shape))
        other = subject.explain(noisy, subject.case.tokens[0].text).image
        ratios.append(relative_change(subject.relevance.image, other) / max(change(subject, noisy), LEAST))
    return float(max(ratios))


def _input(subject: Subject, noisy: ImageInput) -> float:
    return relative_change(subject.image.pixels / 255, noisy.pixels / 255)


def _representation(subject: Subject, noisy: ImageInput) -> float:
    own, other = subject.case.features, _case(subject, noisy).features
    return relative_change(own.double().cpu().numpy(), other.double().cpu().numpy())


def _output(subject: Subject, noisy: ImageInput) -> float:
    """How far the target moves, in its own unit (a logit)."""
    values = [case.score(case.features, case.text_of(0)) for case in (subject.case, _case(subject, noisy))]
    return abs(float(values[0]) - float(values[1]))


def _case(subject: Subject, image: ImageInput) -> Case:
    return Case(subject.case.model, image, [subject.case.tokens[0].text], subject.case.target)


NEEDS: frozenset[Need] = frozenset({"patches", "explain"})


def _relative(name: str, label: str, change: Change, passes: int = 0) -> Metric:
    cost = f"{DRAWS} E + {passes} F" if passes else f"{DRAWS} E"
    return Metric(
        name,
        label,
        "stability",
        "lower",
        AGARWAL,
        cost,
        lambda s: relative_stability(s, change),
        NEEDS,
        costly=True,
        work=lambda size: Work(photos=passes, explanations=DRAWS),
        span=None,
    )


METRICS = (
    Metric(
        "noise_stability",
        "Stability under image noise",
        "stability",
        "higher",
        "Alvarez-Melis and Jaakkola, On the Robustness of Interpretability Methods, 2018",
        f"{DRAWS} E",
        noise_stability,
        NEEDS,
        work=lambda size: Work(explanations=DRAWS),
        span=SIGNED,
    ),
    Metric(
        "paraphrase_stability",
        "Stability under paraphrase",
        "stability",
        "higher",
        "after Alvarez-Melis and Jaakkola, 2018",
        "1 E",
        lambda subject: _under(subject, paraphrase(subject.case.tokens[0].text)),
        NEEDS,
        work=lambda size: Work(explanations=1),
        span=SIGNED,
    ),
    Metric(
        "word_order",
        "Similarity after shuffling the words",
        "stability",
        "none",
        "after Sinha et al., Masked Language Modeling and the Distributional Hypothesis, EMNLP 2021",
        "1 E",
        lambda subject: _under(subject, shuffled(subject.case.tokens[0].text, subject.seed)),
        NEEDS,
        work=lambda size: Work(explanations=1),
        span=SIGNED,
    ),
    _relative("relative_input_stability", "Relative input stability", _input),
    _relative("relative_output_stability", "Relative output stability", _output, DRAWS),
    _relative("relative_representation_stability", "Relative representation stability", _representation, DRAWS),
)
