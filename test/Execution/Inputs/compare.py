"""Compares two files of numbers, one a line: they may differ by 1e-5, the rounding of another order of sums."""

import sys

expected, actual = ([float(line) for line in open(path)] for path in sys.argv[1:3])
assert len(expected) == len(actual) > 0, f"expected {len(expected)} numbers, but got {len(actual)}"
worst = max(abs(a - b) for a, b in zip(expected, actual))
assert worst <= 1e-5, f"expected {expected}, but got {actual}"
assert abs(sum(actual) - 1) < 1e-4, f"expected probabilities, but got {actual}"
