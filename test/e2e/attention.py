"""attention.py BATTEN: attention over 1 to 2049 keys has the exact evaluator's bits, at every CPU level.

Sizes stand about the edges of what the kernel cuts: 6 queries of a tile, 16 and 64 keys of a panel, 48 queries of a
unit, 64 keys of a chunk, or pairs of them, 2048 keys of one block.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import subprocess
import sys
import tempfile

BATTEN = sys.argv[1]
PROGRAM = pathlib.Path(__file__).resolve().parent / "Inputs/attention.btn"
SIZES = [1, 2, 6, 7, 16, 17, 48, 49, 64, 65, 128, 129, 513, 2048, 2049]
FUNCTIONS = ["causal", "full", "causal_pairs", "full_pairs"]


def run(function, size, output, *options):
    inputs = [f"--{name}=normal:{seed}" for seed, name in enumerate("qkv", size)]
    command = [BATTEN, "run", PROGRAM, function, *inputs, "--dim", "B=1", "--dim", f"T={size}", "-o", output, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{function} at T = {size}: {done.stderr}")
    return pathlib.Path(output).read_bytes()


faults = 0
with tempfile.TemporaryDirectory() as folder:
    for size in SIZES:
        for function in FUNCTIONS:
            for level in ("x86-64-v3", "native"):
                exact = run(function, size, f"{folder}/exact.npy", "--exact", f"--target=cpu:{level}")
                found = run(function, size, f"{folder}/found.npy", f"--target=cpu:{level}")
                if found != exact:
                    print(f"{function} at T = {size} has other bits at {level}")
                    faults += 1
print(f"{len(SIZES)} sizes, {faults} faults")
sys.exit(faults > 0)
