"""Explanations of a photo and a text, scores, and what would happen if either, or the network, were another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from vtviz.attribution.options import Options
from vtviz.engine.about import about
from vtviz.engine.export import to_json
from vtviz.engine.intervention import intervention_json
from vtviz.engine.lens import lens_view
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import Intervene
from vtviz.engine.requests.model import ReadTarget
from vtviz.files import parse_json
from vtviz.inputs import InputError
from vtviz.interventions.changes import from_plain
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.render.lens.page import lens_page
from vtviz.sentences import catalogue
from vtviz.serve.api.desk import Desk, Model, Photo, Text, need_few, read

Method = Annotated[str | None, Form(description="A name that /methods lists; default: the model's.")]
Aim = Annotated[str, Form(description="match, similarity, caption:PLACE or answer:WORDS.")]
CHANGES = (
    "A JSON list of changes, each an object with `change`: hide, only or move (of `boxes`, left, top, right and bottom "
    "as fractions of the photo, or of `patches`, with `fill`), drop (the word at `place`), without (attention of a "
    "`kind`, in a `layer`, of a `head`), cut or push (the word at `place` from or to `boxes`)."
)
MOST_CHANGES = 64


def explanation_routes(desk: Desk) -> APIRouter:
    """Explanations, scores, and what would happen if."""
    router = APIRouter(tags=["explanations"])

    @router.post("/explain", responses={200: {"content": {"application/json": {}, "text/html": {}}}})
    async def explain(
        request: Request,
        photo: Photo,
        text: Text,
        model: Model = DEFAULT_MODEL,
        method: Method = None,
        target: Aim = "match",
        layer: Annotated[int | None, Form(ge=0)] = None,
        head: Annotated[int | None, Form(ge=0)] = None,
        samples: Annotated[int | None, Form(ge=1)] = None,
        seed: Annotated[int | None, Form(ge=0)] = None,
        subtract: Annotated[int | None, Form(ge=0, le=1, description="1: without what earlier words explain.")] = None,
        language: Annotated[Literal["en", "zh"], Query(description="Of the page.")] = "en",
        accept: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Explain a photo and a text: explanation.json, or with ``Accept: text/html`` the lens as one page."""
        image = await read(photo)
        aim = await desk.ask(request, ReadTarget(target, model))
        options = Options(layer=layer, head=head, samples=samples, seed=seed, subtract=subtract)
        found = await desk.ask(request, Explain(image, text, model, method, options, aim))
        if "text/html" not in accept:
            return Response(await run_in_threadpool(to_json, found), media_type="application/json")
        alt = catalogue(language)["explore.alt"].format(name=photo.filename or "photo")
        view = lens_view(found)
        page = lens_page(view, alt, found.tokens.text, language=language, about=about(found, language))
        return Response(page, media_type="text/html")

    @router.post("/score")
    async def score(
        request: Request, photo: Photo, text: Annotated[list[str], Form()], model: Model = DEFAULT_MODEL
    ) -> list[dict[str, Any]]:
        """How well texts match a photo; repeat ``text`` for several."""
        need_few(text)
        image = await read(photo)
        found = [await desk.ask(request, Explain(image, each, model)) for each in text]
        return [
            {
                "text": each.tokens.text,
                "score": each.score,
                "score_kind": each.score_kind,
                "match": each.is_match,
                "verdict": each.verdict,
            }
            for each in found
        ]

    @router.post("/intervene", responses={200: {"content": {"application/json": {}}}})
    async def intervene(
        request: Request,
        photo: Photo,
        text: Text,
        changes: Annotated[str, Form(description=CHANGES)],
        model: Model = DEFAULT_MODEL,
        method: Method = None,
        target: Aim = "match",
    ) -> Response:
        """What the model answers before and after changes to the photo, the text or the network: interventions.json."""
        try:
            made = from_plain(parse_json(changes))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError("The changes are not valid JSON.") from error
        if not 1 <= len(made) <= MOST_CHANGES:
            raise InputError("Name between 1 and {most} changes.", most=MOST_CHANGES)
        image = await read(photo)
        aim = await desk.ask(request, ReadTarget(target, model))
        found = await desk.ask(request, Intervene(Explain(image, text, model, method, target=aim), made))
        return Response(await run_in_threadpool(intervention_json, found), media_type="application/json")

    return router
