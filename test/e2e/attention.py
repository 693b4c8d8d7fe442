"""attention.py BATTEN: attention over 1 to 2049 keys has the exact evaluator's bits, at every CPU level.

Sizes stand about the edges of what the kernel cuts: 6 queries of a tile, 16 and 64 keys of a panel, 48 queries of a
unit, 64 keys of a chunk, or pairs of them, 2048 keys of one block; of AMX tiles, which are emulated, 32 queries or keys.
Values of each fifth key are infinite or no number, and reach no query that does not see that key.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import itertools
import math
import pathlib
import subprocess
import sys
import tempfile

BATTEN = sys.argv[1]
PROGRAM = pathlib.Path(__file__).resolve().parent / "Inputs/attention.btn"
SIZES = [1, 2, 6, 7, 16, 17, 32, 48, 49, 64, 65, 128, 129, 513, 2048, 2049]
FUNCTIONS = ["causal", "full", "causal_pairs", "full_pairs"]
LEVELS = [["x86-64-v3"], ["native"], ["sapphirerapids", "--emulate"]]


def save_values(path, size):
    """[1, size, 2] of f32, of which a bf16 takes what it holds."""
    special = [math.inf, -math.inf, math.nan, math.inf]
    values = [1.0 if key % 5 or key < 3 else special[(key + column) % 4] for key in range(size) for column in range(2)]
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {size}, 2)}}".ljust(117) + "\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    pathlib.Path(path).write_bytes(data + array.array("f", values).tobytes())


def words(path):
    """The result's 32-bit words; all NaNs are one."""
    found = array.array("I", path.read_bytes()[128:])
    return [0x7FC00000 if word & 0x7FFFFFFF > 0x7F800000 else word for word in found]


def run(function, size, output, *options, values=None):
    inputs = [f"--{name}=normal:{seed}" for seed, name in enumerate("qkv", size)]
    if values:
        inputs[2] = f"--v=@{values}"
    command = [BATTEN, "run", PROGRAM, function, *inputs, "--dim", "B=1", "--dim", f"T={size}", "-o", output, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{function} at T = {size}: {done.stderr}")
    return words(pathlib.Path(output))


faults = hidden = 0
with tempfile.TemporaryDirectory() as folder:
    for size in SIZES:
        save_values(f"{folder}/v.npy", size)
        cases = [(function, None) for function in FUNCTIONS] + [("causal_pairs", f"{folder}/v.npy")]
        for (function, values), (level, *options) in itertools.product(cases, LEVELS):
            if options and (size > 513 or "pairs" not in function):
                continue  # slow, and nothing that the others don't show
            exact = run(function, size, f"{folder}/exact.npy", "--exact", f"--target=cpu:{level}", values=values)
            found = run(function, size, f"{folder}/found.npy", f"--target=cpu:{level}", *options, values=values)
            hidden += values is not None and 0x7FC00000 in exact and exact[0] == 0x3F800000
            if found != exact:
                print(f"{function} at T = {size} has other bits at {level}" + (" of special values" if values else ""))
                faults += 1
print(f"{len(SIZES)} sizes, {faults} faults, {hidden} with values that only some queries see")
sys.exit(faults > 0 or hidden < 10)
