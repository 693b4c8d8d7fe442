"""torch.py - PyTorch eager, on request: 9 GB. Products by constants go through F.linear, whose weights lie as it likes.

Attention rows call scaled_dot_product_attention; in models attention is spelled out, as it is for the others.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np

from graph import evaluate
from peers import Contender, Stopwatch

NAME = "torch"


def version():
    import torch

    return torch.__version__


def refuses(row):
    return "no product of bytes on CPUs" if row.dtype == "int8" else None


def operations():
    import torch
    import torch.nn.functional as F

    def split(x, sizes=None, axis=0, num_outputs=0):
        return torch.split(x, list(sizes) if sizes else x.shape[axis] // num_outputs, axis)

    def conv(x, w, b, strides, pads, kernel_shape):
        return F.conv2d(x, w, b, strides[0], pads[0])

    table = {
        "MatMul": torch.matmul,
        "Add": torch.add,
        "Mul": torch.mul,
        "Relu": F.relu,
        "Gelu": F.gelu,
        "Softmax": lambda x, axis: F.softmax(x, axis),
        "LayerNormalization": lambda x, g, b, axis, epsilon: F.layer_norm(x, g.shape, g, b, epsilon),
        "Transpose": lambda x, perm: x.permute(perm),
        "Reshape": lambda x, shape: x.reshape(shape),
        "Concat": lambda *parts, axis: torch.cat(parts, axis),
        "Split": split,
        "Gemm": lambda x, w, b, transB: F.linear(x, w, b),
        "Linear": F.linear,
        "Conv": conv,
        "MaxPool": lambda x, kernel_shape, strides, pads: F.max_pool2d(x, kernel_shape[0], strides[0], pads[0]),
        "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    }
    without_module = lambda operation: lambda module, *given, **named: operation(*given, **named)
    return {name: without_module(operation) for name, operation in table.items()}


def as_layer(node, graph):
    """A product by a constant matrix as F.linear, which wants it transposed: (operation, name of the constant)."""
    right = graph.constants.get(node.inputs[1]) if node.op == "MatMul" else None
    return ("Linear", node.inputs[1]) if right is not None and right.ndim == 2 else (node.op, None)


def make_module(row):
    """The row as a torch.nn.Module, constants as its buffers, so that a compiler may fold them."""
    import torch

    dtype = torch.bfloat16 if row.dtype == "bf16" else torch.float32
    graph, table = row.graph, operations()
    layers = [as_layer(node, graph) for node in graph.nodes]
    transposed = {name for _, name in layers if name}

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fixed = {}
            for name, value in graph.constants.items():
                if value.dtype != np.float32:  # a shape
                    self.fixed[name] = tuple(int(v) for v in value)
                    continue
                value = np.ascontiguousarray(value.T) if name in transposed else value
                self.register_buffer(f"constant_{name}", torch.from_numpy(np.array(value)).to(dtype))

        def forward(self, *inputs):
            values = dict(zip(graph.inputs, inputs)) | self.fixed
            floats = [name for name in graph.constants if name not in self.fixed]
            values |= {name: getattr(self, f"constant_{name}") for name in floats}
            return evaluate(graph, values, None, table, [operation for operation, _ in layers])

    if row.program.stem == "attention":
        causal = row.entry == "causal"
        return lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal), dtype
    return Module().eval(), dtype


def prepare(row, threads, transform=lambda module: module, name=NAME):
    import torch

    torch.set_num_threads(threads)
    module, dtype = make_module(row)
    inputs = [torch.from_numpy(value).to(dtype) for value in row.graph.inputs.values()]
    last = []

    def call():
        with torch.no_grad():
            last[:] = [compute(*inputs)]

    with Stopwatch() as ready:
        compute = transform(module)
        call()
    return Contender(name, call, lambda: last[0].float().numpy().reshape(row.result), ready.ms)
