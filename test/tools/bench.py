"""bench.py FILE: what `batten bench --json` says of a product of 128 rows of 256 by 256x64 is right.

Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import sys

(row,) = json.load(open(sys.argv[1]))["rows"]
assert row["dims"] == "B=64 T=2", row
assert row["samples"] == 128, row
assert row["flops"] == 2 * 128 * 256 * 64, row
assert row["bytes"] == 4 * (128 * 256 + 256 * 64 + 128 * 64), row
assert 0 < row["low"] <= row["seconds"] <= row["high"] < 1, row
assert row["calls"] >= 20, row
# It cannot be faster than arithmetic is, nor (with any kernel that deserves the name) a hundred times slower.
assert 0.01 < row["flops"] / row["seconds"] / row["peak_flops_per_second"] < 1.1, row
