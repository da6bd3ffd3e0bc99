"""Metrics that use the boxes people drew around what a text names."""

from __future__ import annotations

import numpy as np

from vtviz.metrics.base import Metric, Need, Subject
from vtviz.metrics.localisation import area_under_curve, energy, inside, overlap, points_into, relevance_rank_accuracy

HIT = 0.5
NEEDS: frozenset[Need] = frozenset({"boxes", "patches"})


def named_map(subject: Subject) -> np.ndarray:
    """The map ``[h, w]`` of the phrase that has boxes, the mean of its pieces' maps, or that of the whole text."""
    if subject.phrase is None:
        return subject.relevance.image
    start, end = subject.phrase
    spans = subject.case.tokens[0].spans
    members = [i for i, (first, last) in enumerate(spans) if first < end and last > start]
    return subject.relevance.maps[members].mean(axis=0) if members else subject.relevance.image


def _pointing(subject: Subject) -> float:
    return float(points_into(named_map(subject), subject.boxes, subject.image.width, subject.image.height))


def _overlap(subject: Subject) -> float:
    return overlap(named_map(subject), subject.boxes)


def _rank_accuracy(subject: Subject) -> float:
    relevance = named_map(subject)
    value = relevance_rank_accuracy(relevance, inside(subject.boxes, (relevance.shape[0], relevance.shape[1])))
    return float("nan") if value is None else value


def _box_auc(subject: Subject) -> float:
    relevance = named_map(subject)
    value = area_under_curve(relevance, inside(subject.boxes, (relevance.shape[0], relevance.shape[1])))
    return float("nan") if value is None else value


METRICS = (
    Metric(
        "pointing",
        "Pointing game",
        "localisation",
        "higher",
        "Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016",
        "0",
        _pointing,
        NEEDS,
    ),
    Metric(
        "energy",
        "Energy inside the boxes",
        "localisation",
        "higher",
        "Wang et al., Score-CAM, CVPR Workshops 2020",
        "0",
        lambda subject: energy(named_map(subject), subject.boxes),
        NEEDS,
    ),
    Metric(
        "iou",
        "IoU with the boxes",
        "localisation",
        "higher",
        "after Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016",
        "0",
        _overlap,
        NEEDS,
    ),
    Metric(
        "iou_50",
        "IoU ≥ 0.5",
        "localisation",
        "higher",
        "after Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016",
        "0",
        lambda subject: float(_overlap(subject) >= HIT),
        NEEDS,
    ),
    Metric(
        "rank_accuracy",
        "Relevance-rank accuracy",
        "localisation",
        "higher",
        "Arras et al., CLEVR-XAI, Information Fusion 2022",
        "0",
        _rank_accuracy,
        NEEDS,
    ),
    Metric(
        "box_auc",
        "AUC against the boxes",
        "localisation",
        "higher",
        "Fawcett, An Introduction to ROC Analysis, Pattern Recognition Letters 2006",
        "0",
        _box_auc,
        NEEDS,
    ),
)
