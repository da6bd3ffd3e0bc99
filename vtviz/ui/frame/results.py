"""What was computed for a person, kept while they look around."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

import streamlit as st

MOST = 20

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Results(dict[Key, Result]):
    """At most ``most`` results by what they are of; the oldest makes room for a new one."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: Key, result: Result) -> None:
        super().__setitem__(key, result)
        while len(self) > self.most:
            del self[next(iter(self))]


def session_results(name: str, most: int = MOST) -> Results[Any, Any]:
    """The results that this session keeps under a name."""
    results: Results[Any, Any] = st.session_state.setdefault(name, Results(most))
    return results
