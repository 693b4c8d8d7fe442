"""windows.py BATTEN: convolutions and pools have the exact evaluator's bits at every CPU level, fused or not, on two threads.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from program import BUILDS

BATTEN = sys.argv[1]
PROGRAM = pathlib.Path(__file__).resolve().parent / "Inputs/windows.btn"
MODES = [*BUILDS.values(), ["--threads=2"]]


def run(function, arguments, output, *options):
    inputs = [f"--{name}=normal:{seed}" for seed, name in enumerate(arguments)]
    command = [BATTEN, "run", PROGRAM, function, *inputs, "--dim", "B=3", "-o", output, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{function} {options}: {done.stderr}")
        return None
    return pathlib.Path(output).read_bytes()


functions, faults = 0, 0
with tempfile.TemporaryDirectory() as folder:
    for name, parameters in re.findall(r"^pub fn (\w+)\(([^)]*)\)", PROGRAM.read_text(), re.MULTILINE):
        arguments = re.findall(r"(\w+): ", parameters)
        exact = run(name, arguments, f"{folder}/exact.npy", "--exact")
        functions += 1
        for mode in MODES:
            found = run(name, arguments, f"{folder}/found.npy", *mode)
            if found is None or found != exact:
                print(f"{name} has not the exact bits with {mode}")
                faults += 1
print(f"{functions} functions, {faults} faults")
sys.exit(faults > 0)
