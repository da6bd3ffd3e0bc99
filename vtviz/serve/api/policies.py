"""Policies on labelled rows: how well each rule does."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.engine.jobs.policies import policy_of
from vtviz.manifests.save import save_uploads
from vtviz.serve.api.audits import UNFINISHED, Photos
from vtviz.serve.api.desk import Desk
from vtviz.serve.api.jobs import NONE, JobState, Number, begun, finished, job_routes
from vtviz.serve.api.own import Own
from vtviz.serve.api.tasks import PolicyFile
from vtviz.tasks.policy.nodes import LARGEST
from vtviz.tasks.policy.policy import read_policy
from vtviz.tasks.policy.rows import read_rows

PATH = "/policy/evaluations"
LabelledRows = Annotated[
    UploadFile, File(description="CSV or JSON lines with image, rules that ought to fire, and perhaps text.")
]


def policy_routes(desk: Desk, own: Own) -> APIRouter:
    """Evaluations of policies as jobs."""
    router = APIRouter(tags=["policies"])
    router.include_router(job_routes(PATH, own.policies))

    @router.post(PATH, status_code=202)
    async def start(
        request: Request, response: Response, policy: PolicyFile, manifest: LabelledRows, photo: Photos
    ) -> JobState:
        """Begin to measure each rule of a policy on labelled rows."""
        data, name = await policy.read(LARGEST + 1), policy.filename or "policy.yaml"
        rules = read_policy(data, name)
        desk.check_model(rules.model)
        known = {rule.name for rule in rules.rules}
        entry = await own.upload(
            [manifest, *photo],
            lambda place, files: own.policies().start(
                name, data.decode(), save_uploads(place, files[0], files[1:], lambda path: read_rows(path, known))
            ),
        )
        return begun(own.policies(), entry, request, response)

    @router.get(PATH + "/{number}/result", responses={**NONE, **UNFINISHED})
    async def result(
        number: Number,
        precision: Annotated[float, Query(ge=0, le=1, description="That a suggested threshold reaches.")] = 0.95,
    ) -> dict[str, Any]:
        """The figures of each rule, and thresholds that would do."""
        from vtviz.tasks.policy.evaluate import figures_dict  # its import takes seconds

        def figures() -> dict[str, Any]:
            jobs = own.policies()
            entry = finished(jobs, number)
            policy, scored = policy_of(entry), jobs.scored(entry)
            about = figures_dict(policy, scored.weights_sha256, scored.figures(policy, precision), precision)
            return {**about, "failed": {str(row): reason for row, reason in scored.failed.items()}}

        return await run_in_threadpool(figures)

    return router
