"""onnxruntime.py - ONNX Runtime: inputs and outputs bound once, all graph optimizations (its default).

It has no bf16 on CPUs, so in rows of bf16 it computes in f32, and says so in its name.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np

from peers import Contender, Stopwatch, aligned, aligned_copy

NAME = "onnxruntime"


def version():
    import onnxruntime

    return onnxruntime.__version__


def refuses(row):
    return None


def prepare(row, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    with Stopwatch() as ready:
        session = onnxruntime.InferenceSession(row.onnx, options, providers=["CPUExecutionProvider"])
    binding, out = session.io_binding(), aligned(row.result, row.result_type)
    inputs = {name: aligned_copy(value) for name, value in row.graph.inputs.items()}
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    binding.bind_output(row.graph.output, "cpu", 0, row.result_type, row.result, out.ctypes.data)
    contender = Contender(NAME, lambda: session.run_with_iobinding(binding), lambda: out, ready.ms)
    contender.keep = inputs
    contender.computes_in = "f32" if row.dtype == "bf16" else row.dtype
    return contender
