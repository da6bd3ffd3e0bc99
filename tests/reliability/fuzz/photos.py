"""Photo files of every format, damaged in every way."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from tests.reliability.fuzz.running import Read, mutated
from vtviz.inputs import read_image

NOISE = np.random.default_rng(0).integers(0, 255, (24, 40, 3), dtype=np.uint8)
RGB = Image.fromarray(NOISE).resize((80, 48), Image.Resampling.BICUBIC)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def cases(rng: random.Random) -> Iterator[Read]:
    """Reads of photos, most of them damaged."""
    files = seeds()
    yield partial(read_image, files[0])
    while True:
        data = rng.choice(files)
        if data.startswith(SIGNATURE) and rng.random() < 0.5:
            data = with_changed_chunk(data, rng)
        elif rng.random() < 0.97:
            data = mutated(data, rng, rng.choice(files))
        if rng.random() < 0.02:
            data = data[:12] + rng.randbytes(rng.choice((0, 20, 2000)))
        yield partial(read_image, data)


def seeds() -> list[bytes]:
    """Small sound files of every format, with what cameras, scanners and programs put into them."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 6, "a dog", (72, 1)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("workflow", "x" * 3000, zip=True)
    text.add_itxt("prompt", "a dog" * 50)
    deep = Image.fromarray(np.arange(48 * 80, dtype=np.uint16).reshape(48, 80) * 17)
    grey, clear = RGB.convert("L"), RGB.convert("RGBA")
    clear.putalpha(grey)
    blue = Image.new("RGB", RGB.size, "blue")
    result = [
        saved(RGB, "JPEG", exif=exif, icc_profile=srgb),
        saved(RGB, "JPEG", progressive=True, icc_profile=profile),
        saved(RGB.convert("CMYK"), "JPEG"),
        saved(grey, "JPEG", quality=30),
        saved(RGB, "MPO", save_all=True, append_images=[blue]),
        saved(RGB, "PNG", pnginfo=text, exif=exif),
        saved(RGB, "PNG", icc_profile=srgb),
        saved(clear, "PNG"),
        saved(RGB.convert("P"), "PNG", transparency=3),
        saved(deep, "PNG", transparency=17),
        saved(Image.new("1", (80, 48)), "PNG", transparency=0),
        saved(RGB, "PNG", save_all=True, append_images=[blue]),
        saved(RGB, "WEBP", exif=exif, icc_profile=srgb),
        saved(clear, "WEBP", lossless=True),
        saved(RGB, "WEBP", save_all=True, append_images=[blue]),
        saved(RGB.convert("P"), "GIF", save_all=True, append_images=[blue.convert("P")], transparency=1),
        saved(RGB, "BMP"),
        saved(RGB.convert("P"), "BMP"),
        *(saved(RGB, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits")),
        saved(deep, "TIFF"),
        saved(Image.fromarray(NOISE[..., 0].astype(np.float32)), "TIFF"),
        saved(RGB.convert("CMYK"), "TIFF", icc_profile=profile),
        saved(RGB.convert("LAB"), "TIFF"),
        saved(Image.new("1", (80, 48)), "TIFF", compression="group4"),
        saved(RGB, "AVIF", exif=exif, speed=10),
        saved(clear, "AVIF", speed=10),
    ]
    from pillow_heif import from_pillow

    for image in (RGB, clear):
        buffer = io.BytesIO()
        from_pillow(image).save(buffer, quality=50)
        result.append(buffer.getvalue())
    return result


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_changed_chunk(data: bytes, rng: random.Random) -> bytes:
    """A PNG file of which one chunk was changed and its checksum mended, so that readers believe it."""
    chunks, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    index = rng.randrange(len(chunks))
    kind, body = chunks[index]
    if rng.random() < 0.2:
        kind = rng.choice((b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"tRNS", b"PLTE", b"eXIf", b"acTL", b"fcTL", b"fdAT"))
    if kind in (b"IDAT", b"iCCP", b"zTXt") and rng.random() < 0.5:
        body = b"name\0\0" * (kind != b"IDAT") + zlib.compress(rng.randbytes(rng.choice((0, 9, 999))) + bytes(2**21))
    chunks[index] = kind, mutated(body, rng)
    if rng.random() < 0.2:
        chunks.insert(rng.randrange(len(chunks)), chunks[index])
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"".join([SIGNATURE, *packed])
