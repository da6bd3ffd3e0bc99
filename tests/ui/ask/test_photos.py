"""Uploads of a session."""

import hashlib

from vtviz.ui.ask.photos import UploadMemory, Uploads


def test_uploads_are_named_by_their_hash_and_bounded() -> None:
    kept = Uploads(limit=100)
    first, second = kept.keep("a.jpg", b"a" * 60), kept.keep("b.jpg", b"b" * 40)
    assert first == hashlib.sha256(b"a" * 60).hexdigest() and list(kept.files) == [first, second]
    kept.keep("a.jpg", b"a" * 60)  # used again: now the younger one
    third = kept.keep("c.jpg", b"c" * 40)
    assert list(kept.files) == [first, third] and kept.files[third].name == "c.jpg"
    large = kept.keep("d.jpg", b"d" * 500)
    assert list(kept.files) == [large]


def test_the_uploads_of_everybody_are_bounded_too() -> None:
    room = UploadMemory(limit=100)
    ada, bob, eve = (Uploads(room=room) for _ in range(3))
    first = ada.keep("a.jpg", b"a" * 40)
    bob.keep("b.jpg", b"b" * 40)
    ada.keep("a.jpg", b"a" * 40)  # who is now the one of late
    third = eve.keep("c.jpg", b"c" * 30)
    assert list(ada.files) == [first] and not bob.files and list(eve.files) == [third]
    del bob
    eve.keep("d.jpg", b"d" * 200)
    assert not ada.files and len(eve.files) == 2
