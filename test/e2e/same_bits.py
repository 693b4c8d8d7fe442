"""same_bits.py BATTEN FILE: every function of FILE has the exact evaluator's bits, at each level, on two threads, unfused.

B is small, and then two threads share the work. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from program import BUILDS

batten, source = sys.argv[1], sys.argv[2]
text = pathlib.Path(source).read_text()
FIXED = set(re.findall(r"(\w+) = \d", text.split("\npub ")[0]))
SIZES = {"B": (3, 8), "T": (5, 5), "D": (7, 7), "E": (22, 22), "O": (1, 1)}


def run(*command):
    ran = subprocess.run([batten, *command], stderr=subprocess.PIPE, timeout=100)
    if ran.returncode:
        sys.exit(f"{command}: exit {ran.returncode}: {ran.stderr.decode()}")


def faults_of(folder, libraries, name, arguments, result):
    out = folder / "out.npy"
    inputs = [f"--{a}=normal:{i}" for i, a in enumerate(re.findall(r"(\w+): ", arguments))]
    used = [dim for dim in SIZES if dim not in FIXED and re.search(rf"\b{dim}\b", arguments + result)]
    for size in (0, 1) if "B" in used else (0,):
        given = [*inputs, *(f"--dim={dim}={SIZES[dim][size]}" for dim in used), f"--weights={weights}", "-o", out]
        run("run", source, name, *given, "--exact")
        exact = out.read_bytes()
        for build, library in libraries.items():
            run("run", library, name, *given, f"--threads={size + 1}")
            if out.read_bytes() != exact:
                yield f"{name}, {build}, B {SIZES['B'][size]}: compiled and exact differ"


with tempfile.TemporaryDirectory() as path:
    folder, libraries, faults = pathlib.Path(path), {}, []
    weights = folder / "w.safetensors"
    header = b'{"w":{"dtype":"F32","shape":[64,32],"data_offsets":[0,8192]}}'
    values = [((i * 37) % 41 - 20) / 8 for i in range(2048)]
    weights.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2048f", *values))
    for build, options in BUILDS.items():
        libraries[build] = folder / f"{build}.so"
        run("build", "--quiet", source, *options, "-o", libraries[build])
    functions = re.findall(r"pub fn (\w+)\(([^)]*)\) -> (\S.*?) (?:where .*)?=", text)
    for function in functions:
        faults += faults_of(folder, libraries, *function)
if text.count("pub fn") != len(functions):
    faults.append(f"{len(functions)} functions were read, not all")
print("\n".join(faults))
sys.exit(bool(faults))
