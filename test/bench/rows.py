"""rows.py - what is measured: a program, its sizes and random data, and the same computation as an ONNX model.

Weights are constants for every contender, except where the program takes them as an argument (qproj, the norms): there
the other libraries may pack them at load and Batten may not, which favours the others.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
random = np.random.default_rng(7)


def normal(*shape, scale=1.0):
    return random.standard_normal(shape, dtype=np.float32) * np.float32(scale)


@dataclass
class Row:
    name: str
    program: Path
    entry: str
    sizes: list
    result: tuple
    inputs: dict  # of the Batten entry, in order; the first is the activation
    constants: dict  # of the ONNX model
    nodes: list
    probe: str  # "fma": work is floating-point operations; "copy": work is bytes read and written
    work: float
    weights: dict = field(default_factory=dict)  # of Batten, by field name
    numpy: Any = None
    torch: Any = None

    @property
    def x(self):
        return next(iter(self.inputs.values()))

    def onnx(self):
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        constants = [numpy_helper.from_array(v, k) for k, v in self.constants.items()]
        graph = helper.make_graph(self.nodes, "row", [value("x", self.x.shape)], [value("y", self.result)], constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), output.split(), **attributes)


def linear():
    weight, bias, x = normal(5, 10), normal(5), normal(32, 10)
    transposed = np.ascontiguousarray(weight.T)

    def with_numpy(x, out):
        def call():
            np.matmul(x, transposed, out=out)
            np.add(out, bias, out=out)

        return call

    return Row(
        "Linear 10->5, B 32",
        EXAMPLES / "simple/simple.btn",
        "forward",
        [32],
        (32, 5),
        {"x": x},
        {"w": weight, "b": bias},
        [node("Gemm", "x w b", "y", transB=1)],
        "fma",
        2 * 32 * 10 * 5,
        {"weight": weight, "bias": bias},
        with_numpy,
    )


def qproj():
    x, w = normal(32, 128, 512), normal(512, 64, scale=512**-0.5)
    flat = lambda x, out: lambda: np.matmul(x.reshape(4096, 512), w, out=out.reshape(4096, 64))
    return Row(
        "qproj 32x128x512 @ 512x64",
        EXAMPLES / "qproj/qproj.btn",
        "q_proj",
        [32, 128],
        (32, 128, 64),
        {"x": x, "wq": w},
        {"w": w},
        [node("MatMul", "x w", "y")],
        "fma",
        2 * 4096 * 512 * 64,
        {},
        flat,
    )


def softmax():
    x = normal(4096, 1024)
    return Row(
        "softmax 4096x1024",
        HERE / "programs/softmax.btn",
        "rows",
        [4096],
        x.shape,
        {"x": x},
        {},
        [node("Softmax", "x", "y", axis=-1)],
        "copy",
        2 * x.nbytes,
        torch=lambda torch, x: lambda: torch.softmax(x, -1),
    )


def layer_norm(name, program, entry, sizes, width):
    x, g, b = normal(*sizes, width), normal(width), normal(width)

    def with_torch(torch, x):
        gain, offset = torch.from_numpy(g), torch.from_numpy(b)
        return lambda: torch.nn.functional.layer_norm(x, (width,), gain, offset)

    return Row(
        name,
        program,
        entry,
        sizes,
        x.shape,
        {"x": x, "g": g, "b": b},
        {"g": g, "b": b},
        [node("LayerNormalization", "x g b", "y", axis=-1, epsilon=1e-5)],
        "copy",
        2 * x.nbytes,
        torch=with_torch,
    )


def encoder(B=4, T=128, D=256, H=4, F=1024):
    """The graph of examples/encoder: pre-norm, one fused QKV projection, exact GELU."""
    shapes = {
        "g1": (D,),
        "b1": (D,),
        "g2": (D,),
        "b2": (D,),
        "mha_wqkv": (D, 3 * D),
        "mha_bqkv": (3 * D,),
        "mha_wo": (D, D),
        "mha_bo": (D,),
        "mlp_up": (D, F),
        "mlp_bup": (F,),
        "mlp_down": (F, D),
        "mlp_bdown": (D,),
    }
    weights = {name: normal(*shape, scale=shape[0] ** -0.5) for name, shape in shapes.items()}
    constants = dict(
        weights,
        heads=np.array([B, T, H, D // H], np.int64),
        joined=np.array([B, T, D], np.int64),
        scale=np.array((D // H) ** -0.5, np.float32),
    )
    nodes = [
        node("LayerNormalization", "x g1 b1", "n1"),
        node("MatMul", "n1 mha_wqkv", "m"),
        node("Add", "m mha_bqkv", "qkv"),
        node("Split", "qkv", "q k v", axis=2, num_outputs=3),
    ]
    for name, permutation in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        nodes += [
            node("Reshape", f"{name} heads", f"{name}r"),
            node("Transpose", f"{name}r", f"{name}h", perm=permutation),
        ]
    nodes += [
        node("MatMul", "qh kh", "s"),
        node("Mul", "s scale", "ss"),
        node("Softmax", "ss", "p", axis=-1),
        node("MatMul", "p vh", "a"),
        node("Transpose", "a", "at", perm=[0, 2, 1, 3]),
        node("Reshape", "at joined", "aj"),
        node("MatMul", "aj mha_wo", "o"),
        node("Add", "o mha_bo", "ob"),
        node("Add", "x ob", "h"),
        node("LayerNormalization", "h g2 b2", "n2"),
        node("MatMul", "n2 mlp_up", "u"),
        node("Add", "u mlp_bup", "ub"),
        node("Gelu", "ub", "ge"),
        node("MatMul", "ge mlp_down", "d"),
        node("Add", "d mlp_bdown", "db"),
        node("Add", "h db", "y"),
    ]
    work = 2 * B * T * (4 * D * D + 2 * D * F) + 4 * B * T * T * D
    x = normal(B, T, D)
    return Row(
        "encoder block B 4, T 128",
        EXAMPLES / "encoder/encoder.btn",
        "forward",
        [B, T],
        x.shape,
        {"x": x},
        constants,
        nodes,
        "fma",
        work,
        {f"encoder_{name}": value for name, value in weights.items()},
    )


def rows():
    return [
        linear(),
        qproj(),
        softmax(),
        layer_norm("layer_norm 4096x1024", HERE / "programs/layer_norm.btn", "rows", [4096], 1024),
        layer_norm("norms.ln 4x1024x768", EXAMPLES / "norms/norms.btn", "ln", [4, 1024], 768),
        encoder(),
    ]
