"""placed_weights.py BATTEN LLVM WORK: weights in the artifact, and in an object beside it, from a C program.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import shutil
import subprocess
import sys

from program import numbers, save_safetensors

BATTEN, LLVM, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples/simple/simple.btn"
HOST = """#include "simple.h"
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
  static float weights[5 * 10 + 5], x[3 * 10], y[3 * 5];
  void *memory = aligned_alloc(64, SIMPLE_BYTES);
  const simple_program *program;
  batten_error error;
  for (int i = 0; i < 3 * 10; ++i)
    x[i] = (float)(i % 7) / 3.0f;
#ifdef BOUND
  FILE *file = fopen(words[1], "rb");
  simple_weights given = {weights, weights + 5 * 10};
  if (!file || fread(weights, sizeof weights, 1, file) != 1 ||
      simple_bind(memory, SIMPLE_BYTES, &given, &program, &error))
    return 1;
#else
  (void)count, (void)words, (void)weights;
  if (simple_bind(memory, SIMPLE_BYTES, &program, &error))
    return 1;
#endif
  int64_t bytes = simple_forward_workspace(3);
  if (simple_forward(program, 3, x, y, aligned_alloc(64, (size_t)(bytes + 64) / 64 * 64), bytes, NULL))
    return 2;
  for (int i = 0; i < 3 * 5; ++i)
    printf("%a ", y[i]);
  return 0;
}
"""


def run(*command, fails=False):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    if (done.returncode != 0) != fails:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def build(*options, fails=False):
    return run(BATTEN, "build", "simple.btn", "--quiet", *options, fails=fails)


def save(name, seed):
    weight, bias = numbers(50, seed), numbers(5, seed + 1)
    save_safetensors(pathlib.Path(name), {"fc.weight": ((5, 10), weight), "fc.bias": ((5,), bias)})
    pathlib.Path("raw").write_bytes(weight.tobytes() + bias.tobytes())


def outputs(*objects, bound=False):
    """What the C program prints; the weights are in no file then, unless it is to read them."""
    run(f"{LLVM}/clang", "-Wall", "-Werror", *(["-DBOUND"] if bound else []), "host.c", *objects, "-Wl,-rpath,.", "-o", "host")
    return run("./host", *(["raw"] if bound else []))


def compare(want):
    for where, kinds in (("embed", ("so", "a", "o")), ("link", ("a", "o"))):
        for kind in kinds:
            save("w.safetensors", 1)
            name = "simple.o" if kind == "o" else f"libsimple.{kind}"
            build(f"--weights=w.safetensors:{where}", "-o", name)
            os.remove("w.safetensors")
            beside = ["simple.weights.o"] if where == "link" else []
            print(f"{where} .{kind}:", "the same bits" if outputs(name, *beside) == want else "OTHER bits")
            for file in ("simple.weights.o", f"libsimple.{kind}"):
                if kind != "o" and os.path.exists(file):
                    os.remove(file)
    code = pathlib.Path("simple.o").read_bytes()
    save("w.safetensors", 7)
    build("--weights=w.safetensors:link", "-o", "simple.o")
    assert code == pathlib.Path("simple.o").read_bytes(), "the code depends on the weights"
    print("link .o with other weights:", "THE SAME bits" if outputs("simple.o", "simple.weights.o") == want else "other bits")


def look():
    save("w.safetensors", 1)
    made = []
    for _ in range(2):
        build("--weights=w.safetensors:embed", "-o", "libsimple.so", "--depfile=d")
        made.append(pathlib.Path("libsimple.so").read_bytes())
    print("built again:", "the same bytes" if made[0] == made[1] else "OTHER bytes")
    print("a rule for make names the weights:", "w.safetensors" in pathlib.Path("d").read_text().split())
    symbols = run(f"{LLVM}/llvm-nm", "-D", "--defined-only", "libsimple.so").split()[2::3]
    print("the library exports", *sorted(symbols))
    print([line for line in run(BATTEN, "inspect", "./libsimple.so").split("\n") if "the weights are" in line][0])
    print("the header has a struct of weights:", "simple_weights" in pathlib.Path("simple.h").read_text())
    build("--weights=w.safetensors", "-o", "libsimple.so")
    print("checked at build time, runtime: a struct of weights:", "simple_weights" in pathlib.Path("simple.h").read_text())


def refusals():
    save_safetensors(pathlib.Path("bad.safetensors"), {"fc.weight": ((5, 10), numbers(50, 1))})
    for weights in ("w.safetensors:inside", "w.safetensors:link", "no/such.safetensors:embed", "no/such.safetensors", ""):
        print(build(f"--weights={weights}", "-o", "libno.so", fails=True).split("\n")[0])
    print(build("--weights=bad.safetensors:embed", "-o", "libno.so", fails=True).split("\n")[0])
    count = 600_000_000
    pathlib.Path("huge.btn").write_text(
        f"model M {{\n  param w: f32[| {count}]\n  fn apply(x: f32[| {count}]) -> f32[| {count}] = x + w\n}}\n"
        f"pub fn f(x: f32[| {count}]) -> f32[| {count}] = M(x)\n"
    )
    save_safetensors(pathlib.Path("huge.safetensors"), {"w": ((count,), numbers(0, 1))})
    text = pathlib.Path("huge.safetensors").read_bytes()[8:].rstrip().replace(b"[0, 0]", b"[0, %d]" % (4 * count))
    with open("huge.safetensors", "wb") as file:  # sparse
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + 4 * count)
    print(run(BATTEN, "build", "huge.btn", "--weights=huge.safetensors:embed", "-o", "libno.so", fails=True).split("\n")[0])
    assert not os.path.exists("libno.so")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    os.chdir(WORK)
    shutil.copy(SOURCE, "simple.btn")
    pathlib.Path("host.c").write_text(HOST)
    save("w.safetensors", 1)
    build("-o", "libsimple.so")
    want = outputs("./libsimple.so", bound=True)
    compare(want)
    look()
    refusals()


main()
