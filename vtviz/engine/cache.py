"""A small cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last ``size`` values by key. ``on_drop`` hears each key whose value was let go, before another is made."""

    def __init__(self, size: int, on_drop: Callable[[Hashable], None] = lambda key: None) -> None:
        self.size, self.on_drop, self.values = size, on_drop, OrderedDict[Hashable, Value]()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under a key, made first where there is none."""
        if key not in self.values:
            while len(self.values) >= self.size:
                self.on_drop(self.values.popitem(last=False)[0])
            self.values[key] = make()
        self.values.move_to_end(key)
        return self.values[key]
