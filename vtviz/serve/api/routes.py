"""All routes of the API for programs."""

from __future__ import annotations

from fastapi import APIRouter

from vtviz.serve.api.audits import audit_routes
from vtviz.serve.api.desk import Desk
from vtviz.serve.api.explanations import explanation_routes
from vtviz.serve.api.lists import list_routes
from vtviz.serve.api.own import Own
from vtviz.serve.api.policies import policy_routes
from vtviz.serve.api.search import search_routes
from vtviz.serve.api.tasks import task_routes
from vtviz.serve.problems import PROBLEMS


def api_routes(desk: Desk, own: Own) -> APIRouter:
    """The routes, each with the problems that it may answer with."""
    router = APIRouter(responses=PROBLEMS)
    for routes in (
        list_routes(),
        explanation_routes(desk),
        task_routes(desk, own),
        search_routes(desk, own),
        policy_routes(desk, own),
        audit_routes(desk, own),
    ):
        router.include_router(routes)
    return router
