"""What a session keeps."""

from vtviz.ui.frame.results import Results


def test_the_oldest_result_makes_room() -> None:
    results = Results[str, int | None](most=2)
    results["a"], results["b"] = 1, None
    results["a"] = 3  # known already: nothing has to go
    assert results == {"a": 3, "b": None}
    results["c"] = 4
    assert results == {"b": None, "c": 4}
