"""What a picture or a page that leaves the app says of its making."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class About:
    """In the language of the reader: the answer as a number and in words, the model, and where it can be seen again.

    ``link`` may be empty.
    """

    answer: str
    model: str
    link: str = ""

    def to_dict(self) -> dict[str, str]:
        """With today's date, for the browser."""
        return {"answer": self.answer, "model": self.model, "date": date.today().isoformat(), "link": self.link}


NOTHING = About("", "")
