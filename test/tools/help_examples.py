"""help_examples.py BATTEN EXAMPLES: every example that --help shows runs beside the programs of the examples folder.

Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

batten, examples = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
here = pathlib.Path(__file__).resolve().parent


def help_of(*words):
    ran = subprocess.run([batten, *words, "--help"], capture_output=True, text=True, check=True)
    assert not ran.stderr, ran.stderr
    return ran.stdout


def commands(text):
    """`  batten build simple.btn -o libsimple.so     a shared library` without the remark."""
    shown = re.findall(r"^  (batten \S.*)$", text[text.index("Examples:") :], re.MULTILINE)
    return [re.split(r"\s{2,}", line)[0] for line in shown]


with tempfile.TemporaryDirectory() as folder:
    for source in examples.glob("*/*.btn"):
        shutil.copy(source, folder)
    weights = [sys.executable, here / "Inputs" / "weights.py"]
    subprocess.run([*weights, "simple.safetensors", "fc.weight:F32:5,10", "fc.bias:F32:5"], cwd=folder, check=True)
    # An input of simple: three rows of ten.
    ten = pathlib.Path(folder, "ten.btn")
    ten.write_text("dim B\npub fn ten(x: f32[B | 10]) -> f32[B | 10] = x + 1.0\n")
    subprocess.run([batten, "run", ten, "ten", "--x=iota", "--dim", "B=3", "-o", "x.npy"], cwd=folder, check=True)
    environment = {**os.environ, "PATH": f"{batten.parent}:{os.environ['PATH']}"}
    faults, count = [], 0
    words = ["build", "run", "test", "check", "bench", "inspect", "explain", "fmt"]
    for words in ([], *([word] for word in words)):
        for command in commands(help_of(*words)):
            ran = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
            count += 1
            print(command)
            if ran.returncode:
                faults.append(f"{command}\n  exit {ran.returncode}: {ran.stderr}")
    for name in ("libsimple.so", "libwhole.so", "libsimple.a", "simple.h", "simple.o", "simple.weights.o", "simple.json", "simple.d", "y.npy", "q.npy"):
        if not os.path.exists(os.path.join(folder, name)):
            faults.append(f"no example made {name}")
print("\n".join(faults))
sys.exit(bool(faults) or count < 12)
