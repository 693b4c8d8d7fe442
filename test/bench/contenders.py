"""contenders.py - everything that can run a row, behind one method: sample(calls) -> seconds, and `out`, the result.

Batten is timed by a loop in C (a host calls it from C) and, as `batten (ctypes)`, from Python as the others are.
Every clock is the CPU time of the process, all threads together.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import re
import time
from pathlib import Path

import numpy as np
import onnxruntime
import openvino


def aligned(shape):
    count = int(np.prod(shape))
    raw = np.zeros(count * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + count * 4].view(np.float32).reshape(shape)


def aligned_copy(values):
    copy = aligned(values.shape)
    copy[...] = values
    return copy


def time_python(call, calls):
    begin = time.process_time()  # the clock of probe.c
    for _ in range(calls):
        call()
    return time.process_time() - begin


class Batten:
    def __init__(self, row, folder, probe):
        self.name, self.probe, self.keep = "batten", probe, []
        name = row.program.stem
        library = ctypes.CDLL(str(folder / f"lib{name}.so"))
        header = (folder / f"{name}.h").read_text()
        program = self.bind(library, name, header, row.weights)
        workspace = getattr(library, f"{name}_{row.entry}_workspace")
        workspace.restype = ctypes.c_int64
        size = workspace(*(ctypes.c_int64(s) for s in row.sizes))
        self.out = aligned(row.result)
        inputs = [aligned_copy(v) for v in row.inputs.values()]
        scratch = aligned((size // 4 + 16,))
        self.keep += [inputs, scratch, library]
        pointers = [v.ctypes.data for v in (*inputs, self.out, scratch)]
        values = [program, *row.sizes, *pointers, size, 0]
        self.entry = getattr(library, f"{name}_{row.entry}")
        self.arguments = (ctypes.c_int64 * len(values))(*values)
        self.boxed = [ctypes.c_int64(v) for v in values]
        self.version = header.splitlines()[0].split(" from ")[0].split("made by ")[1]

    def bind(self, library, name, header, weights):
        size = int(re.search(rf"#define {name.upper()}_BYTES INT64_C\((\d+)\)", header)[1])
        memory = aligned((size // 4 + 16,))
        program = ctypes.c_void_p()
        error = ctypes.create_string_buffer(256)
        arguments = [ctypes.c_void_p(memory.ctypes.data), ctypes.c_int64(size)]
        struct = re.search(rf"typedef struct {name}_weights {{(.*?)}} ", header, re.S)
        if struct:
            fields = [aligned_copy(weights[field]) for field in re.findall(r"\*(\w+);", struct[1])]
            pointers = (ctypes.c_void_p * len(fields))(*(f.ctypes.data for f in fields))
            arguments.append(pointers)
            self.keep += [fields, pointers]
        if getattr(library, f"{name}_bind")(*arguments, ctypes.byref(program), error):
            raise RuntimeError(error.raw[4:].split(b"\0")[0].decode())
        self.keep.append(memory)
        return program.value

    def sample(self, calls):
        seconds = self.probe.time_calls(self.entry, self.arguments, len(self.arguments), calls)
        if seconds < 0:
            raise RuntimeError(f"the call was refused with {-seconds:.0f}")
        return seconds


class BattenFromPython:
    """The same entry called as Python calls the other libraries: what is left of the difference is not Python's."""

    def __init__(self, native):
        self.name, self.native, self.out, self.version = "batten (ctypes)", native, native.out, native.version

    def sample(self, calls):
        entry, boxed = self.native.entry, self.native.boxed
        return time_python(lambda: entry(*boxed), calls)


class OnnxRuntime:
    name, version = "onnxruntime", onnxruntime.__version__

    def __init__(self, row, model):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.x, self.out = aligned_copy(row.x), aligned(row.result)
        self.binding.bind_cpu_input("x", self.x)
        self.binding.bind_output("y", "cpu", 0, np.float32, row.result, self.out.ctypes.data)

    def sample(self, calls):
        run, binding = self.session.run_with_iobinding, self.binding
        return time_python(lambda: run(binding), calls)


class OpenVino:
    name, version = "openvino", openvino.__version__

    def __init__(self, row, model):
        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,
        }
        self.request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
        self.x, self.out = aligned_copy(row.x), aligned(row.result)
        self.request.set_tensor("x", openvino.Tensor(self.x, shared_memory=True))
        self.request.set_tensor("y", openvino.Tensor(self.out, shared_memory=True))

    def sample(self, calls):
        return time_python(self.request.infer, calls)


class NumPy:
    name, version = "numpy", np.__version__

    def __init__(self, row):
        self.out, self.call = aligned(row.result), None
        self.call = row.numpy(aligned_copy(row.x), self.out)

    def sample(self, calls):
        return time_python(self.call, calls)


class Torch:
    name = "torch eager"

    def __init__(self, row):
        import torch

        torch.set_num_threads(1)
        self.version, self.torch = torch.__version__, torch
        self.call = row.torch(torch, torch.from_numpy(aligned_copy(row.x)))

    @property
    def out(self):
        with self.torch.inference_mode():
            return self.call().numpy()

    def sample(self, calls):
        with self.torch.inference_mode():
            return time_python(self.call, calls)


def contenders(row, folder, probe, with_torch):
    native = Batten(row, folder, probe)
    model = row.onnx().SerializeToString()
    made = [native, BattenFromPython(native), OnnxRuntime(row, model), OpenVino(row, model)]
    if row.numpy:
        made.append(NumPy(row))
    if with_torch and row.torch:
        made.append(Torch(row))
    return made
