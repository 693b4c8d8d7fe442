"""batch_sizes.py BATTEN: no samples and ten million of them, through the C interface.

An empty batch gives outputs without elements, sums of nothing, or a refusal that writes nothing. A Linear 10 -> 5 on ten million samples gives each the bits that it has in a batch of a thousand, and a workspace that
grows with B by the same bytes a sample everywhere.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import sys

from program import Program, numbers

BATTEN = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent
SIMPLE = HERE.parent.parent / "examples/simple/simple.btn"
E_SIZE, E_EMPTY = 2, 8
OLD = -123.0  # what an output holds before the call
faults = []


def expect(got, wanted, what):
    if got != wanted:
        faults.append(f"{what}: {got}, expected {wanted}")


def empty_batches():
    program = Program(BATTEN, HERE / "Inputs/empty.btn")
    outputs = array.array("f", [OLD] * 3)
    flags = array.array("B", [7, 7])
    expect(program.call("kept", [0], [None, numbers(6, 1), None, None]), 0, "outputs without elements")
    yes = array.array("B", [7])
    expect(program.call("summed", [0], [None, None, outputs, flags, yes]), 0, "reductions of nothing")
    expect(list(outputs), [0.0] * 3, "sum of nothing")
    expect((flags[0], yes[0]), (0, 1), "any and all of nothing")
    expect(flags[1], 7, "what lies behind an output")
    for name in ("averaged", "greatest", "least", "spread_out"):
        outputs[:] = array.array("f", [OLD] * 3)
        expect(program.call(name, [0], [None, outputs]), E_EMPTY + (1 << 8), name)
        expect(list(outputs), [OLD] * 3, f"output of the refused {name}")
        expect(program.workspace(name, 0), -1, f"workspace of {name}")
    expect(program.call("bounded", [0, 1], [None, None]), 0, "a bounded dim beside an empty batch")
    expect(program.call("bounded", [0, 0], [None, None]), E_SIZE + (2 << 8), "a bounded dim of 0")
    expect(program.call("bounded", [-1, 1], [None, None]), E_SIZE + (1 << 8), "a negative batch")


def ten_million_samples():
    period, repeats = 1000, 10_000
    program = Program(BATTEN, SIMPLE, [numbers(50, 2), numbers(5, 3)])
    few = numbers(10 * period, 4)
    many, outputs = few * repeats, array.array("f", bytes(4 * 5 * period * repeats))
    expected = array.array("f", bytes(4 * 5 * period))
    expect(program.call("forward", [period], [few, expected]), 0, "a thousand samples")
    expect(program.call("forward", [period * repeats], [many, outputs]), 0, "ten million samples")
    if outputs != expected * repeats:
        faults.append("a sample among ten million has other bits than among a thousand")
    # Whole numbers below 2^24: the sum is exact, and so is any order of it.
    program = Program(BATTEN, SIMPLE, [array.array("f", [1.0] * 50), array.array("f", [0.0] * 5)])
    few = array.array("f", [0.0] * 10 * period)
    few[3], few[17 * 10] = 1.0, 2.0
    total = array.array("f", [OLD])
    expect(program.call("batch_sum", [period * repeats], [few * repeats, total]), 0, "a sum over ten million samples")
    expect(total[0], 5.0 * 3 * repeats, "the sum over ten million samples")
    for name in ("forward", "batch_mean", "batch_sum"):
        sizes = [program.workspace(name, count) for count in (10**6, 10**7, 10**8)]
        expect(sizes[2] - sizes[1], 10 * (sizes[1] - sizes[0]), f"growth of the workspace of {name}")


empty_batches()
ten_million_samples()
print("\n".join(faults))
sys.exit(bool(faults))
