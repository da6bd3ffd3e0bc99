"""Odd inputs by the thousand: ``python -m tests.reliability.fuzz KIND [--count N] [--seed N]``."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import warnings

from tests.reliability.fuzz.running import run

KINDS = ("photos", "texts", "manifests", "links", "reports", "weights", "policies", "stories", "archives", "trainings")


def main() -> int:
    """Prints the figures; 1 where an error had no sentence, or an input took too long or too much."""
    parser = argparse.ArgumentParser(description="Odd inputs by the thousand, as they follow from a seed.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    figures = run(importlib.import_module(f"tests.reliability.fuzz.{asked.kind}").cases, asked.count, asked.seed)
    print(f"{asked.kind}: {figures}")
    return int(not figures.hold)


if __name__ == "__main__":
    sys.exit(main())
