"""The parts of ``python -m benchmarks``: each has a ``measure`` that gives figures."""
