"""row.py - what a row is: a Batten program at given sizes, random data, and the same computation as a graph.

The graph is written once, in ONNX operations, and serves everybody: ONNX Runtime, OpenVINO and IREE load it as a file,
JAX traces it, and NumPy evaluates it in double precision for the reference (graph.py).
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from graph import onnx_model

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
EXAMPLES = HERE.parent.parent / "examples"
BOUNDS = {"f32": 2e-5, "bf16": 2e-2, "int8": 0.0}  # of the largest result: a dozen roundings of a sum of thousands
BYTES = {"f32": (4, 4), "bf16": (2, 2), "int8": (1, 4)}  # of an element of what is given and of the result


@dataclass
class Node:
    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict


class Graph:
    """A computation in ONNX operations, built by calls: `y = g("Add", g("MatMul", "x", "w"), "b")`."""

    def __init__(self, inputs, constants=None):
        self.inputs = inputs  # name -> array
        self.constants = dict(constants or {})
        self.nodes = []

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(Node(op, list(inputs), names, attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    @property
    def output(self):
        return self.nodes[-1].outputs[-1]


@dataclass
class Row:
    program: Path
    entry: str
    sizes: list[int]  # of the runtime dims, in order of the C interface
    graph: Graph
    flops: float
    result: tuple[int, ...]
    arguments: list[str] = field(default_factory=list)  # graph inputs and constants that the entry takes, in order
    weights: dict[str, str] = field(default_factory=dict)  # field of the program's weights -> constant of the graph
    dims: dict[str, int] = field(default_factory=dict)  # given to the compiler
    dtype: str = "f32"
    probe: str = "fma"  # what bounds it: fma (that of the dtype), copy, read
    bound: float = 0  # of the error; 0: that of the dtype
    matrix: tuple | None = None  # (batch, m, n, k): what libraries of matrix products alone can do
    own: dict = field(default_factory=dict)  # arrays that only the entry takes, such as caches in its own layout

    @property
    def arrays(self):
        return self.graph.inputs | self.graph.constants | self.own

    @cached_property
    def onnx(self):
        """The graph as the bytes of an ONNX model, made once: models have hundreds of megabytes."""
        return onnx_model(self).SerializeToString()

    @property
    def data_bytes(self):
        """Of inputs, weights and the result, each once: what a call cannot avoid to touch."""
        values = self.arrays
        elements = sum(values[name].size for name in {*self.arguments, *self.weights.values()})
        given, out = BYTES[self.dtype]
        return given * elements + out * int(np.prod(self.result))

    @property
    def result_type(self):
        """Of the result as NumPy has it; of bf16 values, f32."""
        return np.int32 if self.dtype == "int8" else np.float32

    @property
    def work(self):
        """In the unit of the probe; a copy's probe counts bytes read and written alike."""
        return self.flops if self.probe == "fma" else self.data_bytes

    @property
    def error_bound(self):
        return self.bound or BOUNDS[self.dtype]


@dataclass
class Spec:
    """A row that is not built yet: building makes the data, hundreds of megabytes for a model."""

    name: str
    group: str
    make: Callable[[], Row]
    quick: bool = False


def round_bf16(values):
    """The nearest bf16, ties to even, as float32."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


class Source:
    """Random data of one row: from its name, so that the same row has the same data in every run."""

    def __init__(self, name, dtype="f32"):
        self.generator = np.random.default_rng(list(name.encode()))
        self.dtype = dtype

    def normal(self, *shape, scale=1.0, mean=0.0):
        values = self.generator.standard_normal(shape, dtype=np.float32) * np.float32(scale) + np.float32(mean)
        return round_bf16(values) if self.dtype == "bf16" else values

    def integers(self, *shape, low, high):
        """Bytes from low to high; signed where low is negative."""
        return self.generator.integers(low, high + 1, shape, np.int8 if low < 0 else np.uint8)
