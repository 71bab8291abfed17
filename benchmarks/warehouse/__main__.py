"""``uv run python -m benchmarks.warehouse``: makes each account, syncs it, rebuilds it and prints the tables."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.warehouse.results import play, steps, totals, verdict


def main() -> None:
    """Read the arguments, play, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse", description=__doc__)
    parser.add_argument(
        "--orders", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], help="sizes (0.1, 1 and 10 million)"
    )
    parser.add_argument("--syncs", type=int, default=5, help="syncs at each size (5)")
    parser.add_argument("--directory", type=Path, help="where the files are made; 10 million orders need about 10 GB")
    chosen = parser.parse_args()
    begun = time.monotonic()
    results = []
    for orders in chosen.orders:
        with tempfile.TemporaryDirectory(dir=chosen.directory) as directory:
            results.append(play(orders, chosen.syncs, Path(directory)))
    print(f"{totals(results)}\n\nSeconds on the clock / of all cores:\n\n{steps(results)}\n")
    for result in results:
        print(verdict(result))
    print(f"\n{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
