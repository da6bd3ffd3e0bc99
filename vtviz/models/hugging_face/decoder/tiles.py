"""Into how many tiles a photo is cut, as the image processors of transformers do it."""

from __future__ import annotations

from math import ceil

from vtviz.models.hugging_face.decoder.layout import Source

LONGEST = 4096  # pixels of a side, beyond which Idefics 3 scales no photo
TILES = 12  # of InternVL, where its settings name no number


def idefics_tiles(source: Source, pixels: int, side: int) -> tuple[int, int]:
    """Rows and columns of tiles, of ``pixels`` pixels and ``side`` tokens a side.

    A photo's longer side is scaled to a fixed length and then, like the other, to the next multiple of a tile
    (``Idefics3ImageProcessor``, Laurençon et al., arXiv 2408.12637). The length shrinks by a tile until the patches
    suffice. Without a photo, its input is square.
    """
    if not source.settings.get("do_image_splitting", True):
        return 1, 1
    longest = int((source.settings.get("size") or {}).get("longest_edge") or 0) or pixels
    height, width = source.photo or (1, 1)
    for length in range(min(longest, LONGEST), pixels, -pixels):
        tiles = _scaled(height, width, length, pixels) if source.photo else (length // pixels, length // pixels)
        if tiles[0] * tiles[1] * side**2 <= source.most:
            return tiles
    return 1, 1


def _scaled(height: int, width: int, length: int, pixels: int) -> tuple[int, int]:
    """Rows and columns of tiles of a photo whose longer side is scaled to ``length``, in the processor's own steps."""
    ratio, long = width / height, ceil(length / pixels)
    shorter = int(length / ratio) if width >= height else int(length * ratio)
    shorter = max(1, shorter + shorter % 2)
    if width >= height:
        return max(1, ceil(int(long * pixels / (length / shorter)) / pixels)), long
    return long, max(1, ceil(int(long * pixels * (shorter / length)) / pixels))


def internvl_tiles(source: Source, pixels: int, side: int) -> tuple[int, int]:
    """Rows and columns of tiles, of ``pixels`` pixels and ``side`` tokens a side: of the numbers that are allowed those
    whose shape is most like the photo's (Chen et al., arXiv 2404.16821). Without a photo, the input is one tile."""
    if source.photo is None:
        return 1, 1
    from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

    most = max(1, min(int(source.settings.get("max_patches") or TILES), source.most // side**2))
    least = min(int(source.settings.get("min_patches") or 1), most)
    columns, rows = get_optimal_tiled_canvas(source.photo, (pixels, pixels), least, most)
    return rows, columns
