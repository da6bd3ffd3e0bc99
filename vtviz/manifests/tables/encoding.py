"""The text in a file of any usual encoding."""

from __future__ import annotations

import codecs
import re

MARKS = (  # a byte order mark, and what follows it
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
HIGH = re.compile(rb"[\x80-\xff]+")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
SAMPLE = 4096  # bytes that show where the zeros of UTF-16 stand


def decoded(data: bytes) -> tuple[str, str]:
    """The text in the bytes of a file, and the name of its encoding.

    Without a byte order mark it is UTF-8, or UTF-16 where every other byte is zero; else GB18030 or Windows-1252, as
    spreadsheet programs write them.

    Raises:
        ValueError: if it is none of these, or no text.
    """
    mark, name = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", _guessed(data)))
    encoding = "utf-8-sig" if mark and name == "UTF-8" else name
    text = data.decode(encoding)
    if name in ("GB18030", "windows-1252") and CONTROL.search(text):  # no text has these; any bytes would pass
        raise ValueError("not text")
    return text, {"windows-1252": "Windows-1252"}.get(name, name).removesuffix("-LE").removesuffix("-BE")


def _guessed(data: bytes) -> str:
    even, odd = data[:SAMPLE:2].count(0), data[1:SAMPLE:2].count(0)
    few = len(data[:SAMPLE]) // 8
    if len(data) % 2 == 0 and max(even, odd) > few and min(even, odd) == 0:
        return "UTF-16-BE" if even else "UTF-16-LE"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _of_a_spreadsheet(data)
    return "UTF-8"


def _of_a_spreadsheet(data: bytes) -> str:
    """GB18030 where all bytes beyond ASCII come in pairs, as those of Chinese do; accents stand alone mostly."""
    if all(len(run) % 2 == 0 for run in HIGH.findall(data)):
        try:
            data.decode("gb18030")
        except UnicodeDecodeError:
            return "windows-1252"
        return "GB18030"
    return "windows-1252"
