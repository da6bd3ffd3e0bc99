"""The simulation of a server against what can be computed by hand."""

import pytest

from benchmarks.server.simulate import Server, most_users, simulate

READS = (0.9, 1.1)


def test_one_user_never_waits() -> None:
    found = simulate(Server(1, 0.5, variation=0.0), 1, pause=READS)
    assert found.seconds == pytest.approx([0.5] * len(found.seconds))
    assert found.busy == pytest.approx(0.5 / 1.5, rel=0.02) and not found.refused


def test_a_replica_that_is_always_busy_gives_one_answer_after_the_other() -> None:
    figures = simulate(Server(1, 0.5, variation=0.3), 40, pause=READS).figures()
    assert figures["busy_share"] == pytest.approx(1, abs=0.01)
    assert figures["answers"] == pytest.approx(8 * 60 / 0.5, rel=0.02)  # the first fifth of ten minutes does not count
    assert figures["median_s"] == pytest.approx(40 * 0.5 - 1, rel=0.03)  # the law of Little


def test_more_replicas_stand_more_users_and_a_full_queue_refuses() -> None:
    one, two = (most_users(Server(count, 0.2), READS) for count in (1, 2))
    assert one > 5 and two == pytest.approx(2 * one, rel=0.15)
    assert simulate(Server(1, 0.5, queue=4), 40, pause=READS).refused > 100


def test_a_search_waits_for_its_shards_and_then_for_a_replica() -> None:
    found = simulate(Server(1, 0.5, variation=0.0, shards=3, scan_s=0.25), 1, pause=READS)
    assert found.figures()["p95_s"] == 0.75
    crowd = simulate(Server(64, 0.01, shards=3, scan_s=0.25), 40, pause=READS)
    assert len(crowd.seconds) / (0.8 * 600) == pytest.approx(1 / 0.25, rel=0.05)  # the slowest shard decides
