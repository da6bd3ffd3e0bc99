"""How fast the lens is in Chromium, and how much travels to it.

    python -m benchmarks.lens [--hovers 60]

Serves the app, hovers over words, patches and small maps, and prints medians and 95th percentiles in milliseconds:
`script` is from the event until the canvas is drawn, `frame` until the frame that shows it has been made (the wait for
the screen's next refresh included). `bytes while hovering` is what went over the websocket meanwhile; `record` is what
the attention of vtviz-base takes on its way to the browser, for a short text and for the longest that the model reads.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import WebSocket

from tools.chromium import launched, served
from vtviz.engine.lens import lens_view
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import read_image
from vtviz.paths import ASSETS
from vtviz.render.lens.pack import pack

SHORT = "A brown cat with green eyes"
LONG = " ".join(["the skateboarder photographed a theodolite near the harbour while"] * 7)

HOVER = """async (lens, { root, count }) => {
  // The photo and its panels are two parts of the page, each in a shadow of its own.
  const roots = [lens, ...[...document.querySelectorAll('*')].flatMap((part) => part.shadowRoot ?? [])];
  const deep = (selector) => roots.flatMap((part) => [...part.querySelectorAll(selector)]);
  const all = [...new Set(deep(root))], [canvas] = deep('#canvas');
  const box = canvas.getBoundingClientRect();
  const script = [], frame = [];
  for (let i = 0; i < count; i++) {
    const at = all[i % all.length], patch = root === '#canvas';
    const event = new PointerEvent(patch ? 'pointermove' : 'pointerenter', { pointerType: 'mouse', bubbles: true,
      clientX: box.left + box.width * ((i * 0.37) % 1), clientY: box.top + box.height * ((i * 0.61) % 1) });
    const began = performance.now();
    at.dispatchEvent(event);
    canvas.getContext('2d').getImageData(0, 0, 1, 1); // the drawing is done, not only queued
    script.push(performance.now() - began);
    await new Promise((done) => requestAnimationFrame(() => {
      const next = new MessageChannel();
      next.port1.onmessage = () => { frame.push(performance.now() - began); done(); };
      next.port2.postMessage(null);
    }));
    at.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }));
  }
  return { script, frame };
}"""


def in_browser(hovers: int) -> dict[str, Any]:
    """Medians and 95th percentiles of hovering, and the bytes on the wire meanwhile."""
    sizes: list[int] = []
    found: dict[str, Any] = {}

    def listen(web_socket: WebSocket) -> None:
        for event in ("framesent", "framereceived"):
            web_socket.on(event, lambda payload: sizes.append(len(payload)))

    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "server.log") as app, launched() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 1500})
        page.on("websocket", listen)
        page.goto(app.address)
        page.locator("#words button").nth(5).wait_for(timeout=180_000)
        page.wait_for_timeout(4000)
        found["bytes until the page is still"] = sum(sizes)
        sizes.clear()
        for name, root in (("word", "#words button"), ("patch", "#canvas"), ("small map", "#matrix button")):
            times = page.locator("#lens").evaluate(HOVER, {"root": root, "count": hovers})
            found[f"hover a {name}, ms"] = {part: _summary(times[part]) for part in ("script", "frame")}
        found["bytes while hovering"] = sum(sizes)
    return found


def _summary(values: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 2), "p95": round(statistics.quantiles(values, n=20)[-1], 2)}


def record_sizes() -> dict[str, Any]:
    """Bytes of the packed attention, and milliseconds to pack it."""
    engine, found = LocalEngine("cpu"), {}
    photo = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    for name, text in (("short", SHORT), ("longest", LONG)):
        view = lens_view(engine.ask(Explain(photo, text)))
        began = time.perf_counter()
        header, _ = pack(view)
        took = 1000 * (time.perf_counter() - began)
        blocks = [block for layer in header["layers"] for block in layer["blocks"].values()]
        size = sum(block[part][1] for block in blocks for part in ("bytes", "step", "low") if part in block)
        found[f"record, {name} text"] = {"pieces": len(view.tokens.pieces), "bytes": size, "pack, ms": round(took, 1)}
    engine.close()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hovers", type=int, default=60)
    print(json.dumps({**record_sizes(), **in_browser(parser.parse_args().hovers)}, indent=2, ensure_ascii=False))
