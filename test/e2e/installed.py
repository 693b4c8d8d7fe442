"""installed.py BUILD EXAMPLE WORK: a project outside of the tree uses an installed Batten, and only that.

Installs BUILD under WORK, copies EXAMPLE there, configures, builds and runs it; then changes what it was made of and
sees what is built again. Prints what the program says.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

BUILD, EXAMPLE, WORK = (pathlib.Path(word).resolve() for word in sys.argv[1:])
CXX = shutil.which("c++") or shutil.which("clang++-22")
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


OTHER_MODELS = """
set(weights leaked.safetensors)
batten_add_model(scaled models/two-scales.btn SHARED TARGET cpu:x86-64-v3)
batten_add_model(renamed models/two-scales.btn PREFIX other OPTIONS --fuse=off)
add_executable(kinds kinds.c)
batten_add_model(inside models/classifier.btn PREFIX inside WEIGHTS ${WEIGHTS}:embed)
batten_add_model(beside models/classifier.btn PREFIX beside WEIGHTS ${WEIGHTS}:link)
target_link_libraries(kinds PRIVATE scaled renamed inside beside)
get_target_property(none scaled BATTEN_WEIGHTS)
message(STATUS "weights of a model without: [${none}]")
"""
KINDS = """#include <beside.h>
#include <inside.h>
#include <other.h>
#include <stdio.h>
#include <two_scales.h>
int main(void) {
  static _Alignas(64) char memory[2][64], larger[INSIDE_BYTES];
  const inside_program *third;
  const two_scales_program *first;
  const other_program *second;
  float x[2] = {1, 2}, y[2], z[2];
  if (two_scales_bind(memory[0], 64, &first, NULL) || other_bind(memory[1], 64, &second, NULL) ||
      two_scales_twice(first, 2, x, y, NULL, 0, NULL) || other_twice(second, 2, y, z, NULL, 0, NULL))
    return 1;
  printf("a shared and a renamed library: %g\\n", z[1]);
  printf("bound without a file: %d\\n", inside_bind(larger, sizeof larger, &third, NULL) == 0);
  static _Alignas(64) char linked[BESIDE_BYTES];
  const beside_program *fourth;
  printf("bound to the object beside it: %d\\n", beside_bind(linked, sizeof linked, &fourth, NULL) == 0);
}
"""


PLAIN = """#include <batten/batten.hpp>
int main() {
  batten::Error error;
  return batten::Program::open("none.so", error) || error.code() != BATTEN_E_FILE;
}
"""


def without_cmake(prefix):
    (WORK / "plain.cpp").write_text(PLAIN)
    path = f"--with-path={prefix}/lib/pkgconfig"
    for kind in ([], ["--static"]):
        flags = run("pkg-config", path, *kind, "--cflags", "--libs", "batten").split()
        linked = [f"-Wl,-rpath,{prefix}/lib"] if not kind else ["-static"]
        run(CXX, "-std=c++17", WORK / "plain.cpp", *flags, *linked, "-o", WORK / "plain")
        run(WORK / "plain")
    print("pkg-config:", run("pkg-config", path, "--modversion", "batten").strip())
    print("its compiler:", run(run("pkg-config", path, "--variable=compiler", "batten").strip(), "--version").split()[0])


def documents(folder):
    print("licence:", (folder / "LICENSE").read_text().strip().split("\n")[0])
    print("op reference:", (folder / "ops.md").read_text().count("\n### "), "ops")
    for page in sorted(folder.rglob("*.md")):
        for link in re.findall(r"\]\(([\w./-]+\.\w+)\)", page.read_text()):
            if not (page.parent / link).exists():
                print(f"{page.relative_to(folder)} links to {link}, which is not installed")


def other_kinds():
    (SOURCE / "models/two-scales.btn").write_text("dim B\npub fn twice(x: f32[B |]) -> f32[B |] = x * 2.0\n")
    (SOURCE / "kinds.c").write_text(KINDS)
    with open(SOURCE / "CMakeLists.txt", "a") as file:
        file.write(OTHER_MODELS)
    told = run("cmake", "--build", OUT)
    print([line for line in told.split("\n") if "without:" in line][0].strip())
    print(run(OUT / "kinds"), end="")
    correct = (SOURCE / "CMakeLists.txt").read_text()
    (SOURCE / "models/more").mkdir()
    shutil.copy(SOURCE / "models/classifier.btn", SOURCE / "models/more")
    (SOURCE / "CMakeLists.txt").write_text(f"{correct}batten_add_model(odd models/more/classifier.btn)\n")
    told = " ".join(run("cmake", "--build", OUT, fails=True).split())
    print(re.search(r"batten_add_model\(odd\): .*?PREFIX <name>", told)[0].replace(str(SOURCE.resolve()) + "/", ""))
    for words in ("STATIC", "OPTIONS --prefix=p", "SHARED WEIGHTS w.safetensors:link"):
        (SOURCE / "CMakeLists.txt").write_text(f"{correct}batten_add_model(odd models/two-scales.btn {words})\n")
        told = " ".join(run("cmake", "--build", OUT, fails=True).split())  # CMake breaks lines where it likes
        begin = told.index("batten_add_model(odd)")
        print(told[begin : told.index("Call Stack", begin)].strip())


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run("cmake", "--install", BUILD, "--prefix", PREFIX)
    moved = PREFIX.rename(WORK / "moved")  # a package must not know where it was installed
    without_cmake(moved)
    documents(moved / "share/doc/batten")
    print("battenc:", run(moved / "bin/battenc", "--help").split(":")[0])
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
    save_weights(5)
    other_kinds()


main()
