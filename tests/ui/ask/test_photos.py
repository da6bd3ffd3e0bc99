"""Uploads of a session."""

import hashlib

from vtviz.ui.ask.photos import Uploads


def test_uploads_are_named_by_their_hash_and_bounded() -> None:
    kept = Uploads(limit=100)
    first, second = kept.keep("a.jpg", b"a" * 60), kept.keep("b.jpg", b"b" * 40)
    assert first == hashlib.sha256(b"a" * 60).hexdigest() and list(kept.files) == [first, second]
    kept.keep("a.jpg", b"a" * 60)  # used again: now the younger one
    third = kept.keep("c.jpg", b"c" * 40)
    assert list(kept.files) == [first, third] and kept.files[third].name == "c.jpg"
    large = kept.keep("d.jpg", b"d" * 500)
    assert list(kept.files) == [large]
