"""Every request and its answer come back from their bytes equal to the last bit."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tasks.search.made import save_photo
from vtviz.attribution.options import Options
from vtviz.audit.contract.sheets.decision import Decide
from vtviz.audit.planted.carriers import samples
from vtviz.audit.requests import CheckSanity, CountPasses, DescribeHeads, DrawCase, LookUp, MeasureRow, PlantCauses
from vtviz.audit.settings import Settings
from vtviz.engine.engine import Request
from vtviz.engine.local import LocalEngine
from vtviz.engine.messages import decode_answer, decode_request, encode, encode_request, request_kinds
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions, WriteReply
from vtviz.engine.requests.explain import Explain, ExplainTexts
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.engine.requests.heads import MeasureHeads
from vtviz.engine.requests.interventions import ExplainContrast, FindSmallestRegion, Intervene, MeasurePromise
from vtviz.engine.requests.mechanism import DrawPlan, LookInside
from vtviz.engine.requests.metrics import MeasureMetric
from vtviz.engine.requests.model import LoadModel, ReadTarget
from vtviz.engine.requests.similar_sentences import RankSimilar
from vtviz.engine.requests.sinks import FindSinks
from vtviz.engine.requests.stories import TellMoment
from vtviz.engine.requests.tasks.policy import CheckPolicy, ScoreRules
from vtviz.engine.requests.tasks.recommend import FindShared, RecommendPhotos
from vtviz.engine.requests.tasks.search import (
    EmbedPhotosAndTexts,
    EncodePhotos,
    FindSentences,
    MatchPhotos,
    SearchPhotos,
)
from vtviz.engine.requests.things import ComparePatches, FindThings
from vtviz.evaluation.runs.requests import DescribeScorer, ScoreTexts
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Move, Only, Push, Without
from vtviz.manifests.read import Row
from vtviz.metrics.sanity import Probe
from vtviz.models.base import Target, Turn
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.moment import Moment
from vtviz.tasks.policy.policy import Policy, Rule
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.query import Query, Term
from vtviz.tasks.search.store import close_store

TEXT = "a dog runs"
CHANGES: tuple[Change, ...] = (
    *(Hide(((0.0, 0.0, 0.5, 0.25),), fill="mean"), Only(patches=(0, 1, 2, 3)), Move(patches=(0,), rows=1), Drop(0)),
    *(Without("fused", 0, 1), Cut(patches=(1,), place=1), Push(patches=(1,), place=2, strength=0.5)),
)
POLICY = Policy("P", (Rule("dogs", "block", -1.0, photo=("a dog",), words=("run*",), means=("a dog",)),), "tiny")


def requests(engine: LocalEngine, photo: ImageInput, store: str) -> list[Request[Any]]:
    """One request of every kind, with as much set as it has."""
    made = engine.ask(Explain(photo, TEXT, "tiny", "attention_gradcam"))
    settings, probe = Settings(("tiny",), ("raw_attention",), steps=2), Probe(photo, TEXT, "a dog")
    row = Row(1, Path("photos") / "a.png", TEXT, ((0.0, 0.0, 0.5, 1.0),), "dog", "odd")
    return [
        Explain(photo, TEXT, "tiny", "rise", Options(samples=10, seed=3), Target("caption", 1), "cpu"),
        Explain(photo, TEXT, "tiny", beside=("attention_gradcam",)),
        ExplainTexts(photo, (TEXT, "a ball"), "tiny", "gradient_input", target=Target("similarity")),
        FindThings(photo, ("dog", "ball"), "tiny"),
        ComparePatches(photo, photo, "tiny"),
        Intervene(Explain(photo, TEXT, "tiny", "attention_gradcam"), CHANGES),
        ExplainContrast(Explain(photo, TEXT, "tiny"), "a dog"),
        MeasurePromise(made.attribution, "mean"),
        TellMoment(Moment("0" * 64, TEXT, "tiny", settings=LensSettings((1,), head="mean"), changes=CHANGES), photo),
        FindSmallestRegion(made.attribution, (1,), 0.1),
        WriteCaptions(photo, "tiny"),
        RankSimilar(photo, TEXT, "tiny", 3),
        AnswerQuestion(photo, TEXT, "tiny"),
        WriteReply(photo, TEXT, (Turn("a dog?", "yes"),), "tiny"),
        MeasureFaithfulness(made.attribution, "mean"),
        MeasureMetric(made.attribution, "insertion"),
        MeasureHeads.of(made),
        FindSinks(photo, "tiny"),
        LookInside(photo, TEXT, "image→text", 1, "tiny"),
        DrawPlan(photo, TEXT, "tiny"),
        EmbedPhotosAndTexts((photo,), (TEXT,), "tiny"),
        LoadModel("tiny"),
        ReadTarget("answer:no", "tiny"),
        LookUp("tiny", settings),
        Decide("tiny", "raw_attention", photo, TEXT, "mean", 2, "cpu"),
        MeasureRow("tiny", row, photo, settings),
        CheckSanity("tiny", "raw_attention", "text_swap", (probe,), 0),
        DescribeHeads("tiny", (probe,)),
        DrawCase("tiny", "raw_attention", photo, TEXT),
        CountPasses("tiny", settings, 2, 2, (TEXT,), 1, 1, 2, 8),
        PlantCauses("tiny", "swap", 1, ("raw_attention",), samples("en")[:2], 0),
        DescribeScorer("tiny"),
        ScoreTexts("tiny", photo, (TEXT, "a dog")),
        EncodePhotos((photo, photo), "tiny"),
        SearchPhotos(store, Query((Term(text=TEXT), Term(image=photo, weight=-0.5))), 3, Filters("", 1.0), "tiny"),
        MatchPhotos(store, TEXT, ("a.png",), "tiny"),
        FindSentences(photo, (TEXT, "a dog"), 1, "tiny"),
        RecommendPhotos(store, (Term(path="a.png"),), (Term(image=photo),), 2, model="tiny"),
        FindShared((photo,), ("dog",), "tiny"),
        CheckPolicy(POLICY, photo, TEXT, "tiny"),
        ScoreRules(POLICY, photo, TEXT, "tiny"),
    ]


def make_store(engine: LocalEngine, folder: Path) -> str:
    """The address of a store of two photos."""
    for seed, name in enumerate(("a.png", "b.png")):
        save_photo(folder / "photos" / name, seed)
    loaded = engine.ask(LoadModel("tiny"))
    index_folder(
        folder / "photos",
        str(folder / "store"),
        "tiny",
        loaded.weights_sha256,
        lambda images: engine.ask(EncodePhotos(tuple(images), "tiny")),
    )
    return str(folder / "store")


def same(first: Any, second: Any) -> bool:
    """Whether two values are equal in type and to the last bit."""
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray | torch.Tensor):
        return first.dtype == second.dtype and np.array_equal(np.asarray(first), np.asarray(second), equal_nan=True)
    if is_dataclass(first):
        return all(same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first))
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second) or (first != first and second != second)


@pytest.mark.parametrize("tiny_engine", ["local"], indirect=True)
def test_every_kind_of_request_is_sent_and_answered(
    tiny_engine: LocalEngine, photo: ImageInput, tmp_path: Path
) -> None:
    store = make_store(tiny_engine, tmp_path)
    every = requests(tiny_engine, photo, store)
    assert {type(request).__name__ for request in every} == set(request_kinds())
    for request in every:
        received = decode_request(encode_request(request))
        assert same(request, received) and request.key == received.key, request
        if isinstance(request, WriteReply):  # whose answer travels in tests/models/hugging_face/test_talks.py
            with pytest.raises(InputError, match="does not reply to prompts"):
                tiny_engine.ask(request)
            continue
        answer = tiny_engine.ask(request)
        assert same(answer, decode_answer(encode(answer), request)), request
    close_store(store)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\xa3abc\x80", b"\x92\xa7Explain\x80"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a vtviz request"):
        decode_request(data)
