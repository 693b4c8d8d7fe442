"""deep_products.py BATTEN FOLDER: deep products have the bits of the exact evaluator, in however many parts and tiles.

How the depth is cut depends on how many rows there are: one tile, two that have hardly more than one, more, and several
blocks of them. Each level, two threads and unfused kernels have the same bits.
Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import subprocess
import sys

from program import BUILDS, numbers, save_safetensors

batten, folder = sys.argv[1], pathlib.Path(sys.argv[2])
source = pathlib.Path(__file__).resolve().parent / "Inputs" / "deep_products.btn"
ROWS = [1, 2, 3, 6, 7, 8, 9, 10, 13, 19, 127]
FUNCTIONS = {"packed": ["x"], "given": ["x", "w", "b"], "wide": ["x", "v"], "halves": ["x", "w"], "sums_of_bytes": ["x", "w"]}
faults = []


def run(program, name, rows, *options):
    """The bytes of the result without its header."""
    out, inputs = folder / "out.npy", [f"--{a}=normal:{i + 3}" for i, a in enumerate(FUNCTIONS[name])]
    command = [batten, "run", program, name, *inputs, f"--dim=B={rows}", f"--weights={weights}"]
    ran = subprocess.run([*command, "-o", out, *options], capture_output=True, timeout=60)
    if ran.returncode:
        sys.exit(f"{name} with {rows} rows: {ran.stderr.decode()}")
    data = out.read_bytes()
    return data[10 + int.from_bytes(data[8:10], "little") :]


weights = folder / "weights.safetensors"
save_safetensors(weights, {"w": ((2051, 70), array.array("f", (v * 0.7 for v in numbers(2051 * 70, 1))))})
expected = {name: run(source, name, ROWS[-1], "--exact") for name in FUNCTIONS}
for build, options in BUILDS.items():
    library = folder / f"lib{build}.so"
    subprocess.run([batten, "build", "--quiet", source, *options, "-o", library], check=True)
    for name in FUNCTIONS:
        row = len(expected[name]) // ROWS[-1]
        for rows in ROWS:
            threads = 2 if rows == ROWS[-1] or build in ("unfused", "x86-64-v4") else 1
            if run(library, name, rows, f"--threads={threads}") != expected[name][: rows * row]:
                faults.append(f"{name} with {rows} rows, {build}, {threads} threads: compiled and exact differ")
print("\n".join(faults))
sys.exit(bool(faults))
