"""Photos that are indexed, found by words and photos, and recommended from likes and dislikes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.engine.requests.tasks.recommend import RecommendPhotos
from vtviz.engine.requests.tasks.search import MatchPhotos, SearchPhotos
from vtviz.inputs import InputError
from vtviz.manifests.save import save_photos
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.serve.api.audits import Photos
from vtviz.serve.api.desk import PHOTOS, Desk, Model, need_few, read
from vtviz.serve.api.jobs import NONE, JobState, Number, begun, found, job_routes
from vtviz.serve.api.own import Own
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.find import RERANKED
from vtviz.tasks.search.found import Found, reranked
from vtviz.tasks.search.query import Query, Term
from vtviz.tasks.search.store import Store, open_store

PATH = "/indexes"
Paths = Annotated[list[str] | None, Form(description="Photos of the index, by their paths there; may be repeated.")]
Words = Annotated[list[str] | None, Form(description="Also wanted, or not wanted; may be repeated.")]
Top = Annotated[int, Form(ge=1, le=1000, description="Number of photos.")]
Day = Annotated[date | None, Form(description="YYYY-MM-DD.")]
Side = Annotated[int | None, Form(ge=1, le=2**31 - 1, description="Of the longer side, in pixels.")]


def _filters(
    folder: Annotated[str, Form(description="Only photos in this folder.")] = "",
    since: Day = None,
    until: Day = None,
    smallest: Side = None,
    largest: Side = None,
) -> Filters:
    first, last = (None if day is None else _seconds(day) for day in (since, until))
    return Filters(folder, first, last, smallest, largest)


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


Filtered = Annotated[Filters, Depends(_filters)]


def search_routes(desk: Desk, own: Own) -> APIRouter:
    """Indexes as jobs, and what is found in them."""
    router = APIRouter(tags=["search"])
    router.include_router(job_routes(PATH, own.indexes))

    def opened(number: int) -> Store:
        jobs = own.indexes()
        return open_store(jobs.address(found(jobs, number).id))

    @router.post(PATH, status_code=202)
    async def start(request: Request, response: Response, photo: Photos, model: Model = DEFAULT_MODEL) -> JobState:
        """Begin to index photos."""
        desk.check_model(model)
        entry = await own.upload(
            photo, lambda place, files: own.indexes().start(files[0][0], save_photos(place, files), model)
        )
        return begun(own.indexes(), entry, request, response)

    @router.post(PATH + "/{number}/search", responses=NONE)
    async def search(
        request: Request,
        number: Number,
        filters: Filtered,
        text: Annotated[str, Form(description="What the photos show.")] = "",
        photo: Annotated[UploadFile | None, File(description="A photo to find others like it.")] = None,
        path: Annotated[str, Form(description="The same, a photo of the index.")] = "",
        plus: Words = None,
        minus: Words = None,
        rerank: Annotated[bool, Form(description="Let the fusion model look at the first photos of a text.")] = True,
        top: Top = 10,
    ) -> dict[str, Any]:
        """The photos of an index that fit best. Scores are match probabilities after reranking, else similarities."""
        need_few([*(plus or ()), *(minus or ())])
        store = await run_in_threadpool(opened, number)
        terms = [Term(text=text)] if text else []
        terms += [Term(image=await read(photo))] if photo is not None and photo.filename else []
        terms += [Term(path=path)] if path else []
        terms += [Term(text=word) for word in plus or ()] + [Term(text=word, weight=-1.0) for word in minus or ()]
        query = Query(tuple(terms))
        query.check()
        address, model, revision = store.address, store.about.model, store.revision
        looked = rerank and query.sentence is not None
        asked = SearchPhotos(address, query, max(top, RERANKED) if looked else top, filters, model, revision=revision)
        result: Found = await desk.ask(request, asked)
        if looked and query.sentence is not None:
            paths = tuple(hit.photo for hit in result.hits[:RERANKED])
            matched = MatchPhotos(address, query.sentence, paths, model, revision=revision)
            result = reranked(result, await desk.ask(request, matched))
        return _told(result, top)

    @router.post(PATH + "/{number}/recommend", responses=NONE)
    async def recommend(
        request: Request,
        number: Number,
        filters: Filtered,
        like: Paths = None,
        unlike: Paths = None,
        photo: Annotated[list[UploadFile] | None, File(description="Liked photos that are not in the index.")] = None,
        top: Top = 10,
    ) -> dict[str, Any]:
        """More photos like those that are liked, and not like those that are not."""
        if len(photo or ()) > PHOTOS:
            raise InputError("There are more than {limit} photos; send them in parts.", limit=PHOTOS)
        store = await run_in_threadpool(opened, number)
        likes = [*(Term(path=path) for path in like or ()), *[Term(image=await read(each)) for each in photo or ()]]
        dislikes = [Term(path=path) for path in unlike or ()]
        asked = RecommendPhotos(
            store.address, tuple(likes), tuple(dislikes), top, filters, store.about.model, revision=store.revision
        )
        return _told(await desk.ask(request, asked), top)

    @router.get(PATH + "/{number}/photo", responses={200: {"content": {"image/jpeg": {}}}, **NONE})
    def thumbnail(number: Number, path: str) -> Response:
        """A photo of an index, at most 256 pixels wide and high."""
        store = opened(number)
        known = store.vectors.get([path])
        if not known:
            raise HTTPException(404, "There is no such photo in the index.")
        return Response(store.thumbnail(known[0].entry.sha256), media_type="image/jpeg")

    return router


def _told(result: Found, top: int) -> dict[str, Any]:
    return {
        "outcome": result.outcome,
        "searched": result.searched,
        "unknown_words": list(result.unknown),
        "foreign": result.foreign,
        "score_kind": result.score_kind,
        "photos": [{**asdict(hit), "score": hit.score} for hit in result.hits[:top]],
    }
