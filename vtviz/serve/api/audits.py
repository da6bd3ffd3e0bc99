"""Audits: a manifest and its photos in, a report out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import FileResponse

from vtviz.audit.contract.contract import RULES, SCOPE, SHEETS
from vtviz.audit.contract.toml import MOST_BYTES
from vtviz.audit.settings import settings_of
from vtviz.manifests.save import save_uploads
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.serve.api.desk import Desk
from vtviz.serve.api.jobs import NONE, JobState, Number, begun, finished, job_routes
from vtviz.serve.api.own import Own

PATH = "/audits"
Manifest = Annotated[UploadFile, File(description="A table or JSON lines with image, text and perhaps boxes, group.")]
Photos = Annotated[list[UploadFile], File(description="The photos that the manifest names, or zip files of them.")]
Part = Literal["report.json", "report.html", "rows.parquet", "junit.xml", "bundle.zip"]
TYPES = {".json": "application/json", ".html": "text/html", ".zip": "application/zip", ".xml": "text/xml"}
UNFINISHED: dict[int | str, dict[str, Any]] = {409: {"description": "The job is not done."}}


def audit_routes(desk: Desk, own: Own) -> APIRouter:
    """Audits as jobs."""
    router = APIRouter(tags=["audits"])
    router.include_router(job_routes(PATH, own.audits))

    @router.post(PATH, status_code=202)
    async def start(
        request: Request,
        response: Response,
        manifest: Manifest,
        photo: Photos,
        model: Annotated[str, Form(description="Models, separated by commas.")] = DEFAULT_MODEL,
        methods: Annotated[str, Form(description="Methods, separated by commas; default: the model's.")] = "",
        metrics: Annotated[str, Form(description="Metrics, separated by commas; see /metrics.")] = "",
        fill: Annotated[Literal["blur", "mean", "zero"], Form(description="What replaces removed patches.")] = "blur",
        steps: Annotated[int, Form(ge=2, le=1000)] = 8,
        seed: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
        limit: Annotated[int | None, Form(ge=1, le=2**31 - 1, description="Only the first rows.")] = None,
        wrong_texts: Annotated[int, Form(ge=0, le=20)] = 0,
        agreement: Annotated[bool, Form()] = False,
        planted: Annotated[int, Form(ge=0, le=500)] = 0,
        choices: Annotated[bool, Form()] = False,
        language: Annotated[Literal["en", "zh"], Form(description="Of report.html.")] = "en",
        scope: Annotated[UploadFile | None, File(description="scope.toml: who answers for the system.")] = None,
        rules: Annotated[UploadFile | None, File(description="rules.toml: what the report must show.")] = None,
        sheets: Annotated[str, Form(description="Rows, separated by commas, that get a page for people.")] = "",
    ) -> JobState:
        """Begin an audit of the rows of a manifest."""
        settings = settings_of(
            model,
            methods,
            metrics,
            fill=fill,
            steps=steps,
            seed=seed,
            limit=limit,
            wrong_texts=wrong_texts,
            agreement=agreement,
            planted=planted,
            choices=choices,
        )
        for name in settings.models:
            desk.check_model(name)
        terms = {name: await part.read(MOST_BYTES + 1) for name, part in ((SCOPE, scope), (RULES, rules)) if part}
        terms |= {SHEETS: sheets.encode()} if sheets else {}
        entry = await own.upload(
            [manifest, *photo],
            lambda place, files: own.audits().start(
                files[0][0], save_uploads(place, files[0], files[1:]), settings, language, terms
            ),
        )
        return begun(own.audits(), entry, request, response)

    @router.get(
        PATH + "/{number}/{part}",
        responses={200: {"content": {name: {} for name in TYPES.values()}}, **NONE, **UNFINISHED},
        response_class=FileResponse,
    )
    def result(number: Number, part: Part) -> FileResponse:
        """The report of an audit that is done, its rows, or the bundle of all its files."""
        jobs = own.audits()
        file = jobs.history.folder_of(finished(jobs, number).id) / part
        if not file.is_file():
            raise HTTPException(404, f"Audit {number} has no {part}.")
        return FileResponse(file, media_type=TYPES.get(file.suffix, "application/octet-stream"))

    return router
