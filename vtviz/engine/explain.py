"""One explanation, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import complete
from vtviz.attribution.case import Case
from vtviz.attribution.maps import chosen_layer
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, usual_method
from vtviz.engine.explanation import Explanation, Request
from vtviz.machine import device_label, memory_mb, synchronise, versions
from vtviz.models.base import MATCH, FusionModel, as_score
from vtviz.models.record import AttentionLayer, AttentionRecord
from vtviz.watch import Watch

STAGES = ("load_model", "image_features", "forward", "attribution")

OnStage = Callable[[str], None]


def run(
    request: Request,
    device: torch.device,
    load: Callable[[], FusionModel],
    features_of: Callable[[FusionModel], Tensor],
    on_stage: OnStage,
    watch: Watch | None,
) -> Explanation:
    """The explanation that a request asks for.

    Args:
        request: what is asked.
        device: that of the model.
        load: gives the model.
        features_of: the photo's features, ``[1, patches, channels]``, of the model.
        on_stage: hears each stage of STAGES as it begins.
        watch: hears of the attribution's progress, and may cancel it.

    Raises:
        InputError: if the text, the target, the method or an option is not one that the model can take.
        ModelError: if the model cannot be loaded.
        Cancelled: if ``watch`` says so.
    """
    timings: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        on_stage(name)
        began = time.perf_counter()
        yield
        synchronise(device)
        timings[name] = round((time.perf_counter() - began) * 1000, 2)

    with stage("load_model"):
        model = load()
        method = usual_method(model, request.target.kind) if request.method is None else find_method(request.method)
        tokens = model.tokenize(request.text)
    with stage("image_features"):
        features = features_of(model)
    options = complete(method, request.options)
    match = Case(model, request.image, [tokens.text], features=features)
    other = request.target != match.target
    case = Case(model, request.image, [tokens.text], request.target, features) if other else match
    with stage("forward"):
        forward = match.forward(gradient=case is match and method.needs_gradient)
    if "text→image" in model.abilities.kinds[MATCH.kind]:
        chosen_layer(forward, Options(request.layer, request.head))
    with stage("attribution"):
        (relevance,) = attribute_case(case, method.name, request.options, watch)
    layers = tuple(
        AttentionLayer(layer.name, layer.kind, layer.weights.detach()[0].float().cpu())
        for layer in forward.attention.layers
    )
    return Explanation(
        image=request.image,
        tokens=tokens,
        model=request.model,
        weights_sha256=model.weights_sha256,
        method=method.name,
        layer=model.default_layer if request.layer is None else request.layer,
        head=request.head,
        target=request.target,
        options=options,
        score=float(as_score(forward.values.detach(), model.score_kind)),
        threshold=model.threshold,
        grid=model.grid,
        text_offset=model.text_offset,
        record=AttentionRecord(layers),
        relevance=relevance,
        unknown=model.unknown_words([word.text for word in tokens.words]),
        timings_ms={**timings, "total": round(sum(timings.values()), 2)},
        device=device_label(device),
        memory_mb=round(memory_mb(device), 1),
        versions=versions(),
        fingerprint=request.fingerprint,
        score_kind=model.score_kind,
        frame=model.frame(request.image),
        image_offset=model.image_offset,
        notices=model.notices,
    )
