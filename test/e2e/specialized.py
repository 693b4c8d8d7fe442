"""specialized.py BATTEN: functions with code of their own for some sizes give the bits of those without.

At each CPU level, for sizes that have a version and for their neighbours, in a workspace as large as the program asks for.
Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import sys

from program import Program, numbers

SOURCE = pathlib.Path(__file__).resolve().parent / "Inputs/specialized.btn"
WEIGHTS = [numbers(64 * 48, 1), numbers(48, 2), numbers(48 * 8, 3)]
HAS_V4 = "avx512vl" in pathlib.Path("/proc/cpuinfo").read_text()


def empty(count):
    return array.array("f", [-1.0] * count)


def call(program, kind, name, batch, steps):
    """The bytes of the outputs."""
    if name == "":
        tensors, sizes = [numbers(64 * batch, batch), empty(8 * batch)], [batch]
    elif name == "_scaled":
        tensors, sizes = [numbers(64 * batch, batch), numbers(8, 5), empty(8 * batch), empty(8)], [batch]
    else:
        tensors, sizes = [numbers(64 * batch * steps, batch), empty(8 * batch)], [batch, steps]
    result = program.call(kind + name, sizes, tensors)
    assert result == 0, f"{kind}{name} gives {result} at {sizes}"
    return b"".join(tensor.tobytes() for tensor in tensors)


reference = {}
for target in ("x86-64-v3", "x86-64-v4", "x86-64-v3,x86-64-v4"):
    if target == "x86-64-v4" and not HAS_V4:
        continue
    program = Program(sys.argv[1], SOURCE, WEIGHTS, target)
    for name in ("", "_scaled", "_pooled"):
        for batch in (0, 1, 2, 7, 8, 9, 33):
            for steps in (1, 8, 15, 16) if name == "_pooled" else (1,):
                plain, fixed = (call(program, kind, name, batch, steps) for kind in ("plain", "fixed"))
                assert plain == fixed, f"{name} at B = {batch}, T = {steps} for {target}"
                assert reference.setdefault((name, batch, steps), plain) == plain, f"{name} at {batch} for {target}"
