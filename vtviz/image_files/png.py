"""PNG files without what is damaged or too much in them, as long as the picture is whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf")
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")


def without_texts(data: bytes) -> bytes:
    """A PNG file without its texts, in which programs that make pictures keep whole workflows."""
    return _kept(data, lambda kind, _: kind not in TEXT_CHUNKS) if any(kind in data for kind in TEXT_CHUNKS) else data


def picture_alone(data: bytes) -> bytes:
    """A PNG file without the chunks that leave the picture alone, and without optional ones that are damaged."""
    return _kept(data, lambda kind, chunk: kind in PICTURE_CHUNKS and (kind[:1].isupper() or _is_sound(chunk)))


def _kept(data: bytes, keep: Callable[[bytes, bytes], bool]) -> bytes:
    kept, at = [SIGNATURE], len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if keep(kind, chunk):
            kept.append(chunk)
        at += len(chunk)
    return b"".join([*kept, data[at:]])


def _is_sound(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]
