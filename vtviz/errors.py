"""Errors whose message is for people."""

from __future__ import annotations


class UserError(Exception):
    """An error that people can fix. ``str()`` gives one English sentence: what is wrong, then what to do.

    ``sentence`` is that sentence before its ``{values}`` are filled in. The interface uses it to look up the
    translation, so write it as a plain literal.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values
