"""iree.py - IREE: the ONNX model imported and compiled for this CPU at O3; run by `local-sync` on one thread.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from peers import Contender, Stopwatch

NAME = "iree"
COMPILE = [
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
    "--iree-opt-level=O3",
]


def version():
    from importlib.metadata import version as installed

    import iree.compiler  # noqa: F401  (absent: ImportError)
    import iree.runtime  # noqa: F401

    return installed("iree-base-compiler")


def refuses(row):
    if row.dtype != "f32":
        return f"models of {row.dtype} are not imported"
    return None


def tool(name, *arguments):
    done = subprocess.run([Path(sys.executable).parent / name, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or f"{name} failed").splitlines()[0])


def compiled(row):
    """(the file, milliseconds to make it). Kept for the other numbers of threads; run.sh empties the folder."""
    folder = Path(os.environ["BATTEN_BENCH_WORK"]) / "iree"
    folder.mkdir(exist_ok=True)
    binary = folder / f"{hashlib.sha256(row.onnx).hexdigest()}.vmfb"
    with tempfile.TemporaryDirectory() as scratch, Stopwatch() as ready:
        if not binary.exists():
            model, text = Path(scratch) / "row.onnx", Path(scratch) / "row.mlir"
            model.write_bytes(row.onnx)
            tool("iree-import-onnx", model, "-o", text, "--opset-version", "20")
            tool("iree-compile", text, "-o", binary, *COMPILE)
    return binary, ready.ms


def prepare(row, threads):
    import iree.runtime as runtime

    binary, ready_ms = compiled(row)
    config = runtime.Config("local-sync" if threads == 1 else "local-task")
    context = runtime.SystemContext(config=config)
    context.add_vm_module(runtime.VmModule.mmap(context.instance, str(binary)))
    function = context.modules.module["row"]
    inputs = [runtime.asdevicearray(config.device, value) for value in row.graph.inputs.values()]
    last = []

    def call():
        last[:] = [function(*inputs)]

    contender = Contender(NAME, call, lambda: np.asarray(last[0].to_host()).reshape(row.result), ready_ms)
    contender.keep = context
    return contender
