"""The browser's parts of a page."""

import pytest
import streamlit as st

from vtviz.paths import ASSETS
from vtviz.ui.frame.components import asset, component


def test_a_component_is_its_folder_and_may_have_another_script(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(st.components.v2, "component", lambda name, **parts: made.append((name, parts)))
    component("link")
    component("pair", "export default () => {}")
    read = {kind: (ASSETS / "link" / f"link.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")}
    assert made[0] == ("vtviz_link", read)
    assert made[1] == (
        "vtviz_pair",
        {"html": asset("pair", "pair.html"), "css": asset("pair", "pair.css"), "js": "export default () => {}"},
    )
