"""HTML pages inside a notebook."""

from __future__ import annotations

import html

LENS_HEIGHT, REPORT_HEIGHT = 720, 800  # pixels


def framed_page(page: str, title: str, height: int) -> str:
    """A page in a frame of its own, which reaches neither the notebook nor the network.

    Its scripts run without the notebook's origin: the page sees no cookies, no storage and no other cell.
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(title)}" sandbox="allow-scripts allow-downloads" '
        f'loading="lazy" style="width:100%;height:{height}px;border:0;background:#fff"></iframe>'
    )
