"""Watch it learn: the heatmaps of four dev photos, the ROC curve and the figures at every check of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from sklearn.metrics import roc_auc_score, roc_curve

from vtviz.attribution.maps import of_span
from vtviz.engine.requests.explain import Explain
from vtviz.files import read_photo
from vtviz.inputs import framed
from vtviz.jobs.history import Entry
from vtviz.models.recurrent.model import NAME
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.render.overlay import overlay, to_jpeg
from vtviz.training.recurrent.matching import SCORES, SNAPSHOTS
from vtviz.training.run_files import read_history, read_run
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import training_jobs
from vtviz.ui.frame.results import session_results
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.frame.waiting import ask
from vtviz.ui.train.charts import FIGURES, figure_name, roc_chart

SIDE = 320  # pixels
KEPT = "train-maps"


def latest_maps(entry: Entry) -> None:
    """The heatmaps at the last check so far."""
    folder = training_jobs().history.folder_of(entry.id)
    run, steps = read_run(folder), _steps(folder)
    if run.get("examples") and steps:
        with errors_shown(st.container()):
            _maps(run, {say("train.at_step", step=steps[-1]): _snapshot(folder, steps[-1])})


def _steps(folder: Path) -> list[int]:
    """The checks whose weights are there, all files of them."""
    found = (folder / SNAPSHOTS).glob("[0-9]*/config.json")  # which is written last
    return sorted(int(path.parent.name) for path in found)


def _snapshot(folder: Path, step: int) -> str:
    """The name of the model at a check."""
    return f"{NAME}@{folder / SNAPSHOTS / f'{step:06d}'}"


@st.fragment
def watch_it_learn(entry: Entry) -> None:
    """A slider over the checks; a move runs this alone again."""
    folder = training_jobs().history.folder_of(entry.id)
    steps = _steps(folder)
    if len(steps) < 2:
        return
    st.subheader(say("train.watch"), help=say("train.watch_help"))
    with errors_shown(st.container()):
        step = st.select_slider(say("train.step"), steps, steps[-1], key=f"train-step-{entry.id}")
        run = read_run(folder)
        _maps(run, {say("train.at_step", step=step): _snapshot(folder, step), "vtviz base": DEFAULT_MODEL})
        _at(folder, step, steps)


def _maps(run: dict[str, Any], models: dict[str, str]) -> None:
    """A row of heatmaps for each model, a column for each photo."""
    examples = run["examples"]
    for name, model in models.items():
        st.markdown(f"**{plain(name)}**")
        for column, example in zip(st.columns(len(examples)), examples, strict=True):
            phrase = next(iter(example["phrases"]), None)
            span = (phrase["start"], phrase["end"]) if phrase else (0, len(example["text"]))
            with column:
                said = example["text"]
                picture = _heatmap(Path(run["images"]) / example["image"], said, span, model)
                st.image(picture, alt=said, width="stretch")
                before, named, after = said[: span[0]], said[span[0] : span[1]], said[span[1] :]
                st.caption(f"{plain(before)}**{plain(named)}**{plain(after)}" if phrase else plain(said))


def _heatmap(photo: Path, text: str, span: tuple[int, int], model: str) -> bytes:
    """The photo under the map of the words in a span of the text."""
    kept, key = session_results(KEPT), (str(photo), text, span, model)
    if key not in kept:
        image = read_photo(photo)
        found = ask(Explain(image, text, model, "raw_attention"))
        shown = of_span(found.tokens, found.relevance.maps, *span)
        picture = overlay(framed(image, found.frame), shown / max(float(shown.max()), 1e-12), max_side=SIDE)
        kept[key] = to_jpeg(picture)
    picture_of: bytes = kept[key]
    return picture_of


def _at(folder: Path, step: int, steps: list[int]) -> None:
    """The ROC curve at this check beside that of the last, and the figures."""
    left, right = st.columns(2, gap="medium")
    curves = {}
    for other in dict.fromkeys((step, steps[-1])):
        path = folder / SNAPSHOTS / f"{other:06d}" / SCORES
        if path.is_file():
            scores = np.load(path)
            labels = np.repeat([1, 0], [len(scores["right"]), len(scores["wrong"])])
            values = np.concatenate([scores["right"], scores["wrong"]])
            x, y, _ = roc_curve(labels, values)
            auc = roc_auc_score(labels, values)
            curves[say("train.roc.of", step=other, auc=f"{auc:.3f}")] = (x, y)
    with left:
        st.markdown(f"**{say('train.roc')}**", help=say("train.roc_help"))
        if curves:
            show_chart(roc_chart(curves), f"train-roc-{folder.name}", alt=say("train.roc"))
        else:
            st.caption(say("train.roc.none"))
    row = next((row for row in reversed(read_history(folder)) if row["step"] == step and "auc" in row), None)
    with right:
        st.markdown(f"**{say('train.curves.figures')}**")
        if row is not None:
            names = [name for name in FIGURES if name in row]
            st.table(
                {
                    say("train.figure"): [figure_name(name) for name in names],
                    say("train.value"): [f"{row[name]:.3f}" for name in names],
                },
                hide_index=True,
            )
