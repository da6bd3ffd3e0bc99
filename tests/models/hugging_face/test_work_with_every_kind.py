"""What people do with a model, with every kind: slow methods, changes, comparisons, an audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.models.hugging_face.conftest import MADE, Make
from vtviz import Cut, Drop, Hide, InputError, Without, audit
from vtviz.attribution.attribute import attribute
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine.comparison import compare
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import Intervene
from vtviz.inputs import ImageInput
from vtviz.models.base import Target

SAMPLES = {"kernel_shap": 20, "rise": 10, "shapley": 2, "integrated_gradients": 2}
EVERY = [kind for kind in MADE if kind not in ("smolvlm", "paligemma")]  # of these another of their class is here
BOX = ((0.2, 0.2, 0.7, 0.7),)


@pytest.mark.parametrize("kind", EVERY)
def test_methods_that_run_a_model_many_times_explain_it(
    kind: str, loaded: Callable[[str], Any], photo: ImageInput
) -> None:
    model = loaded(kind)
    target = Target(list(model.abilities.kinds)[-1], 1)
    for method in (method for method in methods().values() if method.perturbs):
        few = {"window": 3, "samples": SAMPLES.get(method.name)}
        options = Options(**{name: value for name, value in few.items() if name in method.options})
        relevance = attribute(model, photo, "a red dog", target, method.name, options)
        assert np.isfinite(relevance.tokens).all() and np.isfinite(relevance.maps).all()
        assert relevance.tokens.any() or relevance.maps.any()


@pytest.mark.parametrize("kind", EVERY)
def test_changes_and_comparisons(kind: str, made: Make, engine_here: LocalEngine, photo: ImageInput) -> None:
    crosses = kind not in ("clip", "siglip", "chinese-clip", "alt-clip")
    asked = Explain(photo, "a red dog", f"hf:{made(kind)}")
    values = engine_here.ask(Intervene(asked, (Hide(BOX), Drop(1), Without("image", 0)))).values
    assert np.isfinite(values).all() and values[0] != values[-1]
    cut = Intervene(asked, (Cut(place=2, boxes=BOX),))
    if crosses:
        before, after = engine_here.ask(cut).values
        assert np.isfinite(after) and before != after
    else:
        with pytest.raises(InputError, match="No word attends to a patch"):
            engine_here.ask(cut)
    sides = [engine_here.ask(asked), engine_here.ask(Explain(photo, "a red cat", asked.model))]
    whole, *pairs = compare(*sides).pairs
    assert len(pairs) == 3 and whole.difference is not None


@pytest.mark.parametrize("kind", ["vilt-match", "siglip", "llava"])
def test_an_audit_of_four_rows(kind: str, made: Make, photo: ImageInput, tmp_path: Path) -> None:
    Image.fromarray(photo.pixels).save(tmp_path / "photo.png")
    rows = [
        {"image": str(tmp_path / "photo.png"), "text": text} for text in ("a dog", "two cats", "a red dog", "a cat")
    ]
    name = f"hf:{made(kind)}"
    report = audit(rows, tmp_path / "out", model=name, metrics=["deletion"], steps=2, device="cpu")
    assert report.summary["rows"][name] == {"total": 4, "measured": 4, "failed": 0}


@pytest.fixture(scope="module")
def engine_here() -> Any:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
