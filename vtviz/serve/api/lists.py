"""What there is: models, methods and metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from vtviz.attribution.registry import described_methods
from vtviz.metrics.registry import metrics as all_metrics
from vtviz.models.registry import described_models, model_infos


def list_routes() -> APIRouter:
    """The lists, as the command line gives them."""
    router = APIRouter(tags=["lists"])

    @router.get("/models")
    def models() -> list[dict[str, Any]]:
        """The models, and what each can do."""
        return described_models(model_infos())

    @router.get("/methods")
    def methods() -> list[dict[str, Any]]:
        """The attribution methods, with the models and targets that each supports."""
        return described_methods()

    @router.get("/metrics")
    def metrics() -> list[dict[str, Any]]:
        """The metrics of explanations; ``direction`` says which values are better."""
        keys = ("name", "label", "family", "direction", "paper", "cost")
        return [{key: getattr(each, key) for key in keys} for each in all_metrics().values()]

    return router
