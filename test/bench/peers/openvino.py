"""openvino.py - OpenVINO's CPU plugin: the precision is always said (its default may be bf16), tensors are shared.

It widens integers of a product to f32. In rows of bf16 the model's inputs and outputs are bf16 too, so that nothing is
converted at its border.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from peers import Contender, Stopwatch, aligned, aligned_copy, bf16_bits, bf16_values

import numpy as np

NAME = "openvino"


def version():
    import openvino

    return openvino.__version__


def refuses(row):
    return None


def with_bf16_border(model):
    from openvino import Type
    from openvino.preprocess import PrePostProcessor

    border = PrePostProcessor(model)
    for i in range(len(model.inputs)):
        border.input(i).tensor().set_element_type(Type.bf16)
    border.output().tensor().set_element_type(Type.bf16)
    return border.build()


def prepare(row, threads):
    import openvino

    half = row.dtype == "bf16"
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "ENABLE_CPU_PINNING": False,
    }
    core = openvino.Core()
    with Stopwatch() as ready:
        model = core.read_model(row.onnx)
        request = core.compile_model(with_bf16_border(model) if half else model, "CPU", settings).create_infer_request()
    out = aligned(row.result, np.uint16 if half else row.result_type)
    inputs = {name: bf16_bits(v) if half else aligned_copy(v) for name, v in row.graph.inputs.items()}
    share = lambda a: (
        openvino.Tensor(a, a.shape, openvino.Type.bf16) if half else openvino.Tensor(a, shared_memory=True)
    )
    for name, value in inputs.items():
        request.set_tensor(name, share(value))
    request.set_output_tensor(0, share(out))
    contender = Contender(NAME, request.infer, lambda: bf16_values(out) if half else out, ready.ms)
    contender.keep = inputs
    contender.computes_in = "f32" if row.dtype == "int8" else row.dtype
    return contender
