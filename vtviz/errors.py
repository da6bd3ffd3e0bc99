"""Errors whose message is for a person."""

from __future__ import annotations


class UserError(Exception):
    """Something that a person can mend; ``str()`` of it is one English sentence that says what to do.

    ``sentence`` is that sentence before its ``{values}`` are put in. The interface looks it up to say the same in
    another language, so write it as a plain literal.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values
