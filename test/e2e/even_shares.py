"""even_shares.py BATTEN FILE: each of two threads has half of a product's outputs, of however many blocks its rows are.

A call is lent a service that does the first of two parts and leaves the other one; what it leaves of the result is seen.
Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import ctypes
import sys

from program import Call, ParallelFor, Program, numbers

DEPTH, COLUMNS, UNTOUCHED = 1024, 64, 2.0**100
ROWS = [255, 256, 509, 1024, 1031]


@ParallelFor
def only_the_first(_, count, body, context):
    assert count == 2, count
    body(context, 0, 1)


call = Call(ctypes.sizeof(Call), 2, only_the_first, None, None, None, None)
program = Program(sys.argv[1], sys.argv[2], [numbers(DEPTH * COLUMNS, 1)], target="x86-64-v3")
faults = []
for rows in ROWS:
    x, out = numbers(rows * DEPTH, 2), array.array("f", [UNTOUCHED]) * (rows * COLUMNS)
    result = program.call("product", [rows], [x, out], service=ctypes.byref(call))
    assert result == 0, result
    share = 1 - out.count(UNTOUCHED) / len(out)
    if not 0.48 <= share <= 0.52:
        faults.append(f"{rows} rows: the first of two threads has {share:.3f} of the outputs")
print("\n".join(faults))
sys.exit(bool(faults))
