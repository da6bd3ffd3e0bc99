"""The API for programs: photos and texts in forms, JSON out, as the command line writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.attribution.options import Options
from vtviz.attribution.registry import described_methods
from vtviz.engine.about import about
from vtviz.engine.engine import Engine
from vtviz.engine.engine import Request as Asked
from vtviz.engine.export import to_json
from vtviz.engine.lens import lens_view
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.model import ReadTarget
from vtviz.inputs import MAX_BYTES, ImageInput, InputError, read_image
from vtviz.metrics.registry import metrics as all_metrics
from vtviz.models.registry import DEFAULT_MODEL, described_models, model_infos
from vtviz.render.lens.page import lens_page
from vtviz.sentences import catalogue
from vtviz.serve.problems import Large
from vtviz.watch import Watch

Photo = Annotated[UploadFile, File(description="A photo: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP.")]
Text = Annotated[str, Form(description="A sentence about the photo.")]
Model = Annotated[str, Form(description="A name that /models lists.")]
TEXTS = 64  # in one request


def api_routes(engine: Engine, check_model: Callable[[str], None]) -> APIRouter:
    """The routes of the API. ``check_model`` refuses names of models whose files this server does not open."""
    router = APIRouter()

    async def ask(request: Request, asked: Asked[Any]) -> Any:
        check_model(asked.model)
        who = request.client.host if request.client else ""
        return await run_in_threadpool(engine.ask, asked, Watch(who=f"api {who}" if asked.slow else ""))

    @router.get("/models", tags=["lists"])
    def models() -> list[dict[str, Any]]:
        """The models, and what each can do."""
        return described_models(model_infos())

    @router.get("/methods", tags=["lists"])
    def methods() -> list[dict[str, Any]]:
        """The attribution methods, with the models and targets that each supports."""
        return described_methods()

    @router.get("/metrics", tags=["lists"])
    def metrics() -> list[dict[str, Any]]:
        """The metrics of explanations; ``direction`` says which values are better."""
        keys = ("name", "label", "family", "direction", "paper", "cost")
        return [{key: getattr(each, key) for key in keys} for each in all_metrics().values()]

    @router.post("/explain", tags=["explanations"], responses=_or_page())
    async def explain(
        request: Request,
        photo: Photo,
        text: Text,
        model: Model = DEFAULT_MODEL,
        method: Annotated[str | None, Form(description="A name that /methods lists; default: the model's.")] = None,
        target: Annotated[str, Form(description="match, similarity, caption:PLACE or answer:WORDS.")] = "match",
        layer: Annotated[int | None, Form(ge=0)] = None,
        head: Annotated[int | None, Form(ge=0)] = None,
        samples: Annotated[int | None, Form(ge=1)] = None,
        seed: Annotated[int | None, Form(ge=0)] = None,
        subtract: Annotated[int | None, Form(ge=0, le=1, description="1: without what earlier words explain.")] = None,
        language: Annotated[Literal["en", "zh"], Query(description="Of the page.")] = "en",
        accept: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Explain a photo and a text: explanation.json, or with ``Accept: text/html`` the lens as one page."""
        image = await _read(photo)
        aim = await ask(request, ReadTarget(target, model))
        options = Options(layer=layer, head=head, samples=samples, seed=seed, subtract=subtract)
        found = await ask(request, Explain(image, text, model, method, options, aim))
        if "text/html" not in accept:
            return Response(await run_in_threadpool(to_json, found), media_type="application/json")
        alt = catalogue(language)["explore.alt"].format(name=photo.filename or "photo")
        view = lens_view(found)
        page = lens_page(view, alt, found.tokens.text, language=language, about=about(found, language))
        return Response(page, media_type="text/html")

    @router.post("/score", tags=["explanations"])
    async def score(
        request: Request, photo: Photo, text: Annotated[list[str], Form()], model: Model = DEFAULT_MODEL
    ) -> list[dict[str, Any]]:
        """How well texts match a photo; repeat ``text`` for several."""
        if len(text) > TEXTS:
            raise InputError("There are more than {limit} texts; send them in parts.", limit=TEXTS)
        image = await _read(photo)
        found = [await ask(request, Explain(image, each, model)) for each in text]
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

    @router.post("/caption", tags=["tasks"])
    async def caption(
        request: Request,
        photo: Photo,
        model: Model = DEFAULT_MODEL,
        language: Annotated[Literal["en", "zh"], Form()] = "en",
    ) -> list[dict[str, Any]]:
        """Captions of a photo, the best-matching one first."""
        captions = await ask(request, WriteCaptions(await _read(photo), model, language=language))
        return [{"text": each.text, "match": float(each.score), "sure": bool(each.is_sure)} for each in captions]

    @router.post("/answer", tags=["tasks"])
    async def answer(
        request: Request, photo: Photo, question: Annotated[str, Form()], model: Model = DEFAULT_MODEL
    ) -> dict[str, Any]:
        """The likeliest answers to a question about a photo; ``answer`` is null where the model cannot tell."""
        found = await ask(request, AnswerQuestion(await _read(photo), question, model))
        candidates = [{"answer": said, "probability": float(p)} for said, p in found.candidates]
        return {"answer": found.text, "candidates": candidates}

    return router


def _or_page() -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {}, "text/html": {}}}}


async def _read(photo: UploadFile) -> ImageInput:
    """The photo in an upload.

    Raises:
        Large: if the file is larger than a photo may be.
        InputError: if it is no photo.
    """
    data = await photo.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Large("The image file is larger than {limit} MB; choose a smaller one.", limit=MAX_BYTES // 2**20)
    return await run_in_threadpool(read_image, data)
