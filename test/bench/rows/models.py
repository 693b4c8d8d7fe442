"""models.py - whole models with random weights: BERT-base, a step of decoding with GPT-2 small, ResNet-50.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

import numpy as np

from row import PROGRAMS, Graph, Row, Source, Spec
from rows.attention import attention_nodes
from rows.convolutions import convolution_node

D, HEADS, INNER, LAYERS = 768, 12, 3072, 12  # of BERT-base and GPT-2 small
MODEL_BOUNDS = {"f32": 1e-4, "bf16": 6e-2}  # of the largest result, after dozens of roundings in a row


class Weights:
    """Adds random constants to a graph under the names that the fields of the program's weights have."""

    def __init__(self, graph, data):
        self.graph, self.data, self.fields = graph, data, {}

    def __call__(self, field, *shape, scale=1.0, mean=0.0):
        self.graph.constants[field] = self.data.normal(*shape, scale=scale, mean=mean)
        self.fields[field] = field
        return field

    def linear(self, x, weight, bias, inputs, outputs):
        product = self.graph("MatMul", x, self(weight, inputs, outputs, scale=inputs**-0.5))
        return self.graph("Add", product, self(bias, outputs, scale=0.1))

    def norm(self, x, scale, bias):
        scale, bias = self(scale, D, scale=0.125, mean=1.0), self(bias, D, scale=0.125)
        return self.graph("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)


def bert(batch, tokens, dtype, name):
    data = Source(name, dtype)
    graph = Graph({"x": data.normal(batch, tokens, D)})
    w = Weights(graph, data)
    split = graph.constant(np.array([batch, tokens, HEADS, D // HEADS], np.int64))
    joined = graph.constant(np.array([batch, tokens, D], np.int64))
    heads = lambda x: graph("Transpose", graph("Reshape", x, split), perm=[0, 2, 1, 3])
    x = "x"
    for layer in (f"layers_{i}_" for i in range(LAYERS)):
        q, k, v = (heads(w.linear(x, f"{layer}mix_w{c}", f"{layer}mix_b{c}", D, D)) for c in "qkv")
        mixed = graph("Transpose", attention_nodes(graph, q, k, v, (D // HEADS) ** -0.5), perm=[0, 2, 1, 3])
        mixed = w.linear(graph("Reshape", mixed, joined), f"{layer}mix_wo", f"{layer}mix_bo", D, D)
        h = w.norm(graph("Add", x, mixed), f"{layer}g1", f"{layer}b1")
        inner = graph("Gelu", w.linear(h, f"{layer}mlp_up", f"{layer}mlp_bup", D, INNER))
        out = w.linear(inner, f"{layer}mlp_down", f"{layer}mlp_bdown", INNER, D)
        x = w.norm(graph("Add", h, out), f"{layer}g2", f"{layer}b2")
    flops = LAYERS * batch * (2 * tokens * (4 * D * D + 2 * D * INNER) + 4 * tokens * tokens * D)
    shape = (batch, tokens, D)
    row = Row(PROGRAMS / "bert.btn", "forward", [batch, tokens], graph, flops, shape, ["x"], w.fields, dtype=dtype)
    row.bound = MODEL_BOUNDS[dtype]
    return row


def decoding_block(graph, w, block, x, past, places):
    """`past`: keys and values of the tokens before; those of the new one take part without a copy of the old ones."""
    heads, joined, sizes = places
    normed = w.norm(x, f"{block}_g1", f"{block}_b1")
    qkv = w.linear(normed, f"{block}_wqkv", f"{block}_bqkv", D, 3 * D)
    q, k, v = (graph("Reshape", part, heads) for part in graph("Split", qkv, outputs=3, axis=-1, num_outputs=3))
    transposed = lambda keys: graph("Transpose", keys, perm=[0, 1, 3, 2])
    scores = [graph("MatMul", q, transposed(keys)) for keys in (past[0], k)]
    scale = graph.constant(np.float32((D // HEADS) ** -0.5))
    weights = graph("Softmax", graph("Mul", graph("Concat", *scores, axis=-1), scale), axis=-1)
    old, new = graph("Split", weights, sizes, outputs=2, axis=-1)
    mixed = graph("Add", graph("MatMul", old, past[1]), graph("MatMul", new, v))
    h = graph("Add", x, w.linear(graph("Reshape", mixed, joined), f"{block}_wo", f"{block}_bo", D, D))
    inner = w.linear(w.norm(h, f"{block}_g2", f"{block}_b2"), f"{block}_up", f"{block}_bup", D, INNER)
    return graph("Add", h, w.linear(graph("Gelu", inner), f"{block}_down", f"{block}_bdown", INNER, D))


def gpt2(slots, dtype, name):
    """The last slot of the caches is filled: the others get them as inputs, and Batten in its own layout, in place."""
    data, vocabulary, head = Source(name, dtype), 50257, D // HEADS
    graph = Graph({"x": data.normal(1, D)})
    w = Weights(graph, data)
    integers = lambda *values: graph.constant(np.array(values, np.int64))
    places = integers(1, HEADS, 1, head), integers(1, D), integers(slots - 1, 1)
    caches = {cache: np.zeros((1, HEADS, LAYERS, slots, head), np.float32) for cache in ("kc", "vc")}
    x = "x"
    for i in range(LAYERS):
        past = [f"past_{cache}{i}" for cache in caches]
        for tensor, cache in zip(past, caches.values()):
            graph.inputs[tensor] = data.normal(1, HEADS, slots - 1, head)
            cache[:, :, i, : slots - 1] = graph.inputs[tensor]
        x = decoding_block(graph, w, f"block{i + 1}", x, past, places)
    normed = w.norm(x, "g", "b")
    graph("MatMul", normed, graph("Transpose", w("wte", vocabulary, D, scale=D**-0.5), perm=[1, 0]))
    work = LAYERS * (4 * D * D + 2 * D * INNER + 2 * slots * D) + D * vocabulary
    row = Row(PROGRAMS / "gpt2.btn", "decode", [1], graph, 2 * work, (1, vocabulary), ["x", "at", *caches], w.fields)
    row.own = caches | {"at": np.array([slots - 1], np.int32)}
    row.dims, row.dtype, row.probe, row.bound = {"S": slots}, dtype, "read", MODEL_BOUNDS[dtype]
    return row


class ResNet:
    """Builds the graph of ResNet-50 and counts its operations."""

    def __init__(self, count, data):
        self.graph = Graph({"x": data.normal(count, 3, 224, 224)})
        self.w, self.flops, self.count = Weights(self.graph, data), 0, count

    def convolution(self, x, field, size, shape, stride=1, gain=1.0):
        """`shape`: channels in and out, size of the kernel. Gives the result and its size."""
        c, o, kernel = shape
        out = (size - 1) // stride + 1
        self.flops += 2 * self.count * out * out * o * c * kernel * kernel
        weight = self.w(f"{field}_w", o, c, kernel, kernel, scale=gain * (2 / (c * kernel * kernel)) ** 0.5)
        bias = self.w(f"{field}_b", o, scale=0.1)
        return convolution_node(self.graph, x, weight, bias, kernel, stride, kernel // 2), out

    def bottleneck(self, x, field, size, c, m, o, stride, skip):
        y, _ = self.convolution(x, f"{field}_reduce", size, (c, m, 1))
        y, out = self.convolution(self.graph("Relu", y), f"{field}_spread", size, (m, m, 3), stride)
        y, _ = self.convolution(self.graph("Relu", y), f"{field}_expand", out, (m, o, 1), gain=0.3)
        x = self.convolution(x, f"{field}_skip", size, (c, o, 1), stride)[0] if skip else x
        return self.graph("Relu", self.graph("Add", y, x)), out

    def build(self):
        graph = self.graph
        x, size = self.convolution("x", "stem", 224, (3, 64, 7), 2)
        x = graph("MaxPool", graph("Relu", x), kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4)
        size, c = size // 2, 64
        for stage, (blocks, m) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
            x, size = self.bottleneck(x, f"first{stage}", size, c, m, 4 * m, 1 if stage == 1 else 2, True)
            c = 4 * m
            for i in range(blocks - 1):
                x, size = self.bottleneck(x, f"rest{stage}_{i}", size, c, m, c, 1, False)
        flat = graph("Reshape", graph("GlobalAveragePool", x), graph.constant(np.array([self.count, c], np.int64)))
        graph("Gemm", flat, self.w("w", 1000, c, scale=c**-0.5), self.w("b", 1000), transB=1)
        self.flops += 2 * self.count * c * 1000


def resnet50(count, dtype, name):
    net = ResNet(count, Source(name, dtype))
    net.build()
    program, shape = PROGRAMS / "resnet50.btn", (count, 1000)
    row = Row(program, "forward", [count], net.graph, net.flops, shape, ["x"], net.w.fields, dtype=dtype)
    row.bound = MODEL_BOUNDS[dtype]
    return row


def specs():
    rows = []
    add = lambda name, make, quick=False: rows.append(Spec(name, "models", partial(make, name=name), quick))
    for dtype in ("f32", "bf16"):
        for batch in (1, 8):
            add(f"BERT-base, S 128, B {batch} {dtype}", partial(bert, batch, 128, dtype), (batch, dtype) == (1, "f32"))
        add(f"GPT-2 small, a token after 511 {dtype}", partial(gpt2, 512, dtype))
        add(f"ResNet-50, N 1 {dtype}", partial(resnet50, 1, dtype))
    return rows
