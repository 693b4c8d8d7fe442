"""iree.py - IREE: the ONNX model imported and compiled for this CPU at O3; run by `local-sync` on one thread.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from graph import onnx_model
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
        return "models of bf16 are not imported"
    return None


def tool(name, *arguments):
    done = subprocess.run([Path(sys.executable).parent / name, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or f"{name} failed").splitlines()[0])


def prepare(row, threads):
    import iree.runtime as runtime
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        model, text, binary = (Path(folder) / f"row.{kind}" for kind in ("onnx", "mlir", "vmfb"))
        onnx.save(onnx_model(row), model)
        with Stopwatch() as ready:
            tool("iree-import-onnx", model, "-o", text, "--opset-version", "20")
            tool("iree-compile", text, "-o", binary, *COMPILE)
        bytes_of_code = binary.read_bytes()
    config = runtime.Config("local-sync" if threads == 1 else "local-task")
    context = runtime.SystemContext(config=config)
    context.add_vm_module(runtime.VmModule.copy_buffer(context.instance, bytes_of_code))
    function = context.modules.module["row"]
    inputs = [runtime.asdevicearray(config.device, value) for value in row.graph.inputs.values()]
    last = []

    def call():
        last[:] = [function(*inputs)]

    contender = Contender(NAME, call, lambda: np.asarray(last[0].to_host()).reshape(row.result), ready.ms)
    contender.keep = context
    return contender
