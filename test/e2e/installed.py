"""installed.py BUILD EXAMPLE WORK: a project outside of the tree uses an installed Batten, and only that.

Installs BUILD under WORK, copies EXAMPLE there, configures, builds and runs it; then changes what it was made of and
sees what is built again. Prints what the program says.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import json
import pathlib
import shutil
import struct
import subprocess
import sys

BUILD, EXAMPLE, WORK = (pathlib.Path(word).resolve() for word in sys.argv[1:])
PREFIX, SOURCE, OUT, WEIGHTS = WORK / "prefix", WORK / "source", WORK / "build", WORK / "w.safetensors"


def run(*command, fails=False):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    if (done.returncode != 0) != fails:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def save_weights(outputs):
    header = {
        "fc.weight": {"dtype": "F32", "shape": [outputs, 10], "data_offsets": [0, 40 * outputs]},
        "fc.bias": {"dtype": "F32", "shape": [outputs], "data_offsets": [40 * outputs, 44 * outputs]},
    }
    text = json.dumps(header).encode()
    numbers = array.array("f", [((7 * i) % 11 - 5) / 8 for i in range(11 * outputs)])
    WEIGHTS.write_bytes(struct.pack("<Q", len(text)) + text + numbers.tobytes())


def rebuilt(path, old, new):
    """What ninja does after `old` is replaced by `new` in a file of the example."""
    text = (SOURCE / path).read_text()
    if text.count(old) != 1:
        sys.exit(f"{path} has no single `{old}`")
    (SOURCE / path).write_text(text.replace(old, new))
    return "Compiling model classifier" in run("cmake", "--build", OUT)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run("cmake", "--install", BUILD, "--prefix", PREFIX)
    moved = PREFIX.rename(WORK / "moved")  # a package must not know where it was installed
    shutil.copytree(EXAMPLE, SOURCE)
    save_weights(5)
    run("cmake", "-G", "Ninja", "-S", SOURCE, "-B", OUT, f"-DCMAKE_PREFIX_PATH={moved}", f"-DWEIGHTS={WEIGHTS}")
    run("cmake", "--build", OUT)
    print(run(OUT / "embed"), end="")
    needed = run("readelf", "-d", moved / "lib/libbatten_runtime.so").split("\n")
    print("the shared library needs", *(line.split("[")[1].rstrip("]") for line in needed if "NEEDED" in line))
    print("its bytes below 200 kB:", (moved / "lib/libbatten_runtime.so").resolve().stat().st_size < 200_000)

    print("nothing changed:", "no work to do" in run("cmake", "--build", OUT))
    print("the model changed:", rebuilt("models/classifier.btn", "Ten numbers", "Ten floats"))
    print("an import changed:", rebuilt("models/layers.btn", "every model", "all models"))
    print("the host changed:", rebuilt("main.cpp", "samples = 1000", "samples = 100"))
    save_weights(4)
    print([line for line in run("cmake", "--build", OUT, fails=True).split("\n") if "has shape" in line][0])


main()
