"""graph.py - evaluates a row's graph with NumPy in double precision (the reference) or with jax.numpy, and writes ONNX.

Two modules of the same interface, one table: what differs between them (gelu, convolution, pools) is passed in.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Double:
    """NumPy, in f64."""

    xp = np

    @staticmethod
    def gelu(x):
        return 0.5 * x * (1 + np.vectorize(math.erf, otypes=[np.float64])(x * 0.5**0.5))

    @staticmethod
    def windows(x, size, stride, pad, fill):
        """[N, C, H, W] -> [N, C, h, w, size, size] without a copy of the padded image."""
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=fill)
        return sliding_window_view(padded, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]

    @classmethod
    def conv(cls, x, w, b, stride, pad):
        views = cls.windows(x, w.shape[2], stride, pad, 0.0)
        n, c, h, width = views.shape[:4]
        columns = views.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * width, -1)
        product = columns @ w.reshape(w.shape[0], -1).T + b
        return product.reshape(n, h, width, -1).transpose(0, 3, 1, 2)

    @classmethod
    def max_pool(cls, x, size, stride, pad):
        return cls.windows(x, size, stride, pad, -np.inf).max(axis=(4, 5))


def softmax(m, x, axis):
    e = m.xp.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def layer_norm(m, x, scale, bias, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / m.xp.sqrt(variance + epsilon) * scale + bias


def split(m, x, sizes=None, axis=0, num_outputs=0):
    parts = num_outputs if sizes is None else [int(at) for at in np.cumsum(sizes)[:-1]]
    return m.xp.split(x, parts, axis=axis)


OPERATIONS = {
    "MatMul": lambda m, a, b: m.xp.matmul(a, b),
    "MatMulInteger": lambda m, a, b: m.xp.matmul(a, b),
    "Add": lambda m, a, b: a + b,
    "Mul": lambda m, a, b: a * b,
    "Relu": lambda m, x: m.xp.maximum(x, 0),
    "Gelu": lambda m, x: m.gelu(x),
    "Softmax": softmax,
    "LayerNormalization": lambda m, x, g, b, axis, epsilon: layer_norm(m, x, g, b, epsilon),
    "ReduceSum": lambda m, x, axes, keepdims: x.sum(axis=tuple(axes)),
    "ReduceMax": lambda m, x, axes, keepdims: x.max(axis=tuple(axes)),
    "Transpose": lambda m, x, perm: x.transpose(perm),
    "Reshape": lambda m, x, shape: x.reshape(tuple(int(s) for s in shape)),
    "Concat": lambda m, *parts, axis: m.xp.concatenate(parts, axis=axis),
    "Split": split,
    "Gemm": lambda m, x, w, b, transB: m.xp.matmul(x, w.T) + b,
    "Conv": lambda m, x, w, b, strides, pads, kernel_shape: m.conv(x, w, b, strides[0], pads[0]),
    "MaxPool": lambda m, x, kernel_shape, strides, pads: m.max_pool(x, kernel_shape[0], strides[0], pads[0]),
    "GlobalAveragePool": lambda m, x: x.mean(axis=(2, 3), keepdims=True),
}


def evaluate(graph, values, module, table=OPERATIONS, names=None):
    """`values`: an array for every input and constant; integer constants (shapes) stay as they are.

    `names`: which operation of the table each node is, where that is not the node's own.
    """
    values = dict(values)
    for node, operation in zip(graph.nodes, names or [node.op for node in graph.nodes]):
        results = table[operation](module, *(values[name] for name in node.inputs), **node.attributes)
        results = results if isinstance(results, (list, tuple)) else [results]
        values.update(zip(node.outputs, results))
    return values[graph.output]


def reference(row):
    widen = lambda a: a.astype(np.float64) if a.dtype in (np.float32, np.uint8, np.int8) else a
    graph = row.graph
    values = {name: widen(a) for name, a in (graph.inputs | graph.constants).items()}
    return evaluate(graph, values, Double).reshape(row.result)


def onnx_model(row):
    from onnx import helper, numpy_helper

    graph = row.graph
    number = lambda dtype: helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    declare = lambda name, dtype, shape: helper.make_tensor_value_info(name, number(dtype), shape)
    nodes = [helper.make_node(n.op, n.inputs, n.outputs, **n.attributes) for n in graph.nodes]
    inputs = [declare(name, value.dtype, value.shape) for name, value in graph.inputs.items()]
    constants = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    made = helper.make_graph(nodes, "row", inputs, [declare(graph.output, row.result_type, row.result)], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
