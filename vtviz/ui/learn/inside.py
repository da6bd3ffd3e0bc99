"""The steps of one attention layer of the real model, for a photo and a sentence."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import streamlit as st

from vtviz.engine.requests.mechanism import Inside, LookInside
from vtviz.inputs import ImageInput, InputError
from vtviz.models.record import KINDS, Kind
from vtviz.render.colour import colour_map
from vtviz.render.lens.pack import SIGNED_COLOURS, Blobs, join
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.ui.frame.language import current_language, say
from vtviz.ui.frame.waiting import ask
from vtviz.ui.learn.parts import labels, lessons_done, show_part

SHOWN: tuple[Kind, ...] = ("text→image", "image→text", "fused")
PHOTO_SIDE = 900  # pixels
LONGEST = 16  # characters of what the address says


def show_inside(
    image: ImageInput, text: str, alt: str, task: dict[str, Any] | None = None, done: bool = False
) -> set[int]:
    """The steps of a layer that is chosen in the browser, perhaps with a task; returns the lessons that are done."""
    key = f"inside-{task['lesson']}" if task else "inside"
    kind, layer = _wanted(key, task)
    try:
        answer = ask(LookInside(image, text, kind, layer))
    except InputError:
        if (kind, layer) == (SHOWN[0], 0):
            raise
        st.warning(say("link.wrong", names="kind, layer"), icon=":material/link_off:")
        answer = ask(LookInside(image, text, SHOWN[0], 0))
    header, blobs = _packed(f"{image.sha256}-{text}-{kind}-{layer}", image, answer)
    about = {
        "labels": labels(),
        "language": current_language(),
        "alt": alt,
        "task": task,
        "done": done,
        "asked": {}
        if task
        else {name: st.query_params[name][:LONGEST] for name in ("word", "head", "step") if name in st.query_params},
    }
    told = show_part("inside", key, join({**header, **about}, blobs), wanted=None, done=None)
    return lessons_done(told["done"])


def _wanted(key: str, task: dict[str, Any] | None) -> tuple[Kind, int]:
    """The layer that was chosen in the browser, or named by the address, or that the task begins with."""
    told = (st.session_state.get(key) or {}).get("wanted") or (task or {}) or st.query_params.to_dict()
    kind, layer = told.get("kind"), str(told.get("layer", 0))
    return (kind if kind in KINDS else SHOWN[0]), int(layer) if re.fullmatch(r"\d{1,3}", layer, re.ASCII) else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed(name: str, _image: ImageInput, _answer: Inside) -> tuple[dict[str, Any], bytes]:
    """The steps as the browser reads them: a header, and arrays of float32."""
    steps, blobs, tokens = _answer.steps, Blobs(), _answer.tokens
    length = _text_length(_answer)
    names = [tokens.text[start:end] for start, end in tokens.spans]
    before = ["[CLS]"] * _answer.text_offset
    header: dict[str, Any] = {
        "name": name,
        "kind": steps.kind,
        "layer": steps.layer,
        "layers": steps.layers,
        "kinds": [kind for kind in SHOWN if kind in _answer.kinds],
        "words": [*before, *names, *["[SEP]"] * (length - len(before) - len(names))],
        "real": [_answer.text_offset, _answer.text_offset + len(names)],
        "grid": list(_answer.grid),
        "extra": _answer.image_offset,
        "ratio": _image.width / _image.height,
        "heads": len(steps.query),
        "differs": list(steps.differs),
        "photo": blobs.add(to_jpeg(scaled_photo(_image, PHOTO_SIDE))),
        "colours": blobs.add(colour_map().tobytes()),
        "diverging": blobs.add(colour_map(SIGNED_COLOURS).tobytes()),
    }
    arrays = {side: getattr(steps, side) for side in ("query", "key", "value")}
    if steps.gated is not None:
        arrays |= {"attended": steps.gated.attended, "gate": steps.gated.gate}
        header["norms"] = np.linalg.norm(steps.gated.before, axis=1).tolist()
    header["arrays"] = {
        side: {"shape": list(array.shape), "place": blobs.add(array.astype("<f4").tobytes())}
        for side, array in arrays.items()
    }
    return header, b"".join(blobs.parts)


def _text_length(answer: Inside) -> int:
    """The length of the text axis, special tokens included."""
    _, queries, keys = answer.steps.weights.shape
    patches = answer.grid[0] * answer.grid[1] + answer.image_offset
    return {"text→image": queries, "image→text": keys, "text": queries}.get(answer.steps.kind, queries - patches)
