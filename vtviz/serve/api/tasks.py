"""Captions, answers, vectors, and what a policy says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.engine.requests.tasks.policy import CheckPolicy
from vtviz.engine.requests.tasks.search import EmbedPhotosAndTexts
from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.serve.api.desk import PHOTOS, Desk, Model, Photo, need_few, read
from vtviz.serve.api.own import Own
from vtviz.tasks.policy.check import ruling_dict
from vtviz.tasks.policy.log import log_ruling
from vtviz.tasks.policy.nodes import LARGEST
from vtviz.tasks.policy.policy import read_policy

PolicyFile = Annotated[UploadFile, File(description="A policy in YAML; docs/policy.md explains it.")]


def task_routes(desk: Desk, own: Own) -> APIRouter:
    """What the model is good for, one photo at a time."""
    router = APIRouter(tags=["tasks"])

    @router.post("/caption")
    async def caption(
        request: Request,
        photo: Photo,
        model: Model = DEFAULT_MODEL,
        language: Annotated[Literal["en", "zh"], Form()] = "en",
    ) -> list[dict[str, Any]]:
        """Captions of a photo, the best-matching one first."""
        captions = await desk.ask(request, WriteCaptions(await read(photo), model, language=language))
        return [{"text": each.text, "match": float(each.score), "sure": bool(each.is_sure)} for each in captions]

    @router.post("/answer")
    async def answer(
        request: Request, photo: Photo, question: Annotated[str, Form()], model: Model = DEFAULT_MODEL
    ) -> dict[str, Any]:
        """The likeliest answers to a question about a photo; ``answer`` is null where the model cannot tell."""
        found = await desk.ask(request, AnswerQuestion(await read(photo), question, model))
        candidates = [{"answer": said, "probability": float(p)} for said, p in found.candidates]
        return {"answer": found.text, "candidates": candidates}

    @router.post("/embed")
    async def embed(
        request: Request,
        photo: Annotated[list[UploadFile] | None, File(description="Photos.")] = None,
        text: Annotated[list[str] | None, Form(description="Texts.")] = None,
        model: Model = DEFAULT_MODEL,
    ) -> dict[str, Any]:
        """Unit vectors of photos and texts in one space, to search with: a product ranks photos for a text. Repeat
        ``photo`` and ``text`` for several."""
        photos, texts = photo or [], text or []
        need_few(texts)
        if len(photos) > PHOTOS:
            raise InputError("There are more than {limit} photos; send them in parts.", limit=PHOTOS)
        if not photos and not texts:
            raise InputError("Send at least one photo or text.")
        images = [await read(each) for each in photos]
        found = await desk.ask(request, EmbedPhotosAndTexts(tuple(images), tuple(texts), model))
        return {"model": model, "photos": found.photos.tolist(), "texts": found.texts.tolist()}

    @router.post("/policy/check")
    async def check(
        request: Request,
        policy: PolicyFile,
        photo: Photo,
        text: Annotated[str, Form(description="The text beside the photo, if any.")] = "",
        model: Annotated[str, Form(description="A name that /models lists; default: the policy's.")] = "",
    ) -> dict[str, Any]:
        """What a policy says of a photo and the text beside it; the decision goes to the server's log of decisions."""
        rules = read_policy(await policy.read(LARGEST + 1), policy.filename or "policy.yaml")
        image = await read(photo)
        ruling = await desk.ask(request, CheckPolicy(rules, image, text, model or rules.model))
        await run_in_threadpool(log_ruling, own.decisions, rules, image.sha256, text, ruling)
        return ruling_dict(ruling)

    return router
