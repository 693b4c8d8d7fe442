"""two_models.py BATTEN LLVM: two models in one C program, static and shared, in both orders.

The program's results are compared with those of the double-precision reference.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import shutil
import subprocess
import sys
import tempfile

from program import load_npy, numbers, save_npy, save_safetensors

BATTEN, LLVM = sys.argv[1], sys.argv[2]
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
SHAPES = {"weight": (5, 10), "bias": (5,), "x": (3, 10), "hidden": (3, 2, 512), "wq": (512, 64)}
RESULTS = {  # file of the host -> what computes it
    "y": ("simple", "forward", {"x": "x"}),
    "total": ("simple", "batch_sum", {"x": "x"}),
    "q": ("qproj", "q_proj", {"x": "hidden", "wq": "wq"}),
}


def run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=60)


def prepare(folder):
    """Inputs and reference results."""
    tensors = {}
    for seed, (name, shape) in enumerate(SHAPES.items()):
        count = 1
        for size in shape:
            count *= size
        tensors[name] = (shape, numbers(count, seed))
        (folder / name).write_bytes(tensors[name][1].tobytes())
        save_npy(folder / f"{name}.npy", tensors[name][1], shape)
    weights = folder / "w.safetensors"
    save_safetensors(weights, {"fc.weight": tensors["weight"], "fc.bias": tensors["bias"]})
    for file, (model, function, inputs) in RESULTS.items():
        options = [f"--{name}=@{folder / value}.npy" for name, value in inputs.items()]
        options += [f"--weights={weights}"] if model == "simple" else []
        options += ["--evaluate", "-o", folder / f"{file}.npy"]
        run(BATTEN, "run", EXAMPLES / model / f"{model}.btn", function, *options)


def faults(folder, how):
    for file in RESULTS:
        got, want = array.array("f", (folder / file).read_bytes()), load_npy(folder / f"{file}.npy")
        worst = max(abs(a - b) / max(1, abs(b)) for a, b in zip(got, want))
        if len(got) != len(want) or not worst < 1e-5:
            yield f"{how}: {file} differs by {worst}"


def main():
    folder, found = pathlib.Path(tempfile.mkdtemp()), []
    prepare(folder)
    for model in ("simple", "qproj"):
        for suffix in (".so", ".a"):
            run(BATTEN, "build", "--target=cpu:native", EXAMPLES / model / f"{model}.btn", "-o", folder / f"lib{model}{suffix}")
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    cc = [shutil.which("cc") or f"{LLVM}/clang", "-std=c11", *warnings, f"-I{folder}"]
    for order, define in ((("simple", "qproj"), []), (("qproj", "simple"), ["-DREVERSED"])):
        static = ["-static", *[folder / f"lib{model}.a" for model in order]]
        shared = [f"-L{folder}", f"-Wl,-rpath,{folder}", *[f"-l{model}" for model in order]]
        for how, libraries in (("static", static), ("shared", shared)):
            run(*cc, *define, HERE / "Inputs/two_models.c", "-o", folder / "host", *libraries)
            run(folder / "host", folder)
            found += faults(folder, f"{how}, {order[0]} first")
            for file in RESULTS:
                (folder / file).unlink()
    # The shortest host: the one that the interface gives as its example.
    embed = HERE.parent / "codegen/Inputs/interface/embed.c"
    run(*cc, embed, "-o", folder / "embed", "-static", folder / "libsimple.a", folder / "libqproj.a")
    run(folder / "embed")
    shutil.rmtree(folder)
    print("\n".join(found))
    return bool(found)


sys.exit(main())
