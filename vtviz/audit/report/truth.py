"""Which rows a model answered rightly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vtviz.audit.report.table import Columns
from vtviz.audit.requests import About
from vtviz.manifests.read import Row


@dataclass(frozen=True)
class Truth:
    """What is known of the rows and the models that the rows on disk do not hold: ``labels`` by the number of the row
    (True where the text describes the photo, as it does where the manifest does not say), and the models by name."""

    labels: Mapping[int, bool]
    models: Mapping[str, About]

    @classmethod
    def of(cls, rows: Sequence[Row], models: Sequence[About]) -> Truth:
        return cls({row.number: row.label != 0 for row in rows}, {model.name: model for model in models})

    def labels_of(self, columns: Columns) -> np.ndarray:
        """Whether the text of each row describes its photo, bool ``[n]``."""
        return np.array([self.labels.get(int(number), True) for number in columns["row"]], dtype=bool)

    def right(self, model: str, columns: Columns) -> np.ndarray | None:
        """Whether the model decided each row rightly, bool ``[n]``; False where it was not measured. None where the
        model has no threshold, so that it decides nothing."""
        threshold = self.models[model].threshold if model in self.models else None
        if threshold is None:
            return None
        measured = ~np.isnan(columns["score"])
        return measured & ((columns["score"] >= threshold) == self.labels_of(columns))
