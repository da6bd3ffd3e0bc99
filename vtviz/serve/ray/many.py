"""The steps of long work side by side on the workers of a Ray cluster (Ray Data)."""

from __future__ import annotations

import logging
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.frames import failure_frame, read_failure, read_frames
from vtviz.jobs.many import Lost, Task
from vtviz.watch import Watch

TRIES = 3  # of a step whose worker was lost
IN_HAND = 2  # steps that each worker has at once, so that none waits for the next
AT_A_TIME = 256  # steps of each worker that are listed at once


class Tries:
    """Counts how often each step was begun, whoever begins it."""

    def __init__(self) -> None:
        self._begun = Counter[int]()

    def begin(self, place: int) -> int:
        """How often a step was begun before now."""
        self._begun[place] += 1
        return self._begun[place] - 1


class Worker:
    """An engine of its own in a process of the cluster.

    Args:
        device: that of LocalEngine.
        threads: of torch, on the CPU.
        tries: an actor that counts them.
    """

    def __init__(self, device: str, threads: int, tries: Any) -> None:
        torch.set_num_threads(threads)
        self._engine, self._tries = LocalEngine(device, models=1), tries

    def __call__(self, step: dict[str, Any]) -> dict[str, Any]:
        """What the task of a step gives, or how it failed; ``found`` is empty where it was lost too often."""
        import ray

        place, task = step["place"], step["task"]
        if ray.get(self._tries.begin.remote(place)) >= TRIES:
            return {"place": place, "good": False, "found": b""}
        try:
            run: Task = pickle.loads(task)
            return {"place": place, "good": True, "found": pickle.dumps(run(self._engine.ask, Watch()))}
        except Exception as error:
            return {"place": place, "good": False, "found": failure_frame(error).written()}


class RayMany:
    """Does many steps on a cluster that is connected already. A step whose worker is lost is done again by another one.

    Args:
        device: what each worker runs on, as LocalEngine names it.
        workers: how many there are; where None, as many as the cluster has room for.
        threads: of each on the CPU.
        gpus: the part of a GPU that each has.
    """

    def __init__(self, device: str = "auto", workers: int | None = None, threads: int = 1, gpus: float = 0.0) -> None:
        import ray

        there = ray.cluster_resources()
        room = there.get("CPU", 1) // threads if not gpus else min(there.get("GPU", 0) // gpus, there.get("CPU", 1))
        self.workers = workers or max(1, int(room))
        self.device, self.threads, self.gpus = device, threads, gpus

    def __call__(self, tasks: Sequence[Task], watch: Watch, /) -> Iterator[Any]:
        """What each task gives, in their order; a Lost in the place of one whose worker was lost again and again."""
        window = AT_A_TIME * self.workers
        for first in range(0, len(tasks), window):
            yield from self._done(tasks[first : first + window], watch)

    def _done(self, tasks: Sequence[Task], watch: Watch) -> Iterator[Any]:
        held, place = dict[int, Any](), 0
        for step in self._steps(tasks):
            watch.check(pause=False)
            held[step["place"]] = pickle.loads(step["found"]) if step["good"] else _failure(step["found"])
            while place in held:
                yield _raised(held.pop(place))
                place += 1
        for missing in range(place, len(tasks)):  # Ray gave up on them
            yield _raised(held.pop(missing, _failure(b"")))

    def _steps(self, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
        """What came of the tasks, in the order in which they end."""
        import ray.data

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # whoever waits sees a bar of their own
        context.max_errored_blocks = -1  # a step that is lost for good costs no other
        tries = ray.remote(num_cpus=0)(Tries).remote()
        items = [{"place": place, "task": pickle.dumps(task)} for place, task in enumerate(tasks)]
        size = min(self.workers, len(items))
        steps = ray.data.from_items(items, override_num_blocks=len(items)).map(
            Worker,
            fn_constructor_args=(self.device, self.threads, tries),
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=IN_HAND),
            num_cpus=self.threads,
            num_gpus=self.gpus,
        )
        yield from steps.iter_rows()


def _failure(frame: bytes) -> BaseException:
    if not frame:
        return Lost("Its worker was lost {tries} times; the log of the cluster may say why.", tries=TRIES)
    return read_failure(next(read_frames([frame])))


def _raised(found: Any) -> Any:
    """What was found; what a task raised is raised."""
    if isinstance(found, BaseException) and not isinstance(found, Lost):
        raise found
    return found
