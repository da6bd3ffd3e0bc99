"""On a Ray cluster of this machine, where Ray is installed: steps side by side, and an engine of replicas."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import WriteCaptions
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, InputError
from vtviz.jobs.many import Lost, one_by_one
from vtviz.manifests.read import read_manifest
from vtviz.paths import ASSETS
from vtviz.serve.ray.cluster import cluster
from vtviz.serve.ray.many import RayMany
from vtviz.watch import Watch

SAMPLES = ASSETS / "samples"


def double(number: int, door: Any, watch: Watch) -> int:
    time.sleep(0.2 if number == 0 else 0)  # the first ends last
    return 2 * number


def refuse(door: Any, watch: Watch) -> None:
    raise InputError("No {what}.", what="step")


def die(mark: Path, times: int, door: Any, watch: Watch) -> str:
    """Ends the process of its worker so many times before it works."""
    died = mark.read_text() if mark.exists() else ""
    if len(died) < times:
        mark.write_text(died + "x")
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


@pytest.fixture(scope="module")
def many() -> Iterator[RayMany]:
    with cluster():
        yield RayMany("cpu", workers=2)


def test_answers_come_in_order_and_errors_are_raised(many: RayMany) -> None:
    assert list(many([partial(double, number) for number in range(5)], Watch())) == [0, 2, 4, 6, 8]
    with pytest.raises(InputError, match="No step"):
        list(many([refuse], Watch()))


def test_a_step_whose_worker_is_lost_is_done_again_but_not_for_ever(many: RayMany, tmp_path: Path) -> None:
    tasks = [partial(double, 1), partial(die, tmp_path / "once", 1), partial(die, tmp_path / "ever", 99)]
    first, second, third = many(tasks, Watch())
    assert (first, second) == (2, "done") and isinstance(third, Lost) and "3 times" in str(third)
    assert (tmp_path / "ever").read_text() == "xxx"


def test_an_audit_has_the_figures_of_one_process(many: RayMany, tmp_path: Path, engine: LocalEngine) -> None:
    lines = [f'{{"image": "{SAMPLES / name}.jpg", "text": "A {name}"}}\n' for name in ("coffee", "dog", "camera")]
    (tmp_path / "m.jsonl").write_text("".join(lines))
    rows, settings = read_manifest(tmp_path / "m.jsonl"), Settings(metrics=("insertion",), steps=2, probes=0)
    here = run_audit(rows, settings, tmp_path / "here", engine.ask, many=one_by_one(engine.ask))
    there = run_audit(rows, settings, tmp_path / "there", engine.ask, many=many)
    assert there["summary"] == here["summary"] and there["summary"]["rows"]["vtviz-base"]["measured"] == 3


def test_replicas_answer_as_an_engine_here_does(many: RayMany, cat: ImageInput, engine: LocalEngine) -> None:
    import ray
    from ray import serve

    from vtviz.serve.ray.engine import NAME, RayEngine, Replicas, deployment

    serve.start(proxy_location="Disabled")
    there = RayEngine(serve.run(deployment(Replicas(device="cpu")), name=NAME, route_prefix=None), "local")
    heard: list[str] = []
    watch, asked = Watch(lambda now: heard.append(now.stage), request_id="of-the-page"), Explain(cat, "a brown cat")
    found, own = there.ask(asked, watch), engine.ask(asked)
    assert found.score == own.score and (found.relevance.maps == own.relevance.maps).all()
    written, expected = (each.ask(WriteCaptions(cat), watch) for each in (there, engine))
    assert [(each.tokens.text, each.score) for each in written] == [(each.tokens.text, each.score) for each in expected]
    assert heard and there.is_loaded("vtviz-base") and there.status().runs[-1].request == "WriteCaptions"
    logs = Path(ray._private.worker._global_node.get_logs_dir_path()).glob("worker-*.err")
    assert any('"request_id": "of-the-page"' in log.read_text() for log in logs)
    with pytest.raises(InputError, match="no words"):
        there.ask(Explain(cat, "?!"))
    slow = there.start(Explain(cat, "a brown cat", method="rise"))
    while not slow.now.done:
        time.sleep(0.05)
    slow.cancel()
    there.close()
    serve.delete(NAME)
