"""JPEG files that lack nothing but their end, as some phones write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtviz.image_files.formats import open_image

ROWS = 256  # compared at a time
SEGMENT = re.compile(rb"\xff([^\x00\x01\xd0-\xd9\xff])(..)", re.DOTALL)
END = b"\xff\xd9"
COEFFICIENTS = 64
BLOCKS_BYTES = 4096  # more than any ten blocks, the most that are stored together, can take
RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def ended(data: bytes) -> bytes | None:
    """A JPEG file with the end marker that it lacks; None where more is missing."""
    data = data.rstrip(END[:1])
    ended = data + END
    same = all(_same_pixels(ended, data + filler + END) for filler in _fillers(data))
    return ended if same and _has_all_scans(data) else None


def _fillers(data: bytes) -> Iterator[bytes]:
    """What a JPEG decoder ignores where no pixel is missing, and reads as pixels where some are: from the next bit on,
    or from the next restart marker."""
    last = RESTART.findall(data)[-1:]
    restart = bytes((0xFF, 0xD0 + (last[0][1] + 1) % 8 if last else 0xD0))
    for bits in (b"\x55", b"\xaa"):
        yield bits * BLOCKS_BYTES + restart + bits * BLOCKS_BYTES


def _same_pixels(first: bytes, second: bytes) -> bool:
    with open_image(first, "JPEG") as one, open_image(second, "JPEG") as other:
        strips = [(0, row, one.width, min(row + ROWS, one.height)) for row in range(0, one.height, ROWS)]
        return all(one.crop(strip).tobytes() == other.crop(strip).tobytes() for strip in strips)


def _has_all_scans(data: bytes) -> bool:
    """Whether a JPEG file has begun the last scan of every component: progressive ones refine the same coefficients in
    scan after scan, down to bit 0."""
    bits: dict[int, list[int]] = {}
    for code, body in _segments(data):
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):  # a frame
            bits = {component: [1] * COEFFICIENTS for component in body[6::3]}
        elif code == 0xDA:  # a scan
            first, last, shift = body[-3], body[-2], body[-1] & 15
            for component in body[1:-3:2]:
                bits[component][first : last + 1] = [shift] * (last + 1 - first)
    return bool(bits) and not any(any(left) for left in bits.values())


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while found := SEGMENT.search(data, at):
        at = found.start() + 2 + int.from_bytes(found[2])
        yield found[1][0], data[found.end() : at]
