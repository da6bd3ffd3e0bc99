"""What is pinned in a lens, as text."""

import pytest

from vtviz.render.lens.settings import LensSettings

CHANGED = LensSettings((0, 3), 17, "attention", True, "image→text", 2, "mean", True, 55, "inferno", False, 40, "shared")
BOX = LensSettings(box=(0, 2, 4, 2))


@pytest.mark.parametrize("settings", [LensSettings(), LensSettings(words=()), CHANGED, BOX])
def test_settings_survive_an_address(settings: LensSettings) -> None:
    assert LensSettings.from_dict(settings.to_dict()) == settings


def test_defaults_take_no_room_and_values_are_short_strings() -> None:
    assert LensSettings().to_dict() == {}
    assert LensSettings(words=(1, 2), smooth=False).to_dict() == {"words": "1.2", "smooth": "0"}


def test_what_the_browser_tells_is_read() -> None:
    told = {"words": [2, 1], "patch": None, "smooth": False, "split": 50, "layer": 0, "head": "mean", "text": "a b c"}
    assert LensSettings.from_dict(told) == LensSettings((1, 2), smooth=False, split=50, layer=0, head="mean")


@pytest.mark.parametrize(
    "junk",
    [
        {"words": "a.b"},
        {"words": {"x": 1}},
        {"patch": "-4"},
        {"patch": 1e999},
        {"box": "1.2.3"},
        {"box": "4.0.1.9"},
        {"box": [0, 1, 2, "x"]},
        {"opacity": "loud"},
        {"colours": "javascript:"},
        {"show": 3},
        {"kind": "all"},
        {"smooth": "perhaps"},
        {"nothing": "1"},
    ],
)
def test_junk_in_an_address_is_left_out(junk: dict[str, object]) -> None:
    assert LensSettings.from_dict(junk) == LensSettings()


def test_percentages_end_at_100() -> None:
    assert LensSettings.from_dict({"opacity": "900"}).opacity == 100
