"""What can be seen of an audit while it runs."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.audit.conftest import SETTINGS
from vtviz.audit import live
from vtviz.audit.audit import run_audit
from vtviz.audit.live import NOW, Moment, moment_of
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.watch import Cancelled, Progress, Watch

PLAIN = replace(SETTINGS, methods=("raw_attention",), metrics=("insertion", "pointing"), probes=1)


def test_a_running_audit_says_which_row_it_is_at(
    manifest: Path, tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY", 0.0)
    folder, seen = tmp_path / "out", list[tuple[int, Moment | None]]()
    rows = read_manifest(manifest)

    def stop_at_the_fourth() -> bool:
        return len(seen) > 3 and seen[-1][0] == 4

    def look(now: Progress) -> None:
        if now.stage == "rows":
            seen.append((now.done, moment_of(folder)))

    with pytest.raises(Cancelled):
        run_audit(rows, PLAIN, folder, door, Watch(look, stop_at_the_fourth))
    assert [(done, moment and moment.row) for done, moment in seen] == [(0, None), (1, 1), (2, 2), (3, 2), (4, 4)]
    moment = moment_of(folder)  # the third row failed; what was seen last stays where the audit was cancelled
    assert moment is not None and (moment.text, moment.image, moment.rows) == (rows.rows[3].text, "photo-3.png", 3)
    assert moment.accepted == (moment.score >= 0.5) and moment.method == "raw_attention"
    width, height = Image.open(io.BytesIO(moment.picture)).size
    assert width > 2 * height  # the photo beside its heatmap

    seen.clear()
    run_audit(rows, PLAIN, folder, door, Watch(look))
    last = seen[-1][1]
    assert last is not None and last.row == 5 and last.rows == 4
    table = pq.read_table(folder / "rows.parquet", filters=[("status", "=", "ok")]).to_pylist()
    for method, values in last.figures["tiny"].items():
        for metric, mean in values.items():
            measured = [row[metric] for row in table if row["method"] == method and row[metric] is not None]
            assert mean == pytest.approx(np.mean(measured))
    assert last.figures["tiny"].keys() == {"raw_attention", "random"}
    assert moment_of(folder) is None and not (folder / NOW).exists()
    (folder / NOW).write_text("{")
    assert moment_of(folder) is None
