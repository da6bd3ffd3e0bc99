"""How a server grows: ``python -m benchmarks.server.simulate --service 0.15``, a discrete-event simulation.

With ``--photos 100e6 --shards 100`` every request is a search: each shard looks at its share of the vectors, one query
at a time, and when the last one has answered a replica takes the second look.

Users read for a while, ask, and wait for the answer. Each replica answers one request at a time, in the order in which
they come, and refuses those beyond its queue; who is refused asks again later. A request goes to the shorter queue of
two replicas drawn at random, as Ray Serve does it. Service times are drawn around a measured mean with a measured
spread. Prints the times to an answer for each number of users and replicas, and how many users a replica stands.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import statistics
from collections import deque
from dataclasses import dataclass, field

from vtviz.engine.turns import QUEUE

PAUSE = (0.5, 2.0)  # seconds in which a user of the crowd reads; people read longer
AGAIN = 2.0  # seconds after which who was refused asks again
WARM = 0.2  # of the time, which is not counted
USERS = (32, 100, 300, 1000)
WAIT = 2.0  # seconds that 95 of 100 answers may take
SCAN = 0.09  # seconds of a shard for a million vectors, as `benchmarks.search vectors` measured it


@dataclass(frozen=True)
class Server:
    """Replicas, the mean and the coefficient of variation of their service time in seconds, the share of requests that
    are answered from what is kept in ``kept_s``, and how many may wait at each. Before it comes to a replica, a search
    takes ``scan_s`` of every shard."""

    replicas: int
    service_s: float
    variation: float = 0.3
    kept: float = 0.0
    kept_s: float = 0.01
    queue: int = QUEUE
    shards: int = 0
    scan_s: float = 0.0


@dataclass
class Outcome:
    """What happened: seconds to each answer, how many were refused, and the share of the time that replicas worked."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    busy: float = 0.0

    def figures(self) -> dict[str, float]:
        """The outcome in numbers."""
        few = len(self.seconds) < 20
        return {
            "answers": len(self.seconds),
            "median_s": round(statistics.median(self.seconds), 2) if self.seconds else math.nan,
            "p95_s": math.nan if few else round(statistics.quantiles(self.seconds, n=20)[-1], 2),
            "refused_share": round(self.refused / max(1, self.refused + len(self.seconds)), 3),
            "busy_share": round(self.busy, 2),
        }


def simulate(
    server: Server, users: int, minutes: float = 10.0, pause: tuple[float, float] = PAUSE, seed: int = 0
) -> Outcome:
    """Users of a server for so many minutes."""
    rng, end = random.Random(seed), 60 * minutes
    events = [(rng.uniform(*pause), index, "ask", index) for index in range(users)]
    heapq.heapify(events)
    queues = [deque[tuple[int, float]]() for _ in range(server.replicas)]
    free_at, missing = [0.0] * server.shards, [0] * users  # of the shards; of the answers to a user's search
    asked_at, outcome, worked, count = [0.0] * users, Outcome(), 0.0, users
    sigma = math.sqrt(math.log(1 + server.variation**2))
    mean = math.log(server.service_s) - sigma**2 / 2

    def push(at: float, what: str, about: int) -> None:
        nonlocal count
        count += 1
        heapq.heappush(events, (at, count, what, about))

    def begin(replica: int, now: float) -> None:
        nonlocal worked
        spent = server.kept_s if rng.random() < server.kept else rng.lognormvariate(mean, sigma)
        worked += spent if now > WARM * end else 0.0
        push(now + spent, "done", replica)

    while events:
        now, _, what, about = heapq.heappop(events)
        if now > end:
            break
        if what == "ask":
            asked_at[about], missing[about] = now, server.shards
            for shard in range(server.shards):
                free_at[shard] = max(free_at[shard], now) + server.scan_s * rng.lognormvariate(-(sigma**2) / 2, sigma)
                push(free_at[shard], "scanned", about)
        if what == "scanned":
            missing[about] -= 1
        if what in ("ask", "scanned", "again"):
            if missing[about]:
                continue
            two = rng.sample(range(server.replicas), min(2, server.replicas))
            replica = min(two, key=lambda each: len(queues[each]))
            if len(queues[replica]) >= server.queue:
                outcome.refused += now > WARM * end
                push(now + AGAIN, "again", about)
                continue
            queues[replica].append((about, now))
            if len(queues[replica]) == 1:
                begin(replica, now)
            continue
        user, _ = queues[about].popleft()
        if now > WARM * end:
            outcome.seconds.append(now - asked_at[user])
        push(now + rng.uniform(*pause), "ask", user)
        if queues[about]:
            begin(about, now)
    outcome.busy = worked / ((1 - WARM) * end * server.replicas)
    return outcome


def most_users(server: Server, pause: tuple[float, float], wait: float = WAIT) -> int:
    """How many users get 95 of 100 answers in time."""
    low, high = 1, 2
    while simulate(server, high, pause=pause).figures()["p95_s"] <= wait:
        low, high = high, 2 * high
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        if simulate(server, middle, pause=pause).figures()["p95_s"] <= wait:
            low = middle
        else:
            high = middle
    return low


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--service", type=float, required=True, help="seconds of one explanation on a replica")
    parser.add_argument("--variation", type=float, default=0.3)
    parser.add_argument("--kept", type=float, default=0.0, help="share of the requests that are answered at once")
    parser.add_argument("--pause", type=float, nargs=2, default=PAUSE, help="seconds between answer and next request")
    parser.add_argument("--photos", type=float, default=0, help="every request is a search among so many")
    parser.add_argument("--shards", type=int, default=1, help="machines that share the vectors of a search")
    parser.add_argument("--users", type=int, nargs="*", default=USERS)
    parser.add_argument("--replicas", type=int, nargs="*", default=(1, 2, 4, 8, 16, 32))
    given = parser.parse_args()
    pause = (given.pause[0], given.pause[1])

    def server(replicas: int) -> Server:
        shards, scan_s = (given.shards, SCAN * given.photos / 1e6 / given.shards) if given.photos else (0, 0.0)
        return Server(replicas, given.service, given.variation, given.kept, shards=shards, scan_s=scan_s)

    result = {
        "service_s": given.service,
        "pause_s": pause,
        "users_of_a_replica": {count: most_users(server(count), pause) for count in given.replicas if count <= 8},
        "runs": [
            {"users": users, "replicas": count, **simulate(server(count), users, pause=pause).figures()}
            for users in given.users
            for count in given.replicas
        ],
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
