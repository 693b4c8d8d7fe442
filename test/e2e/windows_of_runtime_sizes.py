"""windows_of_runtime_sizes.py BATTEN: one library has the exact evaluator's bits for images of many sizes, at every level.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from program import BUILDS

BATTEN = sys.argv[1]
PROGRAM = pathlib.Path(__file__).resolve().parent / "Inputs/windows-of-runtime-sizes.btn"
SIZES = [(1, 1), (2, 13), (4, 15), (3, 31), (23, 61), (70, 5)]


def run(program, function, parameters, height, width, output, *options):
    inputs = [f"--{name}=normal:{seed}" for seed, name in enumerate(re.findall(r"(\w+): ", parameters))]
    sizes = {"B": 2, "H": height, "W": width}
    dims = [f"--dim={dim}={size}" for dim, size in sizes.items() if re.search(rf"\b{dim}\b", parameters)]
    command = [BATTEN, "run", program, function, *inputs, *dims, "-o", output, *options]
    subprocess.run(command, check=True)
    return pathlib.Path(output).read_bytes()


faults = 0
with tempfile.TemporaryDirectory() as folder:
    libraries = {build: f"{folder}/{build}.so" for build in BUILDS}
    for build, library in libraries.items():
        subprocess.run([BATTEN, "build", "--quiet", PROGRAM, *BUILDS[build], "-o", library], check=True)
    functions = re.findall(r"^pub fn (\w+)\(([^)]*)\)", PROGRAM.read_text(), re.MULTILINE)
    for name, parameters in functions:
        for height, width in SIZES:
            exact = run(PROGRAM, name, parameters, height, width, f"{folder}/exact.npy", "--exact")
            for threads, library in enumerate(libraries.values(), 1):
                if run(library, name, parameters, height, width, f"{folder}/out.npy", f"--threads={threads}") != exact:
                    print(f"{name} of {height} x {width} has not the exact bits in {library}")
                    faults += 1
print(f"{len(functions)} functions, {faults} faults")
sys.exit(faults > 0)
